//! The tests with unmodified clients: a Python environment of pinned SDKs, and pytest in it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::shell::{cargo, command, root, run, target_dir};

/// Builds the binary, and runs pytest with `args`.
pub(crate) fn clients(args: &[&str]) -> anyhow::Result<()> {
    cargo(&["build", "--locked", "-p", "corelog"])?;
    with_built(args)
}

/// Prepares the environment and runs pytest with `args`, with the binary that is there.
pub(crate) fn with_built(args: &[&str]) -> anyhow::Result<()> {
    let python = environment()?;
    let binary = target_dir().join("debug").join("corelog");
    let mut pytest = command(&python, &["-m", "pytest", "tests/clients", "-q"]);
    pytest.args(args).env("CORELOG_BIN", &binary);
    run(pytest)
}

/// The environment's Python, made anew where the pinned versions changed.
pub(crate) fn environment() -> anyhow::Result<PathBuf> {
    let pinned = root().join("tests/clients/requirements.txt");
    let wanted = std::fs::read_to_string(&pinned).context("no tests/clients/requirements.txt")?;
    let dir = target_dir().join("clients-venv");
    let python = dir.join("bin/python");
    let stamp = dir.join("requirements.txt");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    if !python3()
        .output()
        .is_ok_and(|output| output.status.success())
    {
        bail!("python3 with venv is needed for the client tests: install python3 and python3-venv");
    }
    let shown = dir.display().to_string();
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear", &shown]);
    run(venv)?;
    let requirements = pinned.display().to_string();
    run(command(
        &python,
        &[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            &requirements,
        ],
    ))?;
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

fn python3() -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", "import venv, ensurepip"]);
    command
}
