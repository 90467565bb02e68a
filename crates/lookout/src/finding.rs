//! A finding: what is not as usual, whose, since when; and how it is told.

use corelog_anomaly::{Burst, Drift, Feature, Runaway, Sign, Signal};
use corelog_types::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A burst is known up to the end of its window, a drift up to that of its day.
const WINDOW_MS: u64 = 5 * 60_000;
const DAY_MS: u64 = 24 * 3_600_000;

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody takes far more than usual.
    Burst,
    /// Calls loop.
    Runaway,
    /// Answers are not as they were.
    Drift,
}

impl Kind {
    /// `burst`
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Runaway => "runaway",
            Self::Drift => "drift",
        }
    }
}

/// How far a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was not known before.
    Found,
    /// There is more of it.
    Grown,
    /// It is over.
    Ended,
}

impl State {
    /// `found`
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Grown => "grown",
            Self::Ended => "ended",
        }
    }
}

/// Something that is not as usual.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// 16 hexadecimal digits: the same for the same thing, however often it is found.
    pub id: String,
    /// What kind of thing it is.
    pub kind: Kind,
    /// What shows it: `tokens`, `repeats`, `length`.
    pub signal: &'static str,
    /// Who called.
    pub caller: Option<String>,
    /// The model that was called.
    pub model: Option<String>,
    /// The session of the calls.
    pub session: Option<String>,
    /// When it began.
    pub since: Timestamp,
    /// Up to when it is known.
    pub at: Timestamp,
    /// Whether it is over.
    pub has_ended: bool,
    /// How much there is of it: what the signal counts.
    pub value: f64,
    /// How much there is usually, at most.
    pub usual: Option<f64>,
    /// How many calls there were.
    pub calls: Option<u64>,
    /// How many tokens they took.
    pub tokens: Option<u64>,
    /// All of it in a sentence.
    pub says: String,
}

#[derive(Serialize)]
struct Document<'a> {
    id: &'a str,
    kind: &'a str,
    signal: &'a str,
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    since: String,
    at: String,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    usual: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    says: &'a str,
}

impl Finding {
    /// The finding as a JSON object: what a log event of it says.
    pub fn document(&self, state: State) -> String {
        let document = Document {
            id: &self.id,
            kind: self.kind.as_str(),
            signal: self.signal,
            state: state.as_str(),
            caller: self.caller.as_deref(),
            model: self.model.as_deref(),
            session: self.session.as_deref(),
            since: self.since.rfc3339_ms(),
            at: self.at.rfc3339_ms(),
            value: self.value,
            usual: self.usual,
            calls: self.calls,
            tokens: self.tokens,
            says: &self.says,
        };
        // Texts and finite numbers can always be written.
        serde_json::to_string(&document).unwrap_or_default()
    }

    pub(crate) fn of_burst(burst: Burst) -> Self {
        let (signal, what) = match burst.signal {
            Signal::Calls => ("calls", "calls"),
            Signal::Tokens => ("tokens", "tokens"),
            Signal::Cost => ("cost", "cost"),
            Signal::Latency => ("latency", "ms median latency"),
            Signal::Errors => ("errors", "failed calls"),
        };
        let (caller, model) = (burst.subject.caller, burst.subject.model);
        let value = shown(burst.value);
        let says = if burst.has_ended {
            format!("{model} by {caller}: the burst of {what} is over, {value} in five minutes")
        } else {
            let usual = shown(burst.usual_max);
            format!("{model} by {caller}: {value} {what} in five minutes, usually {usual} at most")
        };
        Self {
            id: id(&["burst", signal, &caller, &model], burst.since),
            kind: Kind::Burst,
            signal,
            caller: Some(caller),
            model: Some(model),
            session: None,
            since: burst.since,
            at: later(burst.at, WINDOW_MS),
            has_ended: burst.has_ended,
            value: burst.value,
            usual: finite(burst.usual_max),
            calls: None,
            tokens: None,
            says,
        }
    }

    pub(crate) fn of_runaway(runaway: Runaway) -> Self {
        let (signal, value, usual, how) = match runaway.sign {
            Sign::Repeats { steps: 1, times } => {
                let how = format!("the same step {times} times in a row");
                ("repeats", f64::from(times), None, how)
            }
            Sign::Repeats { steps, times } => {
                let how = format!("the same {steps} steps {times} times in a row");
                ("repeats", f64::from(times), None, how)
            }
            Sign::Climbs { by, times } => {
                let how = format!("each prompt {by} tokens longer than the last, {times} times");
                ("climbs", f64::from(times), None, how)
            }
            Sign::Outgrows { usual } => {
                let how = format!("usually {usual} tokens at most");
                ("outgrows", float(runaway.tokens), Some(float(usual)), how)
            }
        };
        let (calls, tokens) = (runaway.calls, runaway.tokens);
        let of = match &runaway.session {
            Some(session) => format!("{} in session {session}", runaway.caller),
            None => runaway.caller.clone(),
        };
        let verb = if runaway.has_ended { "ran" } else { "runs" };
        let session = runaway.session.as_deref().unwrap_or_default();
        Self {
            // Its sign may change while it goes on.
            id: id(&["runaway", &runaway.caller, session], runaway.since),
            kind: Kind::Runaway,
            signal,
            model: None,
            since: runaway.since,
            at: runaway.until,
            has_ended: runaway.has_ended,
            value,
            usual,
            calls: Some(calls),
            tokens: Some(tokens),
            says: format!("{of} {verb} away: {how}; {calls} calls, {tokens} tokens so far"),
            caller: Some(runaway.caller),
            session: runaway.session,
        }
    }

    /// A drift of a day is over with that day.
    pub(crate) fn of_drift(drift: Drift, day: Timestamp) -> Self {
        let (before, after) = (drift.before, drift.after);
        let share = |share: f64| format!("{:.1} %", share * 100.0);
        let category = drift.category.as_deref().unwrap_or("others");
        let (signal, how) = match drift.feature {
            Feature::Length => {
                let how = format!(
                    "answers of {} tokens in the middle, {} in the two weeks before",
                    shown(after),
                    shown(before)
                );
                ("length", how)
            }
            Feature::Refusals => {
                let (after, before) = (share(after), share(before));
                (
                    "refusals",
                    format!("{after} refuse, {before} in the two weeks before"),
                )
            }
            Feature::StopReason => {
                let (after, before) = (share(after), share(before));
                let how = format!(
                    "{after} stop because of `{category}`, {before} in the two weeks before"
                );
                ("stop_reasons", how)
            }
            Feature::Language => {
                let (after, before) = (share(after), share(before));
                let how = format!("{after} are in `{category}`, {before} in the two weeks before");
                ("language", how)
            }
        };
        let prompts = if drift.have_prompts_moved {
            "; the prompts' lengths moved as well"
        } else {
            ""
        };
        Self {
            id: id(&["drift", signal, &drift.key], day),
            kind: Kind::Drift,
            signal,
            caller: None,
            session: None,
            since: day,
            at: later(day, DAY_MS),
            has_ended: true,
            value: after,
            usual: finite(before),
            calls: None,
            tokens: None,
            says: format!("{} on {}: {how}{prompts}", drift.key, day.day()),
            model: Some(drift.key),
        }
    }
}

fn later(at: Timestamp, by_ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(at.unix_ms().saturating_add(by_ms))
}

fn id(parts: &[&str], since: Timestamp) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(since.unix_ms().to_le_bytes());
    let digits = hash.finalize();
    let digits = digits.iter().take(8).map(|byte| format!("{byte:02x}"));
    digits.collect()
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Without decimals, where it is large enough to do without.
fn shown(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "tokens of one chain are far below 2^53"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use corelog_anomaly::Subject;

    use super::*;

    fn burst(value: f64, has_ended: bool) -> Burst {
        Burst {
            subject: Subject {
                caller: "batch".to_owned(),
                model: "claude".to_owned(),
            },
            signal: Signal::Tokens,
            at: Timestamp::from_unix_ms(1_795_338_900_000),
            since: Timestamp::from_unix_ms(1_795_338_600_000),
            value,
            usual_max: 61_250.4,
            has_ended,
        }
    }

    #[test]
    fn a_burst_is_a_sentence_and_a_document() {
        let begun = Finding::of_burst(burst(250_000.0, false));
        assert_eq!(
            begun.says,
            "claude by batch: 250000 tokens in five minutes, usually 61250 at most"
        );
        let id = begun.id.clone();
        assert_eq!(id.len(), 16);
        assert_eq!(
            begun.document(State::Found),
            format!(
                r#"{{"id":"{id}","kind":"burst","signal":"tokens","state":"found","caller":"batch","model":"claude","since":"2026-11-22T09:10:00.000Z","at":"2026-11-22T09:20:00.000Z","value":250000.0,"usual":61250.4,"says":"claude by batch: 250000 tokens in five minutes, usually 61250 at most"}}"#
            )
        );
        let ended = Finding::of_burst(burst(1.5, true));
        assert_eq!(ended.id, id, "it is the same one");
        assert_eq!(
            ended.says,
            "claude by batch: the burst of tokens is over, 1.5 in five minutes"
        );
    }

    #[test]
    fn a_loop_keeps_its_id_while_its_sign_changes() {
        let runaway = |sign, calls| Runaway {
            caller: "agent".to_owned(),
            session: Some("s-1".to_owned()),
            sign,
            since: Timestamp::from_unix_ms(5),
            until: Timestamp::from_unix_ms(9),
            calls,
            tokens: 800,
            has_ended: false,
        };
        let first = Finding::of_runaway(runaway(Sign::Repeats { steps: 1, times: 8 }, 8));
        assert_eq!(
            first.says,
            "agent in session s-1 runs away: the same step 8 times in a row; 8 calls, 800 tokens so far"
        );
        let later = Finding::of_runaway(runaway(Sign::Climbs { by: 90, times: 20 }, 21));
        assert_eq!(later.signal, "climbs");
        assert_eq!(later.id, first.id);
    }

    #[test]
    fn a_drift_is_of_its_day() {
        let day = Timestamp::parse_rfc3339("2026-11-22T00:00:00Z").unwrap();
        let drift = Drift {
            key: "claude".to_owned(),
            feature: Feature::Refusals,
            effect: 0.1,
            usual_max: 0.01,
            chance: 0.0,
            before: 0.01,
            after: 0.114,
            category: None,
            have_prompts_moved: true,
        };
        let found = Finding::of_drift(drift, day);
        assert_eq!(
            found.says,
            "claude on 2026-11-22: 11.4 % refuse, 1.0 % in the two weeks before; the prompts' lengths moved as well"
        );
        assert!(found.has_ended);
    }
}
