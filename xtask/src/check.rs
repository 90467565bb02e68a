//! The quick gate.

use crate::shell::cargo;
use crate::{codegen, layers, tidy};

/// Format, generated code, layers, tidiness, lints.
pub(crate) fn check() -> anyhow::Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    codegen::check()?;
    layers::layers()?;
    tidy::tidy()?;
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])
}
