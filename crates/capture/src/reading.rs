//! What one stream says, read by somebody who gets its bytes as they pass.

use corelog_providers::{Framing, Said, SaidReader};

use crate::Passing;
use crate::unpack::Unpacker;

/// A place in a stream that is read as it passes. Costs CPU in proportion to what it is given, and holds a part of
/// the stream.
pub struct Reading {
    /// `None` once the rest cannot be understood.
    reader: Option<SaidReader>,
    /// `None` where the encoding, or the place, lets nothing be undone.
    unpacker: Option<Unpacker>,
    /// Bytes of the stream up to here were given, or are given up.
    at: u64,
    /// Whether it was said that the rest is not understood.
    is_lost: bool,
}

/// What one piece has brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// What is said.
    pub said: Vec<Said>,
    /// Whether something is missing before it, or it and all that follows is not understood; said once.
    pub gap: bool,
}

impl Reading {
    /// Begins at the start of a stream.
    pub fn new(passing: &Passing) -> Self {
        let unpacker = Unpacker::of(passing.encoding.as_deref());
        Self {
            reader: Some(SaidReader::new(passing.shape, passing.framing)),
            unpacker,
            at: 0,
            is_lost: false,
        }
    }

    /// How far it is.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Reads what has come already, of the stream's first `bytes_max` bytes. See [`Passing::look`] for what it costs.
    pub fn catch_up(&mut self, passing: &Passing, bytes_max: u64) -> Heard {
        let mut heard = Heard::default();
        let mut at = 0;
        passing.each_piece(bytes_max, &mut |piece| {
            let more = self.hear(passing, at, piece);
            at += piece.len() as u64;
            heard.said.extend(more.said);
            heard.gap |= more.gap;
        });
        heard
    }

    /// Takes the bytes that are at a place of the stream. What it has had of them counts once; where some are missing
    /// before them, a stream of lines goes on with the next line, and of any other nothing is understood any more.
    pub fn hear(&mut self, passing: &Passing, at: u64, bytes: &[u8]) -> Heard {
        let end = at + bytes.len() as u64;
        let had = usize::try_from(self.at.saturating_sub(at)).unwrap_or(usize::MAX);
        let Some(bytes) = bytes.get(had..).filter(|rest| !rest.is_empty()) else {
            return Heard::default();
        };
        let is_missing = at > self.at;
        self.at = end;
        if is_missing {
            let has_lines = matches!(passing.framing, Framing::Sse | Framing::NdJson);
            let can_go_on = has_lines && passing.encoding.is_none();
            self.reader = can_go_on.then(|| SaidReader::new(passing.shape, passing.framing));
        }
        let said = self.read(bytes);
        let was_lost = self.is_lost;
        self.is_lost = self.reader.is_none() || self.unpacker.is_none();
        let gap = if self.is_lost { !was_lost } else { is_missing };
        Heard { said, gap }
    }

    fn read(&mut self, bytes: &[u8]) -> Vec<Said> {
        let mut said = Vec::new();
        let (Some(reader), Some(unpacker)) = (&mut self.reader, &mut self.unpacker) else {
            return said;
        };
        let outcome = unpacker.push(bytes, &mut |piece| said.extend(reader.push(piece)));
        if reader.has_given_up() {
            self.reader = None;
        }
        if outcome.is_err() {
            self.unpacker = None;
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use corelog_providers::Shape;

    use super::*;

    fn passing(framing: Framing, encoding: Option<&str>) -> Passing {
        Passing {
            shape: Shape::Ollama,
            framing,
            encoding: encoding.map(str::to_owned),
            decoded_max: 0,
            shows_text: true,
            copy: Weak::new(),
        }
    }

    fn line(text: &str) -> String {
        format!("{{\"message\":{{\"content\":\"{text}\"}}}}\n")
    }

    /// Gives pieces at their places; returns what each said, with `…` before it where there is a gap.
    fn heard(passing: &Passing, pieces: &[(usize, &str)]) -> Vec<String> {
        let mut reading = Reading::new(passing);
        let mut all = Vec::new();
        for (at, piece) in pieces {
            let heard = reading.hear(passing, *at as u64, piece.as_bytes());
            let gap = if heard.gap { "…" } else { "" };
            let said = heard.said.iter().map(|said| said.text.as_str());
            all.push(format!("{gap}{}", said.collect::<String>()));
            assert!(reading.at() >= (at + piece.len()) as u64);
        }
        all
    }

    #[test]
    fn pieces_are_read_once_wherever_they_are_cut() {
        let passing = passing(Framing::NdJson, None);
        let (a, b) = (line("a"), line("b"));
        let both = format!("{a}{b}");
        let (begin, end) = both.split_at(40);
        let pieces = [(0, begin), (40, end)];
        assert_eq!(heard(&passing, &pieces).concat(), "ab");
        // Some of it was read before: from the copy.
        let pieces = [(0, &*a), (0, &*a), (10, &both[10..]), (a.len(), &b)];
        assert_eq!(heard(&passing, &pieces), ["a", "", "b", ""]);
    }

    #[test]
    fn behind_a_gap_a_stream_of_lines_goes_on() {
        let passing = passing(Framing::NdJson, None);
        let (a, c) = (line("a"), format!("nd of b\"}}}}\n{}", line("c")));
        let pieces = [(0, &*a), (500, &*c), (500 + c.len(), &a)];
        assert_eq!(heard(&passing, &pieces), ["a", "…c", "a"]);
    }

    #[test]
    fn behind_a_gap_nothing_else_is_understood_which_is_said_once() {
        let a = line("a");
        let array = format!("[{a},");
        for (framing, encoding) in [
            (Framing::JsonArray, None),
            (Framing::EventStream, None),
            (Framing::NdJson, Some("gzip")),
        ] {
            let passing = passing(framing, encoding);
            let pieces = [(500, &*array), (500 + array.len(), &*a), (9_000, &*a)];
            assert_eq!(heard(&passing, &pieces), ["…", "", ""], "{framing:?}");
        }
    }

    #[test]
    fn a_part_without_an_end_is_one_gap() {
        let passing = passing(Framing::NdJson, None);
        let (a, endless) = (line("a"), "x".repeat(5 << 20));
        let at = a.len() + endless.len();
        let pieces = [(0, &*a), (a.len(), &*endless), (at, "\n"), (at + 1, &*a)];
        assert_eq!(heard(&passing, &pieces), ["a", "…", "", ""]);
    }

    #[test]
    fn what_cannot_be_unpacked_is_one_gap() {
        let a = line("a");
        for encoding in ["zstd", "gzip, br", "gzip"] {
            let passing = passing(Framing::NdJson, Some(encoding));
            let pieces = [(0, &*a), (a.len(), &*a)];
            assert_eq!(heard(&passing, &pieces), ["…", ""], "{encoding}");
        }
    }
}
