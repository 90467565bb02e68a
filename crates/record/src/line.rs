//! A record as one line of JSON: the document with each body in its slot.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{Document, Input, Output};

/// What kind of bytes a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyForm {
    /// Valid JSON without a raw line break: fits a line as it is.
    Json,
    /// Valid JSON with line breaks between its tokens.
    Pretty,
    /// UTF-8 that is not JSON; becomes a JSON string.
    Text,
    /// Anything else.
    Binary,
}

/// Where a body goes in one line.
#[derive(Debug, Clone, Copy)]
pub enum BodySlot<'a> {
    /// Not in the line at all.
    Absent,
    /// As `inputBodyJson` or `outputBodyJson`: JSON on one line.
    Json(&'a [u8]),
    /// As `inputBodyJson` or `outputBodyJson`: a JSON string of this text.
    Text(&'a str),
    /// As `inputBodyS3Path` or `outputBodyS3Path`.
    Path(&'a str),
}

/// Bytes that were said to be JSON are not.
#[derive(Debug, thiserror::Error)]
#[error("a body said to be JSON is not")]
pub struct InvalidBody(#[source] serde_json::Error);

/// Appends the record to `out` as one line, its line break included.
///
/// # Errors
/// [`InvalidBody`] if a [`BodySlot::Json`] is not UTF-8 text; `out` is then as it was.
pub fn line(
    document: &Document,
    input: BodySlot<'_>,
    output: BodySlot<'_>,
    out: &mut Vec<u8>,
) -> Result<(), InvalidBody> {
    let start = out.len();
    let form = LineForm {
        document,
        input,
        output,
    };
    if let Err(error) = serde_json::to_writer(&mut *out, &form) {
        out.truncate(start);
        return Err(InvalidBody(error));
    }
    out.push(b'\n');
    Ok(())
}

struct LineForm<'a> {
    document: &'a Document,
    input: BodySlot<'a>,
    output: BodySlot<'a>,
}

impl Serialize for LineForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let d = self.document;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &d.timestamp)?;
        map.serialize_entry("accountId", &d.account_id)?;
        map.serialize_entry("region", &d.region)?;
        map.serialize_entry("requestId", &d.request_id)?;
        map.serialize_entry("operation", &d.operation)?;
        entry_if(&mut map, "modelId", d.model_id.as_ref())?;
        entry_if(&mut map, "errorCode", d.error_code.as_ref())?;
        let input = d.input.as_ref().map(|facts| InputForm {
            facts,
            body: self.input,
        });
        entry_if(&mut map, "input", input.as_ref())?;
        let output = d.output.as_ref().map(|facts| OutputForm {
            facts,
            body: self.output,
        });
        entry_if(&mut map, "output", output.as_ref())?;
        map.serialize_entry("identity", &d.identity)?;
        entry_if(&mut map, "inferenceRegion", d.inference_region.as_ref())?;
        entry_if(&mut map, "performanceConfig", d.performance_config.as_ref())?;
        entry_if(&mut map, "requestMetadata", d.request_metadata.as_ref())?;
        map.serialize_entry("schemaType", &d.schema_type)?;
        map.serialize_entry("schemaVersion", &d.schema_version)?;
        entry_if(&mut map, "corelog", d.corelog.as_ref())?;
        map.end()
    }
}

struct InputForm<'a> {
    facts: &'a Input,
    body: BodySlot<'a>,
}

impl Serialize for InputForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry_if(
            &mut map,
            "inputContentType",
            self.facts.input_content_type.as_ref(),
        )?;
        body_entry(&mut map, self.body, "inputBodyJson", "inputBodyS3Path")?;
        entry_if(
            &mut map,
            "inputTokenCount",
            self.facts.input_token_count.as_ref(),
        )?;
        entry_if(
            &mut map,
            "cacheReadInputTokenCount",
            self.facts.cache_read_input_token_count.as_ref(),
        )?;
        entry_if(
            &mut map,
            "cacheWriteInputTokenCount",
            self.facts.cache_write_input_token_count.as_ref(),
        )?;
        map.end()
    }
}

struct OutputForm<'a> {
    facts: &'a Output,
    body: BodySlot<'a>,
}

impl Serialize for OutputForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let f = self.facts;
        let mut map = serializer.serialize_map(None)?;
        entry_if(
            &mut map,
            "outputContentType",
            f.output_content_type.as_ref(),
        )?;
        body_entry(&mut map, self.body, "outputBodyJson", "outputBodyS3Path")?;
        entry_if(&mut map, "outputTokenCount", f.output_token_count.as_ref())?;
        entry_if(
            &mut map,
            "outputImageHeight",
            f.output_image_height.as_ref(),
        )?;
        entry_if(&mut map, "outputImageWidth", f.output_image_width.as_ref())?;
        let steps = f.output_image_bucketed_step_size.as_ref();
        entry_if(&mut map, "outputImageBucketedStepSize", steps)?;
        map.end()
    }
}

fn entry_if<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &'static str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

fn body_entry<M: SerializeMap>(
    map: &mut M,
    body: BodySlot<'_>,
    json_name: &'static str,
    path_name: &'static str,
) -> Result<(), M::Error> {
    match body {
        BodySlot::Absent => Ok(()),
        BodySlot::Text(text) => map.serialize_entry(json_name, text),
        BodySlot::Path(path) => map.serialize_entry(path_name, path),
        BodySlot::Json(bytes) => {
            let raw: &RawValue =
                serde_json::from_slice(bytes).map_err(serde::ser::Error::custom)?;
            map.serialize_entry(json_name, raw)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"timestamp":"2026-11-20T09:15:42Z","accountId":"111122223333","region":"us-east-1","requestId":"r","operation":"Converse","modelId":"m","input":{"inputContentType":"application/json","inputTokenCount":9},"output":{"outputContentType":"application/json","outputTokenCount":8},"identity":{"arn":"a"},"schemaType":"ModelInvocationLog","schemaVersion":"1.0"}"#;

    fn check(input: BodySlot<'_>, output: BodySlot<'_>, expected: &str) {
        let document: Document = serde_json::from_str(DOCUMENT).unwrap();
        let mut out = b"before\n".to_vec();
        line(&document, input, output, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("before\n{expected}\n")
        );
    }

    #[test]
    fn bodies_take_their_slots_and_numbers_keep_their_digits() {
        check(
            BodySlot::Json(br#"{"temperature":0.10}"#),
            BodySlot::Text("plain \"words\""),
            &DOCUMENT
                .replace(
                    r#""application/json","inputTokenCount""#,
                    r#""application/json","inputBodyJson":{"temperature":0.10},"inputTokenCount""#,
                )
                .replace(
                    r#""application/json","outputTokenCount""#,
                    r#""application/json","outputBodyJson":"plain \"words\"","outputTokenCount""#,
                ),
        );
    }

    #[test]
    fn a_path_replaces_the_body_and_absent_leaves_nothing() {
        check(
            BodySlot::Path("s3://b/k"),
            BodySlot::Absent,
            &DOCUMENT.replace(
                r#""application/json","inputTokenCount""#,
                r#""application/json","inputBodyS3Path":"s3://b/k","inputTokenCount""#,
            ),
        );
    }

    #[test]
    fn a_body_that_is_no_json_leaves_the_buffer_as_it_was() {
        let document: Document = serde_json::from_str(DOCUMENT).unwrap();
        let mut out = b"kept".to_vec();
        assert!(line(&document, BodySlot::Json(b"{"), BodySlot::Absent, &mut out).is_err());
        assert_eq!(out, b"kept");
    }
}
