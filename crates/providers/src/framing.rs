//! How a stream is cut into units: server-sent events, event-stream frames, lines, or not at all.

/// The framing of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// AWS event-stream frames.
    EventStream,
    /// One JSON text a line.
    NdJson,
    /// One JSON array whose elements arrive one by one (Gemini without `alt=sse`).
    JsonArray,
    /// No stream: one body.
    None,
}

impl Framing {
    /// The framing that a content type names. Whether a JSON body is an array that streams cannot be told from
    /// it: the caller says [`Framing::JsonArray`] where the route expects a stream.
    pub fn of_content_type(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        if is("text/event-stream") {
            Self::Sse
        } else if is("application/vnd.amazon.eventstream") {
            Self::EventStream
        } else if is("application/x-ndjson")
            || is("application/jsonl")
            || is("application/x-jsonlines")
            || is("application/stream+json")
        {
            Self::NdJson
        } else {
            Self::None
        }
    }
}

/// One server-sent event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SseEvent<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) data: &'a [u8],
}

/// Cuts server-sent events out of chunks. Lines end in `\n`, `\r\n` or `\r`.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>
#[derive(Debug, Default)]
pub(crate) struct SseSplitter {
    lines: LineSplitter,
    event: PendingEvent,
}

#[derive(Debug, Default)]
struct PendingEvent {
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
}

impl SseSplitter {
    pub(crate) fn push(&mut self, chunk: &[u8], visit: &mut dyn FnMut(SseEvent<'_>)) {
        let event = &mut self.event;
        self.lines.push(chunk, &mut |line| event.line(line, visit));
    }

    /// Gives the event that the end of the stream left open.
    pub(crate) fn finish(&mut self, visit: &mut dyn FnMut(SseEvent<'_>)) {
        let event = &mut self.event;
        self.lines.finish(&mut |line| event.line(line, visit));
        event.dispatch(visit);
    }
}

impl PendingEvent {
    fn line(&mut self, line: &[u8], visit: &mut dyn FnMut(SseEvent<'_>)) {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.is_empty() {
            return self.dispatch(visit);
        }
        match field(line) {
            (b"data", value) => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            (b"event", value) => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, visit: &mut dyn FnMut(SseEvent<'_>)) {
        if self.has_data {
            visit(SseEvent {
                name: &self.name,
                data: &self.data,
            });
        }
        self.name.clear();
        self.data.clear();
        self.has_data = false;
    }
}

/// Splits `data: x` into `data` and `x`.
pub(crate) fn field(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b':', line) {
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
        None => (line, &[]),
    }
}

/// Cuts lines out of chunks; a line that ends with its chunk costs no copy.
#[derive(Debug)]
pub(crate) struct LineSplitter {
    partial: Vec<u8>,
    partial_bytes_max: usize,
    /// The last chunk ended in `\r`, so that a `\n` at the start of the next one belongs to it.
    after_return: bool,
}

impl Default for LineSplitter {
    fn default() -> Self {
        Self::keeping(usize::MAX)
    }
}

impl LineSplitter {
    /// Keeps no more than the first `partial_bytes_max` bytes of a line that goes over chunks.
    pub(crate) fn keeping(partial_bytes_max: usize) -> Self {
        Self {
            partial: Vec::new(),
            partial_bytes_max,
            after_return: false,
        }
    }

    fn keep(&mut self, part: &[u8]) {
        let room = self.partial_bytes_max - self.partial.len();
        self.partial
            .extend_from_slice(&part[..part.len().min(room)]);
    }

    pub(crate) fn push(&mut self, mut chunk: &[u8], visit: &mut dyn FnMut(&[u8])) {
        if self.after_return && !chunk.is_empty() {
            self.after_return = false;
            chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', chunk) {
            let (line, rest) = chunk.split_at(end);
            if self.partial.is_empty() {
                visit(line);
            } else {
                self.keep(line);
                visit(&self.partial);
                self.partial.clear();
            }
            chunk = if rest[0] == b'\n' {
                &rest[1..]
            } else if rest.len() == 1 {
                self.after_return = true;
                &[]
            } else {
                rest[1..].strip_prefix(b"\n").unwrap_or(&rest[1..])
            };
        }
        self.keep(chunk);
    }

    pub(crate) fn finish(&mut self, visit: &mut dyn FnMut(&[u8])) {
        if !self.partial.is_empty() {
            visit(&self.partial);
            self.partial.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &[u8], size: usize) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut visit = |event: SseEvent<'_>| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push((text(event.name), text(event.data)));
        };
        let mut splitter = SseSplitter::default();
        for chunk in text.chunks(size) {
            splitter.push(chunk, &mut visit);
        }
        splitter.finish(&mut visit);
        found
    }

    #[test]
    fn events_are_cut_in_any_chunking_and_with_any_line_end() {
        let text = "\u{feff}: hello\n\nevent: a\ndata: 1\ndata:2\n\nid: 7\ndata\n\ndata: [DONE]\n\nevent: b\n\ndata: open";
        let expected = [("a", "1\n2"), ("", ""), ("", "[DONE]"), ("", "open")];
        let expected = expected.map(|(name, data)| (name.to_owned(), data.to_owned()));
        for end in ["\n", "\r\n", "\r"] {
            let text = text.replace('\n', end);
            for size in 1..=text.len() {
                assert_eq!(events(text.as_bytes(), size), expected, "{end:?} {size}");
            }
        }
    }

    #[test]
    fn content_types_name_their_framing() {
        let check = |text: &str, framing| assert_eq!(Framing::of_content_type(text), framing);
        check("text/event-stream; charset=utf-8", Framing::Sse);
        check("Application/Vnd.Amazon.Eventstream", Framing::EventStream);
        check("application/x-ndjson", Framing::NdJson);
        check("application/json", Framing::None);
        check("", Framing::None);
    }
}
