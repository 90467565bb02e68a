//! Which events a session shows.

use std::collections::BTreeSet;
use std::sync::Arc;

use corelog_patterns::Pattern;
use corelog_store::Event;

/// What an event has to be.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Of one of these log groups.
    pub groups: Vec<Arc<str>>,
    /// Of one of these streams.
    pub streams: Streams,
    /// With a message that matches.
    pub pattern: Option<Pattern>,
}

/// Which log streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Streams {
    /// All of them.
    All,
    /// Those of these names.
    Named(BTreeSet<String>),
    /// Those whose names begin with one of these.
    Beginning(Vec<String>),
}

impl Filter {
    /// Whether an event is shown.
    pub fn passes(&self, event: &Event) -> bool {
        self.concerns(event) && self.matches(event)
    }

    /// Whether an event is of the groups and streams, which costs next to nothing.
    pub(crate) fn concerns(&self, event: &Event) -> bool {
        let of_group = self.groups.contains(&event.group);
        of_group
            && match &self.streams {
                Streams::All => true,
                Streams::Named(names) => names.contains(&*event.stream),
                Streams::Beginning(prefixes) => prefixes
                    .iter()
                    .any(|prefix| event.stream.starts_with(prefix)),
            }
    }

    pub(crate) fn matches(&self, event: &Event) -> bool {
        let message = corelog_patterns::Event::new(&event.message);
        let pattern = self.pattern.as_ref();
        pattern.is_none_or(|pattern| pattern.matches(&message))
    }
}
