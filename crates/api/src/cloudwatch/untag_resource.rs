//! `UntagResource`.

use corelog_wire::cloudwatch::shapes::{UntagResourceInput, UntagResourceOutput};

use super::tag::{self, Resource};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct UntagResource;

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const EFFECT: Effect = Effect::Changes;
    type Input = UntagResourceInput;
    type Output = UntagResourceOutput;

    fn on(input: &UntagResourceInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(Resource::named(&input.resource_arn, cx)?.arn(cx))
    }

    async fn run(
        input: UntagResourceInput,
        cx: &Context<'_>,
    ) -> Result<UntagResourceOutput, Fault> {
        let on = Resource::named(&input.resource_arn, cx)?;
        tag::remove(cx, &on, input.tag_keys).await?;
        Ok(UntagResourceOutput {})
    }
}
