//! `corelog query TEXT`: a question to the running server, and queries kept there under a name.

mod ask;
mod chart;
mod interrupt;
mod job;
mod place;
mod rows;
mod saved;
pub(super) mod time;
mod whole;

use std::process::ExitCode;

use super::Session;
pub(super) use job::INTERRUPTED;
pub(super) use rows::{Row, csv};
pub(super) use whole::{Scope, rows_of};

pub(super) use ask::{Language, Options, Question, run as run_question, text as ask_text};

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<saved::Command>,
    /// The query, such as `stats count(*) by modelId`; `-` reads it from standard input.
    #[arg(required_unless_present = "saved")]
    text: Option<String>,
    /// Runs a saved query instead.
    #[arg(long, value_name = "NAME", conflicts_with = "text")]
    saved: Option<String>,
    /// Gives a parameter of the saved query a value.
    #[arg(long, value_name = "NAME=VALUE", requires = "saved", value_parser = saved::parameter)]
    param: Vec<(String, String)>,
    /// The language of the text.
    #[arg(long, value_enum, default_value = "cwli", conflicts_with = "saved")]
    language: Language,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(args: Args, session: Session) -> anyhow::Result<ExitCode> {
    let Args {
        command,
        text,
        saved,
        param,
        language,
        options,
    } = args;
    if let Some(command) = command {
        return saved::run(command, session);
    }
    let question = match saved {
        Some(name) => saved::question(&session.client, &name, &param)?,
        None => Question {
            text: ask::text(text.unwrap_or_default())?,
            language,
            groups: Vec::new(),
        },
    };
    ask::run(question, &options, session)
}
