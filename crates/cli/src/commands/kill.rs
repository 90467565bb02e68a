//! `corelog kill ID`: ends a call in flight.

use std::process::ExitCode;

use super::Session;
use super::get::checked_id;
use crate::printer::note;

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Id of the call, as `corelog ps` shows it.
    id: String,
}

pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    let id = checked_id(&args.id)?;
    session
        .client
        .delete(&format!("/corelog/v1/exchanges/{id}"))?;
    note(&format!(
        "ended {id}; `corelog get {id}` shows what it had produced"
    ));
    Ok(ExitCode::SUCCESS)
}
