//! The whole gate, the same here and in CI.

use crate::shell::{cargo, command, run};
use crate::{check, clients};

/// The quick gate, then the tests, then real clients.
pub(crate) fn test() -> anyhow::Result<()> {
    check::check()?;
    if command("cargo", &["nextest", "--version"])
        .output()
        .is_ok_and(|o| o.status.success())
    {
        cargo(&[
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--no-fail-fast",
        ])?;
    } else {
        cargo(&["test", "--workspace", "--locked", "--no-fail-fast"])?;
    }
    run({
        // But for what needs the query engine, which would be checked once more, for its documentation alone.
        let but = ["--exclude", "corelog-query", "--exclude", "corelog"];
        let args = ["doc", "--workspace", "--no-deps", "--locked", "--quiet"];
        let mut doctor = command("cargo", &[&args[..], &but].concat());
        doctor.env("RUSTDOCFLAGS", "-D warnings");
        doctor
    })?;
    // The tests have built the binary. Building it by itself would be with other features of its dependencies, and so
    // all of them once more.
    clients::with_built(&[])
}
