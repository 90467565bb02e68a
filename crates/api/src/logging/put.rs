//! `PutModelInvocationLoggingConfiguration`.

use bytes::Bytes;
use corelog_access::Caller;
use corelog_catalog::LoggingConfiguration;
use corelog_telemetry::Chain;
use http::{Request, Response};

use super::error::{Refusal, success};
use super::{BucketRefused, log_group, shapes};
use crate::{Action, Api, Body};

/// Replaces the control API's configuration as a whole, or refuses it as a whole.
pub(crate) async fn put(
    api: &Api,
    request: &Request<Bytes>,
    caller: &Caller,
) -> Result<Response<Body>, Refusal> {
    let mut configuration = shapes::parse(request.body())?;
    api.may(caller, Action::PutModelInvocationLoggingConfiguration)?;
    let _alone = api.changing_logging().await;
    let internal = |error: corelog_catalog::Error| Refusal::internal(&error);
    let former = api.catalog().logging().await.map_err(internal)?;
    let group = match &configuration.log_group {
        Some(target) => Some(log_group::existing(api, target).await?),
        None => None,
    };
    api.destinations()
        .check(&configuration)
        .await
        .map_err(|refused| bucket_refused(&refused))?;
    if let Some(group) = &group {
        log_group::begin(api, group).await?;
    }
    if let Some(target) = &mut configuration.log_group {
        target.since = log_group::since(target, former.as_ref(), api.clock().now());
    }
    replace(api, &configuration, former.as_ref()).await?;
    Ok(success(b"{}".to_vec()))
}

/// Persists the configuration, then starts it; if it does not start, the former one is put back.
async fn replace(
    api: &Api,
    configuration: &LoggingConfiguration,
    former: Option<&LoggingConfiguration>,
) -> Result<(), Refusal> {
    let catalog = api.catalog();
    let internal = |error: corelog_catalog::Error| Refusal::internal(&error);
    catalog.put_logging(configuration).await.map_err(internal)?;
    let Err(error) = api.destinations().start(configuration).await else {
        return Ok(());
    };
    let refusal = Refusal::internal(&error);
    let put_back = match former {
        Some(former) => catalog.put_logging(former).await,
        None => catalog.delete_logging().await,
    };
    put_back.map_err(internal)?;
    let restored = match former {
        Some(former) => api.destinations().start(former).await,
        None => api.destinations().stop().await,
    };
    if let Err(error) = restored {
        tracing::error!(error = %Chain(&error), "the former logging configuration is not running");
    }
    Err(refusal)
}

fn bucket_refused(refused: &BucketRefused) -> Refusal {
    tracing::info!(error = %Chain(refused), "a logging configuration was refused");
    Refusal::Validation(format!(
        "Failed to validate permissions for bucket: {}. \
         Verify the S3 bucket policy permissions are correct.",
        refused.bucket
    ))
}
