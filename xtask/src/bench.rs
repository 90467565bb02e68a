//! `cargo xtask bench`: builds Corelog and a bench optimised, then measures. See docs/bench.md.

use crate::shell;

/// Builds what is measured and measures it; `args` go to the bench.
pub(crate) fn gateway(args: &[&str]) -> anyhow::Result<()> {
    measure("corelog-bench", &[&["gateway"], args].concat())
}

/// Builds what is measured and measures it; `args` go to the bench.
pub(crate) fn import(args: &[&str]) -> anyhow::Result<()> {
    measure("corelog-bench-import", args)
}

fn measure(bench: &str, args: &[&str]) -> anyhow::Result<()> {
    // Apart, so that the features the bench asks of shared crates do not change what it measures.
    // Without the query engine, which takes longer to optimise than all else together and has no part in this.
    let recorder = ["--package", "corelog", "--no-default-features"];
    for package in [&recorder[..], &["--package", bench]] {
        shell::cargo(&[&["build", "--release"], package].concat())?;
    }
    let built = shell::target_dir().join("release");
    let corelog = built.join("corelog");
    let corelog = corelog.to_string_lossy();
    let all = [args, &["--corelog", &corelog]].concat();
    shell::run(shell::command(built.join(bench), &all))
}
