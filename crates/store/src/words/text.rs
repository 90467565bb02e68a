//! What a message must have for somebody who looks for a text.

use std::fmt;

use super::LETTERS_MIN;

/// Conditions and runs of letters that a question may have; one with more is not worth the index.
const PARTS_MAX: usize = 256;

/// A text that messages must have, or several, or one of several: what is asked of an index of words.
///
/// Only its letters count, without regard to case. What the letters cannot tell is up to whoever reads the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub(super) Need);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    /// All of these runs of letters.
    Runs(Vec<Run>),
    All(Vec<Need>),
    Either(Vec<Need>),
}

/// Letters side by side, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) letters: Vec<u8>,
    /// Whether a word begins with them, for something else than a letter stands before them.
    pub(super) begins: bool,
    /// Whether a word ends with them.
    pub(super) ends: bool,
}

impl Text {
    /// This text, anywhere. `None` if it says nothing of words: then any message may have it.
    pub fn literal(text: &str) -> Option<Self> {
        let mut runs: Vec<Run> = Vec::new();
        let mut run = Run::new(false);
        for c in text.chars() {
            if let Some(letter) = letter(c) {
                run.letters.push(letter);
            } else {
                run.ends = true;
                runs.push(std::mem::replace(&mut run, Run::new(true)));
            }
        }
        runs.push(run);
        runs.retain(|run| run.letters.len() >= LETTERS_MIN);
        runs.truncate(PARTS_MAX);
        (!runs.is_empty()).then_some(Self(Need::Runs(runs)))
    }

    /// All of these. What says nothing does not count.
    pub fn all(parts: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let mut parts: Vec<Need> = parts.into_iter().flatten().map(|it| it.0).collect();
        if parts.len() < 2 {
            return parts.pop().map(Self);
        }
        Self(Need::All(parts)).bounded()
    }

    /// Any of these. If one of them says nothing, neither do all.
    pub fn either(parts: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let parts = parts.into_iter().map(|it| it.map(|it| it.0));
        let mut parts: Vec<Need> = parts.collect::<Option<_>>()?;
        if parts.len() < 2 {
            return parts.pop().map(Self);
        }
        Self(Need::Either(parts)).bounded()
    }

    /// Of each of these lists at least one text.
    pub fn one_of_each(lists: &[Vec<&str>]) -> Option<Self> {
        let either = |list: &Vec<&str>| Self::either(list.iter().map(|text| Self::literal(text)));
        Self::all(lists.iter().map(either))
    }

    fn bounded(self) -> Option<Self> {
        (self.0.parts() <= PARTS_MAX).then_some(self)
    }
}

impl Need {
    fn parts(&self) -> usize {
        match self {
            Self::Runs(runs) => runs.len(),
            Self::All(all) | Self::Either(all) => all.iter().map(Self::parts).sum(),
        }
    }
}

impl Run {
    fn new(begins: bool) -> Self {
        Self {
            letters: Vec::new(),
            begins,
            ends: false,
        }
    }
}

/// The letter that a character is without regard to case. Two that are not ASCII are the same as one that is.
pub(super) fn letter(c: char) -> Option<u8> {
    match c {
        '\u{17f}' => Some(b's'),
        '\u{212a}' => Some(b'k'),
        _ => u8::try_from(c)
            .ok()
            .filter(u8::is_ascii_alphabetic)
            .map(|letter| letter.to_ascii_lowercase()),
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs(runs) => joined(f, runs, " and "),
            Self::All(all) => joined(f, all, " and "),
            Self::Either(any) => {
                f.write_str("(")?;
                joined(f, any, " or ")?;
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Run {
    /// With a star where the word may go on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = |is_edge| if is_edge { "" } else { "*" };
        let letters = String::from_utf8_lossy(&self.letters);
        write!(f, "{}{letters}{}", star(self.begins), star(self.ends))
    }
}

fn joined<T: fmt::Display>(f: &mut fmt::Formatter<'_>, parts: &[T], with: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { with })?;
        part.fmt(f)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = Text::literal(text).map(|it| it.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_literal_is_its_runs_of_letters() {
        check("warranty", Some("*warranty*"));
        check("Rate limit ex", Some("*rate and limit"));
        check(" rate limit", Some("rate and limit*"));
        check("gpt-4o-mini!", Some("*gpt and mini"));
        check("caf\u{e9}teria", Some("*caf and teria*"));
        check("\u{212a}elvin", Some("*kelvin*"));
        check("ok", None);
        check("1234", None);
        check("", None);
    }

    #[test]
    fn parts_that_say_nothing_count_where_one_is_enough() {
        let text = Text::literal;
        let all = Text::all([text("one"), text("42"), text("two")]);
        assert_eq!(all.unwrap().to_string(), "*one* and *two*");
        assert_eq!(Text::all([text("42"), None]), None);
        let either = Text::either([text("one"), text("two")]);
        assert_eq!(either.unwrap().to_string(), "(*one* or *two*)");
        assert_eq!(Text::either([text("one"), text("42")]), None);
        assert_eq!(Text::either([text("one")]), text("one"));
        assert_eq!(Text::either([]), None);
    }
}
