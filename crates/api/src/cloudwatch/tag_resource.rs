//! `TagResource`.

use corelog_wire::cloudwatch::shapes::{TagResourceInput, TagResourceOutput};

use super::tag::{self, Resource};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct TagResource;

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const EFFECT: Effect = Effect::Changes;
    type Input = TagResourceInput;
    type Output = TagResourceOutput;

    fn on(input: &TagResourceInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(Resource::named(&input.resource_arn, cx)?.arn(cx))
    }

    async fn run(input: TagResourceInput, cx: &Context<'_>) -> Result<TagResourceOutput, Fault> {
        let on = Resource::named(&input.resource_arn, cx)?;
        tag::add(cx, &on, input.tags).await?;
        Ok(TagResourceOutput {})
    }
}
