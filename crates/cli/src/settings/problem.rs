//! What is wrong with a configuration: where, which key, why, and what to do about it.

use std::fmt;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A place in the config file.
    File(Place),
    /// The environment variable of that name.
    Env(String),
    /// The command-line flag of that name.
    Flag(String),
    /// Nobody set it: the default.
    Default,
}

/// A place in a text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters of the line are meant.
    pub width: usize,
    /// The text of the line.
    pub excerpt: String,
}

impl Place {
    /// The place of the bytes `start..end` of a file's text.
    pub(super) fn new(file: &str, text: &str, start: usize, end: usize) -> Self {
        let start = floor_char_boundary(text, start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let excerpt = text[line_start..].lines().next().unwrap_or_default();
        let column = text[line_start..start].chars().count() + 1;
        let end = floor_char_boundary(text, end)
            .clamp(start, line_start + excerpt.len().max(start - line_start));
        Self {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column,
            width: text[start..end].chars().count().max(1),
            excerpt: excerpt.to_owned(),
        }
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(place) => write!(f, "{}:{}:{}", place.file, place.line, place.column),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong, or that deserves a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key it is about, such as `provider[0].base_url`; empty where it is about the whole file.
    pub key: String,
    /// Why; lower case, no full stop, and never the value of a secret.
    pub reason: String,
    /// What to do.
    pub hint: Option<String>,
    /// Where the value came from.
    pub origin: Origin,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.origin {
            Origin::Default => {}
            Origin::File(place) => {
                let number = place.line.to_string();
                let gutter = " ".repeat(number.len());
                let before = " ".repeat(place.column - 1);
                let marks = "^".repeat(place.width);
                write!(f, "\n{gutter}--> {}", self.origin)?;
                write!(
                    f,
                    "\n{gutter} |\n{number} | {}",
                    place.excerpt.replace('\t', " ")
                )?;
                write!(f, "\n{gutter} | {before}{marks}")?;
            }
            Origin::Env(_) | Origin::Flag(_) => write!(f, "\n --> {}", self.origin)?,
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\nerror: ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What [`nearest`] finds must be at least this similar: `intervall` is to `interval`, `foo` is not.
const SIMILARITY_MIN: f64 = 0.75;

/// The name most like `wrong`, if any is like it at all.
pub(crate) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters() {
        let text = "a = 1\nü = \"é\"\n";
        let start = text.find('"').unwrap();
        let place = Place::new("c.toml", text, start, start + 4);
        assert_eq!((place.line, place.column, place.width), (2, 5, 3));
        assert_eq!(place.excerpt, "ü = \"é\"");
        // A span that crosses lines is marked to the end of its first.
        assert_eq!(Place::new("c.toml", text, 4, text.len()).width, 1);
        // The end of the file is a place too.
        assert_eq!(Place::new("c.toml", text, 99, 99).line, 3);
    }

    #[test]
    fn the_nearest_name_is_a_near_one() {
        let names = ["interval", "url", "batch_bytes"];
        assert_eq!(nearest("intervall", names), Some("interval"));
        assert_eq!(nearest("batch_size", names), Some("batch_bytes"));
        assert_eq!(nearest("zzz", names), None);
    }
}
