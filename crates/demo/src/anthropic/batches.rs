//! Message batches: objects that look alike whatever was stored, for nothing is.

use serde_json::{Value, json};

use super::error;
use crate::ask::seed;
use crate::behaviour::Fault;
use crate::reply::Reply;
use crate::routes::Call;

pub(super) fn reply(call: &Call<'_>, rest: &[&str]) -> Reply {
    match (call.method.as_str(), rest) {
        ("POST", []) => {
            let requests = call.json()["requests"].as_array().map_or(0, Vec::len);
            let id = format!("msgbatch_{:016x}", seed(b"batch", call.body));
            Reply::ok(&batch(&id, "in_progress", requests))
        }
        ("GET", []) => {
            let id = "msgbatch_0000000000000001";
            Reply::ok(&json!({
                "data": [batch(id, "in_progress", 1)],
                "first_id": id, "last_id": id, "has_more": false
            }))
        }
        ("GET", [id]) => Reply::ok(&batch(id, "in_progress", 1)),
        ("POST", [id, "cancel"]) => Reply::ok(&batch(id, "canceling", 1)),
        ("DELETE", [id]) => Reply::ok(&json!({"id": id, "type": "message_batch_deleted"})),
        _ => error(call, Fault::Status(404), "There is no such resource."),
    }
}

fn batch(id: &str, status: &str, requests: usize) -> Value {
    json!({
        "id": id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {
            "processing": requests, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0
        },
        "created_at": "2026-09-21T12:00:00Z",
        "expires_at": "2026-09-22T12:00:00Z",
        "ended_at": null,
        "archived_at": null,
        "cancel_initiated_at": null,
        "results_url": null
    })
}
