//! `ListTagsForResource`.

use corelog_wire::logs::shapes::{ListTagsForResourceRequest, ListTagsForResourceResponse};

use super::tag::{self, Resource};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct ListTagsForResource;

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const EFFECT: Effect = Effect::Reads;
    type Input = ListTagsForResourceRequest;
    type Output = ListTagsForResourceResponse;

    fn on(input: &ListTagsForResourceRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(Resource::named(&input.resource_arn, cx)?.arn(cx))
    }

    async fn run(
        input: ListTagsForResourceRequest,
        cx: &Context<'_>,
    ) -> Result<ListTagsForResourceResponse, Fault> {
        let on = Resource::named(&input.resource_arn, cx)?;
        let tags = Some(tag::all(cx, &on).await?);
        Ok(ListTagsForResourceResponse { tags })
    }
}
