//! `GetMetricData`.
//!
//! Queries of metrics are read one after the other until a page is full; its token says in which query, and at which
//! time, the next one begins. A call that has expressions needs all of its metrics first, and has one page.

mod ask;
mod expressions;
mod label;
mod series;

use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes::{GetMetricDataInput, GetMetricDataOutput};

use self::ask::{Asked, What};
use self::series::Series;
use super::metric;
use crate::aws::{Context, Effect, Fault, Kind, Operation, Token};

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
        let begins = Place::read(input.next_token.as_deref())?;
        let asked = Asked::of(input, cx.account(), cx.now())?;
        let (found, next) = if asked.has_expressions() {
            (expressions::answer(&asked, cx).await?, None)
        } else {
            page(&asked, begins, cx).await?
        };
        let results = found.into_iter().map(Series::into_result);
        Ok(GetMetricDataOutput {
            metric_data_results: Some(results.collect()),
            next_token: next.map(Place::write),
            messages: Some(Vec::new()),
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
    fn write(self) -> String {
        let time = self.time.map(|time| time.unix_ms().to_string());
        let place = [self.query.to_string(), time.unwrap_or_default()];
        Token(place).write(GetMetricData::NAME)
    }

    fn read(token: Option<&str>) -> Result<Self, Fault> {
        let invalid = || {
            Fault::new(
                Kind::InvalidNextToken,
                "The specified NextToken is invalid.",
            )
        };
        let token = Token::<2>::read(GetMetricData::NAME, token).map_err(|_| invalid())?;
        let Some(Token([query, time])) = token else {
            return Ok(Self::default());
        };
        let query = query.parse().map_err(|_| invalid())?;
        let time = time.parse().map_err(|_| invalid())?;
        let time = Some(Timestamp::from_unix_ms(time));
        Ok(Self { query, time })
    }
}

/// The series of a page, and where the next one begins if there is one.
async fn page(
    asked: &Asked,
    begins: Place,
    cx: &Context<'_>,
) -> Result<(Vec<Series>, Option<Place>), Fault> {
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
        if let (true, Some(time)) = (index == begins.query, begins.time) {
            series.begin_at(time, asked.newest_first);
        }
        let next = series.cut(left);
        left -= series.points.len();
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
