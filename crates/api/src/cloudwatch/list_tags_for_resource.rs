//! `ListTagsForResource`.

use corelog_wire::cloudwatch::shapes::{ListTagsForResourceInput, ListTagsForResourceOutput};

use super::tag::{self, Resource};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct ListTagsForResource;

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const EFFECT: Effect = Effect::Reads;
    type Input = ListTagsForResourceInput;
    type Output = ListTagsForResourceOutput;

    fn on(input: &ListTagsForResourceInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(Resource::named(&input.resource_arn, cx)?.arn(cx))
    }

    async fn run(
        input: ListTagsForResourceInput,
        cx: &Context<'_>,
    ) -> Result<ListTagsForResourceOutput, Fault> {
        let on = Resource::named(&input.resource_arn, cx)?;
        let tags = Some(tag::all(cx, &on).await?);
        Ok(ListTagsForResourceOutput { tags })
    }
}
