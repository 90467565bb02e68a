//! Log groups, and which of them a query reads.

use std::sync::Arc;

use corelog_insights::{Command, CommandKind, Expr, Selector, Source, TagFilter, Text, TimeBound};
use corelog_values::calendar;

use crate::{Error, Result, Window};

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its account.
    pub account: String,
    /// Its name.
    pub name: Arc<str>,
    /// `STANDARD` or `INFREQUENT_ACCESS`.
    pub class: String,
    /// The fields that its index policy names.
    pub indexed: Vec<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// The name of its data source.
    pub data_source: Option<String>,
}

/// A lookup table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupTable {
    /// Its name.
    pub name: String,
    /// CSV; the first line names the columns.
    pub csv: String,
}

/// Fields that every log group indexes. Source: the user guide's page of field indexes.
const INDEXED: [&str; 10] = [
    "@logStream",
    "@aws.region",
    "@aws.account",
    "@source.log",
    "@data_source_name",
    "@data_source_type",
    "@data_format",
    "traceId",
    "severityText",
    "attributes.session.id",
];

/// The log groups that a query reads.
pub(crate) fn selected(
    commands: &[Command],
    groups: &[Group],
    named: &[Arc<str>],
) -> Vec<Arc<str>> {
    let source = source_of(commands);
    let is_read = |group: &&Group| {
        let is_selected = match source {
            Some(source) => is_selected(&source.selectors, group),
            None => named.contains(&group.name),
        };
        is_selected && commands.iter().all(|command| is_covered(command, group))
    };
    let read = groups.iter().filter(is_read);
    read.map(|group| Arc::clone(&group.name)).collect()
}

/// The time that a query reads: that of the request, or what its `SOURCE` says.
pub(crate) fn window(commands: &[Command], now_ms: i64, outer: Window) -> Result<Window> {
    let mut window = outer;
    if let Some(source) = source_of(commands) {
        if let Some(bound) = source.start {
            window.start_ms = bound_ms(bound, now_ms)?;
        }
        if let Some(bound) = source.end {
            window.end_ms = bound_ms(bound, now_ms)?;
        }
    }
    Ok(window)
}

fn bound_ms(bound: TimeBound, now_ms: i64) -> Result<i64> {
    match bound {
        TimeBound::Millis(ms) => Ok(ms),
        TimeBound::Now => Ok(now_ms),
        TimeBound::Ago(period) => calendar::length_ms(period)
            .and_then(|length| now_ms.checked_sub(length))
            .ok_or_else(|| Error::unsupported("a time bound of months or years")),
    }
}

fn source_of(commands: &[Command]) -> Option<&Source> {
    commands.iter().find_map(|command| match &command.kind {
        CommandKind::Source(source) => Some(source),
        _ => None,
    })
}

/// Whether the log group indexes every field of a `filterIndex`.
fn is_covered(command: &Command, group: &Group) -> bool {
    let CommandKind::FilterIndex(condition) = &command.kind else {
        return true;
    };
    let mut covered = true;
    each_path(condition, &mut |path| {
        covered &= group.indexed.contains(&path) || INDEXED.contains(&path.as_str());
    });
    covered
}

fn each_path(condition: &Expr, see: &mut impl FnMut(String)) {
    condition.each_field(&mut |field| see(field.path()));
}

/// Selectors of one kind allow what any of them does; of several kinds, all must.
fn is_selected(selectors: &[Selector], group: &Group) -> bool {
    let kinds = [0, 1, 2, 3].map(|kind| {
        let mut of_kind = selectors
            .iter()
            .filter(|one| kind_of(one) == kind)
            .peekable();
        of_kind.peek().is_none() || of_kind.any(|one| allows(one, group))
    });
    kinds.into_iter().all(|allowed| allowed)
}

fn kind_of(selector: &Selector) -> u8 {
    match selector {
        Selector::Group(_) => 0,
        Selector::LogGroups { .. } => 1,
        Selector::DataSource(_) => 2,
        Selector::Tags(_) => 3,
    }
}

fn allows(selector: &Selector, group: &Group) -> bool {
    let any = |texts: &[Text], allowed: &dyn Fn(&str) -> bool| {
        texts.is_empty() || texts.iter().any(|text| allowed(&text.value))
    };
    match selector {
        Selector::Group(name) => is_named(&name.value, group),
        Selector::LogGroups {
            name_prefixes,
            accounts,
            classes,
        } => {
            let in_class = if classes.is_empty() {
                group.class == "STANDARD"
            } else {
                any(classes, &|class| class == group.class)
            };
            any(name_prefixes, &|prefix| group.name.starts_with(prefix))
                && any(accounts, &|account| account == group.account)
                && in_class
        }
        Selector::DataSource(names) => {
            any(names, &|name| group.data_source.as_deref() == Some(name))
        }
        Selector::Tags(filters) => filters.iter().all(|filter| is_tagged(filter, group)),
    }
}

/// By its name, or by an ARN: `arn:aws:logs:region:account:log-group:name`.
fn is_named(name: &str, group: &Group) -> bool {
    if name == &*group.name {
        return true;
    }
    let parts: Vec<&str> = name.splitn(7, ':').collect();
    let [_, _, "logs", _, account, "log-group", name] = parts[..] else {
        return false;
    };
    account == group.account && name.trim_end_matches(":*") == &*group.name
}

fn is_tagged(filter: &TagFilter, group: &Group) -> bool {
    let mut tags = group.tags.iter();
    let Some((_, value)) = tags.find(|(key, _)| *key == filter.key.value) else {
        return false;
    };
    let fits = |wanted: &Text| match wanted.value.strip_prefix('!') {
        Some(unwanted) => !fits_stars(unwanted, value),
        None => fits_stars(&wanted.value, value),
    };
    filter.values.is_empty() || filter.values.iter().any(fits)
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits_stars(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((tail, between)) = parts.split_last() else {
        return rest.is_empty();
    };
    let mut rest = rest;
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::fits_stars;

    #[test]
    fn stars_stand_for_any_text() {
        let check = |pattern: &str, text: &str, fits: bool| {
            assert_eq!(fits_stars(pattern, text), fits, "{pattern} {text}");
        };
        check("abc", "abc", true);
        check("abc", "abcd", false);
        check("a*c", "abbc", true);
        check("a*c", "ac", true);
        check("a*c", "a", false);
        check("*", "", true);
        check("a*b*b", "abb", true);
        check("a*b*b", "ab", false);
        check("a*bc", "abcbc", true);
    }
}
