//! The log group of a configuration: whether it can be had, and the event that begins it.
//!
//! As in the original, a configuration is tried by writing: the stream is made where it is missing, and one event of plain
//! text says that all is well, each time that a configuration is put.

use corelog_catalog::{Error, LogGroupTarget, LogStream, LoggingConfiguration};
use corelog_record::LOG_STREAM;
use corelog_record::events::EventBatch;
use corelog_types::{LogGroupName, LogStreamName, Timestamp};

use super::error::Refusal;
use crate::{Api, keep};

/// Source: seen in log groups by all who read them; see <https://github.com/hashicorp/terraform-provider-aws/issues/39599>
/// for the refusal.
const FIRST_MESSAGE: &str = "Permissions are correctly set for Amazon Bedrock logs.";

/// A group that exists, of a server that keeps events.
///
/// Decision: the role is kept and shown, and nobody is asked to assume it. A role of another account is fine.
pub(crate) async fn existing(api: &Api, target: &LogGroupTarget) -> Result<LogGroupName, Refusal> {
    let Ok(name) = LogGroupName::new(target.log_group_name.clone()) else {
        return Err(refused(target));
    };
    let group = api.catalog().group(&name).await;
    let group = group.map_err(|error| Refusal::internal(&error))?;
    if group.is_none() || !api.events().are_kept() {
        return Err(refused(target));
    }
    Ok(name)
}

/// Source: the text that Terraform waits on and shows,
/// <https://github.com/hashicorp/terraform-provider-aws/issues/39599>.
fn refused(target: &LogGroupTarget) -> Refusal {
    Refusal::Validation(format!(
        "Failed to validate permissions for log group: {}, with role: {}. \
         Verify the IAM role permissions are correct.",
        target.log_group_name, target.role_arn
    ))
}

/// Since when a configuration's records go to its group: since the former one's began, if that had the same group.
pub(crate) fn since(
    target: &LogGroupTarget,
    former: Option<&LoggingConfiguration>,
    now: Timestamp,
) -> Timestamp {
    let former = former.and_then(|former| former.log_group.as_ref());
    let same = former.filter(|former| former.log_group_name == target.log_group_name);
    same.map_or(now, |former| former.since)
}

/// Makes the stream where it is missing, and writes the first event. It is durable once this returns.
pub(crate) async fn begin(api: &Api, group: &LogGroupName) -> Result<(), Refusal> {
    let now = api.clock().now();
    let stream = LogStreamName::new(LOG_STREAM).map_err(|error| Refusal::internal(&error))?;
    let stream = LogStream::new(stream, now);
    match api.catalog().create_stream(group, &stream).await {
        Ok(()) | Err(Error::Exists) => {}
        Err(error) => return Err(Refusal::internal(&error)),
    }
    let batch = EventBatch {
        group: group.as_str(),
        stream: LOG_STREAM,
        events: vec![(now.unix_ms(), FIRST_MESSAGE)],
    };
    let kept = keep::events(api.spool(), &batch, now).await;
    kept.map_err(|error| Refusal::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_of_the_same_group_goes_on_where_the_former_began() {
        let at = Timestamp::from_unix_ms;
        let target = |name: &str, since: u64| LogGroupTarget {
            log_group_name: name.to_owned(),
            role_arn: String::new(),
            large_data: None,
            since: at(since),
        };
        let former = |name: &str| LoggingConfiguration {
            log_group: Some(target(name, 5)),
            ..LoggingConfiguration::default()
        };
        let new = target("/llm", 0);
        assert_eq!(since(&new, None, at(9)), at(9));
        let nothing = LoggingConfiguration::default();
        assert_eq!(since(&new, Some(&nothing), at(9)), at(9));
        assert_eq!(since(&new, Some(&former("/other")), at(9)), at(9));
        assert_eq!(since(&new, Some(&former("/llm")), at(9)), at(5));
    }
}
