//! `ListTagsForResource`.

use corelog_wire::logs::shapes::{ListTagsForResourceRequest, ListTagsForResourceResponse};

use super::{arn, tag};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct ListTagsForResource;

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const EFFECT: Effect = Effect::Reads;
    type Input = ListTagsForResourceRequest;
    type Output = ListTagsForResourceResponse;

    fn on(input: &ListTagsForResourceRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = tag::resource(cx, &input.resource_arn)?;
        Ok(arn::of_group(cx.account(), &name))
    }

    async fn run(
        input: ListTagsForResourceRequest,
        cx: &Context<'_>,
    ) -> Result<ListTagsForResourceResponse, Fault> {
        let name = tag::resource(cx, &input.resource_arn)?;
        let tags = Some(tag::all(cx, &name).await?);
        Ok(ListTagsForResourceResponse { tags })
    }
}
