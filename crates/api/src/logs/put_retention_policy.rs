//! `PutRetentionPolicy`.

use corelog_catalog::GroupChange;
use corelog_wire::logs::shapes::PutRetentionPolicyRequest;

use super::group;
use crate::aws::{Context, Effect, Fault, Operation};

/// The days that a retention may have.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
const DAYS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

pub(crate) struct PutRetentionPolicy;

impl Operation for PutRetentionPolicy {
    const NAME: &'static str = "PutRetentionPolicy";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutRetentionPolicyRequest;
    type Output = ();

    fn on(input: &PutRetentionPolicyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(input: PutRetentionPolicyRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        let days = days(input.retention_in_days)?;
        group::change(cx, &name, GroupChange::Retention(Some(days))).await
    }
}

/// The model does not list the days, so the words are those for values that it lists.
fn days(asked: i64) -> Result<u32, Fault> {
    let found = DAYS.into_iter().find(|days| i64::from(*days) == asked);
    found.ok_or_else(|| {
        let all: Vec<String> = DAYS.iter().map(u32::to_string).collect();
        Fault::invalid_parameter(format!(
            "1 validation error detected: Value '{asked}' at 'retentionInDays' failed to satisfy constraint: \
             Member must satisfy enum value set: [{}]",
            all.join(", ")
        ))
    })
}
