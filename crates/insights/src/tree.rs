//! The syntax tree: what a query says, with the place of every part.
//!
//! Options that a query leaves out have their documented defaults in the tree, names are free of quotes and
//! backticks, and functions and commands are resolved, so whoever plans a query never looks at its text.

mod commands;
mod expr;

pub use commands::{
    AddTotals, AppendCols, AutoRegress, Baseline, CidrLookup, Fill, Join, JoinKind, Lookup,
    LookupKey, OnExisting, Outlier, OutlierAction, Parse, ParsePattern, SavedCall, Selector,
    Sessionize, Source, TagFilter, TimeBound,
};
pub(crate) use expr::level;
pub use expr::{BinaryOp, Expr, ExprKind, Field, InSet, LikePattern, Number, Segment, UnaryOp};

use crate::commands::Word;
use crate::period::Period;
use crate::span::Span;

/// A name or a string without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What it says.
    pub value: String,
    /// Where, with the quotes.
    pub span: Span,
}

impl Text {
    pub(crate) fn new(value: impl Into<String>, span: Span) -> Self {
        let value = value.into();
        Self { value, span }
    }
}

/// A whole query: commands from first to last, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The commands.
    pub commands: Vec<Command>,
    /// From the first command to the end of the last.
    pub span: Span,
}

impl Query {
    /// The query that a last `estimate` is about. It may have no commands.
    pub fn estimated(&self) -> Option<Self> {
        let (last, before) = self.commands.split_last()?;
        (last.kind == CommandKind::Estimate).then(|| Self {
            commands: before.to_vec(),
            span: self.span,
        })
    }
}

/// One command of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it is.
    pub kind: CommandKind,
    /// From its word to its end, the pipe not included.
    pub span: Span,
}

/// What a command says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandKind {
    /// `SOURCE`: which log groups.
    Source(Source),
    /// `fields`: adds columns.
    Fields(Vec<Item>),
    /// `display`: the columns of the result.
    Display(Vec<Item>),
    /// `filter` or `where`.
    Filter(Expr),
    /// `filterIndex`: comparisons with `=` and `in`, joined by `and` and `or`.
    FilterIndex(Expr),
    /// `stats`.
    Stats(Stats),
    /// `sort`: keys in order of weight, at least one.
    Sort(Vec<SortKey>),
    /// `limit`.
    Limit(Limit),
    /// `parse`.
    Parse(Parse),
    /// `json field=from "path" as name`.
    Json {
        /// The field with the JSON text.
        from: Field,
        /// The dotted path within.
        path: Text,
        /// The new field.
        alias: Text,
    },
    /// `dedup`: the keys, at least one.
    Dedup(Vec<Field>),
    /// `pattern`: the text to group, a field or a call.
    Pattern(Expr),
    /// `diff`: compared with which time; `None` for the window just before.
    Diff(Option<Baseline>),
    /// `anomaly`.
    Anomaly,
    /// `unmask`.
    Unmask(Vec<Item>),
    /// `unnest path into name`.
    Unnest {
        /// The list.
        path: Expr,
        /// The field that holds one element.
        into: Text,
    },
    /// `expand`.
    Expand(Field),
    /// `lookup`.
    Lookup(Lookup),
    /// `cidrlookup`.
    CidrLookup(CidrLookup),
    /// `join`.
    Join(Join),
    /// `appendcols`.
    AppendCols(AppendCols),
    /// `relevantfields`.
    RelevantFields {
        /// Which fields to look at; all if empty.
        fields: Vec<Field>,
        /// Which rows to tell from the rest.
        condition: Expr,
    },
    /// `addtotals`.
    AddTotals(AddTotals),
    /// `accum`: sums `field` up, into `alias` or itself.
    Accum {
        /// What is summed.
        field: Field,
        /// The sum's column.
        alias: Option<Text>,
    },
    /// `autoregress`.
    AutoRegress(AutoRegress),
    /// `filldown`: names that may hold `*` for any text; all if empty.
    FillDown(Vec<Text>),
    /// `fillmissing`: values for the fields of added rows.
    FillMissing(Vec<Fill>),
    /// `outlier`.
    Outlier(Outlier),
    /// `sessionize`.
    Sessionize(Sessionize),
    /// `countFrequent`: the keys, at least one.
    CountFrequent(Vec<Field>),
    /// `logcompare timeshift period`.
    LogCompare(Period),
    /// `estimate`.
    Estimate,
    /// `$name(...)`: a saved query.
    Saved(SavedCall),
}

impl CommandKind {
    /// The word the command begins with.
    pub fn word(&self) -> Word {
        match self {
            Self::Source(_) => Word::Source,
            Self::Fields(_) => Word::Fields,
            Self::Display(_) => Word::Display,
            Self::Filter(_) => Word::Filter,
            Self::FilterIndex(_) => Word::FilterIndex,
            Self::Stats(_) => Word::Stats,
            Self::Sort(_) => Word::Sort,
            Self::Limit(_) => Word::Limit,
            Self::Parse(_) => Word::Parse,
            Self::Json { .. } => Word::Json,
            Self::Dedup(_) => Word::Dedup,
            Self::Pattern(_) => Word::Pattern,
            Self::Diff(_) => Word::Diff,
            Self::Anomaly => Word::Anomaly,
            Self::Unmask(_) => Word::Unmask,
            Self::Unnest { .. } => Word::Unnest,
            Self::Expand(_) => Word::Expand,
            Self::Lookup(_) => Word::Lookup,
            Self::CidrLookup(_) => Word::CidrLookup,
            Self::Join(_) => Word::Join,
            Self::AppendCols(_) => Word::AppendCols,
            Self::RelevantFields { .. } => Word::RelevantFields,
            Self::AddTotals(_) => Word::AddTotals,
            Self::Accum { .. } => Word::Accum,
            Self::AutoRegress(_) => Word::AutoRegress,
            Self::FillDown(_) => Word::FillDown,
            Self::FillMissing(_) => Word::FillMissing,
            Self::Outlier(_) => Word::Outlier,
            Self::Sessionize(_) => Word::Sessionize,
            Self::CountFrequent(_) => Word::CountFrequent,
            Self::LogCompare(_) => Word::LogCompare,
            Self::Estimate => Word::Estimate,
            Self::Saved(_) => Word::Saved,
        }
    }
}

/// An expression that becomes a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is computed by.
    pub expr: Expr,
    /// The name after `as`.
    pub alias: Option<Text>,
    /// The column's name: the alias, else the field's name, else the expression as typed with white space and
    /// comments made one space. Formatting prints a typed expression as it is, so that the column keeps its name.
    pub name: String,
    /// From the expression to the alias.
    pub span: Span,
}

/// `stats items [by keys [offset period]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// What is computed, at least one. Outside an aggregation's arguments, fields are aliases or keys of this command.
    pub items: Vec<Item>,
    /// What rows are grouped by.
    pub by: Vec<Item>,
    /// How far the bounds of `bin` are shifted.
    pub offset: Option<Period>,
}

/// One key of `sort`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What is compared.
    pub expr: Expr,
    /// Which way; ascending if the query does not say.
    pub direction: Direction,
}

/// Which way a key sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Small values first.
    #[default]
    Ascending,
    /// Large values first.
    Descending,
}

/// `limit [any] count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Rows, 1 ..= [`LIMIT_MAX`](crate::LIMIT_MAX).
    pub count: u32,
    /// Whether any rows do, in any order, so that reading may stop early.
    pub any: bool,
}
