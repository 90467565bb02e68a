//! `corelog torture`: this very binary, put to the test.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use corelog_cli::TortureArgs;
use corelog_torture::{Options, Scenario};

/// Runs the scenarios and prints what came out.
pub(crate) fn run(args: TortureArgs) -> anyhow::Result<ExitCode> {
    let scenarios: Result<Vec<Scenario>, _> =
        args.scenario.iter().map(|name| name.parse()).collect();
    let report = corelog_torture::run(&Options {
        corelog: std::env::current_exe().context("cannot find the corelog binary")?,
        rounds: args.rounds,
        seed: args.seed,
        scenarios: scenarios?,
        rate: args.rate,
        seconds: args.seconds,
        dir: args.dir,
        say: |text| eprintln!("{text}"),
    })?;
    write!(std::io::stdout(), "{report}")?;
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::Scenario;

    #[test]
    fn every_scenario_can_be_asked_for() {
        assert_eq!(Scenario::ALL.map(Scenario::as_str), corelog_cli::SCENARIOS);
    }
}
