//! Models, files and batches: objects that look alike whatever was stored, for nothing is.

use serde_json::{Value, json};

use super::error;
use crate::ask::seed;
use crate::behaviour::Fault;
use crate::reply::Reply;
use crate::routes::Call;

const CREATED: u64 = 1_790_000_000;

pub(super) fn models(call: &Call<'_>, rest: &[&str]) -> Reply {
    let model =
        |id: &str| json!({"id": id, "object": "model", "created": CREATED, "owned_by": "demo"});
    match (call.method.as_str(), rest) {
        ("GET", []) => list(&["demo-model", "demo-echo", "demo-slow"].map(model)),
        ("GET", [id]) => Reply::ok(&model(id)),
        _ => wrong(call),
    }
}

pub(super) fn files(call: &Call<'_>, rest: &[&str]) -> Reply {
    let file = |id: &str, bytes: usize| {
        json!({
            "id": id, "object": "file", "bytes": bytes, "created_at": CREATED,
            "filename": "harbour.jsonl", "purpose": "batch", "status": "processed"
        })
    };
    match (call.method.as_str(), rest) {
        ("POST", []) => {
            let id = format!("file-{:016x}", seed(b"file", call.body));
            Reply::ok(&file(&id, call.body.len()))
        }
        ("GET", []) => list(&[file("file-0000000000000001", 120)]),
        ("GET", [id]) => Reply::ok(&file(id, 120)),
        ("GET", [_, "content"]) => Reply::whole(
            http::StatusCode::OK,
            "application/octet-stream",
            "{\"custom_id\":\"1\"}\n",
        ),
        ("DELETE", [id]) => Reply::ok(&json!({"id": id, "object": "file", "deleted": true})),
        _ => wrong(call),
    }
}

pub(super) fn batches(call: &Call<'_>, rest: &[&str]) -> Reply {
    let batch = |id: &str, status: &str, request: &Value| {
        let or = |member: &str, otherwise: &str| {
            request
                .get(member)
                .cloned()
                .unwrap_or_else(|| json!(otherwise))
        };
        json!({
            "id": id, "object": "batch", "endpoint": or("endpoint", "/v1/chat/completions"),
            "errors": null, "input_file_id": or("input_file_id", "file-0000000000000001"),
            "completion_window": or("completion_window", "24h"), "status": status,
            "created_at": CREATED, "expires_at": CREATED + 86_400,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": request.get("metadata").cloned().unwrap_or_default()
        })
    };
    let known = json!({});
    match (call.method.as_str(), rest) {
        ("POST", []) => {
            let id = format!("batch_{:016x}", seed(b"batch", call.body));
            Reply::ok(&batch(&id, "validating", &call.json()))
        }
        ("GET", []) => list(&[batch("batch_0000000000000001", "in_progress", &known)]),
        ("GET", [id]) => Reply::ok(&batch(id, "in_progress", &known)),
        ("POST", [id, "cancel"]) => Reply::ok(&batch(id, "cancelling", &known)),
        _ => wrong(call),
    }
}

fn list(data: &[Value]) -> Reply {
    let id = |item: Option<&Value>| item.map(|item| item["id"].clone());
    Reply::ok(&json!({
        "object": "list", "data": data, "first_id": id(data.first()),
        "last_id": id(data.last()), "has_more": false
    }))
}

fn wrong(call: &Call<'_>) -> Reply {
    error(call, Fault::Status(404), "There is no such resource.")
}
