//! `corelog run -- CMD…`: a program with its model calls going through the gateway.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use super::Session;
use crate::client::Found;
use crate::environment::{
    ANTHROPIC_BASE_URL, AWS_ENDPOINT_URL_BEDROCK, AWS_ENDPOINT_URL_BEDROCK_RUNTIME, OPENAI_BASE_URL,
};
use crate::failure::Failure;

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The program and its arguments.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "CMD"
    )]
    command: Vec<OsString>,
}

/// The variables that the program gets.
pub(super) fn variables(base: &str) -> [(&'static str, String); 4] {
    [
        (OPENAI_BASE_URL, format!("{base}/openai/v1")),
        (ANTHROPIC_BASE_URL, format!("{base}/anthropic")),
        (AWS_ENDPOINT_URL_BEDROCK_RUNTIME, base.to_owned()),
        (AWS_ENDPOINT_URL_BEDROCK, base.to_owned()),
    ]
}

/// Becomes the program, so that its exit code, its signals and its terminal are its own.
pub(super) fn run(args: &Args, session: &Session) -> anyhow::Result<ExitCode> {
    if let Found::No(failure) = session.client.open("/healthz")? {
        let message = format!("{} is no Corelog: {failure}", session.client.base());
        return Err(Failure::new(message)
            .hint("name the right address with `--url` or `CORELOG_URL`")
            .into());
    }
    let Some((program, rest)) = args.command.split_first() else {
        return Err(Failure::new("no program to run").into());
    };
    let error = Command::new(program)
        .args(rest)
        .envs(variables(session.client.base()))
        .exec();
    let failure = Failure::new(format!(
        "`{}` cannot be started: {error}",
        program.display()
    ));
    Err(failure
        .hint("write the program as in a shell: `corelog run -- python app.py`")
        .into())
}
