//! `TagResource`.

use corelog_wire::logs::shapes::TagResourceRequest;

use super::{arn, tag};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct TagResource;

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const EFFECT: Effect = Effect::Changes;
    type Input = TagResourceRequest;
    type Output = ();

    fn on(input: &TagResourceRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = tag::resource(cx, &input.resource_arn)?;
        Ok(arn::of_group(cx.account(), &name))
    }

    async fn run(input: TagResourceRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = tag::resource(cx, &input.resource_arn)?;
        tag::add(cx, &name, input.tags).await
    }
}
