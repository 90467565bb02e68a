//! Pictures, sound and film inside messages, left out where a receiver does not take them.
//!
//! A part that is left out stays as `{"type": "omitted", "modality": "image"}`, so that the conversation still says that
//! there was one.

use serde_json::{Map, Value, json};

/// Which media are sent within messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// Pictures and documents.
    pub image: bool,
    /// Speech and sound.
    pub audio: bool,
    /// Moving pictures.
    pub video: bool,
}

impl Media {
    /// Everything.
    pub const ALL: Self = Self {
        image: true,
        audio: true,
        video: true,
    };

    fn takes(self, modality: &str) -> bool {
        match modality {
            "image" => self.image,
            "audio" => self.audio,
            _ => self.video,
        }
    }

    /// Leaves out the parts of other media, wherever in a value they are: what a tool gave back has parts of its own.
    pub(super) fn sift(self, value: &mut Value) {
        if self == Self::ALL {
            return;
        }
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.sift(value)),
            Value::Object(part) => match modality(part).filter(|it| !self.takes(it)) {
                Some(modality) => *value = json!({"type": "omitted", "modality": modality}),
                None => part.values_mut().for_each(|value| self.sift(value)),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The kind of media that a part is, in the words of any dialect; `None` for any other object.
fn modality(part: &Map<String, Value>) -> Option<&'static str> {
    let text = |key: &str| part.get(key).and_then(Value::as_str);
    let by_mime = ["mime_type", "mimeType", "media_type"]
        .iter()
        .find_map(|key| of_mime(text(key)?));
    match text("type").unwrap_or_default() {
        "blob" | "uri" | "file" => {
            let named = match text("modality") {
                Some("audio") => Some("audio"),
                Some("video") => Some("video"),
                _ => None,
            };
            named.or(by_mime).or(Some("image"))
        }
        "image"
        | "image_url"
        | "input_image"
        | "document"
        | "input_file"
        | "image_generation_call" => Some("image"),
        "audio" | "input_audio" | "output_audio" | "audio_url" => Some("audio"),
        "video" | "video_url" | "input_video" => Some("video"),
        // Converse and Gemini name a part by its only member.
        "" => by_member(part),
        _ => None,
    }
}

fn by_member(part: &Map<String, Value>) -> Option<&'static str> {
    let has = |key: &str, inner: &str| part.get(key).is_some_and(|it| it.get(inner).is_some());
    if has("image", "source") || has("document", "source") {
        Some("image")
    } else if has("audio", "source") {
        Some("audio")
    } else if has("video", "source") {
        Some("video")
    } else {
        let data = ["inlineData", "fileData", "inline_data", "file_data"];
        let data = data.iter().find_map(|key| part.get(*key))?;
        let mime = data.get("mimeType").or_else(|| data.get("mime_type"));
        Some(
            mime.and_then(Value::as_str)
                .and_then(of_mime)
                .unwrap_or("image"),
        )
    }
}

fn of_mime(mime: &str) -> Option<&'static str> {
    match mime.split('/').next() {
        Some("image") => Some("image"),
        Some("audio") => Some("audio"),
        Some("video") => Some("video"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_every_dialect() {
        let none = Media {
            image: false,
            audio: false,
            video: false,
        };
        for (part, kind) in [
            (
                json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}),
                "image",
            ),
            (
                json!({"type": "image", "source": {"type": "base64", "data": "AA"}}),
                "image",
            ),
            (
                json!({"image": {"format": "png", "source": {"bytes": "AA"}}}),
                "image",
            ),
            (
                json!({"inlineData": {"mimeType": "audio/wav", "data": "AA"}}),
                "audio",
            ),
            (
                json!({"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AA"}),
                "image",
            ),
            (
                json!({"type": "blob", "mime_type": "video/mp4", "content": "AA"}),
                "video",
            ),
            (
                json!({"type": "input_audio", "input_audio": {"data": "AA"}}),
                "audio",
            ),
            (
                json!({"type": "document", "source": {"data": "AA"}}),
                "image",
            ),
        ] {
            let mut messages = json!([{"role": "user", "parts": [
                {"type": "text", "content": "What is it?"},
                {"type": "tool_call_response", "id": "1", "response": [part]},
                part,
            ]}]);
            let whole = messages.clone();
            Media::ALL.sift(&mut messages);
            assert_eq!(messages, whole);
            none.sift(&mut messages);
            let omitted = json!({"type": "omitted", "modality": kind});
            assert_eq!(
                messages,
                json!([{"role": "user", "parts": [
                    {"type": "text", "content": "What is it?"},
                    {"type": "tool_call_response", "id": "1", "response": [omitted]},
                    omitted,
                ]}]),
                "{part}"
            );
        }
        let no_audio = Media {
            audio: false,
            ..Media::ALL
        };
        let mut image = json!([{"type": "image", "source": {}}]);
        no_audio.sift(&mut image);
        assert_eq!(image, json!([{"type": "image", "source": {}}]));
    }

    #[test]
    fn what_a_tool_is_asked_stays() {
        let mut messages = json!([{"role": "assistant", "parts": [
            {"type": "tool_call", "name": "draw", "arguments": {"image": "a cat", "kind": "video"}},
        ]}]);
        let whole = messages.clone();
        let none = Media {
            image: false,
            audio: false,
            video: false,
        };
        none.sift(&mut messages);
        assert_eq!(messages, whole);
    }
}
