//! `cargo xtask bench`: builds Corelog and a bench optimised, then measures. See docs/bench.md.

use std::path::PathBuf;

use crate::{python, shell};

/// Builds what is measured and measures it; `args` go to the bench.
pub(crate) fn gateway(args: &[&str]) -> anyhow::Result<()> {
    measure("corelog-bench", &[&["gateway"], args].concat())
}

/// Builds what is measured and measures it; `args` go to the bench. Records are made of conversations where they are
/// there, else of made-up words.
pub(crate) fn import(args: &[&str]) -> anyhow::Result<()> {
    let conversations = conversations();
    let data = conversations.to_string_lossy();
    let mut all = args.to_vec();
    if conversations.exists() && !has(args, "--data") {
        all.extend(["--data", &data]);
    }
    measure("corelog-bench-import", &all)
}

/// Whether an option is among arguments, in either of its forms.
fn has(args: &[&str], option: &str) -> bool {
    let mut rests = args.iter().filter_map(|arg| arg.strip_prefix(option));
    rests.any(|rest| rest.is_empty() || rest.starts_with('='))
}

fn conversations() -> PathBuf {
    let data = std::env::var_os("CORELOG_TEST_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| shell::root().join("../shared/data"));
    data.join("conversations.jsonl.gz")
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

/// Builds the query engine with its bench, and measures it; `args` go to the bench.
pub(crate) fn query(args: &[&str]) -> anyhow::Result<()> {
    let conversations = conversations();
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
    if !has(args, "--dir") {
        all.extend(["--dir", &dir]);
    }
    all.extend(args);
    shell::run(shell::command(built, &all))
}

/// Judges anomaly detection on labelled series; `args` go to the bench.
pub(crate) fn anomaly(args: &[&str]) -> anyhow::Result<()> {
    let bench = [
        "run",
        "--release",
        "--package",
        "corelog-bench-anomaly",
        "--",
    ];
    shell::cargo(&[&bench[..], args].concat())
}
