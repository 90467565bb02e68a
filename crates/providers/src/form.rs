//! Fields of a `multipart/form-data` body, read while it passes; the files in it are passed over.
//!
//! ```text
//! body      = [preamble CRLF] delimiter parts close
//! parts     = *( padding CRLF head CRLF content CRLF delimiter )
//! head      = *( header CRLF )
//! close     = "--" anything
//! delimiter = "--" boundary
//! padding   = *( SP / HTAB )
//! header    = "content-disposition:" … "; name=" value [ "; filename=" value ] / "content-type:" … / …
//! value     = token / DQUOTE *( character / "\" character ) DQUOTE
//! ```
//! The boundary is the content type's parameter; where no content type is known, the first line is the
//! delimiter. A field counts once the delimiter behind it came, so a body that was cut never yields half a
//! name. Memory is one header line and one value, each bounded.
//!
//! Source: RFC 2046, section 5.1.1, and RFC 7578.

use memchr::memchr;

use crate::facts::DataKinds;

/// A boundary may have 70 characters; some clients are generous.
const BOUNDARY_BYTES_MAX: usize = 256;

/// Header lines longer than this say nothing.
const LINE_BYTES_MAX: usize = 2 * 1024;

/// Values are cut at this length.
const VALUE_BYTES_MAX: usize = 16 * 1024;

/// What a form holds, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// A field and its text.
    Field { name: &'a str, value: &'a str },
    /// A file of such a kind begins.
    File(DataKinds),
}

/// Reads a form that comes in chunks.
#[derive(Debug)]
pub(crate) struct Form {
    /// CRLF, two dashes and the boundary; empty until the first line is over, where that says it.
    delimiter: Vec<u8>,
    state: State,
    /// How much of the delimiter the last bytes were.
    matched: usize,
    line: Vec<u8>,
    part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The first line is the delimiter.
    FirstLine,
    /// Looks for a delimiter: in the preamble, or in the content of a part.
    Content,
    /// Behind a delimiter, on its line.
    Delimiter,
    /// Behind a delimiter and one dash; a second one ends the form.
    Dash,
    /// In the padding behind a delimiter.
    Padding,
    Head,
    Over,
}

impl State {
    fn behind_delimiter(self, byte: u8) -> Self {
        match (self, byte) {
            (_, b'\n') => Self::Head,
            (Self::Delimiter, b'-') => Self::Dash,
            (Self::Dash, b'-') => Self::Over,
            _ => Self::Padding,
        }
    }
}

/// The part at hand.
#[derive(Debug, Default)]
struct Part {
    /// Known for fields only.
    name: Option<String>,
    is_file: bool,
    kinds: DataKinds,
    value: Vec<u8>,
}

impl Form {
    /// The form that a content type announces; `None` where it announces anything else.
    pub(crate) fn of_content_type(content_type: &str) -> Option<Self> {
        let (essence, parameters) = content_type.split_once(';')?;
        if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(parameters, "boundary")?;
        Some(Self {
            delimiter: delimiter(boundary.as_bytes())?,
            state: State::Content,
            // A body begins as if behind a line break.
            matched: 2,
            ..Self::of_first_line()
        })
    }

    /// A form of which the content type is not known.
    pub(crate) fn of_first_line() -> Self {
        Self {
            delimiter: Vec::new(),
            state: State::FirstLine,
            matched: 0,
            line: Vec::new(),
            part: Part::default(),
        }
    }

    /// Takes the next bytes, and shows what they complete.
    pub(crate) fn push(&mut self, mut chunk: &[u8], show: &mut dyn FnMut(Item<'_>)) {
        while !chunk.is_empty() {
            let taken = match self.state {
                State::Content => self.content(chunk, show),
                State::Delimiter | State::Dash | State::Padding => {
                    self.state = self.state.behind_delimiter(chunk[0]);
                    1
                }
                State::FirstLine | State::Head => self.line(chunk, show),
                State::Over => return,
            };
            chunk = &chunk[taken..];
        }
    }

    /// Takes bytes up to where a delimiter may begin, or one byte of it.
    ///
    /// A delimiter has its only CR in front, so what turns out to be none hides no other.
    fn content(&mut self, chunk: &[u8], show: &mut dyn FnMut(Item<'_>)) -> usize {
        if self.matched == 0 {
            let plain = memchr(b'\r', chunk).unwrap_or(chunk.len());
            self.part.keep(&chunk[..plain]);
            self.matched = usize::from(plain < chunk.len());
            return plain + self.matched;
        }
        if chunk[0] != self.delimiter[self.matched] {
            self.part.keep(&self.delimiter[..self.matched]);
            self.matched = 0;
            return 0;
        }
        self.matched += 1;
        if self.matched == self.delimiter.len() {
            self.matched = 0;
            self.state = State::Delimiter;
            std::mem::take(&mut self.part).show(show);
        }
        1
    }

    /// Takes bytes to the end of a line.
    fn line(&mut self, chunk: &[u8], show: &mut dyn FnMut(Item<'_>)) -> usize {
        let end = memchr(b'\n', chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = LINE_BYTES_MAX - self.line.len();
        self.line.extend_from_slice(&part[..part.len().min(room)]);
        let Some(end) = end else {
            return chunk.len();
        };
        let mut line = std::mem::take(&mut self.line);
        if line.ends_with(b"\r") {
            line.pop();
        }
        if self.state == State::FirstLine {
            self.first_line(&line);
        } else if line.is_empty() {
            self.part.open(show);
            self.state = State::Content;
        } else if line.len() < LINE_BYTES_MAX {
            self.part.header(&line);
        }
        end + 1
    }

    fn first_line(&mut self, line: &[u8]) {
        let boundary = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end);
        self.state = match boundary.and_then(delimiter) {
            Some(delimiter) => {
                self.delimiter = delimiter;
                State::Head
            }
            None => State::Over,
        };
    }
}

impl Part {
    fn header(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(':') else {
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("content-disposition") {
            self.name = parameter(value, "name");
            self.is_file =
                parameter(value, "filename").is_some() || parameter(value, "filename*").is_some();
        } else if name.eq_ignore_ascii_case("content-type") {
            self.kinds = match value.split('/').next() {
                Some("image") => DataKinds::IMAGE,
                Some("audio") => DataKinds::AUDIO,
                Some("video") => DataKinds::VIDEO,
                _ => DataKinds::NONE,
            };
        }
    }

    /// The head is over, the content begins.
    fn open(&mut self, show: &mut dyn FnMut(Item<'_>)) {
        if self.is_file {
            self.name = None;
            show(Item::File(self.kinds));
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.name.is_some() {
            let room = VALUE_BYTES_MAX - self.value.len();
            self.value
                .extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// The content is over.
    fn show(self, show: &mut dyn FnMut(Item<'_>)) {
        if let Some(name) = &self.name {
            let value = String::from_utf8_lossy(&self.value);
            let value = &value;
            show(Item::Field { name, value });
        }
    }
}

/// What stands between parts: [`Form::content`] needs its only CR in front.
fn delimiter(boundary: &[u8]) -> Option<Vec<u8>> {
    let fits = (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len());
    let plain = !boundary.iter().any(u8::is_ascii_control);
    (fits && plain).then(|| [b"\r\n--", boundary].concat())
}

/// The value of a parameter of a header, its quotes undone.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (key, after) = rest.split_once('=')?;
        let key = key.rsplit(';').next().unwrap_or(key).trim();
        let (value, behind) = value(after.trim_start());
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = behind;
    }
}

/// A value, and what is behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
        return (value.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            plain => value.push(plain),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests;
