//! The second pass: copies a text without its files.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Media;
use super::blocks::{Blocks, Place};
use crate::json::{Scanner, Visit, Writer, WriterState};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64 that is decoded at once; a multiple of four.
const DECODE_BYTES: usize = 32 * 1024;

/// Copies a text, minified, and puts a value of the caller's choice in the place of each file's `source`.
///
/// What was written is only worth keeping when [`Cutter::finish`] says that the text was valid.
#[derive(Debug)]
pub struct Cutter {
    scanner: Scanner,
    state: State,
}

#[derive(Debug)]
struct State {
    files: Vec<(Media, String)>,
    /// The file that comes next in the text.
    next: usize,
    blocks: Blocks,
    writer: WriterState,
    /// Inside the source of a file: how many containers deep.
    cutting: usize,
    inside_bytes: bool,
    pending: Vec<u8>,
}

impl Cutter {
    /// Starts the text in which the files were found, with the JSON to write in the place of each, such as
    /// `{"s3Uri":"s3://…"}`.
    pub fn new(files: Vec<(Media, String)>) -> Self {
        Self {
            scanner: Scanner::new(),
            state: State {
                files,
                next: 0,
                blocks: Blocks::default(),
                writer: WriterState::default(),
                cutting: 0,
                inside_bytes: false,
                pending: Vec::new(),
            },
        }
    }

    /// Takes the next bytes, appends what stays to `out`, and gives decoded bytes of files to `sink` together with
    /// the place of the file in the list.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>, sink: &mut dyn FnMut(usize, &[u8])) {
        let mut cut = Cut {
            state: &mut self.state,
            out,
            sink,
        };
        self.scanner.feed(chunk, &mut cut);
    }

    /// Says that the text is over, and answers whether it was one valid JSON text.
    pub fn finish(mut self, out: &mut Vec<u8>) -> bool {
        let mut cut = Cut {
            state: &mut self.state,
            out,
            sink: &mut |_, _| {},
        };
        self.scanner.finish(&mut cut)
    }
}

struct Cut<'a> {
    state: &'a mut State,
    out: &'a mut Vec<u8>,
    sink: &'a mut dyn FnMut(usize, &[u8]),
}

impl Cut<'_> {
    fn write(&mut self, visit: impl FnOnce(&mut Writer<'_>)) {
        if self.state.cutting == 0 {
            visit(&mut Writer::new(self.out, &mut self.state.writer));
        }
    }

    fn decode(&mut self, part: &[u8], last: bool) {
        for piece in part.split(|byte| *byte == b'\\' || *byte == b'=') {
            for piece in piece.chunks(DECODE_BYTES) {
                self.state.pending.extend_from_slice(piece);
                let whole = self.state.pending.len() / 4 * 4;
                self.give(whole);
            }
        }
        if last {
            self.give(self.state.pending.len());
            self.state.inside_bytes = false;
        }
    }

    /// Decodes that many pending bytes. Which bytes there are was checked when the file was found.
    fn give(&mut self, length: usize) {
        if let Ok(decoded) = BASE64.decode(&self.state.pending[..length])
            && !decoded.is_empty()
        {
            (self.sink)(self.state.next, &decoded);
        }
        self.state.pending.drain(..length);
    }
}

impl Visit for Cut<'_> {
    fn open(&mut self, object: bool) {
        let place = self.state.blocks.open(object);
        if self.state.cutting > 0 {
            self.state.cutting += 1;
            return;
        }
        let source = self.state.blocks.sources.wrapping_sub(1);
        let file = self.state.files.get(self.state.next);
        if place == Place::Source && file.is_some_and(|(file, _)| file.source == source) {
            self.state.cutting = 1;
        } else {
            self.write(|writer| writer.open(object));
        }
    }

    fn close(&mut self, object: bool) {
        self.state.blocks.close();
        if self.state.cutting == 0 {
            return self.write(|writer| writer.close(object));
        }
        self.state.cutting -= 1;
        if self.state.cutting == 0 {
            if let Some((_, replacement)) = self.state.files.get(self.state.next) {
                self.out.extend_from_slice(replacement.as_bytes());
            }
            self.state.next += 1;
        }
    }

    fn key(&mut self, part: &[u8], last: bool) {
        self.state.blocks.key(part, last);
        self.write(|writer| writer.key(part, last));
    }

    fn string(&mut self, part: &[u8], last: bool) {
        let begins = self.state.cutting == 1 && self.state.blocks.is_at(Place::Source, b"bytes");
        if self.state.inside_bytes || begins {
            self.state.inside_bytes = true;
            self.decode(part, last);
        }
        self.write(|writer| writer.string(part, last));
    }

    fn literal(&mut self, part: &[u8], last: bool) {
        self.write(|writer| writer.literal(part, last));
    }

    fn comma(&mut self) {
        self.write(|writer| writer.comma());
    }

    fn colon(&mut self) {
        self.write(|writer| writer.colon());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::find;

    fn cut(text: &str, size: usize) -> (String, Vec<Vec<u8>>, bool) {
        let files = find(text.as_bytes());
        let mut decoded = vec![Vec::new(); files.len()];
        let named = files.into_iter().enumerate().map(|(at, file)| {
            let replacement = format!("{{\"s3Uri\":\"{at}.{}\"}}", file.extension);
            (file, replacement)
        });
        let mut cutter = Cutter::new(named.collect());
        let mut out = Vec::new();
        for chunk in text.as_bytes().chunks(size) {
            cutter.push(chunk, &mut out, &mut |at, bytes| {
                decoded[at].extend_from_slice(bytes);
            });
        }
        let valid = cutter.finish(&mut out);
        (String::from_utf8(out).unwrap(), decoded, valid)
    }

    #[test]
    fn files_leave_and_the_text_stays_in_any_chunking() {
        // "Hello?>" is SGVsbG8/Pg== in base64, here with its slash escaped; "pdf" is cGRm; "x" is eA.
        let text = r#"{ "messages" : [{"role":"user","content":[
            {"image":{"source":{"bytes":"SGVsbG8\/Pg=="},"format":"png"}}, {"text":"a b"},
            {"image":{"format":"gif","source":{"s3Location":{"uri":"s3://b/k"}}}},
            {"document":{"format":"pdf","source":{"bytes":"cGRm"},"name":"n"}},
            {"toolResult":{"content":[{"image":{"format":"jpeg","source":{"bytes":"eA"}}}]}} ]}], "n": 1.0 }"#;
        let expected = r#"{"messages":[{"role":"user","content":[{"image":{"source":{"s3Uri":"0.png"},"format":"png"}},{"text":"a b"},{"image":{"format":"gif","source":{"s3Location":{"uri":"s3://b/k"}}}},{"document":{"format":"pdf","source":{"s3Uri":"1.pdf"},"name":"n"}},{"toolResult":{"content":[{"image":{"format":"jpeg","source":{"s3Uri":"2.jpeg"}}}]}}]}],"n":1.0}"#;
        for size in 1..=text.len() {
            let (out, files, valid) = cut(text, size);
            assert!(valid);
            assert_eq!(out, expected);
            assert_eq!(files, [b"Hello?>".to_vec(), b"pdf".to_vec(), b"x".to_vec()]);
        }
    }

    #[test]
    fn a_long_file_comes_in_pieces() {
        let file: Vec<u8> = (0..200_000u32).map(|n| n.to_le_bytes()[0]).collect();
        let text = format!(
            r#"{{"messages":[{{"content":[{{"image":{{"format":"png","source":{{"bytes":"{}"}}}}}}]}}]}}"#,
            base64::engine::general_purpose::STANDARD.encode(&file)
        );
        let (_, files, valid) = cut(&text, 65_536);
        assert!(valid);
        assert_eq!(files, [file]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(
            text in "(\\{\"messages\":\\[\\{\"content\":\\[\\{\"image\":\\{)?[\\[\\]{}:,\"\\\\aA=/ ]{0,24}",
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
            size in 1usize..9,
        ) {
            cut(&text, size);
            let _ = find(&bytes);
            let mut cutter = Cutter::new(find(br#"{"messages":[{"content":[{"image":{"source":{"bytes":"AAAA"}}}]}]}"#)
                .into_iter().map(|file| (file, "{}".to_owned())).collect());
            let mut out = Vec::new();
            cutter.push(text.as_bytes(), &mut out, &mut |_, _| {});
            cutter.finish(&mut out);
        }
    }
}
