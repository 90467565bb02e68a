//! Benchmarks.

/// The gateway beside others.
pub(crate) fn gateway(_args: &[&str]) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
