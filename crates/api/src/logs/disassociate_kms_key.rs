//! `DisassociateKmsKey`.

use corelog_catalog::GroupChange;
use corelog_types::LogGroupName;
use corelog_wire::logs::shapes::DisassociateKmsKeyRequest;

use super::associate_kms_key::keyed;
use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DisassociateKmsKey;

impl Operation for DisassociateKmsKey {
    const NAME: &'static str = "DisassociateKmsKey";
    const EFFECT: Effect = Effect::Changes;
    type Input = DisassociateKmsKeyRequest;
    type Output = ();

    fn on(input: &DisassociateKmsKeyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_group(cx.account(), &of(input, cx)?))
    }

    async fn run(input: DisassociateKmsKeyRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = of(&input, cx)?;
        group::change(cx, &name, GroupChange::KmsKey(None)).await
    }
}

fn of(input: &DisassociateKmsKeyRequest, cx: &Context<'_>) -> Result<LogGroupName, Fault> {
    let (name, resource) = (&input.log_group_name, &input.resource_identifier);
    keyed(name.as_deref(), resource.as_deref(), cx)
}
