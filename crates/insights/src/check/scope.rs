//! Which names exist at each command, and what stands for them.

use super::stats;
use crate::diagnostic::{Fault, Problem};
use crate::functions::{Function, Place};
use crate::nearest::nearest_of;
use crate::span::Span;
use crate::tree::{
    CommandKind, Expr, ExprKind, Field, InSet, Item, LikePattern, Query, Segment, SortKey, Text,
};

/// How many columns a hint names.
const HINTED_MAX: usize = 8;

pub(super) fn check(query: &mut Query, warnings: &mut Vec<Fault>) -> Result<(), Fault> {
    let mut scope = Scope {
        columns: Vec::new(),
        closed: false,
        split: Vec::new(),
        warnings,
    };
    for command in &mut query.commands {
        scope.command(&mut command.kind, command.span)?;
    }
    Ok(())
}

/// A name that exists.
pub(super) struct Column {
    pub(super) name: String,
    /// What it was computed by, before names in that were resolved.
    pub(super) expr: Option<Expr>,
    /// Whether it is meant by the text of that expression.
    pub(super) by_text: bool,
}

pub(super) struct Scope<'a> {
    /// Names given so far; what `stats` gave, if `closed`.
    pub(super) columns: Vec<Column>,
    /// Whether other names are unknown.
    pub(super) closed: bool,
    /// Names of lists from `split`.
    split: Vec<String>,
    warnings: &'a mut Vec<Fault>,
}

/// Where an expression stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// A command that computes from one row.
    Row,
    /// The keys of `stats`.
    Keys,
    /// The arguments of an aggregation.
    Aggregate,
}

impl Scope<'_> {
    fn command(&mut self, kind: &mut CommandKind, span: Span) -> Result<(), Fault> {
        match kind {
            CommandKind::Fields(items) => {
                items.iter_mut().try_for_each(|item| self.field_item(item))
            }
            CommandKind::Display(items) | CommandKind::Unmask(items) => self.shown_items(items),
            CommandKind::Filter(expr) | CommandKind::FilterIndex(expr) => {
                self.resolve(expr, Within::Row)
            }
            CommandKind::Stats(stats) => stats::check(self, stats),
            CommandKind::Sort(keys) => keys.iter_mut().try_for_each(|key| self.sort_key(key)),
            CommandKind::Parse(parse) => {
                match &mut parse.of {
                    Some(of) => self.resolve(of, Within::Row)?,
                    None => self.known("@message", span)?,
                }
                self.add_all(parse.captures().into_iter().map(|(_, name)| name));
                Ok(())
            }
            CommandKind::Json { from, alias, .. } => self.reads_and_adds([&*from], [&*alias]),
            CommandKind::Dedup(fields) => self.known_all(&*fields),
            CommandKind::Pattern(of) => {
                self.resolve(of, Within::Row)?;
                self.open();
                Ok(())
            }
            CommandKind::Unnest { path, into } => self.unnest(path, into),
            CommandKind::Expand(field) => self.known_field(field),
            CommandKind::Lookup(lookup) => {
                let fields = lookup.keys.iter().map(|key| &key.field);
                self.reads_and_adds(fields, &lookup.outputs)
            }
            CommandKind::CidrLookup(lookup) => self.reads_and_adds([&lookup.ip], &lookup.outputs),
            CommandKind::Join(join) => {
                self.known_field(&join.left_key)?;
                self.open();
                check(&mut join.query, self.warnings)
            }
            CommandKind::AppendCols(append) => {
                self.open();
                check(&mut append.query, self.warnings)
            }
            CommandKind::RelevantFields { fields, condition } => {
                self.known_all(&*fields)?;
                self.resolve(condition, Within::Row)?;
                self.open();
                Ok(())
            }
            kind => self.along_rows(kind),
        }
    }

    /// Commands that compute along rows, and those without names.
    fn along_rows(&mut self, kind: &CommandKind) -> Result<(), Fault> {
        match kind {
            CommandKind::AddTotals(totals) => self.reads_and_adds(&totals.fields, [&totals.name]),
            CommandKind::Accum { field, alias } => self.reads_and_adds([field], alias),
            CommandKind::AutoRegress(regress) => {
                self.known_field(&regress.field)?;
                let base = regress
                    .alias
                    .as_ref()
                    .map_or_else(|| regress.field.name(), |alias| alias.value.clone());
                let lags = regress.lag_min..=regress.lag_max;
                self.add_all(lags.map(|lag| format!("{base}_p{lag}")));
                self.add_all([base]);
                Ok(())
            }
            CommandKind::FillMissing(fills) => self.known_all(fills.iter().map(|fill| &fill.field)),
            CommandKind::Outlier(outlier) => self.known_all(&outlier.fields),
            CommandKind::Sessionize(sessionize) => {
                self.reads_and_adds(&sessionize.fields, [&sessionize.alias])
            }
            CommandKind::CountFrequent(fields) => {
                self.known_all(fields)?;
                let names: Vec<_> = fields.iter().map(Field::name).collect();
                self.open();
                self.closed = true;
                self.add_all(names);
                self.add_all([stats::COUNT_COLUMN.to_owned()]);
                Ok(())
            }
            CommandKind::LogCompare(_) | CommandKind::Saved(_) => {
                self.open();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// From here on the columns are not known.
    fn open(&mut self) {
        self.columns.clear();
        self.split.clear();
        self.closed = false;
    }

    fn add_all(&mut self, names: impl IntoIterator<Item = String>) {
        for name in names {
            self.columns.push(Column {
                name,
                expr: None,
                by_text: false,
            });
        }
    }

    fn reads_and_adds<'t>(
        &mut self,
        reads: impl IntoIterator<Item = &'t Field>,
        adds: impl IntoIterator<Item = &'t Text>,
    ) -> Result<(), Fault> {
        self.known_all(reads)?;
        self.add_all(adds.into_iter().map(|name| name.value.clone()));
        Ok(())
    }

    /// An item of `fields`: a name that exists is not given again.
    ///
    /// Source: people who wrote `fields x | fields f(x) as x` and were refused.
    fn field_item(&mut self, item: &mut Item) -> Result<(), Fault> {
        let before = item.expr.clone();
        self.resolve(&mut item.expr, Within::Row)?;
        if let Some(alias) = &item.alias
            && !matches!(&item.expr.kind, ExprKind::Field(field) if field.name() == alias.value)
            && self.columns.iter().any(|column| column.name == alias.value)
        {
            return Err(redefined(alias));
        }
        self.note_split(item);
        let is_field = matches!(item.expr.kind, ExprKind::Field(_));
        self.columns.push(Column {
            name: item.name.clone(),
            by_text: item.alias.is_none() && !is_field && self.closed,
            expr: Some(before),
        });
        Ok(())
    }

    /// Items of `display` and `unmask`: they say what the result shows, and may give a name anew, but not twice.
    fn shown_items(&mut self, items: &mut [Item]) -> Result<(), Fault> {
        for at in 0..items.len() {
            self.resolve(&mut items[at].expr, Within::Row)?;
            if let Some(alias) = &items[at].alias {
                if items[..at].iter().any(|other| other.name == alias.value) {
                    return Err(redefined(alias));
                }
                self.add_all([alias.value.clone()]);
            }
        }
        Ok(())
    }

    fn note_split(&mut self, item: &Item) {
        let is_split = matches!(&item.expr.kind, ExprKind::Call { function, .. } if *function == Function::Split);
        if let (true, Some(alias)) = (is_split, &item.alias) {
            self.split.push(alias.value.clone());
        }
    }

    fn unnest(&mut self, path: &mut Expr, into: &Text) -> Result<(), Fault> {
        let of_split = match &path.kind {
            ExprKind::Field(field) => Some(field.path()).filter(|name| self.split.contains(name)),
            ExprKind::Call { function, .. } if *function == Function::Split => {
                Some("this".to_owned())
            }
            _ => None,
        };
        if let Some(name) = of_split {
            return Err(Fault::new(Problem::UnnestOfSplit { name }, path.span));
        }
        self.resolve(path, Within::Row)?;
        self.add_all([into.value.clone()]);
        Ok(())
    }

    /// A key that is no column orders nothing, which is suspicious but allowed: published queries do so, mostly by
    /// `@timestamp`. A key of `stats` that got an alias may also be meant by what it was computed from.
    fn sort_key(&mut self, key: &mut SortKey) -> Result<(), Fault> {
        let unknown = match &key.expr.kind {
            ExprKind::Field(field) => self.known_field(field).err(),
            _ => None,
        };
        let is_field = matches!(key.expr.kind, ExprKind::Field(_));
        if is_field && unknown.is_none() {
            return Ok(());
        }
        let meant = |column: &&Column| !column.by_text && column.expr.as_ref() == Some(&key.expr);
        if let Some(column) = self.columns.iter().find(meant).filter(|_| self.closed) {
            key.expr.kind = ExprKind::Field(Field {
                segments: vec![Segment::Key(column.name.clone())],
                span: key.expr.span,
            });
            return Ok(());
        }
        match (&key.expr.kind, unknown) {
            (ExprKind::Field(field), Some(fault)) => {
                let name = field.name();
                self.warnings
                    .push(fault.instead(Problem::SortsNothing { name }));
                Ok(())
            }
            _ => self.resolve(&mut key.expr, Within::Row),
        }
    }

    /// Checks the names and functions of an expression, and replaces columns meant by their text.
    pub(super) fn resolve(&mut self, expr: &mut Expr, within: Within) -> Result<(), Fault> {
        if let Some(name) = self.column_of(expr, within) {
            expr.kind = ExprKind::Column(name);
            return Ok(());
        }
        let span = expr.span;
        if let ExprKind::Call { function, .. } = &expr.kind {
            self.call(*function, expr, within)?;
        }
        match &mut expr.kind {
            ExprKind::Field(field) => self.known_field(field),
            ExprKind::Call { function, args } => {
                let inner = match function.help().place {
                    Place::Scalar => within,
                    Place::Aggregate | Place::Grouping => Within::Aggregate,
                };
                if *function == Function::MessageSize && args.is_empty() {
                    self.known("@message", span)?;
                }
                args.iter_mut().try_for_each(|arg| self.resolve(arg, inner))
            }
            ExprKind::In { of, set, .. } => {
                self.resolve(of, within)?;
                match set {
                    InSet::List(all) => {
                        all.iter_mut().try_for_each(|one| self.resolve(one, within))
                    }
                    InSet::Query(query) => super::check(query, self.warnings),
                }
            }
            kind => parts(kind)
                .into_iter()
                .try_for_each(|part| self.resolve(part, within)),
        }
    }

    /// The column meant by the text of this expression.
    fn column_of(&self, expr: &Expr, within: Within) -> Option<String> {
        // Source: the user guide: `bin` needs @timestamp, which is gone after the first `stats`.
        let is_bin =
            matches!(&expr.kind, ExprKind::Call { function, .. } if *function == Function::Bin);
        if !self.closed || (is_bin && within == Within::Keys) {
            return None;
        }
        let meant = |column: &&Column| column.by_text && column.expr.as_ref() == Some(expr);
        self.columns
            .iter()
            .find(meant)
            .map(|column| column.name.clone())
    }

    fn call(&self, function: Function, expr: &Expr, within: Within) -> Result<(), Fault> {
        let place = function.help().place;
        let misplaced = match within {
            Within::Row if place != Place::Scalar => Some("a command other than stats"),
            Within::Keys if place == Place::Aggregate => Some("the keys of stats"),
            Within::Aggregate if place != Place::Scalar => Some("another aggregation"),
            _ => None,
        };
        if let Some(place) = misplaced {
            let named = self
                .columns
                .iter()
                .find(|column| column.expr.as_ref() == Some(expr));
            let hint = named.map(|column| format!("its column is `{}`", column.name));
            let problem = Problem::Misplaced {
                function: function.name(),
                place,
            };
            return Err(Fault::new(problem, expr.span).hint_maybe(hint));
        }
        if function == Function::Bin && self.closed {
            let fault = self.known("@timestamp", expr.span);
            return fault
                .map_err(|fault| fault.hint("cut a time column with datefloor(column, period)"));
        }
        Ok(())
    }

    fn known_all<'f>(&self, fields: impl IntoIterator<Item = &'f Field>) -> Result<(), Fault> {
        fields
            .into_iter()
            .try_for_each(|field| self.known_field(field))
    }

    fn known_field(&self, field: &Field) -> Result<(), Fault> {
        let is_column = self
            .columns
            .iter()
            .any(|column| column.name == field.name());
        if is_column {
            Ok(())
        } else {
            self.known(&field.path(), field.span)
        }
    }

    /// Whether the name is a column's or that of a member of one.
    fn known(&self, path: &str, span: Span) -> Result<(), Fault> {
        let is_in = |column: &Column| {
            let rest = path.strip_prefix(column.name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if !self.closed || self.columns.iter().any(is_in) {
            return Ok(());
        }
        let columns: Vec<&Column> = self.columns.iter().collect();
        Err(unknown(path, span, &columns))
    }
}

pub(super) fn unknown(name: &str, span: Span, columns: &[&Column]) -> Fault {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let all = || {
        if names.is_empty() {
            return "no names exist here".to_owned();
        }
        let more = if names.len() > HINTED_MAX {
            ", ..."
        } else {
            ""
        };
        let names = names[..names.len().min(HINTED_MAX)].join("`, `");
        format!("after stats there are only `{names}`{more}")
    };
    let near = nearest_of(name, &names).map(|near| format!("did you mean `{near}`?"));
    let hint = near.unwrap_or_else(all);
    let name = name.to_owned();
    Fault::new(Problem::UnknownAfterStats { name }, span).hint(hint)
}

pub(super) fn redefined(alias: &Text) -> Fault {
    let name = alias.value.clone();
    Fault::new(Problem::Redefined { name }, alias.span).hint("give the column another name")
}

/// The expressions that this one holds, where these are only expressions.
pub(super) fn parts(kind: &mut ExprKind) -> Vec<&mut Expr> {
    match kind {
        ExprKind::List(all) | ExprKind::And(all) | ExprKind::Or(all) => all.iter_mut().collect(),
        ExprKind::Call { args, .. } => args.iter_mut().collect(),
        ExprKind::Member { of, .. } | ExprKind::Unary { of, .. } | ExprKind::Not(of) => vec![of],
        ExprKind::Binary { left, right, .. } => vec![left, right],
        ExprKind::Like { of, pattern, .. } => match pattern {
            LikePattern::Text(text) => vec![of, text],
            LikePattern::Regex(_) => vec![of],
        },
        ExprKind::In { of, set, .. } => match set {
            InSet::List(all) => std::iter::once(&mut **of).chain(all).collect(),
            InSet::Query(_) => vec![of],
        },
        _ => Vec::new(),
    }
}
