//! Every command: what it takes and what it is for. Each has a file with its arguments and what it does.

mod alarm;
mod anomaly;
mod completions;
mod config;
mod cost;
mod doctor;
mod get;
mod kill;
mod notifier;
mod ps;
mod query;
mod run;
mod server;
mod sql;
mod tail;
mod transfer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::client::Client;
use crate::environment::{self, Environment};
use crate::failure::Failure;
use crate::printer::{Color, Format, Printer};

pub use self::query::time::Moment;
pub use self::server::{DemoArgs, SCENARIOS, SettingsArgs, TortureArgs, UpArgs};
pub use self::transfer::{
    ExportArgs, ExportFormat, ImportArgs, ImportBedrockArgs, ImportFrom, ImportLinesArgs,
};

/// The flight recorder for generative AI: every model call passes through, is recorded whole, and is delivered.
#[derive(Debug, Parser)]
#[command(
    name = "corelog",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes; below its own options in its help.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The running server, for the commands that talk to one.
    #[arg(long, global = true, env = environment::URL, default_value = "http://127.0.0.1:4600")]
    pub url: String,
    /// Key for the running server, where it asks for one.
    #[arg(long, global = true, env = environment::KEY, hide_env_values = true)]
    pub key: Option<String>,
    /// PEM file of certificate authorities to trust in an `https` server, instead of the system's.
    #[arg(long, global = true, value_name = "FILE", env = environment::CA)]
    pub ca: Option<PathBuf>,
    /// Form of the output; tables on a terminal, JSON lines elsewhere.
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// When to colour.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: Color,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts the gateway.
    Up(UpArgs),
    /// Starts the demo provider alone: answers in every dialect, without a model.
    Demo(DemoArgs),
    /// Kills, fills and cuts a gateway under load, asks it questions meanwhile, and counts what was lost.
    Torture(TortureArgs),
    /// Brings what was recorded elsewhere into a log group.
    Import(ImportArgs),
    /// Writes a log group's events to a file, a directory or a bucket.
    ///
    /// It reads the table, which a running gateway brings up to date every few seconds.
    Export(ExportArgs),
    /// What needs no server in this process.
    #[command(flatten)]
    Client(ClientCommand),
}

/// The commands that need no server in this process.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Runs a program with its model calls going through the gateway.
    Run(run::Args),
    /// Shows a record.
    Get(get::Args),
    /// Shows the last records, and follows new ones, the new events of log groups, or what calls in flight say.
    Tail(tail::Args),
    /// Asks log events a question in the language of Logs Insights, or keeps one.
    Query(query::Args),
    /// Asks log events a question in SQL.
    Sql(sql::Args),
    /// Says what calls cost: by model, caller, user, team or tag; against budgets and bills.
    Cost(cost::Args),
    /// Lists the calls in flight.
    Ps,
    /// Ends a call in flight; its record says so.
    Kill(kill::Args),
    /// Lists, shows, tests and imports alarms, and tells what became of them.
    #[command(subcommand)]
    Alarm(alarm::Command),
    /// Lists what was found that is not as usual: bursts, calls that loop, answers that drift.
    #[command(subcommand)]
    Anomaly(anomaly::Command),
    /// Lists who hears of alarms, or sends one of them a test.
    #[command(subcommand)]
    Notifier(notifier::Command),
    /// Checks or shows the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Looks at configuration, disk, destinations and the running server, and says what to do.
    Doctor(doctor::Args),
    /// Prints completions for a shell.
    Completions(completions::Args),
}

/// Reads the command line; ends the process with exit code 2 where it is wrong, 0 after `--help` and `--version`.
pub fn parse() -> Cli {
    Cli::parse()
}

/// What a command works with.
struct Session {
    client: Client,
    printer: Printer,
    env: Environment,
}

/// Runs a command that needs no server in this process.
///
/// # Errors
/// Whatever kept it from its purpose, for [`crate::exit`] to print.
pub fn execute(
    command: ClientCommand,
    global: &Global,
    env: &Environment,
) -> anyhow::Result<ExitCode> {
    let session = Session {
        client: Client::new(&global.url, global.key.as_deref(), global.ca.as_deref())?,
        printer: Printer::of_stdout(global.output, global.color, env),
        env: env.clone(),
    };
    dispatch(command, session)
}

fn dispatch(command: ClientCommand, session: Session) -> anyhow::Result<ExitCode> {
    let has_rows = matches!(
        command,
        ClientCommand::Query(_) | ClientCommand::Sql(_) | ClientCommand::Cost(_)
    );
    if session.printer.format == Format::Csv && !has_rows {
        let hint = "`-o json` and `-o table` are for every command";
        return Err(
            Failure::new("only `query`, `sql` and `cost` have rows for `-o csv`")
                .hint(hint)
                .into(),
        );
    }
    match command {
        ClientCommand::Run(args) => run::run(&args, &session),
        ClientCommand::Get(args) => get::run(&args, session),
        ClientCommand::Tail(args) => tail::run(&args, session),
        ClientCommand::Query(args) => query::run(args, session),
        ClientCommand::Sql(args) => sql::run(args, session),
        ClientCommand::Cost(args) => cost::run(args, session),
        ClientCommand::Ps => ps::run(session),
        ClientCommand::Kill(args) => kill::run(&args, &session),
        ClientCommand::Alarm(command) => alarm::run(command, session),
        ClientCommand::Anomaly(command) => anomaly::run(&command, session),
        ClientCommand::Notifier(command) => notifier::run(&command, session),
        ClientCommand::Config(command) => config::run(&command, session),
        ClientCommand::Doctor(args) => doctor::run(&args, session),
        ClientCommand::Completions(args) => completions::run(&args, &mut Cli::command()),
    }
}

#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod query_tests;
#[cfg(test)]
mod session_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_documented_command_line_is_read() {
        for line in [
            "corelog up --config c.toml --listen 127.0.0.1:0 --data d",
            "corelog up --set spool.durability=relaxed --addr-file a",
            "corelog demo --listen 127.0.0.1:0 --script s.jsonl",
            "corelog run -- python app.py --flag",
            "corelog get ID --raw",
            "corelog get ID --curl --url http://h:1",
            "corelog tail --follow -n 5 -o json",
            "corelog tail timeout -f --highlight error --highlight gpt",
            "corelog tail -- -heartbeat",
            "corelog tail --log-group /corelog/invocations --log-group /app",
            "corelog tail --stream -o json",
            "corelog query limit --since 15m --log-group /a --log-group /b --limit 5 -o csv",
            "corelog query limit --since 2026-11-20 --until now --explain",
            "corelog sql SELECT --from 2026-11-20 --to now",
            "corelog query --saved errors --param n=5 --chart",
            "corelog query SELECT --language sql --estimate",
            "corelog query save slow limit --log-group /a --param n=5",
            "corelog query list",
            "corelog query delete slow",
            "corelog sql SELECT --since 1d",
            "corelog ps --color never",
            "corelog kill ID",
            "corelog alarm list calls- --state insufficient-data",
            "corelog alarm show calls",
            "corelog alarm history calls -n 5 --kind action",
            "corelog alarm history",
            "corelog alarm test calls",
            "corelog alarm import template.yaml -p Stage=live --dry-run",
            "corelog anomaly list --since 2h --kind runaway -n 5",
            "corelog anomaly show 00ff",
            "corelog notifier list -o json",
            "corelog notifier test ops",
            "corelog config check --config c.toml",
            "corelog config show",
            "corelog import bedrock s3://bucket/prefix --log-group /g --since 7d --until 2026-11-20",
            "corelog import bedrock ./copy --again --data d",
            "corelog import bedrock s3://logs --bodies s3://large/prod --bodies ./copy",
            "corelog import jsonl - --log-group /g --timestamp-field time --stream s",
            "corelog export -g /g --since 2h --format parquet out.parquet",
            "corelog export --log-group /g --filter ERROR --format bedrock s3://bucket",
            "corelog torture --scenario query --rate 1000 --seconds 60",
            "corelog doctor",
            "corelog completions bash",
        ] {
            assert!(
                parsed(line).is_ok(),
                "{line}: {}",
                parsed(line)
                    .err()
                    .map(|e| e.to_string())
                    .unwrap_or_default()
            );
        }
    }

    #[test]
    fn wrong_usage_is_exit_code_two() {
        for line in [
            "corelog get",
            "corelog get ID --raw --curl",
            "corelog nonsense",
            "corelog run",
            "corelog alarm",
            "corelog alarm show",
            "corelog alarm list --state odd",
            "corelog alarm import t.json -p Stage",
            "corelog anomaly",
            "corelog anomaly list --kind odd",
            "corelog anomaly show",
            "corelog notifier",
            "corelog notifier test",
            "corelog import",
            "corelog import jsonl x",
            "corelog import bedrock x --log-group a:b",
            "corelog import bedrock x --since yesterday",
            "corelog export out",
            "corelog up --set x",
            "corelog tail --log-group /a --follow",
            "corelog tail --stream --log-group /a",
            "corelog tail --stream -n 3",
            "corelog tail --stream timeout",
            "corelog query",
            "corelog query limit --since 1h --from 2026-11-20",
            "corelog query limit --saved x",
            "corelog query limit --explain --estimate",
            "corelog query save x",
            "corelog query limit --since soon",
            "corelog torture --rate 0",
            "corelog torture --scenario nope",
        ] {
            assert_eq!(parsed(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
