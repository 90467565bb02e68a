//! `PutModelInvocationLoggingConfiguration`.

use bytes::Bytes;
use corelog_access::Caller;
use corelog_catalog::{LogGroupTarget, LoggingConfiguration};
use corelog_telemetry::Chain;
use http::{Request, Response};

use super::error::{Refusal, success};
use super::{BucketRefused, shapes};
use crate::{Action, Api, Body};

/// Replaces the control API's configuration as a whole, or refuses it as a whole.
pub(crate) async fn put(
    api: &Api,
    request: &Request<Bytes>,
    caller: &Caller,
) -> Result<Response<Body>, Refusal> {
    let configuration = shapes::parse(request.body())?;
    api.may(caller, Action::PutModelInvocationLoggingConfiguration)?;
    let _alone = api.changing_logging().await;
    if let Some(group) = &configuration.log_group {
        return Err(log_group_refused(group));
    }
    api.destinations()
        .check(&configuration)
        .await
        .map_err(|refused| bucket_refused(&refused))?;
    replace(api, configuration).await?;
    Ok(success(b"{}".to_vec()))
}

/// Persists the configuration, then starts it; if it does not start, the former one is put back.
async fn replace(api: &Api, configuration: LoggingConfiguration) -> Result<(), Refusal> {
    let catalog = api.catalog();
    let internal = |error: corelog_catalog::Error| Refusal::internal(&error);
    let former = catalog.logging().await.map_err(internal)?;
    catalog
        .put_logging(&configuration)
        .await
        .map_err(internal)?;
    let Err(error) = api.destinations().start(&configuration).await else {
        return Ok(());
    };
    let refusal = Refusal::internal(&error);
    let put_back = match &former {
        Some(former) => catalog.put_logging(former).await,
        None => catalog.delete_logging().await,
    };
    put_back.map_err(internal)?;
    let restored = match &former {
        Some(former) => api.destinations().start(former).await,
        None => api.destinations().stop().await,
    };
    if let Err(error) = restored {
        tracing::error!(error = %Chain(&error), "the former logging configuration is not running");
    }
    Err(refusal)
}

/// Log groups are not served in this version. The text is the one that Terraform waits on and shows.
///
/// Source: <https://github.com/hashicorp/terraform-provider-aws/issues/39599>
fn log_group_refused(group: &LogGroupTarget) -> Refusal {
    Refusal::Validation(format!(
        "Failed to validate permissions for log group: {}, with role: {}. \
         Verify the IAM role permissions are correct.",
        group.log_group_name, group.role_arn
    ))
}

fn bucket_refused(refused: &BucketRefused) -> Refusal {
    tracing::info!(error = %Chain(refused), "a logging configuration was refused");
    Refusal::Validation(format!(
        "Failed to validate permissions for bucket: {}. \
         Verify the S3 bucket policy permissions are correct.",
        refused.bucket
    ))
}
