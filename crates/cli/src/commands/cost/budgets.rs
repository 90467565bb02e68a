//! `corelog cost budgets`: what is spent of each budget, and what will be by the end of its time.
//!
//! The forecast is what is spent plus, for the time that is left, what the last days cost: the seven before now for a
//! month, the one before now for a day. Where the first call was later, they begin with it, so that a first week is not
//! taken for a cheap one. It knows nothing of weekends.

use std::path::PathBuf;
use std::process::ExitCode;

use corelog_prices::Amount;
use corelog_runtime::Clock;
use corelog_types::Timestamp;
use serde_json::json;

use super::by::{By, field, text};
use super::calls::{Group, first_call, groups_where, is_any};
use super::report::money;
use super::{month_of, settings, stopped};
use crate::client::Client;
use crate::commands::Session;
use crate::commands::query::{Scope, csv};
use crate::printer::cell::{count, safe};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Style, note};
use crate::settings::{Budget, BudgetPeriod};

const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;
const MONTH_MS: u64 = 31 * DAY_MS;

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Configuration file with the budgets [default: `CORELOG_CONFIG`, `./corelog.toml`,
    /// `~/.config/corelog/corelog.toml`].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The log group of the records, where it is not the server's own.
    #[arg(short = 'g', long, value_name = "GROUP")]
    log_group: Vec<String>,
}

/// How a budget stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    amount: Amount,
    spent: Amount,
    forecast: Amount,
    currency: String,
    /// Calls that have no cost, and may have cost something.
    unpriced: u64,
}

impl Standing {
    fn state(&self) -> &'static str {
        if self.spent > self.amount {
            "over"
        } else if self.forecast > self.amount {
            "will be over"
        } else {
            "within"
        }
    }

    /// Per cent of the budget that is spent, rounded down.
    fn used(&self) -> Option<u128> {
        self.spent
            .picos()
            .saturating_mul(100)
            .checked_div(self.amount.picos())
    }
}

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let settings = settings(args.config.as_deref(), &session.env)?;
    if settings.budgets.is_empty() {
        note("no budgets: write a `[[budget]]` into the configuration, such as");
        note("hint: [[budget]] name = \"all\", amount = \"500\", per = \"month\"");
        return Ok(ExitCode::SUCCESS);
    }
    let now = Clock::system().now();
    let mut standings = Vec::new();
    for budget in &settings.budgets {
        let Some(standing) = standing(&session.client, budget, &args.log_group, now)? else {
            return Ok(stopped());
        };
        standings.push((budget, standing));
    }
    print(&standings, &mut session)?;
    Ok(ExitCode::SUCCESS)
}

fn standing(
    client: &Client,
    budget: &Budget,
    groups: &[String],
    now: Timestamp,
) -> anyhow::Result<Option<Standing>> {
    let mut span = Span::of(budget.per, now);
    let condition = condition(budget);
    let condition = condition.as_deref();
    let scope = |since: Timestamp, until: Timestamp| {
        let scope = Scope {
            since: since.unix_ms() / 1_000,
            until: until.unix_ms() / 1_000,
            groups: groups.to_vec(),
        };
        scope.settled(client)
    };
    let ask = |since: Timestamp| {
        let scope = scope(since, now)?;
        groups_where(client, &By::Day, &scope, condition)
    };
    let (Some(period), Some(lately)) = (ask(span.start)?, ask(span.lately)?) else {
        return Ok(None);
    };
    if span.may_have_begun(&lately) {
        let before = scope(span.before(), span.lately)?;
        let Some(is_older) = is_any(client, &before, condition)? else {
            return Ok(None);
        };
        if !is_older {
            let lately = scope(span.lately, now)?;
            let Some(first) = first_call(client, &lately, condition, now)? else {
                return Ok(None);
            };
            span.begin_at(first);
        }
    }
    let sum = |groups: &[Group]| groups.iter().map(|group| group.amount).sum::<Amount>();
    let spent = sum(&period);
    let currency = period.iter().find_map(|group| group.currency.clone());
    Ok(Some(Standing {
        amount: budget.amount.parse().unwrap_or_default(),
        spent,
        forecast: spent.saturating_add(span.rest(sum(&lately))),
        currency: currency.unwrap_or_default(),
        unpriced: period.iter().map(Group::unknown).sum(),
    }))
}

/// The time of a budget that now is in.
struct Span {
    start: Timestamp,
    end: Timestamp,
    /// Since when what was spent says what will be.
    lately: Timestamp,
    /// What was spent in less says nothing.
    shortest_ms: u64,
    now: Timestamp,
}

impl Span {
    fn of(per: BudgetPeriod, now: Timestamp) -> Self {
        let ms = now.unix_ms();
        let day = Timestamp::from_unix_ms(ms - ms % DAY_MS);
        let (start, end, days, shortest_ms) = match per {
            BudgetPeriod::Day => {
                let end = Timestamp::from_unix_ms(day.unix_ms() + DAY_MS);
                (day, end, 1, HOUR_MS)
            }
            BudgetPeriod::Month => {
                let start = month_of(now);
                // No month is longer than 31 days, and none shorter than 28.
                let next = Timestamp::from_unix_ms(start.unix_ms() + 31 * DAY_MS);
                let end = match month_of(next) {
                    end if end > start => end,
                    _ => next,
                };
                (start, end, 7, DAY_MS)
            }
        };
        Self {
            start,
            end,
            lately: Timestamp::from_unix_ms(ms.saturating_sub(days * DAY_MS)),
            shortest_ms,
            now,
        }
    }

    /// Whether the days of late have none at their beginning, as if nothing had been recorded yet.
    fn may_have_begun(&self, lately: &[Group]) -> bool {
        let days = lately.iter().filter_map(|group| group.key.as_deref());
        let first = self.lately.day();
        days.min().is_some_and(|day| *day > *first)
    }

    /// Since when calls show that this is no beginning: what was not there for a month is as good as new.
    fn before(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.lately.unix_ms().saturating_sub(MONTH_MS))
    }

    /// Leaves out the time before the first call.
    fn begin_at(&mut self, first: Timestamp) {
        let latest_ms = self.now.unix_ms().saturating_sub(self.shortest_ms);
        let first = first.min(Timestamp::from_unix_ms(latest_ms));
        self.lately = self.lately.max(first);
    }

    /// What the time that is left will cost, if it does what the last did.
    fn rest(&self, lately: Amount) -> Amount {
        let between = |from: Timestamp, to: Timestamp| {
            u128::from(to.unix_ms().saturating_sub(from.unix_ms()))
        };
        let left = between(self.now, self.end);
        let window = between(self.lately, self.now).max(1);
        Amount::from_picos(lately.picos().saturating_mul(left) / window)
    }
}

/// Which calls count.
fn condition(budget: &Budget) -> Option<String> {
    let mut all = Vec::new();
    let equal = |name: &str, value: &str| format!("{} = {}", field(name), text(value));
    if let Some(glob) = &budget.model {
        let like = glob.replace('\\', "\\\\").replace('%', "\\%");
        let like = like.replace('_', "\\_").replace('*', "%");
        all.push(format!(
            "{} LIKE {} ESCAPE '\\'",
            field("modelId"),
            text(&like)
        ));
    }
    for (name, value) in [
        ("corelog.caller.name", &budget.caller),
        ("corelog.user", &budget.user),
        ("corelog.provider", &budget.provider),
    ] {
        all.extend(value.as_ref().map(|value| equal(name, value)));
    }
    if let Some((key, value)) = budget.tag.as_ref().and_then(|tag| tag.split_once('=')) {
        let tag = By::Tag(key.to_owned()).sql();
        all.push(format!("{tag} = {}", text(value)));
    }
    (!all.is_empty()).then(|| all.join(" AND "))
}

fn print(standings: &[(&Budget, Standing)], session: &mut Session) -> anyhow::Result<()> {
    let printer = &mut session.printer;
    let per = |budget: &Budget| match budget.per {
        BudgetPeriod::Day => "day",
        BudgetPeriod::Month => "month",
    };
    match printer.format {
        Format::Json => {
            for (budget, it) in standings {
                let document = json!({
                    "budget": budget.name.as_str(), "per": per(budget), "amount": it.amount.to_string(),
                    "spent": it.spent.to_string(), "forecast": it.forecast.to_string(),
                    "currency": it.currency, "state": it.state(), "unpricedCalls": it.unpriced,
                });
                printer.line(&document.to_string())?;
            }
        }
        Format::Csv => {
            let names = [
                "budget",
                "per",
                "amount",
                "spent",
                "forecast",
                "currency",
                "state",
                "unpriced_calls",
            ];
            printer.line(&csv(names.into_iter()))?;
            for (budget, it) in standings {
                let cells = [
                    budget.name.as_str().to_owned(),
                    per(budget).to_owned(),
                    it.amount.to_string(),
                    it.spent.to_string(),
                    it.forecast.to_string(),
                    it.currency.clone(),
                    it.state().to_owned(),
                    it.unpriced.to_string(),
                ];
                printer.line(&csv(cells.iter().map(String::as_str)))?;
            }
        }
        Format::Table => {
            let columns = [
                Column::text("BUDGET", 16),
                Column::whole("PER", 5),
                Column::number("SPENT", 12),
                Column::number("OF", 12),
                Column::number("USED", 6),
                Column::number("FORECAST", 12),
                Column::whole("STATE", 12),
            ];
            let rows: Vec<Vec<String>> = standings
                .iter()
                .map(|(budget, it)| {
                    vec![
                        safe(budget.name.as_str()),
                        per(budget).to_owned(),
                        money(it.spent, &it.currency),
                        it.amount.readable(),
                        it.used()
                            .map_or_else(String::new, |used| format!("{used}%")),
                        it.forecast.readable(),
                        it.state().to_owned(),
                    ]
                })
                .collect();
            let widths = widths(&columns, &rows, printer.width);
            printer.line(&printer.styled(Style::Label, &head(&columns, &widths)))?;
            for ((_, it), cells) in standings.iter().zip(&rows) {
                let line = row(&columns, &widths, cells);
                let line = match it.state() {
                    "over" => printer.styled(Style::Bad, &line),
                    "will be over" => printer.styled(Style::Warn, &line),
                    _ => line,
                };
                printer.line(&line)?;
            }
        }
    }
    for (budget, it) in standings.iter().filter(|(_, it)| it.unpriced > 0) {
        let (name, calls) = (safe(budget.name.as_str()), count(it.unpriced));
        note(&format!(
            "{calls} calls that count towards `{name}` have no cost; `corelog cost` says why"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::settings::Settings;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn a_forecast_is_what_is_spent_and_the_rest_at_the_pace_of_late() {
        // A week cost 70, and eight days are left: 80 more.
        let span = Span::of(BudgetPeriod::Month, at("2026-11-23T00:00:00Z"));
        assert_eq!(span.start, at("2026-11-01T00:00:00Z"));
        assert_eq!(span.end, at("2026-12-01T00:00:00Z"));
        assert_eq!(span.rest(amount("70")), amount("80"));
        // A day cost 24, and six hours are left: 6 more.
        let span = Span::of(BudgetPeriod::Day, at("2026-11-23T18:00:00Z"));
        assert_eq!(span.start, at("2026-11-23T00:00:00Z"));
        assert_eq!(span.rest(amount("24")), amount("6"));
        let february = Span::of(BudgetPeriod::Month, at("2026-02-10T00:00:00Z"));
        assert_eq!(february.end, at("2026-03-01T00:00:00Z"));
    }

    #[test]
    fn a_first_week_begins_with_the_first_call() {
        let rest = |per, first: &str, amount: &str| {
            let mut span = Span::of(per, at("2026-11-23T00:00:00Z"));
            span.begin_at(at(first));
            span.rest(self::amount(amount))
        };
        // Two days cost 20, and eight are left: 80 more. A first half day counts as a whole one.
        let month = BudgetPeriod::Month;
        assert_eq!(rest(month, "2026-11-21T00:00:00Z", "20"), amount("80"));
        assert_eq!(rest(month, "2026-11-22T12:00:00Z", "20"), amount("160"));
        assert_eq!(rest(month, "2026-10-22T12:00:00Z", "70"), amount("80"));
        let day = BudgetPeriod::Day;
        assert_eq!(rest(day, "2026-11-22T23:50:00Z", "1"), amount("24"));

        let span = Span::of(month, at("2026-11-23T06:00:00Z"));
        let group = |day: &str| Group {
            key: Some(day.to_owned()),
            ..Group::default()
        };
        let on = |days: &[&str]| days.iter().map(|day| group(day)).collect::<Vec<_>>();
        assert!(span.may_have_begun(&on(&["2026-11-22", "2026-11-17"])));
        assert!(!span.may_have_begun(&on(&["2026-11-22", "2026-11-16"])));
        assert!(!span.may_have_begun(&[]));
    }

    #[test]
    fn a_budget_is_within_or_over_or_will_be() {
        let state = |spent: &str, forecast: &str| {
            let standing = Standing {
                amount: amount("100"),
                spent: amount(spent),
                forecast: amount(forecast),
                currency: "USD".to_owned(),
                unpriced: 0,
            };
            (standing.state(), standing.used())
        };
        assert_eq!(state("40.5", "100"), ("within", Some(40)));
        assert_eq!(state("40", "100.01"), ("will be over", Some(40)));
        assert_eq!(state("100.01", "120"), ("over", Some(100)));
    }

    #[test]
    fn conditions_are_sql() {
        let text = "[[budget]]\nname = \"b\"\namount = \"1\"\nper = \"day\"\nmodel = \"claude_*\"\nuser = \"o'neil\"\ntag = \"team=search\"";
        let loaded = Settings::parse("c.toml", text, &Environment::default(), &[]).unwrap();
        let budget = &loaded.settings.budgets[0];
        assert_eq!(
            condition(budget).as_deref(),
            Some(
                "\"modelId\" LIKE 'claude\\_%' ESCAPE '\\' AND \"corelog.user\" = 'o''neil' AND \
                 COALESCE(\"corelog.tags.team\", \"requestMetadata.team\") = 'search'"
            )
        );
    }
}
