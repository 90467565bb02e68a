//! `TagResource`.

use corelog_wire::logs::shapes::TagResourceRequest;

use super::tag::{self, Resource};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct TagResource;

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const EFFECT: Effect = Effect::Changes;
    type Input = TagResourceRequest;
    type Output = ();

    fn on(input: &TagResourceRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(Resource::named(&input.resource_arn, cx)?.arn(cx))
    }

    async fn run(input: TagResourceRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let on = Resource::named(&input.resource_arn, cx)?;
        tag::add(cx, &on, input.tags).await
    }
}
