//! `AssociateKmsKey`. The key's ARN is kept and shown; nothing is encrypted with it.

use corelog_catalog::GroupChange;
use corelog_types::LogGroupName;
use corelog_wire::logs::shapes::AssociateKmsKeyRequest;

use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct AssociateKmsKey;

impl Operation for AssociateKmsKey {
    const NAME: &'static str = "AssociateKmsKey";
    const EFFECT: Effect = Effect::Changes;
    type Input = AssociateKmsKeyRequest;
    type Output = ();

    fn on(input: &AssociateKmsKeyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_group(cx.account(), &of(input, cx)?))
    }

    async fn run(input: AssociateKmsKeyRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = of(&input, cx)?;
        group::change(cx, &name, GroupChange::KmsKey(Some(input.kms_key_id))).await
    }
}

fn of(input: &AssociateKmsKeyRequest, cx: &Context<'_>) -> Result<LogGroupName, Fault> {
    let (name, resource) = (&input.log_group_name, &input.resource_identifier);
    keyed(name.as_deref(), resource.as_deref(), cx)
}

/// The group that a request about keys means: by its name or by its ARN, not by both. Results of queries have no
/// keys of their own here.
pub(super) fn keyed(
    name: Option<&str>,
    resource: Option<&str>,
    cx: &Context<'_>,
) -> Result<LogGroupName, Fault> {
    match (name, resource) {
        (Some(name), None) => group::named(name),
        (None, Some(resource)) => arn::group(cx.account(), resource),
        _ => Err(Fault::invalid_parameter(
            "Exactly one of logGroupName and resourceIdentifier must be specified.",
        )),
    }
}
