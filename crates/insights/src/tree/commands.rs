//! What the larger commands say.

use super::{Expr, Field, Number, Query, Text};
use crate::period::Period;
use crate::regex::Regex;
use crate::span::Span;

/// `SOURCE selectors [START=bound] [END=bound]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which log groups; a group that any selector of its kind allows and all kinds allow. At least one.
    pub selectors: Vec<Selector>,
    /// The start of the time range.
    pub start: Option<TimeBound>,
    /// The end of the time range.
    pub end: Option<TimeBound>,
}

/// A way to say which log groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `"name"`: a log group's name or ARN.
    Group(Text),
    /// `logGroups(namePrefix: [...], accountIdentifier: [...], class: [...])`; empty lists allow all, except that no
    /// class means `STANDARD`.
    LogGroups {
        /// What names begin with, at most five.
        name_prefixes: Vec<Text>,
        /// Accounts, at most 20.
        accounts: Vec<Text>,
        /// `STANDARD` or `INFREQUENT_ACCESS`.
        classes: Vec<Text>,
    },
    /// `dataSource([...])`, at most ten.
    DataSource(Vec<Text>),
    /// `logGroupTags([{"key": "...", "values": [...]}])`: all filters hold.
    Tags(Vec<TagFilter>),
}

/// A tag of a log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// Its key.
    pub key: Text,
    /// Values, of which one holds: `*` stands for any text, `!` at the start for not. At most five.
    pub values: Vec<Text>,
}

/// An end of a time range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeBound {
    /// Milliseconds since the epoch.
    Millis(i64),
    /// So long before now: `-1d`.
    Ago(Period),
    /// `now`
    Now,
}

/// `parse [of] pattern`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parse {
    /// What is read, a field or a call; `@message` if `None`.
    pub of: Option<Expr>,
    /// How.
    pub pattern: ParsePattern,
}

/// How `parse` reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsePattern {
    /// `"a * b *" as x, y`: as many names as stars.
    Glob {
        /// The text with its stars.
        glob: Text,
        /// A name for each star.
        aliases: Vec<Text>,
    },
    /// `/.../ [as x, y] [multi]`
    Regex {
        /// The expression.
        regex: Regex,
        /// Names for its groups that have none, or for all of them; see [`Parse::captures`].
        aliases: Vec<Text>,
        /// Whether each match makes a row.
        multi: bool,
    },
    /// `logfmt as x`: a map.
    Logfmt {
        /// The map's name.
        alias: Text,
    },
    /// `csv as x, y`: by position.
    Csv {
        /// Names from the first value on.
        aliases: Vec<Text>,
    },
    /// `XML "/path" [as x]`
    Xml {
        /// An `XPath`.
        path: Text,
        /// The name of what it finds.
        alias: Option<Text>,
    },
}

impl Parse {
    /// Which group of the regular expression, counted from 1, becomes which field; for globs, which star.
    pub fn captures(&self) -> Vec<(usize, String)> {
        let numbered = |names: &[Text]| {
            let names = names.iter().enumerate();
            names
                .map(|(at, name)| (at + 1, name.value.clone()))
                .collect()
        };
        match &self.pattern {
            ParsePattern::Glob { aliases, .. } | ParsePattern::Csv { aliases } => numbered(aliases),
            ParsePattern::Regex { regex, aliases, .. } if aliases.len() == regex.groups.len() => {
                numbered(aliases)
            }
            ParsePattern::Regex { regex, aliases, .. } => {
                let mut plain = aliases.iter().map(|alias| alias.value.clone());
                let groups = regex.groups.iter().enumerate();
                groups
                    .filter_map(|(at, name)| Some((at + 1, name.clone().or_else(|| plain.next())?)))
                    .collect()
            }
            ParsePattern::Logfmt { alias } => vec![(1, alias.value.clone())],
            ParsePattern::Xml { alias, .. } => {
                alias.iter().map(|alias| (1, alias.value.clone())).collect()
            }
        }
    }
}

/// With which time `diff` compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// The same hours a day before.
    PreviousDay,
    /// The same time a week before.
    PreviousWeek,
    /// The same time a month before.
    PreviousMonth,
}

impl Baseline {
    /// The word as we write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreviousDay => "previousDay",
            Self::PreviousWeek => "previousWeek",
            Self::PreviousMonth => "previousMonth",
        }
    }
}

/// `lookup table keys OUTPUT outputs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The table's name: letters, digits and `_`.
    pub table: Text,
    /// What must be equal, at least one.
    pub keys: Vec<LookupKey>,
    /// What happens to fields that exist.
    pub on_existing: OnExisting,
    /// Columns to add, at least one.
    pub outputs: Vec<Text>,
}

/// A column of a lookup table and the field it must equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupKey {
    /// The column.
    pub column: Text,
    /// The field; of the same name if the query does not say.
    pub field: Field,
}

/// What a lookup does to fields that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExisting {
    /// `OUTPUT`: overwrites them, also with nothing.
    Overwrite,
    /// `OUTPUTNEW`: only adds what is missing.
    FillOnly,
}

impl OnExisting {
    /// The word as we write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overwrite => "OUTPUT",
            Self::FillOnly => "OUTPUTNEW",
        }
    }
}

/// `cidrlookup table ip [as column] OUTPUT outputs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CidrLookup {
    /// The table's name.
    pub table: Text,
    /// The field with an address.
    pub ip: Field,
    /// The table's column of subnets.
    pub column: Option<Text>,
    /// What happens to fields that exist.
    pub on_existing: OnExisting,
    /// Columns to add, at least one.
    pub outputs: Vec<Text>,
}

/// `join [type=kind] left=a right=b where a.x=b.y (query)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// What becomes of rows without a partner.
    pub kind: JoinKind,
    /// The alias of the rows so far.
    pub left: Text,
    /// The alias of the query's rows.
    pub right: Text,
    /// The left rows' key, its alias taken off.
    pub left_key: Field,
    /// The right rows' key, its alias taken off.
    pub right_key: Field,
    /// Where the right rows come from. It holds no further subquery.
    pub query: Box<Query>,
}

/// What `join` does with left rows without a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinKind {
    /// Drops them.
    #[default]
    Inner,
    /// Keeps them.
    Left,
}

/// `appendcols [override=b] [max=n] (query)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendCols {
    /// Whether the query's columns win over those that exist.
    pub overrides: bool,
    /// How many of the query's rows are used, 1 ..= 100000.
    pub rows_max: u32,
    /// The query. It holds no further subquery.
    pub query: Box<Query>,
}

/// `addtotals [fieldname=name] [row=b] [col=b] [fields]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddTotals {
    /// The sum's column, `Total` by default.
    pub name: Text,
    /// Whether each row gets its sum.
    pub rows: bool,
    /// Whether a row of the columns' sums is added.
    pub columns: bool,
    /// Which fields; all numeric ones if empty.
    pub fields: Vec<Field>,
}

/// `autoregress field [as name] [p=n or n-m]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoRegress {
    /// Whose earlier values.
    pub field: Field,
    /// What the new columns' names begin with.
    pub alias: Option<Text>,
    /// The nearest row taken, counted back from 1.
    pub lag_min: u32,
    /// The farthest row taken.
    pub lag_max: u32,
}

/// `with value for field`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// A number or a string, possibly with a sign.
    pub value: Expr,
    /// Which field gets it.
    pub field: Field,
}

/// `outlier [action=...] [param=n] [uselower=b] [mark=b] fields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlier {
    /// What happens to extreme values.
    pub action: OutlierAction,
    /// How many interquartile ranges off is extreme; 2.5 by default.
    pub param: Number,
    /// Whether small values are looked at too.
    pub use_lower: bool,
    /// Whether changed values are marked.
    pub mark: bool,
    /// Which fields, at least one.
    pub fields: Vec<Field>,
}

/// What `outlier` does to extreme values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutlierAction {
    /// Clamps them.
    #[default]
    Transform,
    /// Removes their rows.
    Remove,
}

/// `sessionize fields [maxspan period] [as name]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sessionize {
    /// What tells sessions apart, at least one.
    pub fields: Vec<Field>,
    /// The gap that ends a session, 30 minutes by default.
    pub max_span: Period,
    /// The session's column, `session_id` by default.
    pub alias: Text,
}

/// `$name(parameter = value, ...)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedCall {
    /// The saved query's name.
    pub name: Text,
    /// Its parameters.
    pub args: Vec<(Text, Expr)>,
    /// Where.
    pub span: Span,
}
