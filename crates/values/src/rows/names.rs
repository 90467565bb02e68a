//! What commands of rows read and add, by name: for planning which columns rows need.

use corelog_insights::{AutoRegress, CommandKind, Expr, Field, OnExisting, Text};

use super::anomaly;
use super::make::Given;
use crate::json;

/// The fields that a command reads. Which rows a subquery has, and what it reads, is not among them.
pub fn read(command: &CommandKind, given: &Given) -> Vec<Field> {
    let mut all: Vec<Field> = Vec::new();
    let mut exprs: Vec<&Expr> = Vec::new();
    match command {
        CommandKind::Pattern(expr) => {
            all.push(named("@timestamp"));
            exprs.push(expr);
        }
        CommandKind::Unnest { path: expr, .. } => exprs.push(expr),
        CommandKind::Parse(parse) => match &parse.of {
            Some(of) => exprs.push(of),
            None => all.push(named("@message")),
        },
        CommandKind::Json { from, .. } => all.push(from.clone()),
        CommandKind::Dedup(fields) => all.extend_from_slice(fields),
        CommandKind::Expand(field) => all.extend([field.clone(), named("@message")]),
        CommandKind::Accum { field, .. } => all.push(field.clone()),
        CommandKind::AutoRegress(regress) => all.push(regress.field.clone()),
        CommandKind::Outlier(outlier) => all.extend_from_slice(&outlier.fields),
        CommandKind::Sessionize(sessionize) => {
            all.extend_from_slice(&sessionize.fields);
            all.push(named("@timestamp"));
        }
        CommandKind::AddTotals(totals) if totals.fields.is_empty() => shown(given, &mut all),
        CommandKind::AddTotals(totals) => all.extend_from_slice(&totals.fields),
        CommandKind::FillDown(names) => {
            shown(given, &mut all);
            let plain = names.iter().filter(|name| !name.value.contains('*'));
            all.extend(plain.map(|name| named(&name.value)));
        }
        CommandKind::FillMissing(_) => all.extend(given.keys.iter().map(|name| named(name))),
        CommandKind::Lookup(lookup) => {
            all.extend(lookup.keys.iter().map(|key| key.field.clone()));
            outputs(&lookup.outputs, lookup.on_existing, &mut all);
        }
        CommandKind::CidrLookup(lookup) => {
            all.push(lookup.ip.clone());
            outputs(&lookup.outputs, lookup.on_existing, &mut all);
        }
        CommandKind::RelevantFields { fields, condition } => {
            all.extend_from_slice(fields);
            all.push(named("@message"));
            exprs.push(condition);
        }
        CommandKind::LogCompare(_) => all.extend([named("@timestamp"), named("@message")]),
        CommandKind::Join(join) => all.push(join.left_key.clone()),
        CommandKind::AppendCols(_) => {
            let other = given.other.iter().flat_map(|other| &other.shown);
            all.extend(other.map(|column| named(&column.name)));
        }
        _ => {}
    }
    for expr in exprs {
        expr.each_field(&mut |field| all.push(field.clone()));
        each_hidden(expr, &mut all);
    }
    all
}

/// What functions look at that they do not name.
fn each_hidden(expr: &Expr, out: &mut Vec<Field>) {
    use corelog_insights::{ExprKind, Function};
    if let ExprKind::Call { function, .. } = &expr.kind {
        match function {
            Function::Bin => out.push(named("@timestamp")),
            Function::MessageSize => out.push(named("@message")),
            _ => {}
        }
    }
    for part in expr.parts() {
        each_hidden(part, out);
    }
}

fn shown(given: &Given, out: &mut Vec<Field>) {
    let columns = given.shown.iter();
    out.extend(columns.map(|column| {
        let field = column.field.clone();
        field.unwrap_or_else(|| named(&column.name))
    }));
}

fn outputs(names: &[Text], on_existing: OnExisting, out: &mut Vec<Field>) {
    if on_existing == OnExisting::FillOnly {
        out.extend(names.iter().map(|name| named(&name.value)));
    }
}

fn named(name: &str) -> Field {
    Field {
        segments: json::steps(name),
        span: corelog_insights::Span::default(),
    }
}

/// Names of the columns that a command other than `fields` and `display` adds to what a result shows. Decision: they
/// come behind those shown so far, and if no `fields` follows either, behind `@timestamp` and `@message`.
pub fn added(command: &CommandKind, given: &Given) -> Vec<String> {
    let one = |name: &Text| vec![name.value.clone()];
    let all = |names: &[Text]| names.iter().map(|name| name.value.clone()).collect();
    match command {
        CommandKind::Accum { field, alias } => {
            vec![
                alias
                    .as_ref()
                    .map_or_else(|| field.name(), |alias| alias.value.clone()),
            ]
        }
        CommandKind::AutoRegress(regress) => lag_names(regress).map(|(_, name)| name).collect(),
        CommandKind::Sessionize(sessionize) => one(&sessionize.alias),
        CommandKind::AddTotals(totals) if totals.rows => one(&totals.name),
        CommandKind::Expand(field) if given.split.contains(&field.name()) => Vec::new(),
        CommandKind::Expand(field) => vec![field.name()],
        CommandKind::Unnest { into, .. } => one(into),
        CommandKind::Parse(parse) => parse.captures().into_iter().map(|(_, name)| name).collect(),
        CommandKind::Json { alias, .. } => one(alias),
        CommandKind::Lookup(lookup) => all(&lookup.outputs),
        CommandKind::CidrLookup(lookup) => all(&lookup.outputs),
        CommandKind::AppendCols(_) => {
            let other = given.other.iter().flat_map(|other| &other.shown);
            other.map(|column| column.name.clone()).collect()
        }
        CommandKind::Anomaly => anomaly::COLUMNS.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

/// Decision: an alias names the column of a single lag, and replaces the field in the names of several.
pub(super) fn lag_names(regress: &AutoRegress) -> impl Iterator<Item = (usize, String)> {
    (regress.lag_min..=regress.lag_max).map(|lag| {
        let name = match &regress.alias {
            Some(alias) if regress.lag_min == regress.lag_max => alias.value.clone(),
            Some(alias) => format!("{}_p{lag}", alias.value),
            None => format!("{}_p{lag}", regress.field.name()),
        };
        (lag as usize, name)
    })
}
