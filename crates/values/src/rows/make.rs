//! The step of a command, and the layout of the rows that come out of it.

use std::collections::VecDeque;
use std::sync::Arc;

use corelog_insights::{
    AutoRegress, CidrLookup, CommandKind, Expr, Field, Fill, Lookup, OnExisting, OutlierAction,
    Period, Text,
};

use super::lookup::{Outputs, Table};
use super::names::lag_names;
use super::pattern::{PatternStep, Windows};
use super::{Copies, Failure, Kept, Layout, RowValues, Shown, Step};
use super::{along, anomaly, dedup, diff, fill, join, lists, lookup, outlier, parse, pattern};
use super::{relevant, sessions, totals};
use crate::calendar;
use crate::context::Context;
use crate::expression::Expression;
use crate::json;
use crate::stars;
use crate::value::Value;

/// The time key of the last `stats`, for `fillmissing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeKey {
    /// Which of the keys it is.
    pub key: usize,
    /// How long a bin is.
    pub period: Period,
    /// How far bins are shifted.
    pub offset: Option<Period>,
}

/// Another query's rows.
#[derive(Debug, Clone, Default)]
pub struct Other {
    /// Which names are in which slots.
    pub layout: Layout,
    /// The columns it shows.
    pub shown: Vec<Shown>,
    /// All of its rows. What they take is for whoever keeps them to count.
    pub rows: Arc<Vec<RowValues>>,
}

/// What a command needs to know that its words do not say.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The query's times, and the results of the command's `in` subqueries.
    pub context: Arc<Context>,
    /// The columns that a result would show before the command; for `filldown` and `addtotals`.
    pub shown: Vec<Shown>,
    /// Names of the keys of the last `stats`; for `fillmissing`.
    pub keys: Vec<String>,
    /// Which of them is a bin of time.
    pub time_key: Option<TimeKey>,
    /// Names of lists that `split` made, which `expand` leaves alone.
    pub split: Vec<String>,
    /// The lookup tables that there are; for `lookup` and `cidrlookup`.
    pub tables: Vec<(String, Arc<Table>)>,
    /// The rows of the query in a `join` or `appendcols`.
    pub other: Option<Other>,
    /// Whether of the rows that come out of `parse`, `unnest` and `expand` only what these put there is looked at. Then
    /// copies of a row have nothing else, so that a list in a long message does not make as many long messages.
    pub bare: bool,
    /// Which times the rows of `pattern` are of. `logcompare` is `pattern` of `@message` with [`Windows::Compared`].
    pub windows: Windows,
    /// Whether an `anomaly` follows on a `pattern`, and asks how many texts came when.
    pub anomaly: bool,
}

/// Makes the step of a command for rows of a layout, and changes the layout to that of the rows that come out.
///
/// # Errors
/// [`Failure::Unsupported`] for what is no command of rows, and for what this one cannot do.
pub fn step(
    command: &CommandKind,
    layout: &mut Layout,
    given: &Given,
) -> Result<Box<dyn Step>, Failure> {
    let mut maker = Maker { layout, given };
    Ok(match command {
        CommandKind::Dedup(fields) => Box::new(dedup::Dedup::new(maker.fields_of(fields))),
        CommandKind::Accum { field, alias } => maker.accum(field, alias.as_ref()),
        CommandKind::AutoRegress(regress) => maker.auto_regress(regress),
        CommandKind::FillDown(names) => maker.fill_down(names),
        CommandKind::FillMissing(fills) => maker.fill_missing(fills),
        CommandKind::Sessionize(sessionize) => maker.sessionize(sessionize)?,
        CommandKind::AddTotals(totals) => maker.add_totals(totals),
        CommandKind::Outlier(outlier) => maker.outlier(outlier),
        CommandKind::Expand(field) => maker.expand(field),
        CommandKind::Unnest { path, into } => {
            let of = maker.expression(path);
            let into = maker.layout.put(&into.value);
            let copies = Copies { bare: given.bare };
            Box::new(lists::unnest(Arc::clone(&given.context), of, into, copies))
        }
        CommandKind::Parse(parse) => maker.parse(parse)?,
        CommandKind::Json { from, path, alias } => {
            let of = maker.field(from);
            let into = maker.layout.put(&alias.value);
            Box::new(parse::json(of, json::steps(&path.value), into))
        }
        CommandKind::Lookup(lookup) => maker.lookup(lookup)?,
        CommandKind::CidrLookup(lookup) => maker.cidr_lookup(lookup)?,
        CommandKind::Join(join) => maker.join(join)?,
        CommandKind::AppendCols(append) => maker.append_cols(append),
        CommandKind::Pattern(of) => {
            let of = maker.expression(of);
            maker.pattern(of)
        }
        CommandKind::LogCompare(_) => {
            let of = maker.name("@message");
            maker.pattern(of)
        }
        CommandKind::Anomaly => {
            let parts = maker.name(anomaly::PARTS);
            let slots = anomaly::COLUMNS.map(|name| maker.layout.put(name));
            Box::new(anomaly::anomaly(parts, slots))
        }
        CommandKind::RelevantFields { fields, condition } => {
            maker.relevant_fields(fields, condition)
        }
        other => {
            let word = other.word().as_str();
            return Err(Failure::unsupported(format!("the command `{word}`")));
        }
    })
}

struct Maker<'m> {
    layout: &'m mut Layout,
    given: &'m Given,
}

impl Maker<'_> {
    fn expression(&mut self, expr: &Expr) -> Expression {
        Expression::new(&self.given.context, expr, self.layout)
    }

    fn field(&self, field: &Field) -> Expression {
        self.layout.place_of(field).into()
    }

    fn fields_of(&self, fields: &[Field]) -> Vec<Expression> {
        fields.iter().map(|field| self.field(field)).collect()
    }

    fn name(&self, name: &str) -> Expression {
        self.layout.place_of_name(name).into()
    }

    fn shown(&self, column: &Shown) -> Expression {
        match &column.field {
            Some(field) => self.field(field),
            None => self.name(&column.name),
        }
    }

    fn accum(&mut self, field: &Field, alias: Option<&Text>) -> Box<dyn Step> {
        let of = self.field(field);
        let name = alias.map_or_else(|| field.name(), |alias| alias.value.clone());
        Box::new(along::Accum {
            of,
            into: self.layout.put(&name),
            sum: Value::int(0),
        })
    }

    fn auto_regress(&mut self, regress: &AutoRegress) -> Box<dyn Step> {
        let of = self.field(&regress.field);
        let lags = lag_names(regress)
            .map(|(lag, name)| (lag, self.layout.put(&name)))
            .collect();
        Box::new(along::AutoRegress {
            of,
            lags,
            past: VecDeque::new(),
        })
    }

    /// Names with `*`, and no names at all, mean columns that are shown.
    fn fill_down(&mut self, names: &[Text]) -> Box<dyn Step> {
        let is_meant = |column: &&Shown| {
            names.is_empty()
                || names
                    .iter()
                    .any(|name| stars::fits(&name.value, &column.name))
        };
        let mut meant: Vec<Shown> = self.given.shown.iter().filter(is_meant).cloned().collect();
        for name in names.iter().filter(|name| !name.value.contains('*')) {
            if !meant.iter().any(|column| column.name == name.value) {
                meant.push(Shown::column(&name.value));
            }
        }
        let mut columns = Vec::new();
        for column in meant {
            let of = self.shown(&column);
            columns.push((of, self.layout.put(&column.name), Value::Null));
        }
        Box::new(along::FillDown { columns })
    }

    fn fill_missing(&mut self, fills: &[Fill]) -> Box<dyn Step> {
        let keys = &self.given.keys;
        let time = self
            .given
            .time_key
            .and_then(|time| Some((time, keys.get(time.key)?)));
        let Some((time, time_name)) = time else {
            return Box::new(super::unchanged());
        };
        let time_of = (self.name(time_name), self.layout.put(time_name));
        let mut others = Vec::new();
        for name in keys.iter().filter(|name| *name != time_name) {
            others.push((self.name(name), self.layout.put(name)));
        }
        let mut values = Vec::new();
        for fill in fills {
            let of = self.expression(&fill.value);
            let value = of.as_constant().cloned().unwrap_or_default();
            values.push((value, self.layout.put(&fill.field.name())));
        }
        Box::new(fill::FillMissing {
            time,
            time_of,
            others,
            keys: keys.iter().map(|name| self.name(name)).collect(),
            fills: values,
            kept: Kept::default(),
        })
    }

    fn sessionize(
        &mut self,
        sessionize: &corelog_insights::Sessionize,
    ) -> Result<Box<dyn Step>, Failure> {
        let gap_ms = calendar::length_ms(sessionize.max_span)
            .ok_or_else(|| Failure::unsupported("a `maxspan` of months or years"))?;
        Ok(Box::new(sessions::Sessionize {
            keys: self.fields_of(&sessionize.fields),
            time: self.name("@timestamp"),
            gap_ms,
            into: self.layout.put(&sessionize.alias.value),
            kept: Kept::default(),
        }))
    }

    fn add_totals(&mut self, totals: &corelog_insights::AddTotals) -> Box<dyn Step> {
        let fields = totals.fields.iter().map(|field| Shown {
            name: field.name(),
            field: Some(field.clone()),
        });
        let mut summed: Vec<Shown> = fields.collect();
        if summed.is_empty() {
            summed.clone_from(&self.given.shown);
        }
        let columns = summed.iter().map(|column| self.shown(column)).collect();
        let total = totals.rows.then(|| self.layout.put(&totals.name.value));
        let mut sums = Vec::new();
        if totals.columns {
            for column in &summed {
                sums.push((self.layout.put(&column.name), Value::Null));
            }
            sums.extend(total.map(|slot| (slot, Value::Null)));
        }
        Box::new(totals::AddTotals {
            columns,
            total,
            sums,
        })
    }

    fn outlier(&mut self, outlier: &corelog_insights::Outlier) -> Box<dyn Step> {
        let removes = outlier.action == OutlierAction::Remove;
        let mut fields = Vec::new();
        for field in &outlier.fields {
            let of = self.field(field);
            let into = if removes {
                0
            } else {
                self.layout.put(&field.name())
            };
            fields.push((of, into));
        }
        Box::new(outlier::Outlier {
            fields,
            removes,
            marks: outlier.mark,
            param: outlier.param.value(),
            use_lower: outlier.use_lower,
            kept: Kept::default(),
        })
    }

    fn expand(&mut self, field: &Field) -> Box<dyn Step> {
        let name = field.name();
        if self.given.split.contains(&name) {
            return Box::new(super::unchanged());
        }
        let message = self.layout.event("@message");
        let message = message.map(|slot| (slot, json::steps(&field.path())));
        let of = self.field(field);
        let into = self.layout.put(&name);
        let copies = Copies {
            bare: self.given.bare,
        };
        Box::new(lists::expand(of, into, message, copies))
    }

    fn parse(&mut self, parse: &corelog_insights::Parse) -> Result<Box<dyn Step>, Failure> {
        let reader = parse::Reader::of(parse)?;
        let of = match &parse.of {
            Some(of) => self.expression(of),
            None => self.name("@message"),
        };
        let names = parse.captures().into_iter();
        let slots = names.map(|(_, name)| self.layout.put(&name)).collect();
        let context = Arc::clone(&self.given.context);
        let copies = Copies {
            bare: self.given.bare,
        };
        Ok(Box::new(parse::parse(context, of, reader, slots, copies)))
    }

    fn table(&self, name: &Text) -> Result<Arc<Table>, Failure> {
        let mut tables = self.given.tables.iter();
        let found = tables.find(|(known, _)| *known == name.value);
        found.map(|(_, table)| Arc::clone(table)).ok_or_else(|| {
            let name = &name.value;
            Failure::unsupported(format!("the lookup table `{name}`, which does not exist"))
        })
    }

    fn outputs(&mut self, table: Arc<Table>, outputs: &[Text], on_existing: OnExisting) -> Outputs {
        let mut columns = Vec::new();
        for output in outputs {
            let before = self.name(&output.value);
            let into = self.layout.put(&output.value);
            columns.push((output.value.clone(), before, into));
        }
        Outputs {
            table,
            on_existing,
            columns,
        }
    }

    fn lookup(&mut self, lookup: &Lookup) -> Result<Box<dyn Step>, Failure> {
        let table = self.table(&lookup.table)?;
        let keys = lookup.keys.iter();
        let keys = keys.map(|key| (key.column.value.clone(), self.field(&key.field)));
        let keys = keys.collect();
        let outputs = self.outputs(table, &lookup.outputs, lookup.on_existing);
        Ok(Box::new(lookup::lookup(keys, outputs)))
    }

    fn cidr_lookup(&mut self, lookup: &CidrLookup) -> Result<Box<dyn Step>, Failure> {
        let table = self.table(&lookup.table)?;
        // Decision: the table's first column holds the subnets if the query names none.
        let first = table.columns().first().cloned().unwrap_or_default();
        let column = lookup.column.as_ref();
        let column = column.map_or(first, |column| column.value.clone());
        let of = self.field(&lookup.ip);
        let outputs = self.outputs(table, &lookup.outputs, lookup.on_existing);
        Ok(Box::new(lookup::cidr_lookup(of, &column, outputs)))
    }

    fn join(&mut self, join: &corelog_insights::Join) -> Result<Box<dyn Step>, Failure> {
        let other = self.given.other.clone().unwrap_or_default();
        let key = self.field(&join.left_key);
        let right_key: Expression = other.layout.place_of(&join.right_key).into();
        let width = self.layout.width();
        self.layout
            .join(&join.left.value, &join.right.value, &other.layout);
        let step = join::Join::new(key, join.kind, width, &right_key, other.rows)?;
        Ok(Box::new(step))
    }

    fn append_cols(&mut self, append: &corelog_insights::AppendCols) -> Box<dyn Step> {
        let other = self.given.other.clone().unwrap_or_default();
        let place = |column: &Shown| -> Expression {
            match &column.field {
                Some(field) => other.layout.place_of(field).into(),
                None => other.layout.place_of_name(&column.name).into(),
            }
        };
        let places: Vec<Expression> = other.shown.iter().map(place).collect();
        let cx = Context::default();
        let values = |row: &RowValues| -> Vec<Value<'static>> {
            let places = places.iter();
            places
                .map(|place| place.eval(&cx, row).into_owned())
                .collect()
        };
        let rows = other.rows.iter().take(append.rows_max as usize);
        let others: Vec<Vec<Value<'static>>> = rows.map(values).collect();
        let mut columns = Vec::new();
        for column in &other.shown {
            let before = self.name(&column.name);
            columns.push((before, self.layout.put(&column.name)));
        }
        Box::new(join::AppendCols {
            overrides: append.overrides,
            columns,
            others: others.into_iter(),
        })
    }

    fn pattern(&mut self, of: Expression) -> Box<dyn Step> {
        let windows = self.given.windows;
        let (time, leaves_parts) = (self.name("@timestamp"), self.given.anomaly);
        let mut names = pattern::COLUMNS.to_vec();
        if let Windows::Compared(_) = windows {
            names.extend(diff::COLUMNS);
        }
        if leaves_parts {
            names.push(anomaly::PARTS);
        }
        *self.layout = Layout::of_columns(names);
        let context = Arc::clone(&self.given.context);
        let step = PatternStep::new(context, of, windows, time, leaves_parts);
        Box::new(step)
    }

    fn relevant_fields(&mut self, fields: &[Field], condition: &Expr) -> Box<dyn Step> {
        let condition = self.expression(condition);
        let mut named: Vec<(String, Expression)> = Vec::new();
        for field in fields {
            let name = field.name();
            if !named.iter().any(|(known, _)| *known == name) {
                named.push((name, self.field(field)));
            }
        }
        let fields = if named.is_empty() {
            relevant::Fields::All(self.layout.event("@message"))
        } else {
            relevant::Fields::Named(named)
        };
        *self.layout = Layout::of_columns(relevant::COLUMNS);
        let context = Arc::clone(&self.given.context);
        Box::new(relevant::RelevantFields::new(context, condition, fields))
    }
}
