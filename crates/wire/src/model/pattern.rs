//! A pattern of the model, compiled when it is first used.

use std::sync::OnceLock;

use regex::Regex;

/// A regular expression, as the service shows it and as our engine reads it.
#[derive(Debug)]
pub struct Pattern {
    shown: &'static str,
    ours: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(crate) const fn new(shown: &'static str, ours: &'static str) -> Self {
        Self {
            shown,
            ours,
            compiled: OnceLock::new(),
        }
    }

    /// As it stands in the model, and in messages.
    pub fn as_str(&self) -> &'static str {
        self.shown
    }

    /// Whether the whole of `text` matches. One that does not compile matches nothing; a test compiles all.
    pub(super) fn fits(&self, text: &str) -> bool {
        let compile = || Regex::new(&format!(r"\A(?:{})\z", self.ours)).ok();
        let compiled = self.compiled.get_or_init(compile);
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        self.fits("");
        matches!(self.compiled.get(), Some(Some(_)))
    }
}
