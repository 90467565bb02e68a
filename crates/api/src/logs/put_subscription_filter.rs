//! `PutSubscriptionFilter`.
//!
//! The destination is sent a control message first, as the service does: a filter that is put is one whose destination
//! took something.

use corelog_catalog::{Distribution, Error, SubscriptionFilter};
use corelog_patterns::Pattern;
use corelog_telemetry::Chain;
use corelog_types::{DestinationArn, Timestamp, Vendor};
use corelog_wire::logs::shapes::PutSubscriptionFilterRequest;

use super::{DestinationRefused, group};
use crate::aws::{Context, Effect, Fault, Operation};

/// How much of a filter's name is in its id, so that people know it where ids are shown.
const ID_NAME_CHARS: usize = 24;
/// How much of what makes it another one.
const ID_RANDOM_CHARS: usize = 12;

pub(crate) struct PutSubscriptionFilter;

impl Operation for PutSubscriptionFilter {
    const NAME: &'static str = "PutSubscriptionFilter";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutSubscriptionFilterRequest;
    type Output = ();

    fn on(input: &PutSubscriptionFilterRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(input: PutSubscriptionFilterRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        Pattern::parse(&input.filter_pattern)
            .map_err(|error| Fault::invalid_parameter(error.to_string()))?;
        refuse_what_is_not_served(&input)?;
        let arn = destination(&input, &cx.account().id)?;
        group::existing(cx, &name).await?;
        let most = cx.subscriptions().filters_max();
        // One filter more than there may be is not worth a message; the catalog decides about two at once.
        let kept = cx.catalog().subscription_filters(&name, "", None, u32::MAX);
        let kept = kept.await?;
        let is_new = kept.iter().all(|kept| kept.name != input.filter_name);
        if is_new && kept.len() >= most {
            return Err(Fault::limit_exceeded());
        }
        let checked = cx.subscriptions().check(&arn).await;
        checked.map_err(|refused| unfit(&arn, &refused))?;
        let distribution = input.distribution.as_deref();
        let filter = SubscriptionFilter {
            id: new_id(&input.filter_name, cx.now()),
            group: name,
            name: input.filter_name,
            pattern: input.filter_pattern,
            destination: arn.as_str().to_owned(),
            role: input.role_arn,
            distribution: distribution
                .and_then(Distribution::from_name)
                .unwrap_or(Distribution::ByLogStream),
            created: cx.now(),
        };
        let put = cx.catalog().put_subscription_filter(&filter, most).await;
        put.map_err(|error| match error {
            Error::NotFound => group::missing(),
            Error::Full { .. } => Fault::limit_exceeded(),
            other => Fault::from(other),
        })?;
        let changed = cx.subscriptions().changed().await;
        changed.map_err(|error| Fault::unavailable(&error))
    }
}

/// What would change what is sent, and does not here.
fn refuse_what_is_not_served(input: &PutSubscriptionFilterRequest) -> Result<(), Fault> {
    let asked = [
        (
            "applyOnTransformedLogs",
            input.apply_on_transformed_logs == Some(true),
        ),
        (
            "fieldSelectionCriteria",
            input
                .field_selection_criteria
                .as_deref()
                .is_some_and(|it| !it.is_empty()),
        ),
        (
            "emitSystemFields",
            input
                .emit_system_fields
                .as_deref()
                .is_some_and(|it| !it.is_empty()),
        ),
    ];
    match asked.into_iter().find(|(_, is_asked)| *is_asked) {
        Some((member, _)) => {
            let text = format!("Corelog does not serve `{member}` of subscription filters.");
            Err(Fault::invalid_parameter(text))
        }
        None => Ok(()),
    }
}

/// The destination, with a role if it needs one. Texts as the service has them.
fn destination(
    input: &PutSubscriptionFilterRequest,
    account: &str,
) -> Result<DestinationArn, Fault> {
    let arn = DestinationArn::new(input.destination_arn.as_str());
    let arn =
        arn.map_err(|error| Fault::invalid_parameter(format!("destinationArn is {error}.")))?;
    let vendor = arn.vendor().as_str();
    match (arn.vendor(), &input.role_arn) {
        (Vendor::Kinesis | Vendor::Firehose, None) => {
            let text = format!("destinationArn for vendor {vendor} cannot be used without roleArn");
            Err(Fault::invalid_parameter(text))
        }
        (Vendor::Lambda, Some(_)) => {
            let text = format!("destinationArn for vendor {vendor} cannot be used with roleArn");
            Err(Fault::invalid_parameter(text))
        }
        (Vendor::Lambda, None) if arn.account() != account => Err(Fault::access_denied(
            "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross \
             account lambda triggers.",
        )),
        _ => Ok(arn),
    }
}

/// Clients know the service's words for a destination that takes nothing, and some try again for a while; behind them
/// is what happened.
fn unfit(arn: &DestinationArn, refused: &DestinationRefused) -> Fault {
    let source = match refused {
        DestinationRefused::Unknown => {
            let name = arn.name();
            return Fault::invalid_parameter(format!(
                "destinationArn stands for nobody: add a [[subscriber]] with the name `{name}` to Corelog's \
                 configuration, or `{name}` to the `arns` of one."
            ));
        }
        DestinationRefused::Failed(source) => source,
    };
    let said = match arn.vendor() {
        Vendor::Lambda => {
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute \
             your function."
        }
        Vendor::Kinesis => {
            "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in \
             ACTIVE state."
        }
        Vendor::Firehose => {
            "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in \
             ACTIVE state."
        }
        Vendor::Logs => {
            "Could not deliver test message to specified destination. Check if the destination is valid."
        }
    };
    Fault::invalid_parameter(format!("{said} ({})", Chain(&**source)))
}

/// An id of its own, which says the name as far as an id can.
fn new_id(name: &str, now: Timestamp) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name: String = name
        .chars()
        .map(|c| if fits(c) { c.to_ascii_lowercase() } else { '-' })
        .take(ID_NAME_CHARS)
        .collect();
    let random = corelog_runtime::record_id(now).to_string();
    let random = random.get(random.len().saturating_sub(ID_RANDOM_CHARS)..);
    format!("{name}.{}", random.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_the_name_and_is_another_each_time() {
        let now = Timestamp::from_unix_ms(1_795_166_142_123);
        for (name, expected) in [
            ("Errors only", "errors-only."),
            ("ÄÖ/ü", "----."),
            (&"x".repeat(99), &format!("{}.", "x".repeat(24))),
        ] {
            let (one, other) = (new_id(name, now), new_id(name, now));
            assert!(one.starts_with(expected), "{one}");
            assert_eq!(one.len(), expected.len() + 12);
            assert_ne!(one, other);
        }
    }
}
