//! Which log groups and which time a query reads, by its `SOURCE` and `filterIndex`.

use corelog_insights::{Command, CommandKind, Selector, Source, TagFilter, Text, TimeBound};

use crate::calendar;
use crate::stars;

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

/// What is known of a log group.
#[derive(Debug, Clone, Copy)]
pub struct Group<'g> {
    /// Its account.
    pub account: &'g str,
    /// Its name.
    pub name: &'g str,
    /// `STANDARD` or `INFREQUENT_ACCESS`.
    pub class: &'g str,
    /// The fields that its index policy names.
    pub indexed: &'g [String],
    /// Its tags.
    pub tags: &'g [(String, String)],
    /// The name of its data source.
    pub data_source: Option<&'g str>,
}

/// Whether a query reads a log group. What the request names counts where the query has no `SOURCE`.
pub fn is_read(commands: &[Command], group: Group<'_>, is_requested: bool) -> bool {
    let is_selected = match source_of(commands) {
        Some(source) => is_selected(&source.selectors, group),
        None => is_requested,
    };
    is_selected && commands.iter().all(|command| is_covered(command, group))
}

/// The first and the last millisecond that a query reads: those of the request, or what its `SOURCE` says; `None` if
/// that is months or years before now.
pub fn times(commands: &[Command], now_ms: i64, requested: (i64, i64)) -> Option<(i64, i64)> {
    let (start_ms, end_ms) = requested;
    let Some(source) = source_of(commands) else {
        return Some(requested);
    };
    let bound = |bound: Option<TimeBound>, requested: i64| match bound {
        None => Some(requested),
        Some(TimeBound::Millis(ms)) => Some(ms),
        Some(TimeBound::Now) => Some(now_ms),
        Some(TimeBound::Ago(period)) => now_ms.checked_sub(calendar::length_ms(period)?),
    };
    bound(source.start, start_ms).zip(bound(source.end, end_ms))
}

fn source_of(commands: &[Command]) -> Option<&Source> {
    commands.iter().find_map(|command| match &command.kind {
        CommandKind::Source(source) => Some(source),
        _ => None,
    })
}

/// Whether the log group indexes every field of a `filterIndex`.
fn is_covered(command: &Command, group: Group<'_>) -> bool {
    let CommandKind::FilterIndex(condition) = &command.kind else {
        return true;
    };
    let mut covered = true;
    condition.each_field(&mut |field| {
        let path = field.path();
        covered &= group.indexed.contains(&path) || INDEXED.contains(&path.as_str());
    });
    covered
}

/// Selectors of one kind allow what any of them does; of several kinds, all must.
fn is_selected(selectors: &[Selector], group: Group<'_>) -> bool {
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

fn allows(selector: &Selector, group: Group<'_>) -> bool {
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
        Selector::DataSource(names) => any(names, &|name| group.data_source == Some(name)),
        Selector::Tags(filters) => filters.iter().all(|filter| is_tagged(filter, group)),
    }
}

/// By its name, or by an ARN: `arn:aws:logs:region:account:log-group:name`.
fn is_named(name: &str, group: Group<'_>) -> bool {
    if name == group.name {
        return true;
    }
    let parts: Vec<&str> = name.splitn(7, ':').collect();
    let [_, _, "logs", _, account, "log-group", name] = parts[..] else {
        return false;
    };
    account == group.account && name.trim_end_matches(":*") == group.name
}

fn is_tagged(filter: &TagFilter, group: Group<'_>) -> bool {
    let mut tags = group.tags.iter();
    let Some((_, value)) = tags.find(|(key, _)| *key == filter.key.value) else {
        return false;
    };
    let fits = |wanted: &Text| match wanted.value.strip_prefix('!') {
        Some(unwanted) => !stars::fits(unwanted, value),
        None => stars::fits(&wanted.value, value),
    };
    filter.values.is_empty() || filter.values.iter().any(fits)
}
