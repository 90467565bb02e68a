//! How a command ends when it does not succeed: one message, one hint, one exit code.

use std::io::Write as _;
use std::process::ExitCode;

/// A failure with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Failure {
    /// What to do, if anybody knows.
    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What went wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Prints what went wrong to standard error, where anything did, and returns the exit code: 0 or 1. Wrong usage is
/// exit code 2, which [`crate::parse`] sees to.
///
/// A reader that went away (`corelog tail | head`) is no failure.
pub fn exit(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    let error = match outcome {
        Ok(code) => return code,
        Err(error) => error,
    };
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    // Nobody is left to tell when standard error is gone too.
    let _ = std::io::stderr().lock().write_all(text(&error).as_bytes());
    ExitCode::FAILURE
}

fn text(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error:#}\n");
    let hint = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>()?.hint.as_ref());
    if let Some(hint) = hint {
        text.push_str("hint: ");
        text.push_str(hint);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_hint_follows_the_whole_chain() {
        let error = Err::<(), _>(Failure::new("no answer").hint("start it"))
            .context("cannot list")
            .unwrap_err();
        assert_eq!(
            text(&error),
            "error: cannot list: no answer\nhint: start it\n"
        );
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let gone = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let outcome: anyhow::Result<ExitCode> = Err(gone).context("printing");
        assert_eq!(
            format!("{:?}", exit(outcome)),
            format!("{:?}", ExitCode::SUCCESS)
        );
    }
}
