//! `corelog sql 'SELECT …'`: the same in SQL.

use std::process::ExitCode;

use super::Session;
use super::query::{Language, Options, Question, ask_text, run_question};

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The statement, which reads and changes nothing; `-` reads it from standard input.
    text: String,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(args: Args, session: Session) -> anyhow::Result<ExitCode> {
    let question = Question {
        text: ask_text(args.text)?,
        language: Language::Sql,
        groups: Vec::new(),
    };
    run_question(question, &args.options, session)
}
