//! Bodies that a bucket keeps in objects of their own, read to go back into their lines.

use std::io::{self, Read};

use corelog_hot::BODY_BYTES_MAX;
use corelog_providers::json;
use flate2::read::MultiGzDecoder;
use object_store::path::Path;
use tokio::runtime::Handle;

use crate::source::{Opened, Source, is_of_store};

/// What became of a body's address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Its text as JSON, on one line.
    Json(String),
    /// It stays an address, for this reason.
    Kept(Reason),
}

/// Why a body is not in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// There is no such object in what was read, nor where else bodies may be.
    Missing,
    /// It is larger than bodies in log events may be.
    TooLarge,
    /// An image, audio or other file.
    Media,
    /// It is not what its name says.
    Unreadable,
}

impl Reason {
    /// A few words on it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "not in the source",
            Self::TooLarge => "larger than a log event may be",
            Self::Media => "media",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What a name says that an object holds.
enum Holds {
    Json,
    Text,
    Media,
}

/// The endings of what is text and no JSON, as the S3 layout of ours names them.
const TEXT: [&str; 6] = [".txt", ".jsonl", ".sse", ".html", ".csv", ".md"];

/// Reads the body of an address. Blocks.
///
/// # Errors
/// Only what the store answers for.
pub(crate) fn body(source: &Source, address: &str, beside: &str, on: &Handle) -> io::Result<Body> {
    let holds = holds(address);
    if matches!(holds, Holds::Media) {
        return Ok(Body::Kept(Reason::Media));
    }
    let Some((path, opened)) = source.open_body(address, beside, on)? else {
        return Ok(Body::Kept(Reason::Missing));
    };
    match read(&path, opened) {
        Ok(Some(bytes)) => Ok(as_json(&holds, bytes)),
        Ok(None) => Ok(Body::Kept(Reason::TooLarge)),
        Err(error) if is_of_store(&error) => Err(error),
        Err(_) => Ok(Body::Kept(Reason::Unreadable)),
    }
}

fn holds(address: &str) -> Holds {
    let name = address.strip_suffix(".gz").unwrap_or(address);
    if name.strip_suffix(".json").is_some() {
        Holds::Json
    } else if TEXT.iter().any(|ending| name.ends_with(ending)) {
        Holds::Text
    } else {
        Holds::Media
    }
}

/// The whole object, unzipped; `None` past the limit.
fn read(path: &Path, opened: Opened) -> io::Result<Option<Vec<u8>>> {
    let limit = BODY_BYTES_MAX.bytes();
    let zipped = path.as_ref().strip_suffix(".gz").is_some();
    if !zipped && opened.bytes > limit {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let read: Box<dyn Read> = if zipped {
        Box::new(MultiGzDecoder::new(opened.read))
    } else {
        opened.read
    };
    read.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

fn as_json(holds: &Holds, bytes: Vec<u8>) -> Body {
    let Ok(text) = String::from_utf8(bytes) else {
        return Body::Kept(Reason::Unreadable);
    };
    match holds {
        Holds::Json => one_line(text).map_or(Body::Kept(Reason::Unreadable), Body::Json),
        Holds::Text | Holds::Media => {
            let mut quoted = Vec::with_capacity(text.len() + 2);
            json::write_string(&text, &mut quoted);
            String::from_utf8(quoted).map_or(Body::Kept(Reason::Unreadable), Body::Json)
        }
    }
}

/// JSON that has a line's end between its tokens loses all whitespace there; other JSON stays as it is.
fn one_line(text: String) -> Option<String> {
    if !text.contains(['\n', '\r']) {
        return json::is_valid(text.as_bytes()).then_some(text);
    }
    let mut compact = Vec::with_capacity(text.len());
    let valid = json::minify(text.as_bytes(), &mut compact);
    String::from_utf8(compact).ok().filter(|_| valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_fit_into_a_line() {
        let json = |text: &str| as_json(&Holds::Json, text.as_bytes().to_vec());
        assert_eq!(json("{\"a\": 1}"), Body::Json("{\"a\": 1}".to_owned()));
        assert_eq!(json("{\"a\":\n 1}\n"), Body::Json("{\"a\":1}".to_owned()));
        assert_eq!(json("{"), Body::Kept(Reason::Unreadable));
        let text = as_json(&Holds::Text, b"a\n\"b\"".to_vec());
        assert_eq!(text, Body::Json("\"a\\n\\\"b\\\"\"".to_owned()));
        let other = as_json(&Holds::Text, vec![0xff]);
        assert_eq!(other, Body::Kept(Reason::Unreadable));
    }

    #[test]
    fn names_say_what_is_media() {
        for media in [
            "s3://b/i_input_media_00.pdf",
            "i_output.bin",
            "i_output.eventstream",
            "x",
        ] {
            assert!(matches!(holds(media), Holds::Media), "{media}");
        }
        assert!(matches!(holds("i_output.json.gz"), Holds::Json));
        assert!(matches!(holds("i_output.sse"), Holds::Text));
    }
}
