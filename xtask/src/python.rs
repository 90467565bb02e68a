//! Environments of Python with pinned packages, in the target directory.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::shell::{command, root, run, target_dir};

/// The Python of an environment, made anew where the pinned versions changed.
pub(crate) fn environment(name: &str, requirements: &str) -> anyhow::Result<PathBuf> {
    let pinned = root().join(requirements);
    let wanted = std::fs::read_to_string(&pinned).with_context(|| format!("no {requirements}"))?;
    let dir = target_dir().join(name);
    let python = dir.join("bin/python");
    let stamp = dir.join("requirements.txt");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    if !python3()
        .output()
        .is_ok_and(|output| output.status.success())
    {
        bail!("python3 with venv is needed for this: install python3 and python3-venv");
    }
    let shown = dir.display().to_string();
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear", &shown]);
    run(venv)?;
    let pinned = pinned.display().to_string();
    let quietly = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    run(command(&python, &[&quietly[..], &["-r", &pinned]].concat()))?;
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

fn python3() -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", "import venv, ensurepip"]);
    command
}
