//! The language from outside: texts in, trees and texts out.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod published;
#[cfg(test)]
mod questions;

/// Reads a query, writes it, reads that: the tree and the text stay the same.
#[cfg(test)]
fn round_trip(text: &str) {
    let tree = match corelog_insights::parse(text) {
        Ok(tree) => tree,
        Err(error) => panic!("{error} ({:?})\n{text}", error.hint),
    };
    let written = tree.to_string();
    let again = match corelog_insights::parse(&written) {
        Ok(again) => again,
        Err(error) => panic!("{error}\n{text}\nwas written\n{written}"),
    };
    assert_eq!(again, tree, "{text}\nwas written\n{written}");
    assert_eq!(again.to_string(), written, "{text}");
}
