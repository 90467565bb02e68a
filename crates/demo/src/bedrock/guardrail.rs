//! Guardrails: what they leave in an answer, and applying one alone.

use serde_json::{Value, json};

use super::error;
use crate::answer::WITHHELD;
use crate::ask::Ask;
use crate::reply::Reply;
use crate::routes::Call;

const ID: &str = "gr7demo2p9q1";

fn assessment() -> Value {
    json!({
        "contentPolicy": {"filters": [{
            "type": "MISCONDUCT", "confidence": "HIGH", "filterStrength": "HIGH",
            "action": "BLOCKED", "detected": true
        }]},
        "invocationMetrics": {
            "guardrailProcessingLatency": 274,
            "usage": usage(),
            "guardrailCoverage": {"textCharacters": {"guarded": 30, "total": 30}}
        }
    })
}

fn usage() -> Value {
    json!({
        "topicPolicyUnits": 1, "contentPolicyUnits": 1, "wordPolicyUnits": 0,
        "sensitiveInformationPolicyUnits": 0, "sensitiveInformationPolicyFreeUnits": 0,
        "contextualGroundingPolicyUnits": 0
    })
}

/// `trace.guardrail` of an answer to a question that was blocked.
pub(super) fn trace() -> Value {
    json!({"inputAssessment": {ID: assessment()}, "actionReason": "Guardrail blocked."})
}

/// The members that a native body gets when its question was blocked.
pub(super) fn mark(body: &mut Value) {
    body["amazon-bedrock-guardrailAction"] = json!("INTERVENED");
    let guardrail = json!({"input": {ID: assessment()}, "actionReason": "Guardrail blocked."});
    body["amazon-bedrock-trace"] = json!({"guardrail": guardrail});
}

/// Applies a guardrail to the content given; one whose id begins with `block` always intervenes.
pub(super) fn apply(call: &Call<'_>, id: &str, version: &str) -> Reply {
    // Guardrail ids have no room for `demo-…`; the version, which is free text here, has.
    let ask = Ask::new(version, call.body, String::new());
    call.respond(&ask, error, |_| {
        let intervenes = id.starts_with("block");
        let (action, reason) = if intervenes {
            ("GUARDRAIL_INTERVENED", "Guardrail blocked.")
        } else {
            ("NONE", "No action.")
        };
        let outputs = intervenes.then(|| json!({"text": WITHHELD}));
        let assessments = intervenes.then(assessment);
        Reply::ok(&json!({
            "usage": usage(),
            "action": action,
            "actionReason": reason,
            "outputs": outputs.into_iter().collect::<Vec<_>>(),
            "assessments": assessments.into_iter().collect::<Vec<_>>(),
            "guardrailCoverage": {"textCharacters": {"guarded": 30, "total": 30}}
        }))
    })
}
