//! Log groups, and which of them a query reads.

use std::sync::Arc;

use corelog_insights::Command;
use corelog_values::source;

use crate::{Error, Result, Window};

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
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

impl Group {
    fn facts(&self) -> source::Group<'_> {
        source::Group {
            account: &self.account,
            name: &self.name,
            class: &self.class,
            indexed: &self.indexed,
            tags: &self.tags,
            data_source: self.data_source.as_deref(),
        }
    }
}

/// The log groups that a query reads.
pub(crate) fn selected(
    commands: &[Command],
    groups: &[Group],
    named: &[Arc<str>],
) -> Vec<Arc<str>> {
    let is_read =
        |group: &&Group| source::is_read(commands, group.facts(), named.contains(&group.name));
    let read = groups.iter().filter(is_read);
    read.map(|group| Arc::clone(&group.name)).collect()
}

/// The time that a query reads: that of the request, or what its `SOURCE` says.
pub(crate) fn window(commands: &[Command], now_ms: i64, outer: Window) -> Result<Window> {
    let times = source::times(commands, now_ms, (outer.start_ms, outer.end_ms));
    let (start_ms, end_ms) =
        times.ok_or_else(|| Error::unsupported("a time bound of months or years"))?;
    Ok(Window { start_ms, end_ms })
}
