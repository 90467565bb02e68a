//! `corelog cost`: what calls cost, by the prices that their records carry.
//!
//! The server adds up, in decimals: a statement of SQL groups the records of a time. Calls without a cost are counted
//! and their reasons named, never added as zero. `--reprice` asks for the counts instead and prices them here, by the
//! prices of this configuration.

mod bill;
mod budgets;
mod by;
mod calls;
mod compare;
mod prices;
mod report;
mod reprice;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use corelog_runtime::Clock;
use corelog_types::Timestamp;

use self::by::By;
pub(super) use self::report::in_words;
use super::Session;
use super::query::time::{self, Moment};
use super::query::{INTERRUPTED, Scope};
use crate::environment::Environment;
use crate::printer::note;
use crate::settings::{Loaded, Settings, find_config};

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// What costs are added up by: `model`, `caller`, `user`, `team`, `provider`, `session`, `day`, or `tag:KEY`.
    #[arg(long, value_name = "WHAT", default_value = "model", value_parser = By::parse)]
    by: By,
    #[command(flatten)]
    period: Period,
    /// Prices every call anew, by the prices of this configuration, rather than reading what its record says.
    #[arg(long)]
    reprice: bool,
    /// Configuration file, for its prices [default: `CORELOG_CONFIG`, `./corelog.toml`,
    /// `~/.config/corelog/corelog.toml`].
    #[arg(long, value_name = "FILE", requires = "reprice")]
    config: Option<PathBuf>,
}

/// What else is asked of costs.
#[derive(Debug, Clone, clap::Subcommand)]
enum Command {
    /// Says how much of each `[[budget]]` is spent, and how much will be.
    Budgets(budgets::Args),
    /// Sets what records say against a provider's bill, day by day and model by model.
    Compare(compare::Args),
    /// Lists the prices, with where each was read.
    Prices(prices::Args),
}

/// A time, and the log groups with the records.
#[derive(Debug, Clone, clap::Args)]
struct Period {
    /// Calls from then on: `7d`, `2026-11-20`, `2026-11-20T09:00:00+01:00`; UTC, where no zone is said [default: the
    /// first of this month].
    #[arg(long, alias = "from", value_name = "TIME", value_parser = time::moment)]
    since: Option<Moment>,
    /// Calls up to that second, which is included [default: now].
    #[arg(long, alias = "to", value_name = "TIME", value_parser = time::moment)]
    until: Option<Moment>,
    /// The log group of the records, where it is not the server's own.
    #[arg(short = 'g', long, value_name = "GROUP")]
    log_group: Vec<String>,
}

impl Period {
    fn scope(&self, session: &Session, now: Timestamp) -> anyhow::Result<Scope> {
        let since = self.since.unwrap_or(Moment::At(month_of(now)));
        let until = self.until.unwrap_or(Moment::Ago(Duration::ZERO));
        let scope = Scope {
            since: since.at(now).unix_ms() / 1_000,
            until: until.at(now).unix_ms() / 1_000,
            groups: self.log_group.clone(),
        };
        scope.settled(&session.client)
    }
}

/// The beginning of the month that a time is in.
fn month_of(time: Timestamp) -> Timestamp {
    let first = format!("{}-01T00:00:00Z", &time.day()[..7]);
    Timestamp::parse_rfc3339(&first).unwrap_or(time)
}

/// The configuration, with its warnings said.
fn settings(config: Option<&std::path::Path>, env: &Environment) -> anyhow::Result<Settings> {
    let file = find_config(config, env);
    let Loaded {
        settings, warnings, ..
    } = Settings::load(file.as_deref(), env, &[])?;
    for warning in &warnings {
        note(&format!("warning: {warning}"));
    }
    Ok(settings)
}

fn stopped() -> ExitCode {
    note("stopped the query");
    ExitCode::from(INTERRUPTED)
}

pub(super) fn run(args: Args, mut session: Session) -> anyhow::Result<ExitCode> {
    match args.command {
        Some(Command::Budgets(args)) => return budgets::run(&args, session),
        Some(Command::Compare(args)) => return compare::run(&args, session),
        Some(Command::Prices(args)) => return prices::run(&args, session),
        None => {}
    }
    let scope = args.period.scope(&session, Clock::system().now())?;
    let groups = if args.reprice {
        let table = settings(args.config.as_deref(), &session.env)?.price_table()?;
        let found = reprice::groups(&session.client, &args.by, &scope, &table)?;
        note(&format!("by the prices {}", table.version()));
        found
    } else {
        calls::groups(&session.client, &args.by, &scope)?
    };
    let Some(groups) = groups else {
        return Ok(stopped());
    };
    report::print(&args.by, &groups, &scope, &mut session.printer)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_on_their_first_day() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        assert_eq!(
            month_of(at("2026-11-22T18:00:00Z")),
            at("2026-11-01T00:00:00Z")
        );
    }
}
