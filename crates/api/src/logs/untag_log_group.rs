//! `UntagLogGroup`. Superseded, and still called by older clients.

use corelog_wire::logs::shapes::UntagLogGroupRequest;

use super::group;
use super::tag::{self, Resource};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct UntagLogGroup;

impl Operation for UntagLogGroup {
    const NAME: &'static str = "UntagLogGroup";
    const EFFECT: Effect = Effect::Changes;
    type Input = UntagLogGroupRequest;
    type Output = ();

    fn on(input: &UntagLogGroupRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(input: UntagLogGroupRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        tag::remove(cx, &Resource::LogGroup(name), input.tags).await
    }
}
