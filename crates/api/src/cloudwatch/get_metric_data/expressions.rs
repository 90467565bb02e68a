//! Calls that have expressions: every metric that they need is read, then they are computed.
//!
//! The answer is whole; where it would have more points than one may, the rest is left out, and said to be.

use std::sync::Arc;

use corelog_math::{Answer, Data, Plan, Range, label};
use corelog_metrics::rounding_seconds;

use super::ask::{Asked, What};
use super::bands::Histories;
use super::options;
use super::searches::Finder;
use super::series::{Series, Status};
use crate::aws::{Context, Fault, Kind};

/// What a call is worth.
pub(super) struct Computed {
    /// The series that it wants returned, in the order of its queries; an expression may have several, or none.
    pub(super) series: Vec<Series>,
    /// What is said about all of it: a code and a text.
    pub(super) message: Option<(&'static str, String)>,
}

pub(super) async fn answer(asked: &Asked, cx: &Context<'_>) -> Result<Computed, Fault> {
    let queries = asked.queries.iter().map(super::ask::Query::to_math);
    let queries: Vec<_> = queries.collect();
    // Hundreds of expressions take a while to be checked: not on the threads that relay calls, too.
    let planning = tokio::task::spawn_blocking(move || {
        let plan = Plan::of(queries)?;
        let banded = plan.banded().into_iter();
        let alone = banded.filter_map(|id| plan.alone(&id).map(|alone| (id, alone)));
        let alone: Vec<_> = alone.collect();
        Ok((plan, alone))
    });
    let planned = planning.await.map_err(|error| Fault::internal(&error))?;
    let (plan, alone) = planned.map_err(|error: corelog_math::Error| refused(&error))?;
    let mut finder = Finder::new(asked, cx)?;
    let mut read = vec![None; asked.queries.len()];
    let mut data = Data::default();
    for (index, query) in asked.queries.iter().enumerate() {
        let What::Metric(stat) = &query.what else {
            continue;
        };
        if !plan.needs(index) {
            continue;
        }
        let series = Series::read(query, stat, asked, cx).await?;
        finder.spend(series.points.len())?;
        let points = Arc::new(series.to_math(&stat.to_math()));
        data.metrics.insert(query.id.clone(), points);
        read[index] = Some(series);
    }
    for search in plan.searches() {
        data.found.push(finder.find(search).await?);
    }
    if let Some(select) = plan.select() {
        data.selected = finder.select(select).await?;
    }
    let mut histories = Histories::read(&plan, alone, asked, &mut finder, cx).await?;
    let range = Range {
        from: asked.from,
        // Nothing is made up for a time that has not been.
        to: asked.to.min(cx.now()).max(asked.from),
        rounding_seconds: rounding_seconds(asked.from, cx.now()),
    };
    let (account, zone_minutes, now) = (cx.account().clone(), asked.zone_minutes, cx.now());
    let computing = tokio::task::spawn_blocking(move || {
        histories.compute(range);
        let data = Data {
            bands: Some(&histories),
            ..data
        };
        let answers = plan.evaluate(&data, range)?;
        let options = options(&account, zone_minutes, now);
        let labels = label::of_answers(&plan, &answers, &options);
        Ok::<_, corelog_math::Error>((plan, answers, labels))
    });
    let computed = computing.await.map_err(|error| Fault::internal(&error))?;
    let (plan, answers, labels) = computed.map_err(|error| refused(&error))?;
    let mut series = Vec::new();
    let mut left = asked.points_max;
    for (answer, labels) in answers.iter().zip(labels) {
        for mut one in of_answer(answer, labels, &plan, asked, &read) {
            one.turn(asked.newest_first);
            one.cut(left);
            left -= one.points.len();
            series.push(one);
        }
    }
    Ok(Computed {
        series,
        message: finder.message(),
    })
}

fn refused(error: &corelog_math::Error) -> Fault {
    Fault::new(Kind::Validation, error.to_string())
}

/// The series of one query. What is made of a metric of another account is as little ours as that.
fn of_answer(
    answer: &Answer,
    labels: Vec<String>,
    plan: &Plan,
    asked: &Asked,
    read: &[Option<Series>],
) -> Vec<Series> {
    let query = &asked.queries[answer.query];
    let is_ours = plan
        .made_of(answer.query)
        .all(|index| asked.queries[index].is_ours);
    let messages = read[answer.query].as_ref();
    let messages = messages.map_or_else(Vec::new, |series| series.messages.clone());
    let made = answer.series.iter().zip(labels).map(|(series, label)| {
        let points = series.points.iter().filter(|_| is_ours);
        Series {
            id: query.id.clone(),
            label,
            points: points.map(|point| (point.at, point.value)).collect(),
            status: if is_ours {
                Status::Complete
            } else {
                Status::Forbidden
            },
            messages: messages.clone(),
        }
    });
    made.collect()
}
