//! The order of `sort`.
//!
//! Ascending: what is missing, then what is no number, then numbers. Texts that are no numbers are cut into runs of
//! digits and of other characters; others compare by code point, digits by length, then by value. Equal numbers
//! compare by their text. Source: the user guide's page of `sort`; that missing values come first is a decision.

use std::cmp::Ordering;

use crate::coerce;
use crate::value::Value;

/// The ascending order of two values; the descending one is its reverse.
pub(crate) fn order(left: &Value, right: &Value) -> Ordering {
    let (left_text, right_text) = (coerce::text(left), coerce::text(right));
    let (Some(left_text), Some(right_text)) = (&left_text, &right_text) else {
        return left_text.is_some().cmp(&right_text.is_some());
    };
    match (coerce::number(left), coerce::number(right)) {
        (Some(left), Some(right)) => left.compare(right).then_with(|| left_text.cmp(right_text)),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (None, None) => texts(left_text, right_text),
    }
}

fn texts(left: &str, right: &str) -> Ordering {
    let (left_runs, right_runs) = (runs(left), runs(right));
    for (left, right) in left_runs.iter().zip(&right_runs) {
        let order = match (is_number(left), is_number(right)) {
            (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
            _ => left.cmp(right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left_runs.len().cmp(&right_runs.len())
}

fn is_number(run: &str) -> bool {
    run.starts_with(|c: char| c.is_ascii_digit())
}

fn runs(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = is_number(rest);
        let end = rest.find(|c: char| c.is_ascii_digit() != digits);
        let (run, behind) = rest.split_at(end.unwrap_or(rest.len()));
        all.push(run);
        rest = behind;
    }
    all
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
