//! A list of queries, checked as a whole: what has to be read for it, and what it is worth then.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use corelog_types::Timestamp;

use crate::check::{Named, Type};
use crate::error::Error;
use crate::evaluate::{Data, Evaluation, POINTS_MAX, SERIES_MAX, Value};
use crate::search::{Candidate, Search};
use crate::select::Select;
use crate::series::{Origin, Point, Range, Series};
use crate::syntax::{Expression, Function, Node};

mod make;

/// One entry of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What expressions call it.
    pub id: String,
    /// What it asks for.
    pub term: Term,
    /// What people call it; see [`crate::label`].
    pub label: Option<String>,
    /// The period of an expression: of searches that name none, and of series that come of nothing.
    pub period_seconds: Option<u32>,
    /// Whether its result is wanted, and not only what others make of it.
    pub returns: bool,
}

/// What a query asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// A metric.
    Metric(MetricStat),
    /// An expression.
    Expression(String),
}

/// A metric, and what is asked of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricStat {
    /// The namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric_name: String,
    /// Exactly its dimensions, names and values.
    pub dimensions: Vec<(String, String)>,
    /// The statistic.
    pub statistic: String,
    /// The period in seconds.
    pub period_seconds: u32,
    /// Only values of this unit, if one is named.
    pub unit: Option<String>,
}

impl MetricStat {
    /// The series of what was read for it.
    pub fn series(&self, points: Vec<Point>) -> Series {
        let mut dimensions = self.dimensions.clone();
        dimensions.sort();
        Series {
            period_seconds: self.period_seconds,
            points,
            origin: Some(Arc::new(Origin {
                namespace: self.namespace.clone(),
                metric_name: self.metric_name.clone(),
                dimensions,
                statistic: self.statistic.clone(),
                period_seconds: self.period_seconds,
            })),
        }
    }
}

impl Search {
    /// What it asks of a metric that it matches.
    pub fn stat_of(&self, candidate: &Candidate<'_>) -> MetricStat {
        let dimensions = candidate.dimensions.iter();
        MetricStat {
            namespace: candidate.namespace.to_owned(),
            metric_name: candidate.metric_name.to_owned(),
            dimensions: dimensions
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            statistic: self.statistic().to_owned(),
            period_seconds: self.period_seconds(),
            unit: None,
        }
    }
}

/// A list of queries that means something.
#[derive(Debug)]
pub struct Plan {
    queries: Vec<Query>,
    /// What each query is, in their order.
    terms: Vec<Compiled>,
    /// The expressions that are needed, each behind those it needs.
    order: Vec<usize>,
    /// Which queries' results are needed, in their order.
    needed: Vec<bool>,
    /// Which metrics each query's result is made of, in their order.
    made_of: Vec<BTreeSet<usize>>,
    searches: Vec<Search>,
    /// The only query of Metrics Insights, and which of the queries it is.
    select: Option<(usize, Select)>,
}

#[derive(Debug)]
struct Compiled {
    /// What an expression of metric math says; absent for anything else.
    expression: Option<Expression>,
    named: Named,
}

/// What a query that returns data is worth.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Which of the queries it is, counted from 0.
    pub query: usize,
    /// Its series.
    pub series: Vec<Arc<Series>>,
    /// Whether it is an array; else it is one series.
    pub is_array: bool,
}

/// What an alarm watches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watched {
    /// The points, in rising order of time.
    pub points: Vec<WatchedPoint>,
}

/// One point of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WatchedPoint {
    /// When its period begins.
    pub at: Timestamp,
    /// The value.
    pub value: f64,
    /// The lower and the upper edge of the band to compare it with, where both are known.
    pub band: Option<(f64, f64)>,
}

impl Plan {
    /// Checks the queries of `GetMetricData`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn of(queries: Vec<Query>) -> Result<Self, Error> {
        make::of(queries)
    }

    /// Checks the queries of an alarm, of which one returns the series that it watches, and one the band that this is
    /// compared with, if it is compared with one.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn of_alarm(queries: Vec<Query>, band: Option<&str>) -> Result<Self, Error> {
        make::of_alarm(queries, band)
    }

    /// The queries, as they were given.
    pub fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// The metrics to read, with the ids of their queries.
    pub fn metrics(&self) -> impl Iterator<Item = (&str, &MetricStat)> {
        let needed = self.queries.iter().zip(&self.needed);
        needed.filter_map(|(query, is_needed)| match &query.term {
            Term::Metric(metric) if *is_needed => Some((query.id.as_str(), metric)),
            _ => None,
        })
    }

    /// Whether a query returns data, or is needed by one that does; counted from 0.
    pub fn needs(&self, query: usize) -> bool {
        self.needed.get(query).copied().unwrap_or(false)
    }

    /// Which queries of metrics the result of a query is made of, both counted from 0; those of searches left out.
    pub fn made_of(&self, query: usize) -> impl Iterator<Item = usize> {
        self.made_of.get(query).into_iter().flatten().copied()
    }

    /// The searches to run, each once.
    pub fn searches(&self) -> &[Search] {
        &self.searches
    }

    /// The query of Metrics Insights to run, if there is one.
    pub fn select(&self) -> Option<&Select> {
        let (index, select) = self.select.as_ref()?;
        self.needs(*index).then_some(select)
    }

    /// The query of Metrics Insights, if a query of the request is one.
    pub(crate) fn select_of(&self, query: usize) -> Option<&Select> {
        let (index, select) = self.select.as_ref()?;
        (*index == query).then_some(select)
    }

    /// Whether there are expressions, whose results cannot be had in parts.
    pub fn has_expressions(&self) -> bool {
        let mut queries = self.queries.iter();
        queries.any(|query| matches!(query.term, Term::Expression(_)))
    }

    /// Whether something asks for a band of anomaly detection.
    pub fn has_bands(&self) -> bool {
        let mut found = false;
        let needed = self.order.iter();
        for expression in needed.filter_map(|index| self.terms[*index].expression.as_ref()) {
            expression.walk(&mut |part| {
                found |= matches!(
                    part.node,
                    Node::Call {
                        function: Function::AnomalyDetectionBand,
                        ..
                    }
                );
            });
        }
        found
    }

    /// An expression alone, for whoever is to know what it was worth before: a plan of the same queries that returns it
    /// and nothing else. `None` for what is no expression of metrics, or is not one series, or needs searches, Metrics
    /// Insights or bands itself.
    #[must_use]
    pub fn alone(&self, id: &str) -> Option<Self> {
        let mut queries = self.queries.clone();
        for query in &mut queries {
            query.returns = query.id == id;
        }
        let index = queries.iter().position(|query| query.id == id)?;
        let plan = make::of(queries).ok()?;
        let is_expression = plan.terms[index].expression.is_some();
        let is_plain = plan.searches.is_empty() && plan.select().is_none() && !plan.has_bands();
        let is_one = plan.type_of(index) == Some(Type::Series);
        let has_metrics = plan.metrics().next().is_some();
        (is_expression && is_plain && is_one && has_metrics).then_some(plan)
    }

    /// The ids of which something asks for a band, each once; expressions that have none are left out.
    pub fn banded(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let needed = self.order.iter();
        for expression in needed.filter_map(|index| self.terms[*index].expression.as_ref()) {
            expression.walk(&mut |part| {
                if let Node::Call {
                    function: Function::AnomalyDetectionBand,
                    arguments,
                } = &part.node
                    && let Some(Node::Id(id)) = arguments.first().map(|argument| &argument.node)
                {
                    found.insert(id.clone());
                }
            });
        }
        found
    }

    /// How many bands are asked for: each is learnt by itself.
    pub fn bands(&self) -> usize {
        let mut bands = 0;
        let needed = self.order.iter();
        for expression in needed.filter_map(|index| self.terms[*index].expression.as_ref()) {
            expression.walk(&mut |part| {
                let function = match &part.node {
                    Node::Call { function, .. } => Some(*function),
                    _ => None,
                };
                bands += usize::from(function == Some(Function::AnomalyDetectionBand));
            });
        }
        bands
    }

    /// Computes what the queries that return data are worth, in their order.
    ///
    /// # Errors
    /// [`Error::Expression`] if it would take more than [`POINTS_MAX`] data points, or arrays of more than [`SERIES_MAX`]
    /// series.
    pub fn evaluate(&self, data: &Data<'_>, range: Range) -> Result<Vec<Answer>, Error> {
        let mut values: BTreeMap<&str, Value> = BTreeMap::new();
        for (id, metric) in self.metrics() {
            let read = data.metrics.get(id).cloned();
            let series = read.unwrap_or_else(|| Arc::new(metric.series(Vec::new())));
            values.insert(id, Value::Series(series));
        }
        let metric_ids: Vec<&str> = self
            .queries
            .iter()
            .filter(|query| matches!(query.term, Term::Metric(_)))
            .map(|query| query.id.as_str())
            .collect();
        let (left, series_left) = (Cell::new(POINTS_MAX), Cell::new(SERIES_MAX));
        for index in &self.order {
            let query = &self.queries[*index];
            if let Some(select) = self.select_of(*index) {
                values.insert(&query.id, selected(select, data));
            }
            let Some(expression) = &self.terms[*index].expression else {
                continue;
            };
            let evaluation = Evaluation {
                data,
                range,
                period_seconds: self.period_of(query),
                values: &values,
                metric_ids: &metric_ids,
                plan: self,
                query,
                left: &left,
                series_left: &series_left,
            };
            let value = evaluation.value(expression);
            let value = value.map_err(Error::in_expression(&query.id))?;
            values.insert(&query.id, value);
        }
        let returned = self.queries.iter().enumerate();
        let returned = returned.filter(|(_, query)| query.returns);
        Ok(returned
            .map(|(index, query)| {
                let value = values.get(query.id.as_str());
                Answer {
                    query: index,
                    series: value.map_or_else(Vec::new, |value| value.series().to_vec()),
                    is_array: matches!(value, Some(Value::Array(_))),
                }
            })
            .collect())
    }

    /// Computes what an alarm watches, and the band that it is compared with, if `band` names it.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn watched(
        &self,
        data: &Data<'_>,
        range: Range,
        band: Option<&str>,
    ) -> Result<Watched, Error> {
        let answers = self.evaluate(data, range)?;
        let is_band = |answer: &&Answer| Some(self.queries[answer.query].id.as_str()) == band;
        let edges = answers.iter().find(is_band).map(|answer| &answer.series);
        let watched = answers.iter().find(|answer| !is_band(answer));
        let Some(watched) = watched.and_then(|answer| answer.series.first()) else {
            return Ok(Watched::default());
        };
        let band_at = |at: Timestamp| {
            let edges = edges?;
            let (upper, lower) = (edges.first()?.at(at)?, edges.last()?.at(at)?);
            Some((lower, upper))
        };
        let points = watched.points.iter().map(|point| WatchedPoint {
            at: point.at,
            value: point.value,
            band: band_at(point.at),
        });
        Ok(Watched {
            points: points.collect(),
        })
    }

    /// The period of what comes of nothing in a query's expression.
    ///
    /// Decision: a minute, where neither the query nor a metric names one.
    fn period_of(&self, query: &Query) -> u32 {
        let periods = self.queries.iter().filter_map(|query| match &query.term {
            Term::Metric(metric) => Some(metric.period_seconds),
            Term::Expression(_) => None,
        });
        query.period_seconds.or(periods.min()).unwrap_or(60)
    }

    /// Which of the searches one in the expression of `query` is.
    pub(crate) fn find(
        &self,
        query: &Query,
        text: &str,
        statistic: &str,
        period: Option<f64>,
    ) -> Option<usize> {
        let period = make::search_period(query, period)?;
        self.searches.iter().position(|search| {
            search.text() == text
                && search.statistic() == statistic
                && search.period_seconds() == period
        })
    }

    /// The type of a query's result.
    pub fn type_of(&self, query: usize) -> Option<Type> {
        let term = self.terms.get(query)?;
        Some(match term.named {
            Named::Metric => Type::Series,
            Named::Expression(found) => found,
        })
    }
}

fn selected(select: &Select, data: &Data<'_>) -> Value {
    if select.is_grouped() {
        return Value::Array(data.selected.clone());
    }
    let empty = || Arc::new(Series::empty(select.period_seconds()));
    Value::Series(data.selected.first().map_or_else(empty, Arc::clone))
}
