//! `pattern`: similar texts as one row each. How texts are grouped is in `mining.rs`.
//!
//! Columns: `@pattern`, `@ratio` of the rows, `@sampleCount`, `@severityLabel`. Decisions: the most frequent first,
//! then by text; the label is `ERROR` where the pattern has the word error in any case, else `WARN` where it has warn,
//! else `INFO`.
//!
//! Three more are JSON, as `ListAnomalies` has it: `@tokens`, the parts of the pattern, of several such lists for texts
//! that print alike the least; `@visualization`, how many came in each tenth of the time; `@logSamples`, the newest three
//! texts, then by text, of each at most its first 1024 bytes. And two that it has, too: `@PatternId`, the MD5 of the
//! pattern; `@regexString`, an expression that the texts match, of texts that print alike one or the other.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::rc::Rc;

use corelog_insights::Expr;
use md5::{Digest as _, Md5};

use crate::aggregates::time_of;
use crate::commands::anomaly;
use crate::eval::{Scope, eval};
use crate::mining::{self, Mined, Part, Pattern};
use crate::row::{Frame, Row};
use crate::source::Window;
use crate::value::{Value, text as text_of};
use corelog_values::{Member, json};

const COLUMNS: [&str; 9] = [
    "@pattern",
    "@ratio",
    "@sampleCount",
    "@severityLabel",
    "@tokens",
    "@visualization",
    "@logSamples",
    "@PatternId",
    "@regexString",
];
const SAMPLES_MAX: usize = 3;
const SAMPLE_BYTES_MAX: usize = 1024;

/// The texts to group, and their times; rows without a text take no part.
pub(crate) fn texts(scope: &Scope<'_>, frame: &Frame, of: &Expr) -> Vec<(String, Option<i64>)> {
    let text = |row: &Row| Some((text_of(&eval(scope, row, of))?, time_of(row)));
    frame.rows.iter().filter_map(text).collect()
}

/// The patterns of texts, formed together with those of another time.
pub(crate) fn apply(
    own: &[(String, Option<i64>)],
    others: &[(String, Option<i64>)],
    window: Window,
) -> Frame {
    let all: Vec<&str> = own
        .iter()
        .chain(others)
        .map(|(text, _)| text.as_str())
        .collect();
    // For each pattern, its texts.
    let mut patterns: Vec<(String, Vec<Own>)> = Vec::new();
    for (mined, (text, ms)) in mining::mine(&all).into_iter().zip(own) {
        let pattern = mined.pattern.text.clone();
        let text = Own {
            mined,
            text: text.clone(),
            ms: *ms,
            part: anomaly::part_of(*ms, window),
        };
        match patterns.iter_mut().find(|(known, _)| *known == pattern) {
            Some((_, texts)) => texts.push(text),
            None => patterns.push((pattern, vec![text])),
        }
    }
    patterns.sort_by(|(left, left_texts), (right, right_texts)| {
        let by_count = right_texts.len().cmp(&left_texts.len());
        by_count.then_with(|| left.cmp(right))
    });
    let rows = patterns
        .into_iter()
        .map(|(pattern, texts)| {
            let mut row = pattern_row(&pattern, texts.len(), own.len());
            row.set("@tokens", tokens(&texts));
            row.set("@visualization", visualization(&texts, window));
            row.set("@logSamples", samples(texts.clone()));
            row.set("@regexString", regex(&texts));
            let parts: Vec<usize> = texts.iter().map(|text| text.part).collect();
            anomaly::note(&mut row, &parts);
            row
        })
        .collect();
    Frame::aggregated(&COLUMNS.map(str::to_owned), rows)
}

/// A text of the time at hand.
#[derive(Clone)]
struct Own {
    mined: Mined,
    text: String,
    ms: Option<i64>,
    part: usize,
}

/// What patterns that are gone do not have.
pub(crate) fn forget(row: &mut Row) {
    for name in ["@tokens", "@visualization", "@logSamples"] {
        row.set(name, Value::Null);
    }
}

fn tokens(texts: &[Own]) -> Value {
    let of = |pattern: &Rc<Pattern>| -> String {
        let same = texts
            .iter()
            .map(|text| &text.mined)
            .filter(|mined| Rc::ptr_eq(&mined.pattern, pattern));
        let same: Vec<&Mined> = same.collect();
        let mut all = Vec::new();
        let mut fixed = String::new();
        let mut position = 0;
        for part in &pattern.parts {
            match part {
                Part::Fixed(text) => fixed.push_str(text),
                Part::Dynamic {
                    kind,
                    place,
                    is_told,
                    ..
                } => {
                    position += 1;
                    all.extend(fixed_token(&std::mem::take(&mut fixed)));
                    let values = mining::values(&same, *place, *is_told);
                    all.push(dynamic_token(kind, position, values));
                }
            }
        }
        all.extend(fixed_token(&fixed));
        json::write(&Value::list(all))
    };
    let all = different(texts).into_iter().map(of);
    all.min().map_or(Value::Null, Value::text)
}

/// The patterns of texts that print alike.
fn different(texts: &[Own]) -> Vec<&Rc<Pattern>> {
    let mut patterns: Vec<&Rc<Pattern>> = Vec::new();
    for text in texts {
        let pattern = &text.mined.pattern;
        if !patterns.iter().any(|known| Rc::ptr_eq(known, pattern)) {
            patterns.push(pattern);
        }
    }
    patterns
}

fn regex(texts: &[Own]) -> Value {
    let patterns = different(texts).into_iter();
    let mut all: Vec<String> = patterns.map(|pattern| mining::regex(pattern)).collect();
    all.sort();
    all.dedup();
    Value::text(all.join("|"))
}

fn fixed_token(text: &str) -> Option<Value> {
    let members = vec![
        ("isDynamic".into(), Value::Bool(false)),
        ("tokenString".into(), Value::text(text.to_owned())),
    ];
    (!text.is_empty()).then(|| Value::map(members))
}

fn dynamic_token(kind: &str, position: usize, values: Option<Vec<(String, usize)>>) -> Value {
    let mut members: Vec<Member<'static>> = vec![
        ("dynamicTokenPosition".into(), Value::count(position)),
        ("isDynamic".into(), Value::Bool(true)),
        ("tokenString".into(), Value::text("<*>")),
    ];
    if let Some(values) = values {
        let values = values.into_iter();
        let values = values.map(|(value, count)| (value.into(), Value::count(count)));
        members.push(("enumerations".into(), Value::map(values.collect())));
    }
    let name = format!("{kind}-{position}");
    members.push(("inferredTokenName".into(), Value::text(name)));
    Value::map(members)
}

fn visualization(texts: &[Own], window: Window) -> Value {
    let mut members: Vec<Member<'static>> = Vec::new();
    for part in 0..anomaly::PARTS_COUNT {
        let count = texts.iter().filter(|text| text.part == part).count();
        if count > 0 {
            let start = anomaly::start_of(part, window);
            members.push((start.to_string().into(), Value::count(count)));
        }
    }
    Value::text(json::write(&Value::map(members)))
}

fn samples(mut texts: Vec<Own>) -> Value {
    for text in &mut texts {
        while text.text.len() > SAMPLE_BYTES_MAX {
            text.text.pop();
        }
    }
    texts.sort_by_key(|text| (Reverse(text.ms), text.text.clone()));
    let sample = |text: &Own| {
        let mut members: Vec<Member<'static>> = Vec::new();
        if let Some(ms) = text.ms {
            members.push(("timestamp".into(), Value::int(ms)));
        }
        members.push(("message".into(), Value::text(text.text.clone())));
        Value::map(members)
    };
    let samples = texts.iter().take(SAMPLES_MAX).map(sample).collect();
    Value::text(json::write(&Value::list(samples)))
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows in memory")]
fn pattern_row(pattern: &str, count: usize, total: usize) -> Row {
    let mut row = Row::default();
    row.set("@pattern", Value::text(pattern.to_owned()));
    let mut id = String::new();
    for byte in Md5::digest(pattern) {
        let _ = write!(id, "{byte:02x}");
    }
    row.set("@PatternId", Value::text(id));
    row.set("@ratio", Value::float(count as f64 / total as f64));
    row.set("@sampleCount", Value::count(count));
    row.set("@severityLabel", Value::text(severity(pattern)));
    row
}

fn severity(pattern: &str) -> &'static str {
    let lower = pattern.to_lowercase();
    if lower.contains("error") {
        "ERROR"
    } else if lower.contains("warn") {
        "WARN"
    } else {
        "INFO"
    }
}
