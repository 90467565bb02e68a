//! `cargo xtask bench gateway`: builds Corelog and the bench optimised, then compares. See docs/bench.md.

use crate::shell;

/// Builds what is measured and measures it; `args` go to the bench.
pub(crate) fn gateway(args: &[&str]) -> anyhow::Result<()> {
    shell::cargo(&["build", "--release", "--package", "corelog", "--package", "corelog-bench"])?;
    let built = shell::target_dir().join("release");
    let corelog = built.join("corelog");
    let corelog = corelog.to_string_lossy();
    let mut all = vec!["gateway", "--corelog", &corelog];
    all.extend(args);
    shell::run(shell::command(built.join("corelog-bench"), &all))
}
