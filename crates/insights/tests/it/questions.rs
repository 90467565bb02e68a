//! Questions one asks of invocation records, one of each kind the language has. All are read, and all come back.

use crate::round_trip;

/// Queries, shown as they are typed, with an empty line between. The reference interpreter's tests run them.
pub(crate) fn questions() -> Vec<&'static str> {
    let text = include_str!("../questions.txt").trim_end();
    text.split("\n\n").collect()
}

#[test]
fn questions_are_read_and_come_back() {
    assert_eq!(questions().len(), 97);
    for question in questions() {
        round_trip(question);
    }
}
