//! `ListTagsLogGroup`. Superseded, and still called by older clients.

use corelog_wire::logs::shapes::{ListTagsLogGroupRequest, ListTagsLogGroupResponse};

use super::group;
use super::tag::{self, Resource};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct ListTagsLogGroup;

impl Operation for ListTagsLogGroup {
    const NAME: &'static str = "ListTagsLogGroup";
    const EFFECT: Effect = Effect::Reads;
    type Input = ListTagsLogGroupRequest;
    type Output = ListTagsLogGroupResponse;

    fn on(input: &ListTagsLogGroupRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(
        input: ListTagsLogGroupRequest,
        cx: &Context<'_>,
    ) -> Result<ListTagsLogGroupResponse, Fault> {
        let name = group::named(&input.log_group_name)?;
        let tags = Some(tag::all(cx, &Resource::LogGroup(name)).await?);
        Ok(ListTagsLogGroupResponse { tags })
    }
}
