//! The order of `sort`.
//!
//! Ascending: what is missing, then what is no number, then numbers. Texts that are no numbers are cut into runs of
//! digits and of other characters; others compare by code point, digits by length, then by value. Equal numbers
//! compare by their text. Source: the user guide's page of `sort`; that missing values come first is a decision.

use std::cmp::Ordering;

use crate::coerce;
use crate::value::Value;

/// The ascending order of two values; the descending one is its reverse.
pub fn order(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    let is_missing = |value: &Value<'_>| value.is_null() || value.is_container();
    match (is_missing(left), is_missing(right)) {
        (false, false) => {}
        (left, right) => return right.cmp(&left),
    }
    let by_text =
        |compare: fn(&str, &str) -> Ordering| match (coerce::text(left), coerce::text(right)) {
            (Some(left), Some(right)) => compare(&left, &right),
            _ => Ordering::Equal,
        };
    match (coerce::number(left), coerce::number(right)) {
        (Some(left), Some(right)) => left.compare(right).then_with(|| by_text(str::cmp)),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (None, None) => by_text(texts),
    }
}

fn texts(left: &str, right: &str) -> Ordering {
    let (mut left_rest, mut right_rest) = (left, right);
    loop {
        let (left, right) = match (run(&mut left_rest), run(&mut right_rest)) {
            (Some(left), Some(right)) => (left, right),
            (left, right) => return left.is_some().cmp(&right.is_some()),
        };
        let order = match (is_number(left), is_number(right)) {
            (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
            _ => left.cmp(right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn is_number(run: &str) -> bool {
    run.starts_with(|c: char| c.is_ascii_digit())
}

/// Takes the first run off a text.
fn run<'t>(rest: &mut &'t str) -> Option<&'t str> {
    if rest.is_empty() {
        return None;
    }
    let digits = is_number(rest);
    let end = rest.find(|c: char| c.is_ascii_digit() != digits);
    let (run, behind) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = behind;
    Some(run)
}

#[cfg(test)]
mod tests {
    use super::order;
    use crate::value::Value;

    #[test]
    fn each_is_before_the_next() {
        // The user guide's example, and one of each kind.
        let texts = [
            "",
            "!",
            "#",
            "*%04",
            "0#",
            "5A",
            "111A",
            "2345_",
            "@",
            "@_",
            "A",
            "A9876fghj",
        ];
        let texts = texts.iter().chain(&["a12345hfh", "0", "01", "1", "2", "3"]);
        let all: Vec<Value> = texts.map(|text| Value::text(*text)).collect();
        let mut sorted = all.clone();
        sorted.push(Value::Null);
        sorted.reverse();
        sorted.sort_by(order);
        assert_eq!(sorted[0], Value::Null);
        assert_eq!(sorted[1..], all);
    }
}
