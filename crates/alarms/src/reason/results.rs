//! Why a log alarm is in its state.
//!
//! Decision: the words of metric alarms, with query results in place of data points; those of the service are not
//! documented.

use std::fmt::Write as _;

use corelog_types::Timestamp;
use serde_json::Value;

use super::{LISTED_MAX, counted, counted_was, join, join_tight, than};
use crate::moment;
use crate::results::{Alarming, Looked};
use crate::state::StateValue;

/// Contributors that are named.
const NAMED_MAX: usize = 4;
/// Values that are named of each.
const VALUES_MAX: usize = 3;
/// Of the name of a contributor, so much is said.
const NAME_CHARS_MAX: usize = 64;

/// What a reason is about.
pub(crate) struct Results<'a> {
    pub(crate) looked: &'a Looked<'a>,
    /// The new state.
    pub(crate) value: StateValue,
    /// Contributors that are in `ALARM`.
    pub(crate) alarming: &'a [Alarming],
    /// How many missing results were treated as something.
    pub(crate) filled: usize,
    pub(crate) now: Timestamp,
}

impl Results<'_> {
    /// `Threshold Crossed: 2 out of the last 3 query results [12.0 (…), 9.0 (…)] were greater than the threshold (5.0).`
    pub(crate) fn text(&self) -> String {
        let alarm = self.looked.alarm;
        let wanted = alarm.results_to_evaluate;
        let mut text = match self.value {
            StateValue::InsufficientData => {
                let unknown = counted_was(u64::from(wanted), "query result");
                return format!("Insufficient Data: {unknown} unknown.");
            }
            _ if !self.has_values() => format!(
                "Threshold Crossed: no values were in the last {}",
                counted(u64::from(wanted), "query result")
            ),
            StateValue::Alarm => self.alarm_text(),
            StateValue::Ok => self.ok_text(),
        };
        if self.filled > 0 {
            let treated = if self.value == StateValue::Alarm {
                "Breaching"
            } else {
                "NonBreaching"
            };
            let missing = counted_was(self.filled as u64, "missing query result");
            let _ = write!(text, " and {missing} treated as [{treated}]");
        }
        text.push('.');
        text
    }

    fn has_values(&self) -> bool {
        let mut results = self.looked.results.iter();
        results.any(|(_, result)| result.values > 0)
    }

    fn alarm_text(&self) -> String {
        let alarm = self.looked.alarm;
        let mut text = "Threshold Crossed: ".to_owned();
        match self.alarming {
            [one] if one.name.is_empty() => {
                let wanted = alarm.results_to_evaluate;
                let count = one.values.len();
                let _ = write!(text, "{count} out of the last {wanted} query results [");
                join(&mut text, one.values.iter().take(LISTED_MAX / 2).map(named));
                text.push_str(if count == 1 { "] was " } else { "] were " });
            }
            all => {
                let count = all.len() as u64;
                let _ = write!(
                    text,
                    "{} evaluated to ALARM: ",
                    counted(count, "contributor")
                );
                join(&mut text, all.iter().take(NAMED_MAX).map(contributor));
                if all.len() > NAMED_MAX {
                    let _ = write!(text, " and {} more", all.len() - NAMED_MAX);
                }
                text.push_str(" were ");
            }
        }
        let (than, threshold) = (than(alarm.comparison), moment::decimal(alarm.threshold));
        let _ = write!(text, "{than} the threshold ({threshold})");
        text
    }

    fn ok_text(&self) -> String {
        let alarm = self.looked.alarm;
        let within = self.looked.results.iter();
        let within = within.filter(|(_, result)| result.breaching.is_empty());
        let mut within = within.filter_map(|(_, result)| Some((result.at, result.nearest?)));
        let (than, threshold) = (than(alarm.comparison), moment::decimal(alarm.threshold));
        let Some(newest) = within.next() else {
            let wanted = u64::from(alarm.results_to_evaluate);
            return format!(
                "Threshold Crossed: no contributor was {than} the threshold ({threshold}) in {} of the last {}",
                alarm.results_to_alarm,
                counted(wanted, "query result")
            );
        };
        format!(
            "Threshold Crossed: the newest query result within the limit [{}] was not {than} the threshold ({threshold})",
            named(&newest)
        )
    }

    /// `{"version":"1.0","queryDate":…}`: what was looked at, by when.
    pub(crate) fn data(&self) -> String {
        let alarm = self.looked.alarm;
        let mut text = format!(
            r#"{{"version":"1.0","queryDate":"{}","threshold":{},"evaluatedQueryResults":["#,
            moment::precise(self.now),
            moment::decimal(alarm.threshold)
        );
        let listed = self.looked.results.iter().take(LISTED_MAX);
        join_tight(
            &mut text,
            listed.map(|(_, result)| {
                let at = moment::precise(result.at);
                let value = result.worst().map(moment::decimal);
                let value = value.map_or_else(String::new, |value| format!(r#","value":{value}"#));
                format!(r#"{{"timestamp":"{at}"{value}}}"#)
            }),
        );
        text.push(']');
        let named = self.alarming.iter().filter(|one| !one.name.is_empty());
        let named: Vec<String> = named
            .take(NAMED_MAX)
            .map(|one| Value::from(short(&one.name)).to_string())
            .collect();
        if !named.is_empty() {
            text.push_str(r#","contributors":["#);
            join_tight(&mut text, named.into_iter());
            text.push(']');
        }
        text.push('}');
        text
    }
}

/// `12.0 (22/11/26 09:00:00)`
fn named((at, value): &(Timestamp, f64)) -> String {
    format!("{} ({})", moment::decimal(*value), moment::short(*at))
}

/// `modelId=m [12.0 (22/11/26 09:00:00)]`
fn contributor(one: &Alarming) -> String {
    let mut text = format!("{} [", short(&one.name));
    join(&mut text, one.values.iter().take(VALUES_MAX).map(named));
    text.push(']');
    text
}

fn short(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}
