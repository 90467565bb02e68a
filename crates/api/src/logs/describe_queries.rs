//! `DescribeQueries`.

use corelog_types::Timestamp;
use corelog_wire::logs::shapes::{DescribeQueriesRequest, DescribeQueriesResponse, QueryInfo};

use super::get_query_results::statistics_of;
use super::queries::Job;
use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

/// Decision: what a page has where nobody says, as the model allows at the most.
const LIMIT: usize = 1_000;

pub(crate) struct DescribeQueries;

impl Operation for DescribeQueries {
    const NAME: &'static str = "DescribeQueries";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeQueriesRequest;
    type Output = DescribeQueriesResponse;

    fn on(input: &DescribeQueriesRequest, cx: &Context<'_>) -> Result<String, Fault> {
        match &input.log_group_name {
            Some(name) => group::on(name, cx),
            None => Ok(arn::of_all_groups(cx.account())),
        }
    }

    async fn run(
        input: DescribeQueriesRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeQueriesResponse, Fault> {
        let limit = input
            .max_results
            .and_then(|most| usize::try_from(most).ok());
        let limit = limit.unwrap_or(LIMIT);
        let after = Token::<1>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after.as_ref().map(|Token([id])| id.as_str());
        let fits = |job: &Job| {
            let spec = &job.asked.spec;
            let status = input.status.as_deref();
            let language = input.query_language.as_deref();
            let group = input.log_group_name.as_deref();
            let mut groups = spec.groups.iter();
            status.is_none_or(|status| status == job.status.as_str())
                && language.is_none_or(|language| language == spec.language.as_str())
                && group.is_none_or(|name| groups.any(|one| one.as_str() == name))
        };
        let mut found = cx.queries().list(after, limit.saturating_add(1), fits);
        let next_token = cut(&mut found, limit, Self::NAME, |(id, _)| [id.clone()]);
        let now = cx.now();
        Ok(DescribeQueriesResponse {
            queries: Some(found.iter().map(|(id, job)| shown(id, job, now)).collect()),
            next_token,
        })
    }
}

/// A query that reads several groups has no single name to show: its text names them.
fn shown(id: &str, job: &Job, now: Timestamp) -> QueryInfo {
    let spec = &job.asked.spec;
    let group = match spec.groups.as_slice() {
        [one] => Some(one.as_str().to_owned()),
        _ => None,
    };
    QueryInfo {
        query_language: Some(spec.language.as_str().to_owned()),
        query_id: Some(id.to_owned()),
        query_string: Some(job.asked.shown.clone()),
        status: Some(job.status.as_str().to_owned()),
        create_time: Some(group::millis(spec.asked_at)),
        log_group_name: group,
        query_duration: Some(i64::try_from(job.ran_ms(now)).unwrap_or(i64::MAX)),
        bytes_scanned: statistics_of(job).bytes_scanned,
        user_identity: Some(job.asked.caller.clone()),
    }
}
