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
        let mut doctor = command(
            "cargo",
            &["doc", "--workspace", "--no-deps", "--locked", "--quiet"],
        );
        doctor.env("RUSTDOCFLAGS", "-D warnings");
        doctor
    })?;
    clients::clients(&[])
}
