//! What a query runs over: events, log groups, tables, and the parameters of the run.

/// A log event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened, in milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// When it was taken in.
    pub ingestion_ms: i64,
    /// The account of its log group.
    pub account: String,
    /// Its log group's name.
    pub group: String,
    /// Its log stream's name.
    pub stream: String,
    /// Its text.
    pub message: String,
    /// What `@ptr` shows.
    pub pointer: String,
}

/// A log group. One that is not listed has the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
    /// `STANDARD` or `INFREQUENT_ACCESS`.
    pub class: String,
    /// The fields that its index policy names.
    pub indexed: Vec<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// The name of its data source.
    pub data_source: Option<String>,
}

impl Group {
    /// A log group of the standard class without tags and index policy, in `us-east-1`.
    pub fn new(account: &str, name: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: "us-east-1".to_owned(),
            name: name.to_owned(),
            class: "STANDARD".to_owned(),
            indexed: Vec::new(),
            tags: Vec::new(),
            data_source: None,
        }
    }
}

/// A lookup table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupTable {
    /// Its name.
    pub name: String,
    /// CSV; the first line names the columns.
    pub csv: String,
}

/// All that a query may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The events in the order they were taken in.
    pub events: Vec<Event>,
    /// What is known of log groups.
    pub groups: Vec<Group>,
    /// Lookup tables.
    pub tables: Vec<LookupTable>,
    /// Names of the log groups that are read if the query has no `SOURCE`; all if empty.
    pub selected: Vec<String>,
    /// When the query started, in milliseconds since the epoch.
    pub now_ms: i64,
    /// The first millisecond of the queried time.
    pub start_ms: i64,
    /// The last millisecond of the queried time.
    pub end_ms: i64,
    /// How many rows there are at most if the query has no `limit`.
    pub limit: usize,
}

impl Default for Input {
    /// No events, all time, 10000 rows.
    fn default() -> Self {
        Self {
            events: Vec::new(),
            groups: Vec::new(),
            tables: Vec::new(),
            selected: Vec::new(),
            now_ms: 0,
            start_ms: i64::MIN,
            end_ms: i64::MAX,
            limit: 10_000,
        }
    }
}
