//! The first pass: lists the files of a text.

use super::blocks::{Blocks, Place};
use super::{Home, Media};
use crate::json::{Scanner, Visit};

/// Files that are listed; later ones stay in the text.
const FILES_MAX: usize = 1_000;

/// Longer formats are none.
const EXTENSION_BYTES_MAX: usize = 16;

/// Finds the files of a request or an answer of Converse, chunk by chunk.
#[derive(Debug)]
pub struct Finder {
    scanner: Scanner,
    search: Search,
}

/// Lists the files in a text that is at hand; none where the text is no valid JSON.
pub fn find(text: &[u8]) -> Vec<Media> {
    let mut finder = Finder::new();
    finder.push(text);
    finder.finish()
}

impl Default for Finder {
    fn default() -> Self {
        Self::new()
    }
}

impl Finder {
    /// Starts a text.
    pub fn new() -> Self {
        Self {
            scanner: Scanner::new(),
            search: Search::default(),
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        self.scanner.feed(chunk, &mut self.search);
    }

    /// The files in the order of the text; none where the text is no valid JSON.
    pub fn finish(mut self) -> Vec<Media> {
        if self.scanner.finish(&mut self.search) {
            self.search.files
        } else {
            Vec::new()
        }
    }
}

#[derive(Debug, Default)]
struct Search {
    blocks: Blocks,
    files: Vec<Media>,
    /// Files of the block that is open begin here.
    block_files: usize,
    block: &'static str,
    /// Files of the message that is open begin here.
    message_files: usize,
    /// The message that is open, or was last.
    home: Home,
    /// Messages that have begun.
    messages: usize,
    role: Vec<u8>,
    extension: Vec<u8>,
    string: Option<Base64Check>,
    /// The source that is open holds a file.
    has_bytes: bool,
    reading: Reading,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Reading {
    #[default]
    Nothing,
    Format,
    Role,
    Bytes,
    Skipped,
}

impl Visit for Search {
    fn open(&mut self, object: bool) {
        let block = self.blocks.block();
        let place = self.blocks.open(object);
        match place {
            Place::Media => {
                self.block = block;
                self.block_files = self.files.len();
                self.extension.clear();
            }
            Place::Source => self.has_bytes = false,
            _ if self.blocks.is_message(place, true) => {
                self.messages += 1;
                self.home = Home {
                    message: self.messages,
                    is_answer: self.blocks.is_answer(),
                    role: "",
                };
                self.message_files = self.files.len();
                self.role.clear();
            }
            _ => {}
        }
    }

    fn close(&mut self, _object: bool) {
        let place = self.blocks.close();
        match place {
            Place::Source if self.has_bytes && self.files.len() < FILES_MAX => {
                self.files.push(Media {
                    extension: String::new(),
                    source: self.blocks.sources - 1,
                    block: self.block,
                    home: self.home,
                });
            }
            Place::Media => {
                let extension = extension(&self.extension);
                for file in &mut self.files[self.block_files..] {
                    extension.clone_into(&mut file.extension);
                }
            }
            _ if self.blocks.is_message(place, false) => {
                let role = match &self.role[..] {
                    b"user" => "user",
                    b"assistant" => "assistant",
                    _ => "",
                };
                for file in &mut self.files[self.message_files..] {
                    file.home.role = role;
                }
                self.home = Home::default();
            }
            _ => {}
        }
    }

    fn key(&mut self, part: &[u8], last: bool) {
        self.blocks.key(part, last);
    }

    fn string(&mut self, part: &[u8], last: bool) {
        if self.reading == Reading::Nothing {
            self.reading = if self.blocks.is_at(Place::Media, b"format") {
                self.extension.clear();
                Reading::Format
            } else if self.blocks.is_at_role() {
                self.role.clear();
                Reading::Role
            } else if self.blocks.is_at(Place::Source, b"bytes") {
                self.string = Some(Base64Check::default());
                Reading::Bytes
            } else {
                Reading::Skipped
            };
        }
        match (self.reading, &mut self.string) {
            (Reading::Format, _) => {
                let room = (EXTENSION_BYTES_MAX + 1).saturating_sub(self.extension.len());
                self.extension
                    .extend_from_slice(&part[..part.len().min(room)]);
            }
            (Reading::Role, _) => {
                let room = (EXTENSION_BYTES_MAX + 1).saturating_sub(self.role.len());
                self.role.extend_from_slice(&part[..part.len().min(room)]);
            }
            (Reading::Bytes, Some(check)) => check.push(part),
            _ => {}
        }
        if last {
            if let (Reading::Bytes, Some(check)) = (self.reading, self.string.take()) {
                // Of two `bytes` in one source nobody can say which is meant; then both stay in the text.
                self.has_bytes = check.is_base64() && !self.has_bytes;
            }
            self.reading = Reading::Nothing;
        }
    }

    fn literal(&mut self, _part: &[u8], _last: bool) {}
}

fn extension(format: &[u8]) -> &str {
    let plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    match std::str::from_utf8(format) {
        Ok(text) if (1..=EXTENSION_BYTES_MAX).contains(&text.len()) && format.iter().all(plain) => {
            text
        }
        _ => "bin",
    }
}

/// Whether a string that comes in parts is base64, with or without padding.
#[derive(Debug, Default)]
struct Base64Check {
    digits: u64,
    padding: u64,
    broken: bool,
}

impl Base64Check {
    fn push(&mut self, part: &[u8]) {
        for byte in part {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if self.padding == 0 => {
                    self.digits += 1;
                }
                b'=' => self.padding += 1,
                // An escaped slash.
                b'\\' if self.padding == 0 => {}
                _ => self.broken = true,
            }
        }
    }

    fn is_base64(&self) -> bool {
        !self.broken && self.digits > 0 && self.digits % 4 != 1 && self.padding <= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        for size in 1..=text.len() {
            let mut finder = Finder::new();
            for chunk in text.as_bytes().chunks(size) {
                finder.push(chunk);
            }
            let found = finder.finish();
            let found: Vec<&str> = found.iter().map(|file| file.extension.as_str()).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn files_are_found_where_converse_has_them() {
        check(
            r#"{"messages":[{"role":"user","content":[
                {"image":{"source":{"bytes":"AAAA"},"format":"png"}},
                {"document":{"format":"pdf","name":"x","source":{"bytes":"AA=="}}},
                {"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k"}}}},
                {"toolResult":{"content":[{"video":{"format":"three_gp","source":{"bytes":"AAA"}}}]}},
                {"guardContent":{"image":{"format":"jpeg","source":{"bytes":"AA"}}}}]}]}"#,
            &["png", "pdf", "three_gp", "jpeg"],
        );
        check(
            r#"{"output":{"message":{"content":[{"image":{"format":"webp","source":{"bytes":"AAAA"}}}]}}}"#,
            &["webp"],
        );
    }

    #[test]
    fn everything_else_stays() {
        check(r#"{"image":{"source":{"bytes":"AAAA"}}}"#, &[]);
        check(
            r#"{"messages":[{"content":[{"image":{"source":{"bytes":"A*"}}}]}]}"#,
            &[],
        );
        check(
            r#"{"messages":[{"content":[{"image":{"source":{"bytes":12}}}]}]}"#,
            &[],
        );
        check(
            r#"{"messages":[{"content":[{"image":{"source":{"bytes":"AAAA"}}}]}"#,
            &[],
        );
    }

    #[test]
    fn odd_formats_do_not_reach_a_file_name() {
        for format in [
            "../x",
            "",
            "PNG",
            "a/b",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "é",
        ] {
            let text = format!(
                r#"{{"messages":[{{"content":[{{"image":{{"format":"{format}","source":{{"bytes":"AAAA"}}}}}}]}}]}}"#
            );
            check(&text, &["bin"]);
        }
    }
}
