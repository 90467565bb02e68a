//! `cargo xtask bench gateway` and `bench query`: build what is measured optimised, then compare. See docs/bench.md.

use std::path::PathBuf;

use crate::{python, shell};

/// Builds what is measured and measures it; `args` go to the bench.
pub(crate) fn gateway(args: &[&str]) -> anyhow::Result<()> {
    // Apart, so that the features the bench asks of shared crates do not change what it measures.
    // Without the query engine, which takes longer to optimise than all else together and has no part in this.
    let recorder = ["--package", "corelog", "--no-default-features"];
    for package in [&recorder[..], &["--package", "corelog-bench"]] {
        shell::cargo(&[&["build", "--release"], package].concat())?;
    }
    let built = shell::target_dir().join("release");
    let corelog = built.join("corelog");
    let corelog = corelog.to_string_lossy();
    let mut all = vec!["gateway", "--corelog", &corelog];
    all.extend(args);
    shell::run(shell::command(built.join("corelog-bench"), &all))
}

/// Builds the query engine with its bench, and measures it; `args` go to the bench.
pub(crate) fn query(args: &[&str]) -> anyhow::Result<()> {
    let data = std::env::var_os("CORELOG_TEST_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| shell::root().join("../shared/data"));
    let conversations = data.join("conversations.jsonl.gz");
    if !conversations.exists() {
        eprintln!(
            "skipped: the records are made of {}, which is not there; CORELOG_TEST_DATA names its directory",
            conversations.display()
        );
        return Ok(());
    }
    shell::cargo(&[
        "build",
        "--profile",
        "measured",
        "--package",
        "corelog-bench-query",
    ])?;
    let python = python::environment("bench-venv", "crates/bench-query/requirements.txt")?;
    let built = shell::target_dir().join("measured/corelog-bench-query");
    let dir = shell::target_dir().join("bench-query");
    let [conversations, python, dir] =
        [conversations, python, dir].map(|path| path.to_string_lossy().into_owned());
    let mut all = vec!["--data", &conversations, "--python", &python];
    if !args.contains(&"--dir") {
        all.extend(["--dir", &dir]);
    }
    all.extend(args);
    shell::run(shell::command(built, &all))
}
