//! `UntagResource`.

use corelog_wire::logs::shapes::UntagResourceRequest;

use super::{arn, tag};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct UntagResource;

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const EFFECT: Effect = Effect::Changes;
    type Input = UntagResourceRequest;
    type Output = ();

    fn on(input: &UntagResourceRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = tag::resource(cx, &input.resource_arn)?;
        Ok(arn::of_group(cx.account(), &name))
    }

    async fn run(input: UntagResourceRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = tag::resource(cx, &input.resource_arn)?;
        tag::remove(cx, &name, input.tag_keys).await
    }
}
