//! The record as far as it is known before the first byte goes upstream.
//!
//! It serves twice: as the intent (what the record shall be if the process dies), and as the start of the
//! record itself.

use corelog_record::stored::encode_envelope;
use corelog_record::{
    Delivered, DeliveryOutcome, Document, ErrorSource, Extension, Identity, SCHEMA_TYPE,
    SCHEMA_VERSION,
};
use corelog_types::{Dialect, RecordId};

use crate::headers::{HeaderFilter, encoding_of};
use crate::{Call, Capture};

/// The `errorCode` of an exchange of whose end there is no record.
const INTERRUPTED: &str = "Interrupted";
/// What is known of such a call. The same words for both reasons: the next start cannot tell them apart.
const NO_END: &str = "no record of this call's end could be kept: the recording process ended first, or its disk \
                      took no more";

/// A record's beginning.
pub(crate) struct Draft(Option<Document>);

impl Draft {
    pub(crate) fn of(call: &Call, headers: &HeaderFilter) -> Self {
        let extension = Extension {
            record_id: call.id.to_string(),
            provider: call.provider.to_string(),
            dialect: call.dialect.as_str().to_owned(),
            upstream: Some(call.upstream.clone()),
            method: call.method.clone(),
            path: call.path.clone(),
            http_version: Some(call.http_version.to_owned()),
            caller: call.caller.clone(),
            request_encoding: encoding_of(&call.headers),
            request_headers: headers.keep(&call.headers),
            // What holds unless the end says otherwise.
            error_source: Some(ErrorSource::Gateway),
            error_message: Some(NO_END.to_owned()),
            delivery: Some(Delivered {
                outcome: DeliveryOutcome::Unknown,
                bytes: 0,
                chunks: 0,
                closed_after_ms: None,
            }),
            ..Extension::default()
        };
        Self(Some(Document {
            timestamp: call.arrived.rfc3339_seconds(),
            account_id: call.account_id.to_string(),
            region: call.region.to_string(),
            request_id: call.id.to_string(),
            operation: call.route.operation.as_str().to_owned(),
            model_id: call.route.model.clone(),
            error_code: Some(INTERRUPTED.to_owned()),
            input: None,
            output: None,
            identity: Identity {
                arn: call.identity_arn.clone(),
            },
            inference_region: None,
            performance_config: None,
            request_metadata: None,
            schema_type: SCHEMA_TYPE.to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            corelog: Some(Box::new(extension)),
        }))
    }

    /// The model, found out after the draft was made.
    pub(crate) fn asks_for(&mut self, model: Option<&str>) {
        if let (Some(document), Some(model)) = (&mut self.0, model) {
            document.model_id = Some(model.to_owned());
        }
    }

    /// Takes the draft to be completed: nothing in it says any more how the exchange ended.
    pub(crate) fn take(&mut self) -> Option<Document> {
        let mut document = self.0.take()?;
        document.error_code = None;
        if let Some(extension) = &mut document.corelog {
            extension.error_source = None;
            extension.error_message = None;
            extension.delivery = None;
        }
        Some(document)
    }
}

impl Capture {
    /// The stored record that stands for this exchange if the process dies before its end.
    pub fn intent(&self) -> Vec<u8> {
        let draft = self.draft.0.as_ref();
        draft
            .and_then(|draft| encode_envelope(draft, &[]).ok())
            .unwrap_or_default()
    }

    /// Bedrock's own id where the answer carries one of the right form, so that records join with
    /// `CloudTrail`; ours everywhere else.
    pub(crate) fn request_id(&self) -> String {
        let theirs = self
            .answered
            .as_ref()
            .filter(|_| self.call.dialect == Dialect::Bedrock)
            .and_then(|answered| answered.headers.get("x-amzn-requestid"))
            .and_then(|value| value.to_str().ok())
            .filter(|text| text.len() == 36 && text.parse::<RecordId>().is_ok());
        theirs.map_or_else(|| self.call.id.to_string(), str::to_owned)
    }
}
