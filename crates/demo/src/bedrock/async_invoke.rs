//! Asynchronous invocations: started, asked after, listed.

use serde_json::{Value, json};

use super::error;
use crate::ask::{Ask, seed};
use crate::behaviour::Fault;
use crate::reply::Reply;
use crate::routes::Call;

const PREFIX: &str = "arn:aws:bedrock:us-east-1:111122223333:async-invoke/";
const MODEL: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-reel-v1:1";

pub(super) fn reply(call: &Call<'_>, rest: &[&str]) -> Reply {
    match (call.method.as_str(), rest) {
        ("POST", []) => start(call),
        ("GET", []) => Reply::ok(&json!({
            "asyncInvokeSummaries": [summary(&format!("{PREFIX}demo00000001"))]
        })),
        ("GET", [arn]) => Reply::ok(&summary(arn)),
        _ => error(call, Fault::Status(404), "There is no such invocation."),
    }
}

fn start(call: &Call<'_>) -> Reply {
    let body = call.json();
    let Some(model) = body["modelId"].as_str() else {
        return error(call, Fault::Validation, "modelId is required.");
    };
    let ask = Ask::new(model, call.body, String::new());
    call.respond(&ask, error, |_| {
        let number = seed(b"async", call.body) & 0xffff_ffff_ffff;
        Reply::ok(&json!({"invocationArn": format!("{PREFIX}{number:012x}")}))
    })
}

fn summary(arn: &str) -> Value {
    json!({
        "invocationArn": arn,
        "modelArn": MODEL,
        "status": "Completed",
        "submitTime": "2026-09-21T12:00:00Z",
        "lastModifiedTime": "2026-09-21T12:01:10Z",
        "endTime": "2026-09-21T12:01:10Z",
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://demo-videos/harbour"}}
    })
}
