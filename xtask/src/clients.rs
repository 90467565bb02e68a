//! The tests with unmodified clients: a Python environment of pinned SDKs, and pytest in it.

use std::path::PathBuf;

use crate::python;
use crate::shell::{cargo, command, run, target_dir};

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

/// The Python that has the clients.
pub(crate) fn environment() -> anyhow::Result<PathBuf> {
    python::environment("clients-venv", "tests/clients/requirements.txt")
}
