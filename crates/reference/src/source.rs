//! Which events a query reads: log groups by `SOURCE`, time by the run or by `SOURCE`, indexes by `filterIndex`.

use std::rc::Rc;

use corelog_insights::{Command, CommandKind, Expr, Selector, Source, TagFilter, Text, TimeBound};

use crate::event::Fields;
use crate::input::{Group, Input};
use crate::output::Failure;
use crate::row::{Frame, Row};
use corelog_values::calendar;

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

/// A range of time, both ends inclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
}

/// The time that a query reads: that of the run, or what its `SOURCE` says.
pub(crate) fn window(
    commands: &[Command],
    input: &Input,
    outer: Window,
) -> Result<Window, Failure> {
    let mut window = outer;
    if let Some(source) = source_of(commands) {
        if let Some(bound) = source.start {
            window.start_ms = bound_ms(bound, input)?;
        }
        if let Some(bound) = source.end {
            window.end_ms = bound_ms(bound, input)?;
        }
    }
    Ok(window)
}

fn bound_ms(bound: TimeBound, input: &Input) -> Result<i64, Failure> {
    match bound {
        TimeBound::Millis(ms) => Ok(ms),
        TimeBound::Now => Ok(input.now_ms),
        TimeBound::Ago(period) => calendar::length_ms(period)
            .and_then(|length| input.now_ms.checked_sub(length))
            .ok_or_else(|| Failure::unsupported("a time bound of months or years")),
    }
}

fn source_of(commands: &[Command]) -> Option<&Source> {
    commands.iter().find_map(|command| match &command.kind {
        CommandKind::Source(source) => Some(source),
        _ => None,
    })
}

/// The events of the log groups and the time, newest first; of one time in the order they were taken in.
pub(crate) fn read(commands: &[Command], input: &Input, window: Window) -> Frame {
    let mut all: Vec<(i64, Row)> = Vec::new();
    for (index, event) in input.events.iter().enumerate() {
        let group = group_of(input, &event.account, &event.group);
        let in_time = (window.start_ms..=window.end_ms).contains(&event.timestamp_ms);
        if in_time && is_read(commands, input, &group) {
            let fields = Rc::new(Fields::of(index, event, &group));
            all.push((event.timestamp_ms, Row::of_event(fields)));
        }
    }
    all.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    Frame {
        rows: all.into_iter().map(|(_, row)| row).collect(),
        raw: true,
        ..Frame::default()
    }
}

fn group_of(input: &Input, account: &str, name: &str) -> Group {
    let mut known = input.groups.iter();
    let found = known.find(|group| group.account == account && group.name == name);
    found.cloned().unwrap_or_else(|| Group::new(account, name))
}

fn is_read(commands: &[Command], input: &Input, group: &Group) -> bool {
    let selected = match source_of(commands) {
        Some(source) => is_selected(&source.selectors, group),
        None => input.selected.is_empty() || input.selected.contains(&group.name),
    };
    selected && commands.iter().all(|command| is_covered(command, group))
}

/// Whether the log group indexes every field of a `filterIndex`.
fn is_covered(command: &Command, group: &Group) -> bool {
    let CommandKind::FilterIndex(condition) = &command.kind else {
        return true;
    };
    let mut covered = true;
    let mut see = |path: String| {
        covered &= group.indexed.contains(&path) || INDEXED.contains(&path.as_str());
    };
    each_path(condition, &mut see);
    covered
}

fn each_path(condition: &Expr, see: &mut impl FnMut(String)) {
    condition.each_field(&mut |field| see(field.path()));
}

/// A group that any selector of each kind allows.
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
    if name == group.name {
        return true;
    }
    let parts: Vec<&str> = name.splitn(7, ':').collect();
    let [_, _, "logs", _, account, "log-group", name] = parts[..] else {
        return false;
    };
    account == group.account && name.trim_end_matches(":*") == group.name
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
pub(crate) fn fits_stars(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            starts.any(|at| fits_stars(tail, &rest[at..]))
        }),
    }
}
