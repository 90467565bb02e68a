//! `CreateLogStream`.

use corelog_catalog::{Error, LogStream};
use corelog_wire::logs::shapes::CreateLogStreamRequest;

use super::group;
use crate::aws::{Context, Effect, Fault, Kind, Operation};

pub(crate) struct CreateLogStream;

impl Operation for CreateLogStream {
    const NAME: &'static str = "CreateLogStream";
    const EFFECT: Effect = Effect::Changes;
    type Input = CreateLogStreamRequest;
    type Output = ();

    fn on(input: &CreateLogStreamRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on_stream(&input.log_group_name, &input.log_stream_name, cx)
    }

    async fn run(input: CreateLogStreamRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let group = group::named(&input.log_group_name)?;
        let name = group::stream_named(&input.log_stream_name)?;
        let stream = LogStream::new(name, cx.now());
        let created = cx.catalog().create_stream(&group, &stream).await;
        created.map_err(|error| match error {
            Error::Exists => Fault::new(
                Kind::ResourceAlreadyExists,
                "The specified log stream already exists",
            ),
            other => group::refused(other),
        })
    }
}
