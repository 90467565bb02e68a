//! `corelog run -- CMD…`: a program with its model calls going through the gateway.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use super::Session;
use crate::client::Found;
use crate::environment::{
    ANTHROPIC_BASE_URL, AWS_ENDPOINT_URL_BEDROCK, AWS_ENDPOINT_URL_BEDROCK_RUNTIME, Environment,
    HTTP_PROXY, HTTPS_PROXY, NO_PROXY, OPENAI_BASE_URL,
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

/// Where the environment names a proxy, what keeps it from coming between the program and the gateway. Programs read
/// the name in either case.
fn around_proxies(base: &str, env: &Environment) -> Vec<(String, String)> {
    let either = |name: &str| {
        env.get(name)
            .or_else(|| env.get(&name.to_ascii_uppercase()))
    };
    let host = base
        .parse::<http::Uri>()
        .ok()
        .and_then(|uri| uri.host().map(str::to_owned));
    let Some(host) = host.filter(|_| {
        [HTTP_PROXY, HTTPS_PROXY]
            .into_iter()
            .any(|name| either(name).is_some())
    }) else {
        return Vec::new();
    };
    let hosts = either(NO_PROXY).map_or(host.clone(), |hosts| format!("{hosts},{host}"));
    vec![
        (NO_PROXY.to_owned(), hosts.clone()),
        (NO_PROXY.to_ascii_uppercase(), hosts),
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
    let base = session.client.base();
    let error = Command::new(program)
        .args(rest)
        .envs(variables(base))
        .envs(around_proxies(base, &session.env))
        .exec();
    let failure = Failure::new(format!(
        "`{}` cannot be started: {error}",
        program.display()
    ));
    Err(failure
        .hint("write the program as in a shell: `corelog run -- python app.py`")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_gets_the_three_base_urls() {
        let variables = variables("http://h:1");
        assert_eq!(
            variables[0],
            ("OPENAI_BASE_URL", "http://h:1/openai/v1".to_owned())
        );
        assert_eq!(
            variables[1],
            ("ANTHROPIC_BASE_URL", "http://h:1/anthropic".to_owned())
        );
        assert_eq!(
            variables[2],
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://h:1".to_owned())
        );
    }

    #[test]
    fn a_proxy_does_not_come_between() {
        assert_eq!(
            around_proxies("http://127.0.0.1:4600", &Environment::default()),
            []
        );
        let env =
            Environment::from_pairs([("HTTP_PROXY", "http://p:3128"), ("no_proxy", ".internal")]);
        let hosts = ".internal,127.0.0.1".to_owned();
        let expected = [
            ("no_proxy".to_owned(), hosts.clone()),
            ("NO_PROXY".to_owned(), hosts),
        ];
        assert_eq!(around_proxies("http://127.0.0.1:4600", &env), expected);
    }
}
