//! `sessionize`: sessions that a gap in time ends.
//!
//! Decisions: a gap longer than `maxspan` begins a new session; sessions are numbered from 1 by their first event; a
//! row without time, or without one of the keys, is in no session.

use std::collections::BTreeMap;

use corelog_insights::Sessionize;

use crate::output::Failure;
use crate::row::Frame;
use crate::value::{Value, identity};
use corelog_values::calendar;
use corelog_values::coerce;

pub(crate) fn apply(mut frame: Frame, sessionize: &Sessionize) -> Result<Frame, Failure> {
    let Some(gap) = calendar::length_ms(sessionize.max_span) else {
        return Err(Failure::unsupported("a `maxspan` of months or years"));
    };
    let mut order: Vec<(i64, Vec<String>, usize)> = Vec::new();
    for (at, row) in frame.rows.iter().enumerate() {
        let time = coerce::millis(&row.get("@timestamp"));
        let keys = sessionize.fields.iter();
        let key: Option<Vec<String>> = keys
            .map(|field| identity(&row.field(field).scalar()))
            .collect();
        if let (Some(time), Some(key)) = (time, key) {
            order.push((time, key, at));
        }
    }
    order.sort();
    let mut last: BTreeMap<Vec<String>, (i64, i64)> = BTreeMap::new();
    let mut count = 0;
    let mut sessions: Vec<Option<i64>> = vec![None; frame.rows.len()];
    for (time, key, at) in order {
        let session = match last.get(&key) {
            Some((before, session)) if time.saturating_sub(*before) <= gap => *session,
            _ => {
                count += 1;
                count
            }
        };
        last.insert(key, (time, session));
        sessions[at] = Some(session);
    }
    for (row, session) in frame.rows.iter_mut().zip(sessions) {
        row.set(
            &sessionize.alias.value,
            session.map_or(Value::Null, Value::int),
        );
    }
    frame.columns.show_made(&sessionize.alias.value);
    Ok(frame)
}
