//! Which events a query reads. What `SOURCE` and `filterIndex` say of log groups and time is in `values`.

use std::rc::Rc;

use corelog_insights::Command;
use corelog_values::source;

use crate::event::Fields;
use crate::input::{Group, Input};
use crate::output::Failure;
use crate::row::{Frame, Row};

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
    let times = source::times(commands, input.now_ms, (outer.start_ms, outer.end_ms));
    let (start_ms, end_ms) =
        times.ok_or_else(|| Failure::unsupported("a time bound of months or years"))?;
    Ok(Window { start_ms, end_ms })
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
    let is_requested = input.selected.is_empty() || input.selected.contains(&group.name);
    let group = source::Group {
        account: &group.account,
        name: &group.name,
        class: &group.class,
        indexed: &group.indexed,
        tags: &group.tags,
        data_source: group.data_source.as_deref(),
    };
    source::is_read(commands, group, is_requested)
}
