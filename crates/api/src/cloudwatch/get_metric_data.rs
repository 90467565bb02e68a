//! `GetMetricData`.
//!
//! Queries of metrics are read one after the other until a page is full; its token says in which query, and at which
//! time, the next one begins. A call that has expressions needs all of its metrics first, and has one page.

mod ask;
mod bands;
mod expressions;
mod searches;
mod series;

use corelog_math::label;
use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes::{GetMetricDataInput, GetMetricDataOutput};
use corelog_wire::sigv4;

use self::ask::{Asked, What};
use self::series::Series;
use super::metric;
use crate::aws::{Account, Context, Effect, Fault, Kind, Operation, Token};

pub(crate) struct GetMetricData;

impl Operation for GetMetricData {
    const NAME: &'static str = "GetMetricData";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetMetricDataInput;
    type Output = GetMetricDataOutput;

    fn on(_input: &GetMetricDataInput, _cx: &Context<'_>) -> Result<String, Fault> {
        Ok(metric::ANY.to_owned())
    }

    async fn run(
        input: GetMetricDataInput,
        cx: &Context<'_>,
    ) -> Result<GetMetricDataOutput, Fault> {
        let request = fingerprint(&input);
        let begins = Place::read(input.next_token.as_deref(), &request)?;
        let asked = Asked::of(input, cx.account(), cx.now())?;
        let mut messages = Vec::new();
        let (found, next) = if asked.has_expressions() {
            let computed = expressions::answer(&asked, cx).await?;
            messages.extend(computed.message.map(series::message));
            (computed.series, None)
        } else {
            page(&asked, begins, cx).await?
        };
        let results = found.into_iter().map(Series::into_result);
        Ok(GetMetricDataOutput {
            metric_data_results: Some(results.collect()),
            next_token: next.map(|place| place.write(request)),
            messages: Some(messages),
        })
    }
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Which of the queries.
    query: usize,
    /// Which of its points; all of them, if absent.
    time: Option<Timestamp>,
}

impl Place {
    fn write(self, request: String) -> String {
        let time = self.time.map(|time| time.unix_ms().to_string());
        let place = [request, self.query.to_string(), time.unwrap_or_default()];
        Token(place).write(GetMetricData::NAME)
    }

    fn read(token: Option<&str>, request: &str) -> Result<Self, Fault> {
        let invalid = || {
            Fault::new(
                Kind::InvalidNextToken,
                "The specified NextToken is invalid.",
            )
        };
        let token = Token::<3>::read(GetMetricData::NAME, token).map_err(|_| invalid())?;
        let Some(Token([of, query, time])) = token else {
            return Ok(Self::default());
        };
        if of != request {
            return Err(invalid());
        }
        let query = query.parse().map_err(|_| invalid())?;
        let time = time.parse().map_err(|_| invalid())?;
        let time = Some(Timestamp::from_unix_ms(time));
        Ok(Self { query, time })
    }
}

/// Tells a request from others: a token goes on with the queries and the time that it was made for. How many points a
/// page has may change between pages.
fn fingerprint(input: &GetMetricDataInput) -> String {
    let asked = (&input.metric_data_queries, input.start_time, input.end_time);
    let text = format!("{asked:?} {:?}", input.scan_by);
    let mut digest = sigv4::payload_hash(text.as_bytes());
    digest.truncate(16);
    digest
}

/// The default labels of what is returned, on whatever page.
fn names(asked: &Asked) -> label::Names {
    let returned = asked.queries.iter().filter(|query| query.is_returned);
    let origins: Vec<_> = returned
        .filter_map(|query| match &query.what {
            What::Metric(stat) => stat.to_math().series(Vec::new()).origin,
            What::Expression { .. } => None,
        })
        .collect();
    label::Names::of(origins.iter().map(AsRef::as_ref))
}

fn options(account: &Account, zone_minutes: i32, now: Timestamp) -> label::Options<'_> {
    label::Options {
        now,
        zone_minutes,
        region: &account.region,
        account: &account.id,
    }
}

/// The series of a page, and where the next one begins if there is one.
async fn page(
    asked: &Asked,
    begins: Place,
    cx: &Context<'_>,
) -> Result<(Vec<Series>, Option<Place>), Fault> {
    let names = names(asked);
    let options = options(cx.account(), asked.zone_minutes, cx.now());
    let mut left = asked.points_max;
    let mut found = Vec::new();
    for (index, query) in asked.queries.iter().enumerate().skip(begins.query) {
        let What::Metric(stat) = &query.what else {
            continue;
        };
        if !query.is_returned {
            continue;
        }
        let mut series = Series::read(query, stat, asked, cx).await?;
        series.turn(asked.newest_first);
        if let (true, Some(time)) = (index == begins.query, begins.time) {
            series.begin_at(time, asked.newest_first);
        }
        let next = series.cut(left);
        left -= series.points.len();
        let label = query.label.as_deref();
        let mut shown = series.to_math(&stat.to_math());
        shown.points.sort_by_key(|point| point.at);
        series.label = label::of_metric(label, &shown, &names, &options);
        found.push(series);
        if next.is_some() {
            let place = Place {
                query: index,
                time: next,
            };
            return Ok((found, Some(place)));
        }
    }
    Ok((found, None))
}
