//! The quick gate.

use crate::shell::cargo;
use crate::{layers, tidy};

/// Format, lints, layers, tidiness, docs.
pub(crate) fn check() -> anyhow::Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
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
