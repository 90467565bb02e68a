//! `CreateLogGroup`.

use corelog_catalog::{LogGroup, LogGroupClass};
use corelog_wire::logs::shapes::CreateLogGroupRequest;

use super::{arn, group, tag};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct CreateLogGroup;

impl Operation for CreateLogGroup {
    const NAME: &'static str = "CreateLogGroup";
    const EFFECT: Effect = Effect::Changes;
    type Input = CreateLogGroupRequest;
    type Output = ();

    fn on(input: &CreateLogGroupRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = group::named(&input.log_group_name)?;
        if name.as_str().to_ascii_lowercase().starts_with("aws/") {
            let text = "Log groups starting with AWS/ are reserved for AWS.";
            return Err(Fault::invalid_parameter(text));
        }
        if let Some(tags) = &input.tags {
            tag::check_keys(tags)?;
        }
        Ok(arn::of_group(cx.account(), &name))
    }

    async fn run(input: CreateLogGroupRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        let class = input.log_group_class.as_deref();
        let class = class.and_then(LogGroupClass::from_name);
        let wanted = LogGroup {
            class: class.unwrap_or(LogGroupClass::Standard),
            kms_key: input.kms_key_id,
            deletion_protected: input.deletion_protection_enabled.unwrap_or(false),
            tags: input.tags.unwrap_or_default(),
            ..LogGroup::new(name, cx.now())
        };
        let created = cx.catalog().create_group(&wanted).await;
        created.map_err(group::refused)
    }
}
