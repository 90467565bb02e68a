//! `corelog doctor`: looks at everything that can be looked at, and says what to do about what is wrong.

mod local;
mod server;
mod spool;

use std::process::ExitCode;

use serde_json::json;

use super::{Session, SettingsArgs};
use crate::printer::{Format, Printer, Style};

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Looks at this machine alone, not at the running server.
    #[arg(long)]
    offline: bool,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Warn,
    Fail,
}

/// What one look has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) check: String,
    pub(super) state: State,
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Finding {
    pub(super) fn new(check: impl Into<String>, state: State, message: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            state,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let (mut findings, spool) = local::look(&args.settings, &session.env);
    if !args.offline {
        findings.extend(server::look(&session.client, spool.as_deref()));
    }
    for finding in &findings {
        print(finding, &mut session.printer)?;
    }
    let failed = findings.iter().any(|finding| finding.state == State::Fail);
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print(finding: &Finding, printer: &mut Printer) -> std::io::Result<()> {
    let Finding {
        check,
        state,
        message,
        hint,
    } = finding;
    if printer.format == Format::Json {
        let mut line = json!({"check": check, "state": state.word(), "message": message});
        if let Some(hint) = hint {
            line["hint"] = hint.as_str().into();
        }
        return printer.line(&line.to_string());
    }
    let style = match state {
        State::Ok => Style::Good,
        State::Warn => Style::Warn,
        State::Fail => Style::Bad,
    };
    let word = printer.styled(style, &format!("{:4}", state.word()));
    printer.line(&format!("{word}  {check}: {message}"))?;
    match hint {
        Some(hint) => printer.line(&format!("      → {hint}")),
        None => Ok(()),
    }
}
