//! Checks a list of queries and makes a plan of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Compiled, Plan, Query, Term};
use crate::check::{Named, Scope, Type, type_of};
use crate::error::{Error, ExpressionError};
use crate::parse;
use crate::search::Search;
use crate::select::{Select, is_select};
use crate::syntax::{Expression, Function, Node};

/// Source: the service's model.
const QUERIES_MAX: usize = 500;
const ID_CHARS_MAX: usize = 255;
/// Source: the user guide, of one graph.
const SEARCHES_MAX: usize = 100;

pub(super) fn of(queries: Vec<Query>) -> Result<Plan, Error> {
    if queries.len() > QUERIES_MAX {
        return Err(Error::queries(format!(
            "The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}."
        )));
    }
    make(queries, "MetricDataQueries")
}

pub(super) fn of_alarm(queries: Vec<Query>, band: Option<&str>) -> Result<Plan, Error> {
    let plan = make(queries, "Metrics")?;
    if let Some((index, _)) = plan.select {
        let text = "Metrics Insights queries are not evaluated in alarms";
        let refused = Error::in_expression(&plan.queries[index].id);
        return Err(refused(ExpressionError::new(0, text)));
    }
    for (index, query) in plan.queries.iter().enumerate() {
        let Some(expression) = &plan.terms[index].expression else {
            continue;
        };
        let refused = Error::in_expression(&query.id);
        if let Some(at) = calls(expression, Function::Search) {
            let text = "SEARCH cannot be used in an alarm, which watches one time series";
            return Err(refused(ExpressionError::new(at, text)));
        }
        let is_band = band == Some(query.id.as_str());
        if is_band && !is_call(expression, Function::AnomalyDetectionBand) {
            let text = "ThresholdMetricId must be the id of an ANOMALY_DETECTION_BAND";
            return Err(refused(ExpressionError::new(expression.at, text)));
        }
        // Source: a recorded answer.
        if query.returns && !is_band && plan.type_of(index) != Some(Type::Series) {
            return Err(Error::queries(
                "Metrics expression that return multi time series are only allowed for MetricsInsights expression with \
                 an ORDER BY clause",
            ));
        }
    }
    let has_period = |query: &Query| match &query.term {
        Term::Metric(_) => true,
        Term::Expression(_) => query.period_seconds.is_some(),
    };
    // Source: recorded answers.
    if !plan.queries.iter().any(has_period) {
        return Err(Error::queries("Period must not be null"));
    }
    Ok(plan)
}

fn make(queries: Vec<Query>, collection: &str) -> Result<Plan, Error> {
    let by_id = by_id(&queries, collection)?;
    let mut expressions = Vec::with_capacity(queries.len());
    for query in &queries {
        expressions.push(match &query.term {
            Term::Expression(text) if !is_select(text) => {
                Some(parse::parse(text).map_err(Error::in_expression(&query.id))?)
            }
            _ => None,
        });
    }
    let select = select(&queries)?;
    let needs: Vec<BTreeSet<usize>> = expressions
        .iter()
        .map(|expression| needs_of(expression.as_ref(), &queries, &by_id))
        .collect();
    let order = sorted(&queries, &needs)?;
    let named = types(&queries, &expressions, select.as_ref(), &by_id, &order)?;
    let needed = needed(&queries, &needs, &order);
    let mut searches: Vec<Search> = Vec::new();
    for (index, query) in queries
        .iter()
        .enumerate()
        .filter(|(index, _)| needed[*index])
    {
        if let Some(expression) = &expressions[index] {
            collect(expression, query, &mut searches).map_err(Error::in_expression(&query.id))?;
        }
        if searches.len() > SEARCHES_MAX {
            return Err(Error::queries(format!(
                "There may be at most {SEARCHES_MAX} SEARCH expressions at once."
            )));
        }
    }
    let made_of = made_of(&queries, &needs, &order);
    let order = order.into_iter().filter(|index| needed[*index]).collect();
    let terms = expressions.into_iter().zip(named);
    Ok(Plan {
        terms: terms
            .map(|(expression, named)| Compiled { expression, named })
            .collect(),
        queries,
        order,
        needed,
        made_of,
        searches,
        select,
    })
}

/// The queries by their ids, which are words and differ.
fn by_id(queries: &[Query], collection: &str) -> Result<BTreeMap<String, usize>, Error> {
    let mut found = BTreeMap::new();
    for (index, query) in queries.iter().enumerate() {
        let id = &query.id;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = id.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts || !id.chars().all(is_word) || id.len() > ID_CHARS_MAX {
            return Err(Error::queries(format!(
                "The value {id} for parameter {collection}.member.{}.Id is not matching the expected pattern \
                 ^[a-z][a-zA-Z0-9_]*$.",
                index + 1
            )));
        }
        if found.insert(id.clone(), index).is_some() {
            return Err(Error::queries(
                "The values for parameter id in MetricDataQueries are not unique.",
            ));
        }
    }
    Ok(found)
}

/// The query of Metrics Insights, of which there may be one.
///
/// Source: the user guide; the messages are recorded answers.
fn select(queries: &[Query]) -> Result<Option<(usize, Select)>, Error> {
    let mut found = None;
    for (index, query) in queries.iter().enumerate() {
        let Term::Expression(text) = &query.term else {
            continue;
        };
        if !is_select(text) {
            continue;
        }
        if found.is_some() {
            return Err(Error::queries("Maximum number of queries (1) exceeded"));
        }
        let refused = Error::in_expression(&query.id);
        let Some(period) = query.period_seconds else {
            let text = "Period is a required field when using query within an expression";
            return Err(refused(ExpressionError::new(0, text)));
        };
        found = Some((index, Select::parse(text, period).map_err(refused)?));
    }
    Ok(found)
}

/// Which queries an expression needs at once.
fn needs_of(
    expression: Option<&Expression>,
    queries: &[Query],
    by_id: &BTreeMap<String, usize>,
) -> BTreeSet<usize> {
    let mut needs = BTreeSet::new();
    let Some(expression) = expression else {
        return needs;
    };
    expression.walk(&mut |part| match &part.node {
        Node::Id(id) => needs.extend(by_id.get(id)),
        Node::Call {
            function: Function::Metrics,
            arguments,
        } => {
            let text = match arguments.first().map(|argument| &argument.node) {
                Some(Node::Text(text)) => text.value(),
                _ => String::new(),
            };
            let metrics = queries.iter().enumerate().filter(|(_, query)| {
                matches!(query.term, Term::Metric(_)) && query.id.contains(&text)
            });
            needs.extend(metrics.map(|(index, _)| index));
        }
        _ => {}
    });
    needs
}

/// The queries in an order in which each comes behind all that it needs.
fn sorted(queries: &[Query], needs: &[BTreeSet<usize>]) -> Result<Vec<usize>, Error> {
    let mut waiting: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    let mut wanted_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (index, needs) in needs.iter().enumerate() {
        for need in needs {
            wanted_by[*need].push(index);
        }
    }
    let mut order: Vec<usize> = Vec::with_capacity(needs.len());
    order.extend((0..needs.len()).filter(|index| waiting[*index] == 0));
    let mut next = 0;
    while let Some(index) = order.get(next).copied() {
        next += 1;
        for wanting in &wanted_by[index] {
            waiting[*wanting] -= 1;
            if waiting[*wanting] == 0 {
                order.push(*wanting);
            }
        }
    }
    let Some(stuck) = (0..needs.len()).find(|index| waiting[*index] > 0) else {
        return Ok(order);
    };
    // What waits, waits for something that waits: going on from one leads into a circle.
    let mut path = vec![stuck];
    loop {
        let last = path[path.len() - 1];
        let Some(need) = needs[last].iter().find(|need| waiting[**need] > 0) else {
            return Ok(order);
        };
        if let Some(start) = path.iter().position(|index| index == need) {
            let circle = path[start..].iter().chain([need]);
            let ids: Vec<&str> = circle.map(|index| queries[*index].id.as_str()).collect();
            let text = format!("Circular reference: {}", ids.join(" -> "));
            return Err(Error::in_expression(ids[0])(ExpressionError::new(0, text)));
        }
        path.push(*need);
    }
}

struct Ids<'a> {
    by_id: &'a BTreeMap<String, usize>,
    named: &'a [Option<Named>],
}

impl Scope for Ids<'_> {
    fn named(&self, id: &str) -> Option<Named> {
        let index = self.by_id.get(id)?;
        self.named.get(*index).copied().flatten()
    }
}

fn types(
    queries: &[Query],
    expressions: &[Option<Expression>],
    select: Option<&(usize, Select)>,
    by_id: &BTreeMap<String, usize>,
    order: &[usize],
) -> Result<Vec<Named>, Error> {
    let mut named: Vec<Option<Named>> = vec![None; queries.len()];
    for index in order {
        let found = match &expressions[*index] {
            None => match select.filter(|(place, _)| place == index) {
                Some((_, select)) if select.is_grouped() => Named::Expression(Type::Array),
                Some(_) => Named::Expression(Type::Series),
                None => Named::Metric,
            },
            Some(expression) => {
                let refused = Error::in_expression(&queries[*index].id);
                let ids = Ids {
                    by_id,
                    named: &named,
                };
                let found = type_of(expression, &ids).map_err(&refused)?;
                if found == Type::Scalar {
                    let text =
                        "The result must be a time series or an array of time series, not a number";
                    return Err(refused(ExpressionError::new(expression.at, text)));
                }
                Named::Expression(found)
            }
        };
        named[*index] = Some(found);
    }
    // Every query is in the order.
    let named = named.into_iter();
    Ok(named.map(|named| named.unwrap_or(Named::Metric)).collect())
}

/// Which queries return data, or are needed by one that does.
fn needed(queries: &[Query], needs: &[BTreeSet<usize>], order: &[usize]) -> Vec<bool> {
    let mut needed: Vec<bool> = queries.iter().map(|query| query.returns).collect();
    for index in order
        .iter()
        .rev()
        .filter(|index| !needs[**index].is_empty())
    {
        if needed[*index] {
            for need in &needs[*index] {
                needed[*need] = true;
            }
        }
    }
    needed
}

/// Which metrics each query's result is made of.
fn made_of(queries: &[Query], needs: &[BTreeSet<usize>], order: &[usize]) -> Vec<BTreeSet<usize>> {
    let mut made_of: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); queries.len()];
    for index in order {
        made_of[*index] = match queries[*index].term {
            Term::Metric(_) => BTreeSet::from([*index]),
            Term::Expression(_) => {
                let needs = needs[*index].iter();
                needs.flat_map(|need| made_of[*need].clone()).collect()
            }
        };
    }
    made_of
}

/// Adds the searches of an expression, each once.
fn collect(
    expression: &Expression,
    query: &Query,
    searches: &mut Vec<Search>,
) -> Result<(), ExpressionError> {
    let mut found = Ok(());
    expression.walk(&mut |part| {
        if let Node::Call {
            function: Function::Search,
            arguments,
        } = &part.node
            && found.is_ok()
        {
            found = search(arguments, query, part.at).map(|search| {
                if !searches.contains(&search) {
                    searches.push(search);
                }
            });
        }
    });
    found
}

fn search(arguments: &[Expression], query: &Query, at: usize) -> Result<Search, ExpressionError> {
    let text = |index: usize| match arguments.get(index).map(|argument| &argument.node) {
        Some(Node::Text(text)) => text.value(),
        _ => String::new(),
    };
    let period = match arguments.get(2).map(|argument| &argument.node) {
        Some(Node::Number(number)) => Some(*number),
        _ => None,
    };
    if period.is_none() && query.period_seconds.is_none() {
        // Source: a recorded answer.
        let text = "Period is a required field when using SEARCH function within an expression";
        return Err(ExpressionError::new(at, text));
    }
    let Some(period) = search_period(query, period) else {
        let text = "The period of SEARCH must be 1, 5, 10, 20, 30 or a multiple of 60";
        return Err(ExpressionError::new(at, text));
    };
    Search::parse(&text(0), &text(1), period, at)
}

/// The period of a search: its own, else that of its query. None if there is no such period.
pub(super) fn search_period(query: &Query, own: Option<f64>) -> Option<u32> {
    let Some(own) = own else {
        return query.period_seconds;
    };
    let is_period =
        |seconds: &u32| matches!(seconds, 1 | 5 | 10 | 20 | 30) || seconds.is_multiple_of(60);
    let is_whole = own >= 1.0 && own <= f64::from(u32::MAX) && own.fract().abs() < f64::EPSILON;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and in range"
    )]
    let seconds = is_whole.then_some(own as u32);
    seconds.filter(is_period)
}

/// Where an expression first calls a function.
fn calls(expression: &Expression, wanted: Function) -> Option<usize> {
    let mut found = None;
    expression.walk(&mut |part| {
        if is_call(part, wanted) {
            found.get_or_insert(part.at);
        }
    });
    found
}

fn is_call(expression: &Expression, wanted: Function) -> bool {
    matches!(&expression.node, Node::Call { function, .. } if *function == wanted)
}
