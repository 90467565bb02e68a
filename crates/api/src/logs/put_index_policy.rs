//! `PutIndexPolicy`. Policies are kept and shown.

use corelog_catalog::{Policy, PolicyKey, PolicyKind};
use corelog_types::LogGroupName;
use corelog_wire::logs::shapes::{self, PutIndexPolicyRequest, PutIndexPolicyResponse};
use corelog_wire::model::Value;

use super::{arn, group, policy};
use crate::aws::{Account, Context, Effect, Fault, Operation};

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutIndexPolicy.html>
const FIELDS_MAX: usize = 20;
const FIELD_CHARS_MAX: usize = 100;

pub(crate) struct PutIndexPolicy;

impl Operation for PutIndexPolicy {
    const NAME: &'static str = "PutIndexPolicy";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutIndexPolicyRequest;
    type Output = PutIndexPolicyResponse;

    fn on(input: &PutIndexPolicyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        on(&input.log_group_identifier, cx)
    }

    async fn run(
        input: PutIndexPolicyRequest,
        cx: &Context<'_>,
    ) -> Result<PutIndexPolicyResponse, Fault> {
        let name = arn::group(cx.account(), &input.log_group_identifier)?;
        check(&input.policy_document)?;
        group::existing(cx, &name).await?;
        let policy = Policy {
            key: key(&name),
            document: input.policy_document,
            selection: None,
            revision: 0,
            updated: cx.now(),
        };
        let put = cx.catalog().put_policy(&policy, None, 1).await;
        put.map_err(|error| policy::refused(error, name.as_str()))?;
        Ok(PutIndexPolicyResponse {
            index_policy: Some(shown(cx.account(), &name, policy)),
        })
    }
}

/// The ARN of the group that a policy is for.
pub(super) fn on(identifier: &str, cx: &Context<'_>) -> Result<String, Fault> {
    let name = arn::group(cx.account(), identifier)?;
    Ok(arn::of_group(cx.account(), &name))
}

/// A group has one policy, so it needs no name.
pub(super) fn key(group: &LogGroupName) -> PolicyKey {
    PolicyKey {
        kind: PolicyKind::Index,
        scope: group.as_str().to_owned(),
        name: String::new(),
    }
}

/// The fields that a policy names, `None` for a document that is no such policy.
pub(super) fn fields(document: &str) -> Option<Vec<String>> {
    let document: Value = serde_json::from_str(document).ok()?;
    let fields = document.get("Fields")?;
    // The longer form has an object of settings for each field.
    if let Some(fields) = fields.as_object() {
        return Some(fields.keys().cloned().collect());
    }
    let fields = fields.as_array()?.iter();
    fields
        .map(|field| field.as_str().map(str::to_owned))
        .collect()
}

fn check(document: &str) -> Result<(), Fault> {
    let refused = |text: String| Err(Fault::invalid_parameter(text));
    let Some(fields) = fields(document) else {
        return refused("The policy document is not of the form {\"Fields\":[\"…\"]}.".to_owned());
    };
    if fields.len() > FIELDS_MAX {
        return refused(format!(
            "A policy can have no more than {FIELDS_MAX} fields."
        ));
    }
    let fits = |field: &String| (1..=FIELD_CHARS_MAX).contains(&field.chars().count());
    match fields.iter().find(|field| !fits(field)) {
        Some(_) => refused(format!(
            "The name of a field has 1 to {FIELD_CHARS_MAX} characters."
        )),
        None => Ok(()),
    }
}

/// A group's own policy, as it is shown.
pub(super) fn shown(
    account: &Account,
    group: &LogGroupName,
    policy: Policy,
) -> shapes::IndexPolicy {
    shapes::IndexPolicy {
        log_group_identifier: Some(arn::of_group(account, group)),
        last_update_time: Some(group::millis(policy.updated)),
        policy_document: Some(policy.document),
        policy_name: None,
        source: Some("LOG_GROUP".to_owned()),
    }
}
