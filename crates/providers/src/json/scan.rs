//! A strict JSON scanner over chunks: RFC 8259, UTF-8 checked, nesting bounded, no recursion.

use memchr::memchr2;

/// Containers inside each other; deeper texts count as invalid.
///
/// Readers of records give up at about this depth too, so a deeper body is better kept as a string.
const DEPTH_MAX: usize = 500;

/// What the scanner tells of a text, in order.
///
/// Keys, strings and literals may come in parts where a chunk ends inside them: `last` marks the final
/// part. String parts are raw: without the quotes, escapes as written.
pub(crate) trait Visit {
    fn open(&mut self, object: bool);
    fn close(&mut self, object: bool);
    fn key(&mut self, part: &[u8], last: bool);
    fn string(&mut self, part: &[u8], last: bool);
    fn literal(&mut self, part: &[u8], last: bool);
    fn comma(&mut self) {}
    fn colon(&mut self) {}
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    ValueOrEnd,
    KeyOrEnd,
    Key,
    Colon,
    AfterValue,
    String { key: bool },
    Escape { key: bool },
    Hex { key: bool, left: u8 },
    Word { word: &'static [u8], at: u8 },
    Number(Number),
    Done,
    Invalid,
}

/// How far a number has got; the grammar allows an end in `Zero`, `Integer`, `Fraction` and `Exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    ExponentMark,
    ExponentSign,
    Exponent,
}

impl Number {
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::ExponentMark,
            (Self::ExponentMark, b'+' | b'-') => Self::ExponentSign,
            (Self::ExponentMark | Self::ExponentSign | Self::Exponent, b'0'..=b'9') => {
                Self::Exponent
            }
            _ => return None,
        })
    }

    fn may_end(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Integer | Self::Fraction | Self::Exponent
        )
    }
}

/// The scanner's place in a text.
#[derive(Debug)]
pub(crate) struct Scanner {
    state: State,
    /// One entry per open container: whether it is an object.
    open: Vec<bool>,
    utf8: Utf8,
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Value,
            open: Vec::new(),
            utf8: Utf8::default(),
        }
    }

    /// Starts over with a new text, keeping the memory.
    pub(crate) fn reset(&mut self) {
        self.state = State::Value;
        self.open.clear();
        self.utf8 = Utf8::default();
    }

    /// Whether what came so far can still become a valid text.
    pub(crate) fn is_sound(&self) -> bool {
        self.state != State::Invalid
    }

    /// Takes the next bytes. After an invalid byte nothing more is visited.
    pub(crate) fn feed<V: Visit>(&mut self, chunk: &[u8], visitor: &mut V) {
        if !self.utf8.check(chunk) {
            self.state = State::Invalid;
        }
        let mut at = 0;
        while at < chunk.len() {
            at = match self.state {
                State::String { key } => self.string(chunk, at, key, visitor),
                State::Escape { .. } | State::Hex { .. } => self.rest_of_escape(chunk, at, visitor),
                State::Word { word, at: matched } => {
                    self.word(chunk, at, word, usize::from(matched), visitor)
                }
                State::Number(number) => self.number(chunk, at, number, visitor),
                State::Invalid => return,
                _ => self.structure(chunk, at, visitor),
            };
        }
    }

    /// Says that the text is over, and answers whether it was valid.
    pub(crate) fn finish<V: Visit>(&mut self, visitor: &mut V) -> bool {
        if let State::Number(number) = self.state
            && number.may_end()
            && self.open.is_empty()
        {
            visitor.literal(&[], true);
            self.state = State::Done;
        }
        self.state == State::Done && self.utf8.is_whole()
    }

    fn structure<V: Visit>(&mut self, chunk: &[u8], at: usize, visitor: &mut V) -> usize {
        let byte = chunk[at];
        match (self.state, byte) {
            (_, b' ' | b'\t' | b'\n' | b'\r') => {}
            (State::Value | State::ValueOrEnd, b'{') => self.begin(true, visitor),
            (State::Value | State::ValueOrEnd, b'[') => self.begin(false, visitor),
            (State::Value | State::ValueOrEnd, b'"') => {
                return self.string(chunk, at + 1, false, visitor);
            }
            (State::KeyOrEnd | State::Key, b'"') => {
                return self.string(chunk, at + 1, true, visitor);
            }
            (State::Colon, b':') => {
                visitor.colon();
                self.state = State::Value;
            }
            (State::ValueOrEnd, b']') => self.end(false, visitor),
            (State::KeyOrEnd, b'}') => self.end(true, visitor),
            (State::AfterValue, b',') => {
                visitor.comma();
                self.state = if self.open.last() == Some(&true) {
                    State::Key
                } else {
                    State::Value
                };
            }
            (State::AfterValue, b']') if self.open.last() == Some(&false) => {
                self.end(false, visitor);
            }
            (State::AfterValue, b'}') if self.open.last() == Some(&true) => self.end(true, visitor),
            (State::Value | State::ValueOrEnd, _) => return self.begin_literal(chunk, at, visitor),
            _ => self.state = State::Invalid,
        }
        at + 1
    }

    fn begin<V: Visit>(&mut self, object: bool, visitor: &mut V) {
        if self.open.len() == DEPTH_MAX {
            self.state = State::Invalid;
            return;
        }
        self.open.push(object);
        visitor.open(object);
        self.state = if object {
            State::KeyOrEnd
        } else {
            State::ValueOrEnd
        };
    }

    fn end<V: Visit>(&mut self, object: bool, visitor: &mut V) {
        self.open.pop();
        visitor.close(object);
        self.after_value();
    }

    fn after_value(&mut self) {
        self.state = if self.open.is_empty() {
            State::Done
        } else {
            State::AfterValue
        };
    }

    fn begin_literal<V: Visit>(&mut self, chunk: &[u8], at: usize, visitor: &mut V) -> usize {
        let word: &'static [u8] = match chunk[at] {
            b't' => b"true",
            b'f' => b"false",
            b'n' => b"null",
            b'-' => return self.number_from(chunk, at, at + 1, Number::Minus, visitor),
            b'0' => return self.number_from(chunk, at, at + 1, Number::Zero, visitor),
            b'1'..=b'9' => return self.number_from(chunk, at, at + 1, Number::Integer, visitor),
            _ => {
                self.state = State::Invalid;
                return at;
            }
        };
        self.word(chunk, at, word, 0, visitor)
    }

    fn word<V: Visit>(
        &mut self,
        chunk: &[u8],
        at: usize,
        word: &'static [u8],
        matched: usize,
        visitor: &mut V,
    ) -> usize {
        let wanted = &word[matched..];
        let here = wanted.len().min(chunk.len() - at);
        let part = &chunk[at..at + here];
        if part != &wanted[..here] {
            self.state = State::Invalid;
            return at;
        }
        let last = here == wanted.len();
        visitor.literal(part, last);
        if last {
            self.after_value();
        } else {
            let at = u8::try_from(matched + here).unwrap_or(u8::MAX);
            self.state = State::Word { word, at };
        }
        at + here
    }

    fn number<V: Visit>(
        &mut self,
        chunk: &[u8],
        at: usize,
        number: Number,
        visitor: &mut V,
    ) -> usize {
        self.number_from(chunk, at, at, number, visitor)
    }

    fn number_from<V: Visit>(
        &mut self,
        chunk: &[u8],
        start: usize,
        mut at: usize,
        mut number: Number,
        visitor: &mut V,
    ) -> usize {
        while at < chunk.len() {
            match number.next(chunk[at]) {
                Some(next) => number = next,
                None if number.may_end() => {
                    visitor.literal(&chunk[start..at], true);
                    self.after_value();
                    return at;
                }
                None => {
                    self.state = State::Invalid;
                    return at;
                }
            }
            at += 1;
        }
        visitor.literal(&chunk[start..], false);
        self.state = State::Number(number);
        at
    }

    /// Scans from inside a string to its closing quote or to the end of the chunk.
    fn string<V: Visit>(
        &mut self,
        chunk: &[u8],
        start: usize,
        key: bool,
        visitor: &mut V,
    ) -> usize {
        let mut at = start;
        self.state = State::String { key };
        loop {
            let rest = &chunk[at..];
            let Some(stop) = find_string_stop(rest) else {
                return self.string_goes_on(chunk, start, at, key, visitor);
            };
            if has_control(&rest[..stop]) {
                self.state = State::Invalid;
                return at;
            }
            at += stop;
            if chunk[at] == b'"' {
                emit(visitor, key, &chunk[start..at], true);
                if key {
                    self.state = State::Colon;
                } else {
                    self.after_value();
                }
                return at + 1;
            }
            at += 1;
            self.state = State::Escape { key };
            at = self.escape(chunk, at, key);
            match self.state {
                State::String { .. } => {}
                State::Invalid => return at,
                _ => {
                    emit(visitor, key, &chunk[start..], false);
                    return chunk.len();
                }
            }
        }
    }

    fn string_goes_on<V: Visit>(
        &mut self,
        chunk: &[u8],
        start: usize,
        at: usize,
        key: bool,
        visitor: &mut V,
    ) -> usize {
        if has_control(&chunk[at..]) {
            self.state = State::Invalid;
        } else if start < chunk.len() {
            emit(visitor, key, &chunk[start..], false);
        }
        chunk.len()
    }

    /// Steps over (the rest of) one escape; the state says whether it is complete.
    fn escape(&mut self, chunk: &[u8], mut at: usize, key: bool) -> usize {
        while at < chunk.len() {
            self.state = match (self.state, chunk[at]) {
                (State::Escape { .. }, b'u') => State::Hex { key, left: 4 },
                (State::Escape { .. }, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
                | (State::Hex { left: 1, .. }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                    self.state = State::String { key };
                    return at + 1;
                }
                (State::Hex { left, .. }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => State::Hex {
                    key,
                    left: left - 1,
                },
                _ => {
                    self.state = State::Invalid;
                    return at;
                }
            };
            at += 1;
        }
        at
    }

    fn rest_of_escape<V: Visit>(&mut self, chunk: &[u8], at: usize, visitor: &mut V) -> usize {
        let (State::Escape { key } | State::Hex { key, .. }) = self.state else {
            return at;
        };
        let after = self.escape(chunk, at, key);
        if self.state != State::Invalid {
            emit(visitor, key, &chunk[at..after], false);
        }
        after
    }
}

fn emit<V: Visit>(visitor: &mut V, key: bool, part: &[u8], last: bool) {
    if key {
        visitor.key(part, last);
    } else {
        visitor.string(part, last);
    }
}

/// Where the next quote or backslash is. Most strings of a stream are shorter than the call to a vectorised search
/// is worth.
pub(super) fn find_string_stop(bytes: &[u8]) -> Option<usize> {
    const SHORT: usize = 16;
    for (at, byte) in bytes.iter().take(SHORT).enumerate() {
        if matches!(byte, b'"' | b'\\') {
            return Some(at);
        }
    }
    let rest = bytes.get(SHORT..)?;
    memchr2(b'"', b'\\', rest).map(|at| at + SHORT)
}

fn has_control(bytes: &[u8]) -> bool {
    // A minimum takes no branch per byte, so the compiler can look at many bytes at once.
    bytes.iter().fold(u8::MAX, |least, byte| least.min(*byte)) < 0x20
}

/// UTF-8 checked over chunks: keeps the start of a character that a chunk cuts.
#[derive(Debug, Default)]
struct Utf8 {
    tail: [u8; 4],
    length: usize,
}

impl Utf8 {
    fn is_whole(&self) -> bool {
        self.length == 0
    }

    fn check(&mut self, mut chunk: &[u8]) -> bool {
        while self.length > 0 {
            let Some((first, rest)) = chunk.split_first() else {
                return true;
            };
            chunk = rest;
            self.tail[self.length] = *first;
            self.length += 1;
            match std::str::from_utf8(&self.tail[..self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_some() || self.length == 4 => return false,
                Err(_) => {}
            }
        }
        match std::str::from_utf8(chunk) {
            Ok(_) => true,
            Err(error) if error.error_len().is_some() => false,
            Err(error) => {
                let cut = &chunk[error.valid_up_to()..];
                self.tail[..cut.len()].copy_from_slice(cut);
                self.length = cut.len();
                true
            }
        }
    }
}
