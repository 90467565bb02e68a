//! `SOURCE`: the log groups that a query names itself, found in the catalog.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html>

use std::collections::BTreeMap;

use corelog_catalog::{GroupFilter, LogGroup};
use corelog_insights::{
    Command, CommandKind, Expr, ExprKind, InSet, Period, Query, Selector, Source, Span, TagFilter,
    Text, TimeBound, Unit,
};
use corelog_types::{LogGroupName, Timestamp};

use super::ask::Refused;
use super::{Malformed, QueryError};
use crate::aws::Context;

/// Groups that one query may choose. Source: the page of `SOURCE`.
const GROUPS_MAX: usize = 10_000;
/// Groups read from the catalog at a time.
const PAGE: u32 = 1_000;
const STANDARD: &str = "STANDARD";

/// The `SOURCE` with which a query begins.
pub(super) fn of_query(query: &Query) -> Option<(&Source, Span)> {
    let first = query.commands.first()?;
    source(first).map(|source| (source, first.span))
}

fn source(command: &Command) -> Option<&Source> {
    match &command.kind {
        CommandKind::Source(source) => Some(source),
        _ => None,
    }
}

/// The `SOURCE`s of the query's subqueries.
pub(super) fn of_subqueries(query: &Query) -> Vec<(&Source, Span)> {
    let mut found = Vec::new();
    for command in &query.commands {
        match &command.kind {
            CommandKind::Join(join) => found.push(&*join.query),
            CommandKind::AppendCols(append) => found.push(&*append.query),
            kind => {
                for expr in expressions(kind) {
                    subqueries(expr, &mut found);
                }
            }
        }
    }
    found.into_iter().filter_map(of_query).collect()
}

/// The expressions of a command in which `in (subquery)` may stand.
fn expressions(kind: &CommandKind) -> Vec<&Expr> {
    match kind {
        CommandKind::Filter(expr)
        | CommandKind::FilterIndex(expr)
        | CommandKind::Pattern(expr)
        | CommandKind::Unnest { path: expr, .. }
        | CommandKind::RelevantFields {
            condition: expr, ..
        } => vec![expr],
        CommandKind::Fields(items) | CommandKind::Display(items) | CommandKind::Unmask(items) => {
            items.iter().map(|item| &item.expr).collect()
        }
        CommandKind::Stats(stats) => {
            let items = stats.items.iter().chain(&stats.by);
            items.map(|item| &item.expr).collect()
        }
        CommandKind::Sort(keys) => keys.iter().map(|key| &key.expr).collect(),
        CommandKind::Parse(parse) => parse.of.iter().collect(),
        _ => Vec::new(),
    }
}

fn subqueries<'e>(expr: &'e Expr, found: &mut Vec<&'e Query>) {
    if let ExprKind::In {
        set: InSet::Query(query),
        ..
    } = &expr.kind
    {
        found.push(query);
    }
    for part in expr.parts() {
        subqueries(part, found);
    }
}

/// The groups that a `SOURCE` chooses, by name.
pub(super) async fn groups(
    source: &Source,
    text: &str,
    cx: &Context<'_>,
) -> Result<Vec<LogGroupName>, Refused> {
    let chosen = Chosen::of(source, text)?;
    let mut names = Vec::new();
    for named in &chosen.named {
        names.push(super::ask::existing(&named.value, cx).await?);
    }
    if chosen.filters.is_empty() {
        names.sort();
        names.dedup();
        return Ok(names);
    }
    let only = (!chosen.named.is_empty()).then_some(names);
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = cx
            .catalog()
            .groups(&GroupFilter::default(), after.as_deref(), PAGE)
            .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.name.as_str().to_owned());
        let fits = |group: &LogGroup| {
            let is_named = only.as_ref().is_none_or(|only| only.contains(&group.name));
            is_named && chosen.allows(group, cx)
        };
        found.extend(page.into_iter().filter(fits).map(|group| group.name));
        if found.len() > GROUPS_MAX {
            let text = format!("SOURCE chooses more than {GROUPS_MAX} log groups.");
            return Err(crate::aws::Fault::invalid_parameter(text).into());
        }
    }
    Ok(found)
}

/// The selectors of a `SOURCE`, by kind: a group that one of each kind allows is read.
struct Chosen<'s> {
    named: Vec<&'s Text>,
    /// Those that are not names, of which there are two kinds.
    filters: Vec<&'s Selector>,
}

impl<'s> Chosen<'s> {
    fn of(source: &'s Source, text: &str) -> Result<Self, Refused> {
        let mut chosen = Self {
            named: Vec::new(),
            filters: Vec::new(),
        };
        for selector in &source.selectors {
            match selector {
                Selector::Group(name) => chosen.named.push(name),
                Selector::DataSource(sources) => return Err(no_data_sources(sources, text)),
                filter => chosen.filters.push(filter),
            }
        }
        Ok(chosen)
    }

    fn allows(&self, group: &LogGroup, cx: &Context<'_>) -> bool {
        let account = &cx.account().id;
        let by_name = |selector: &&Selector| match selector {
            Selector::LogGroups {
                name_prefixes,
                accounts,
                classes,
            } => Some(
                any(name_prefixes, |prefix| {
                    group.name.as_str().starts_with(prefix)
                }) && any(accounts, |one| one == account)
                    && class_fits(classes, group.class.as_str()),
            ),
            _ => None,
        };
        let by_tag = |selector: &&Selector| match selector {
            Selector::Tags(filters) => Some(filters.iter().all(|one| tag_fits(one, &group.tags))),
            _ => None,
        };
        let holds = |answers: Vec<bool>| answers.is_empty() || answers.contains(&true);
        holds(self.filters.iter().filter_map(by_name).collect())
            && holds(self.filters.iter().filter_map(by_tag).collect())
    }
}

/// Whether one of the texts does; a list that is not there allows all.
fn any(all: &[Text], fits: impl Fn(&str) -> bool) -> bool {
    all.is_empty() || all.iter().any(|text| fits(&text.value))
}

fn class_fits(classes: &[Text], class: &str) -> bool {
    if classes.is_empty() {
        return class == STANDARD;
    }
    classes.iter().any(|one| one.value == class)
}

/// Whether the tag's value is one of the filter's. A filter of nothing but negations allows groups without the tag.
fn tag_fits(filter: &TagFilter, tags: &BTreeMap<String, String>) -> bool {
    let value = tags.get(&filter.key.value);
    let (not, wanted): (Vec<&str>, Vec<&str>) = filter
        .values
        .iter()
        .map(|value| value.value.as_str())
        .partition(|value| value.starts_with('!'));
    let excluded = not
        .iter()
        .any(|pattern| value.is_some_and(|value| like(&pattern[1..], value)));
    let included = wanted
        .iter()
        .any(|pattern| value.is_some_and(|value| like(pattern, value)));
    !excluded && (included || wanted.is_empty())
}

/// Whether a text is what a pattern with `*` for any text says.
fn like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else {
            return false;
        };
        text = &text[at + part.len()..];
    }
    text.len() >= last.len() && text.ends_with(last)
}

fn no_data_sources(sources: &[Text], text: &str) -> Refused {
    let span = sources
        .iter()
        .map(|source| source.span)
        .reduce(Span::to)
        .unwrap_or_default();
    let location = span.location(text);
    Refused::Query(QueryError::Malformed(Malformed {
        message: "there are no data sources".to_owned(),
        start: location.start_char_offset,
        end: location.end_char_offset,
        hint: Some("name log groups: SOURCE \"name\" or SOURCE logGroups(…)".to_owned()),
    }))
}

/// An end of a time range in milliseconds.
pub(super) fn millis(bound: TimeBound, asked_at: Timestamp) -> i64 {
    let now = i64::try_from(asked_at.unix_ms()).unwrap_or(i64::MAX);
    match bound {
        TimeBound::Millis(ms) => ms,
        TimeBound::Now => now,
        TimeBound::Ago(period) => now.saturating_sub(length_ms(period)),
    }
}

/// Decision: before now, a month has 30 days, a quarter 90 and a year 365.
fn length_ms(period: Period) -> i64 {
    const DAY: i64 = 86_400_000;
    let unit = match period.unit {
        Unit::Millisecond => 1,
        Unit::Second => 1_000,
        Unit::Minute => 60_000,
        Unit::Hour => 3_600_000,
        Unit::Day => DAY,
        Unit::Week => 7 * DAY,
        Unit::Month => 30 * DAY,
        Unit::Quarter => 90 * DAY,
        Unit::Year => 365 * DAY,
    };
    i64::try_from(period.count)
        .unwrap_or(i64::MAX)
        .saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let check = |pattern: &str, text: &str, fits: bool| {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        };
        check("prod", "prod", true);
        check("prod", "production", false);
        check("prod*", "production", true);
        check("*tion", "production", true);
        check("*", "", true);
        check("p*d*n", "production", true);
        check("p*x*n", "production", false);
        check("aa*aa", "aaa", false);
        check("a*a*a", "aa", false);
    }

    #[test]
    fn tags_are_wanted_or_excluded() {
        let check = |values: &[&str], tag: Option<&str>, fits: bool| {
            let text = |value: &str| Text {
                value: value.to_owned(),
                span: Span::default(),
            };
            let filter = TagFilter {
                key: text("stage"),
                values: values.iter().map(|value| text(value)).collect(),
            };
            let tags = tag.map(|value| ("stage".to_owned(), value.to_owned()));
            assert_eq!(
                tag_fits(&filter, &tags.into_iter().collect()),
                fits,
                "{values:?} {tag:?}"
            );
        };
        check(&["prod", "beta"], Some("beta"), true);
        check(&["prod"], Some("dev"), false);
        check(&["prod"], None, false);
        check(&["!dev"], Some("prod"), true);
        check(&["!dev"], Some("dev"), false);
        check(&["!dev"], None, true);
        check(&["p*", "!prod"], Some("prod"), false);
        check(&["p*", "!prod"], Some("preview"), true);
    }
}
