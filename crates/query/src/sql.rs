//! SQL over log groups: each group is a table, its columns are the fields of its events.
//!
//! Any field may be named, in quotes or backticks where its name needs them; what is no column of the store is taken
//! out of the messages, as text. `FROM "group"` and the service's ``FROM `logGroups(logGroupIdentifier:['a', 'b'])` ``
//! name the tables. Statements only read.

mod text;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use corelog_store::{Column as Stored, PROMOTED};
use corelog_values::Expression;
use datafusion::common::TableReference;
use datafusion::config::Dialect;
use datafusion::datasource::ViewTable;
use datafusion::datasource::provider_as_source;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::{SessionContext, ident};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    self, BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName,
    TableFactor, VisitMut, VisitorMut,
};

use crate::compute::{Compute, Form, Output, Slot};
use crate::discover::{Discover, Wanted};
use crate::engine::ROWS_MAX;
use crate::frame::{in_column, promoted};
use crate::kind::Kind;
use crate::of_group::{OfGroup, is_of_group};
use crate::pattern::for_engine;
use crate::plan::facts;
use crate::scan::Scan;
use crate::stage::Stage;
use crate::tally::Tally;
use crate::watch::Watch;
use crate::{Error, Request, Result};

/// Fields that every event has, and their columns.
const SYSTEM: [(&str, &str); 4] = [
    ("@timestamp", Stored::Timestamp.name()),
    ("@ingestionTime", Stored::IngestionTime.name()),
    ("@message", Stored::Message.name()),
    ("@logStream", Stored::Stream.name()),
];

/// Plans a statement.
pub(crate) async fn plan(
    session: &SessionContext,
    text: &str,
    request: &Request,
    watch: &Watch,
) -> Result<LogicalPlan> {
    let state = session.state();
    let mut statement = state
        .sql_to_statement(text, &Dialect::Generic)
        .map_err(|error| Error::malformed(&error))?;
    let names = read(&mut statement)?;
    let tables = state
        .resolve_table_references(&statement)
        .map_err(|error| Error::malformed(&error))?;
    for table in tables {
        let TableReference::Bare { table: name } = &table else {
            return Err(Error::refused(format!(
                "`{table}` is no log group; put a name with dots in double quotes or backticks"
            )));
        };
        let of = groups_of(name, request)?;
        let (scan, extent) = request.events.select(&of, request.window);
        watch.reads(&of, extent);
        let (strict, loose) = scan.by_truth(names.iter().map(String::as_str));
        let fields = Fields::of(&names, loose.is_none());
        let view = |mut scan: Scan, is_promoted: bool| {
            let text = text::of_table(&statement, name, is_promoted);
            scan.look_for(text, watch.left_out());
            fields.view(scan, is_promoted, request, watch.tally())
        };
        let mut plan = view(strict, true)?;
        if let Some(loose) = loose {
            let loose = view(loose, false)?;
            plan = LogicalPlanBuilder::from(plan).union(loose)?.build()?;
        }
        let view = plan;
        session.register_table(table.clone(), Arc::new(ViewTable::new(view, None)))?;
    }
    if let Statement::Statement(statement) = &mut statement {
        let _ = statement.visit(&mut Patterns);
    }
    let plan = state
        .statement_to_plan(statement)
        .await
        .map_err(|error| Error::malformed(&error))?;
    let options = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    options
        .verify_plan(&plan)
        .map_err(|error| Error::malformed(&error))?;
    // A limit of the text's own wins.
    let rows_max = match &plan {
        LogicalPlan::Limit(limit) if limit.fetch.is_some() => ROWS_MAX,
        _ => request.limit.min(ROWS_MAX),
    };
    Ok(LogicalPlanBuilder::from(plan)
        .limit(0, Some(rows_max))?
        .build()?)
}

/// The log groups that a table is.
fn groups_of(name: &str, request: &Request) -> Result<Vec<Arc<str>>> {
    let known = |name: &str| {
        let of_arn = name
            .split_once(":log-group:")
            .map_or(name, |(_, name)| name.trim_end_matches(":*"));
        let found = request.groups.iter().find(|group| *group.name == *of_arn);
        found
            .map(|group| Arc::clone(&group.name))
            .ok_or_else(|| Error::refused(format!("there is no log group `{name}`")))
    };
    let Some(list) = name.strip_prefix("logGroups(") else {
        return known(name).map(|group| vec![group]);
    };
    let list = list.trim_end().strip_suffix(')').unwrap_or(list);
    let list = list.trim_start().strip_prefix("logGroupIdentifier");
    let list = list.and_then(|list| list.trim_start().strip_prefix(':'));
    let list = list.map(|list| list.trim().trim_start_matches('[').trim_end_matches(']'));
    let Some(list) = list else {
        return Err(Error::refused(
            "log groups are named as logGroups(logGroupIdentifier:['a', 'b'])".to_owned(),
        ));
    };
    let names = list
        .split(',')
        .map(|name| name.trim().trim_matches(['\'', '"']));
    names.map(known).collect()
}

/// The fields that are columns of a table.
struct Fields {
    /// Those that are columns of the store, and which.
    stored: Vec<(String, String)>,
    /// Those of log groups.
    of_group: Vec<Wanted>,
    /// Those that are texts, whatever they are in the messages.
    texts: Vec<Wanted>,
}

impl Fields {
    /// Promoted fields are what their columns are, or texts where these do not tell the whole truth of all events.
    fn of(names: &BTreeSet<String>, is_promoted: bool) -> Self {
        let system = SYSTEM
            .iter()
            .map(|(field, column)| ((*field).to_owned(), (*column).to_owned()));
        let mut stored: Vec<(String, String)> = system.collect();
        if is_promoted {
            let promoted = PROMOTED.iter();
            stored.extend(promoted.map(|it| (it.field.to_owned(), it.column.to_owned())));
        }
        let is_known = |name: &String| stored.iter().any(|(field, _)| field == name);
        let mut asked: BTreeSet<String> =
            names.iter().filter(|it| !is_known(it)).cloned().collect();
        asked.insert("@log".to_owned());
        if !is_promoted {
            asked.extend(PROMOTED.iter().map(|it| it.field.to_owned()));
        }
        let (of_group, texts): (Vec<_>, Vec<_>) = asked.into_iter().partition(|it| is_of_group(it));
        let wanted = |prefix: &str, names: Vec<String>| -> Vec<Wanted> {
            let numbered = names.into_iter().enumerate();
            numbered
                .map(|(at, path)| Wanted {
                    path,
                    column: format!("{prefix}{at}"),
                })
                .collect()
        };
        Self {
            stored,
            of_group: wanted("g", of_group),
            texts: wanted("f", texts),
        }
    }

    /// The events of a table with fields as columns. Of promoted ones the columns are read, or the messages.
    fn view(
        &self,
        scan: Scan,
        is_promoted: bool,
        request: &Request,
        tally: &Tally,
    ) -> Result<LogicalPlan> {
        let events = LogicalPlanBuilder::scan("events", provider_as_source(Arc::new(scan)), None)?;
        let of_group = self.of_group.iter().cloned();
        let facts_step = OfGroup {
            facts: of_group.map(|it| (it.path, it.column)).collect(),
            values: facts(request),
        };
        let mut plan = Stage::plan(events.build()?, Arc::new(facts_step))?;
        let in_column = |it: &Wanted| promoted(&it.path).filter(|_| is_promoted).map(in_column);
        let in_messages = self.texts.iter().filter(|it| in_column(it).is_none());
        let step = Discover {
            fields: in_messages.cloned().collect(),
            containers: Vec::new(),
        };
        if !step.fields.is_empty() {
            plan = Stage::plan(plan, Arc::new(step))?;
        }
        let slot = |it: &Wanted| {
            in_column(it).unwrap_or_else(|| Slot {
                column: it.column.clone(),
                kind: Kind::Any,
                path: Vec::new(),
            })
        };
        let all = || self.of_group.iter().chain(&self.texts);
        plan = Stage::plan(plan, Arc::new(texts(all().map(slot).collect())))?;
        plan = Stage::plan(plan, tally.step_behind_filters())?;
        let stored = self.stored.iter();
        let stored = stored.map(|(field, column)| ident(column).alias(field));
        let computed = all().enumerate();
        let computed = computed.map(|(at, it)| ident(text_column(at)).alias(&it.path));
        let columns: Vec<_> = stored.chain(computed).collect();
        Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
    }
}

fn text_column(at: usize) -> String {
    format!("t{at}")
}

/// Makes texts of values of any kind.
fn texts(slots: Vec<Slot>) -> Compute {
    let outputs = (0..slots.len()).map(|at| Output {
        column: text_column(at),
        expression: Expression::slot(at),
        form: Form::Shown,
    });
    Compute {
        outputs: outputs.collect(),
        slots,
        cx: Arc::default(),
    }
}

/// The names of columns in a statement. Names with dots become one name, unless they begin with a table's.
fn read(statement: &mut Statement) -> Result<BTreeSet<String>> {
    let Statement::Statement(statement) = statement else {
        return Err(only_queries());
    };
    if !matches!(**statement, ast::Statement::Query(_)) {
        return Err(only_queries());
    }
    let mut tables = Tables::default();
    let _ = statement.visit(&mut tables);
    let mut columns = Columns {
        tables: tables.names,
        names: BTreeSet::new(),
    };
    let _ = statement.visit(&mut columns);
    Ok(columns.names)
}

fn only_queries() -> Error {
    Error::refused("only SELECT statements can be run".to_owned())
}

#[derive(Default)]
struct Tables {
    names: BTreeSet<String>,
}

impl VisitorMut for Tables {
    type Break = ();

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<()> {
        let alias = match table {
            TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. } => alias.as_ref(),
            _ => None,
        };
        self.names
            .extend(alias.map(|alias| alias.name.value.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &mut ObjectName) -> ControlFlow<()> {
        if let [only] = &name.0[..]
            && let Some(name) = only.as_ident()
        {
            self.names.insert(name.value.clone());
        }
        ControlFlow::Continue(())
    }
}

struct Columns {
    tables: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl VisitorMut for Columns {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => {
                self.names.insert(name.value.clone());
            }
            Expr::CompoundIdentifier(parts) => {
                let text = |parts: &[Ident]| {
                    let all: Vec<&str> = parts.iter().map(|part| &*part.value).collect();
                    all.join(".")
                };
                let of_table = parts
                    .first()
                    .is_some_and(|it| self.tables.contains(&it.value));
                if of_table {
                    let (table, field) = (parts[0].clone(), text(&parts[1..]));
                    self.names.insert(field.clone());
                    *parts = vec![table, Ident::with_quote('"', field)];
                } else {
                    let field = text(parts);
                    self.names.insert(field.clone());
                    *expr = Expr::Identifier(Ident::with_quote('"', field));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Regular expressions, made such that the engine takes them for what they are.
struct Patterns;

impl VisitorMut for Patterns {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let pattern = match expr {
            Expr::BinaryOp {
                op:
                    BinaryOperator::PGRegexMatch
                    | BinaryOperator::PGRegexIMatch
                    | BinaryOperator::PGRegexNotMatch
                    | BinaryOperator::PGRegexNotIMatch,
                right,
                ..
            } => Some(&mut **right),
            Expr::Function(function) => pattern_of(function),
            _ => None,
        };
        if let Some(Expr::Value(value)) = pattern
            && let ast::Value::SingleQuotedString(pattern) = &mut value.value
        {
            *pattern = for_engine(pattern).into_owned();
        }
        ControlFlow::Continue(())
    }
}

/// The regular expression of `regexp_like(text, expression)`.
fn pattern_of(function: &mut ast::Function) -> Option<&mut Expr> {
    let FunctionArguments::List(list) = &mut function.args else {
        return None;
    };
    match list.args.get_mut(1)? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(pattern))
            if function
                .name
                .to_string()
                .eq_ignore_ascii_case("regexp_like") =>
        {
            Some(pattern)
        }
        _ => None,
    }
}
