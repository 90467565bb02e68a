//! What a Converse text is without its text: its messages, with the files alone.

use super::{Home, Media};
use crate::json::write_string;

/// Writes the messages of these files, each file with the JSON that stands for its source. What else their blocks and
/// messages have is left out: a document's name is text too. A file of a tool's result stands in its message.
pub fn alone(files: &[(Media, String)]) -> Vec<u8> {
    let mut out = vec![b'{'];
    let mut rest = files;
    let mut are_open = false;
    while let Some((first, _)) = rest.first() {
        let home = first.home;
        let length = rest
            .iter()
            .take_while(|(file, _)| file.home == home)
            .count();
        let (own, others) = rest.split_at(length);
        rest = others;
        let is_message = home.message > 0 && !home.is_answer;
        if are_open && !is_message {
            out.push(b']');
        }
        if out.len() > 1 {
            out.push(b',');
        }
        if is_message && !are_open {
            out.extend_from_slice(b"\"messages\":[");
        }
        are_open = is_message;
        if is_message {
            write_message(home, own, &mut out);
        } else if home.is_answer {
            out.extend_from_slice(b"\"output\":{\"message\":");
            write_message(home, own, &mut out);
            out.push(b'}');
        } else {
            out.extend_from_slice(b"\"system\":");
            write_content(own, &mut out);
        }
    }
    if are_open {
        out.push(b']');
    }
    out.push(b'}');
    out
}

fn write_message(home: Home, files: &[(Media, String)], out: &mut Vec<u8>) {
    out.push(b'{');
    if !home.role.is_empty() {
        out.extend_from_slice(b"\"role\":");
        write_string(home.role, out);
        out.push(b',');
    }
    out.extend_from_slice(b"\"content\":");
    write_content(files, out);
    out.push(b'}');
}

fn write_content(files: &[(Media, String)], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, (file, source)) in files.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.push(b'{');
        write_string(file.block, out);
        out.extend_from_slice(b":{\"format\":");
        write_string(&file.extension, out);
        out.extend_from_slice(b",\"source\":");
        out.extend_from_slice(source.as_bytes());
        out.extend_from_slice(b"}}");
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::media::Finder;

    fn check(text: &Value, expected: &Value) {
        let text = text.to_string();
        for size in [1, 7, text.len()] {
            let mut finder = Finder::new();
            for chunk in text.as_bytes().chunks(size) {
                finder.push(chunk);
            }
            let files = finder.finish().into_iter().enumerate();
            let files: Vec<_> = files.map(|(at, file)| (file, at.to_string())).collect();
            let found: Value = serde_json::from_slice(&alone(&files)).unwrap();
            assert_eq!(&found, expected);
        }
    }

    fn file(block: &str, format: &str) -> Value {
        json!({block: {"format": format, "name": "said", "source": {"bytes": "AAAA"}}})
    }

    #[test]
    fn messages_keep_their_files_and_nothing_that_is_said() {
        let alone =
            |block: &str, format: &str, at: u64| json!({block: {"format": format, "source": at}});
        check(
            &json!({
                "messages": [
                    {"role": "user", "content": [{"text": "a"}, file("document", "pdf"), file("image", "png")]},
                    {"content": [{"text": "b"}], "role": "assistant"},
                    {"content": [{"toolResult": {"content": [{"text": "c"}, file("video", "mp4")], "role": "x"}}], "role": "user"},
                ],
                "system": [{"text": "d"}],
                "inferenceConfig": {"maxTokens": 5},
            }),
            &json!({"messages": [
                {"role": "user", "content": [alone("document", "pdf", 0), alone("image", "png", 1)]},
                {"role": "user", "content": [alone("video", "mp4", 2)]},
            ]}),
        );
        check(
            &json!({"output": {"message": {"role": "assistant", "content": [{"text": "a"}, file("image", "webp")]}}, "stopReason": "end_turn"}),
            &json!({"output": {"message": {"role": "assistant", "content": [alone("image", "webp", 0)]}}}),
        );
        check(
            &json!({
                "system": [{"guardContent": file("image", "jpeg")}],
                "messages": [{"role": "else", "content": [file("audio", "wav")]}],
            }),
            &json!({
                "system": [alone("image", "jpeg", 0)],
                "messages": [{"content": [alone("audio", "wav", 1)]}],
            }),
        );
        check(
            &json!({"messages": [{"role": "user", "content": [{"text": "a"}]}]}),
            &json!({}),
        );
    }
}
