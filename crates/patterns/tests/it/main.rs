//! The pattern language through the public surface, by the documentation's own examples.

#[cfg(test)]
mod fields;
#[cfg(test)]
mod json;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod terms;

#[cfg(test)]
use corelog_patterns::{Event, Pattern};

/// Whether `pattern` matches `message`; it has to read.
#[cfg(test)]
fn is_match(pattern: &str, message: &str) -> bool {
    match Pattern::parse(pattern) {
        Ok(pattern) => pattern.matches(&Event::new(message)),
        Err(error) => panic!(
            "{pattern}: {error} at {:?} ({:?})",
            error.at(),
            error.hint()
        ),
    }
}

/// Which of `messages` the pattern matches, by index.
#[cfg(test)]
fn matching(pattern: &str, messages: &[&str]) -> Vec<usize> {
    let found = messages.iter().enumerate();
    found
        .filter(|(_, message)| is_match(pattern, message))
        .map(|(index, _)| index)
        .collect()
}

/// The extracted values of a match, as `key=value` in the order of keys.
#[cfg(test)]
fn extracted(pattern: &str, message: &str) -> Vec<String> {
    let pattern = Pattern::parse(pattern).unwrap();
    let event = Event::new(message);
    let found = pattern.find(&event).expect("the event matches");
    let values = found.extracted();
    values
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}
