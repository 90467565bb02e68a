//! `TagLogGroup`. Superseded, and still called by older clients.

use corelog_wire::logs::shapes::TagLogGroupRequest;

use super::group;
use super::tag::{self, Resource};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct TagLogGroup;

impl Operation for TagLogGroup {
    const NAME: &'static str = "TagLogGroup";
    const EFFECT: Effect = Effect::Changes;
    type Input = TagLogGroupRequest;
    type Output = ();

    fn on(input: &TagLogGroupRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(input: TagLogGroupRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        tag::add(cx, &Resource::LogGroup(name), input.tags).await
    }
}
