//! Images, speech, transcriptions, moderations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use serde_json::json;

use super::error;
use crate::answer;
use crate::ask::Ask;
use crate::picture::png;
use crate::reply::Reply;
use crate::routes::Call;

const IMAGES_MAX: u64 = 4;

pub(super) fn images(call: &Call<'_>) -> Reply {
    let body = call.json();
    let prompt = body["prompt"].as_str().unwrap_or_default();
    let ask = Ask::new(
        body["model"].as_str().unwrap_or_default(),
        call.body,
        prompt.to_owned(),
    );
    call.respond(&ask, error, |answer| {
        let n = body["n"].as_u64().unwrap_or(1).clamp(1, IMAGES_MAX);
        let (width, height) = size(body["size"].as_str().unwrap_or_default());
        let data: Vec<_> = (0..n)
            .map(|n| {
                png(
                    answer.seed.wrapping_add(n),
                    width,
                    height,
                    Compression::fast(),
                )
            })
            .map(|image| json!({"b64_json": STANDARD.encode(image)}))
            .collect();
        let (input, output) = (answer::count(prompt).max(1), 272 * n);
        Reply::ok(&json!({
            "created": answer.created(),
            "background": "opaque",
            "data": data,
            "output_format": "png",
            "quality": "low",
            "size": format!("{width}x{height}"),
            "usage": {
                "input_tokens": input,
                "input_tokens_details": {"image_tokens": 0, "text_tokens": input},
                "output_tokens": output,
                "total_tokens": input + output
            }
        }))
    })
}

fn size(text: &str) -> (u32, u32) {
    let parsed = text
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    parsed.unwrap_or((256, 256))
}

/// Speech: real WAVE, a tone for every word.
pub(super) fn speech(call: &Call<'_>) -> Reply {
    let body = call.json();
    let text = body["input"].as_str().unwrap_or_default();
    let ask = Ask::new(
        body["model"].as_str().unwrap_or_default(),
        call.body,
        text.to_owned(),
    );
    call.respond(&ask, error, |_| {
        Reply::whole(http::StatusCode::OK, "audio/wav", tones(text))
    })
}

/// Eight thousand 8-bit samples a second, at most a minute of them.
///
/// Source: <https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html>
fn tones(text: &str) -> Vec<u8> {
    const RATE: u32 = 8_000;
    const SAMPLES_A_WORD: usize = 800;
    let mut samples = Vec::new();
    for word in text.split_whitespace().take(600) {
        let period = 16 + word.len() % 24;
        samples.extend((0..SAMPLES_A_WORD).map(|n| if n % period < period / 2 { 96 } else { 160 }));
    }
    let length = u32::try_from(samples.len()).unwrap_or(0);
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&(36 + length).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend_from_slice(&[1, 0, 1, 0]);
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&RATE.to_le_bytes());
    // One byte a frame, eight bits a sample.
    file.extend_from_slice(&[1, 0, 8, 0]);
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&samples);
    file
}

/// A transcription of whatever was uploaded; the model's name is looked for in the form.
pub(super) fn transcription(call: &Call<'_>) -> Reply {
    let model = form_field(call.body, "model").unwrap_or_default();
    let ask = Ask::new(&model, call.body, String::new());
    call.respond(&ask, error, |answer| {
        let text: String = answer.pieces().into_iter().take(24).collect();
        let tokens = answer::count(&text);
        Reply::ok(&json!({
            "text": text.trim_end(),
            "usage": {
                "type": "tokens",
                "input_tokens": 140,
                "input_token_details": {"text_tokens": 0, "audio_tokens": 140},
                "output_tokens": tokens,
                "total_tokens": 140 + tokens
            }
        }))
    })
}

/// The text of a field of a multipart form.
fn form_field(body: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let after = text.split_once(&format!("name=\"{name}\""))?.1;
    let value = after.split_once("\r\n\r\n")?.1;
    Some(value.split_once("\r\n")?.0.to_owned())
}

pub(super) fn moderation(call: &Call<'_>) -> Reply {
    let body = call.json();
    let model = body["model"].as_str().unwrap_or("omni-moderation-latest");
    let ask = Ask::new(model, call.body, String::new());
    call.respond(&ask, error, |answer| {
        let flagged = ask.behaviour.guardrail;
        let score = if flagged { 0.97 } else { 0.002 };
        Reply::ok(&json!({
            "id": format!("modr-{}", answer.id(0)),
            "model": model,
            "results": [{
                "flagged": flagged,
                "categories": {"harassment": false, "violence": flagged, "self-harm": false},
                "category_scores": {"harassment": 0.001, "violence": score, "self-harm": 0.0004},
                "category_applied_input_types": {
                    "harassment": ["text"], "violence": ["text"], "self-harm": ["text"]
                }
            }]
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_a_form_is_found() {
        let form =
            b"--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n--b--\r\n";
        assert_eq!(form_field(form, "model").as_deref(), Some("whisper"));
        assert_eq!(form_field(form, "file"), None);
        assert_eq!(form_field(b"name=\"model\"", "model"), None);
    }

    #[test]
    fn a_tone_for_every_word() {
        let file = tones("two words");
        assert_eq!(file.len(), 44 + 1_600);
        assert_eq!(&file[8..12], b"WAVE");
    }
}
