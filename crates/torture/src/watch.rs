//! Questions beside the load: is every answer's record found by a question that is asked one second later, and is what
//! other questions say true meanwhile?

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::{Shutdown, Tasks};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::ledger::{Answered, Ledger};
use crate::logs::Logs;
use crate::question::{RECORD_IDS, RECORDS, Why, Window, now_s};

/// How old an answer may be before its record must be found.
pub(crate) const FRESH_WITHIN: Duration = Duration::from_secs(1);
/// Time from one look for new records to the next.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// The same for questions about everything.
const ASK_EVERY: Duration = Duration::from_millis(300);
/// Longer than any question takes.
const FINISH_TIMEOUT: Duration = Duration::from_mins(2);

/// Questions of every kind whose answers are one and the same for the same events.
pub(crate) const QUESTIONS: [&str; 5] = [
    "stats count(*) as n",
    "stats count(*) as calls, sum(output.outputTokenCount) as tokens by modelId, operation | sort modelId, operation",
    "filter @message like /[aeiou]{3}/ | stats count(*) as n, min(@timestamp) as first, max(@timestamp) as last",
    "stats pct(corelog.latencyMs, 99) as p99, max(corelog.latencyMs) as most by bin(1s) as t | sort t",
    "fields @timestamp, requestId, corelog.recordId | sort @timestamp desc, corelog.recordId | limit 50",
];

/// What was found out, for as long as a scenario runs.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Questions that were answered.
    pub(crate) asked: u64,
    /// Questions that were not, while they need not be.
    pub(crate) unanswered: u64,
    /// Answers whose records were looked for: the first of the ledger's.
    pub(crate) looked_for: usize,
    /// Of these, those that were not found.
    pub(crate) lost: u64,
    /// Records that were there twice.
    pub(crate) doubled: u64,
    /// The longest time from an answer to the question that looked for it.
    pub(crate) latest: Duration,
    /// What ought not to be, in words.
    pub(crate) violations: Vec<String>,
}

/// What is watched, and what was found.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) ledger: Arc<Ledger>,
    /// The second before the first call.
    pub(crate) since_s: u64,
    pub(crate) findings: Arc<Mutex<Findings>>,
}

/// Those who ask.
#[derive(Debug)]
pub(crate) struct Watch {
    stop: Shutdown,
    tasks: Tasks,
}

impl Watch {
    /// Begins to ask. Where the store is `away`, a question need not be answered; what is answered must be true.
    pub(crate) fn start(watched: &Watched, gateway: SocketAddr, away: bool) -> Self {
        let stop = Shutdown::new();
        let tasks = Tasks::new();
        let asker = || Asker {
            watched: watched.clone(),
            logs: Logs::at(gateway),
            away,
        };
        tasks.spawn("looking", asker().look(stop.clone()));
        tasks.spawn("asking", asker().question(stop.clone()));
        Self { stop, tasks }
    }

    /// Lets the last question be answered. An error names who is not done.
    pub(crate) async fn finish(self) -> Result<(), String> {
        self.stop.request();
        self.tasks.wait(FINISH_TIMEOUT).await
    }
}

struct Asker {
    watched: Watched,
    logs: Logs,
    away: bool,
}

impl Asker {
    /// Looks for the records of new answers, again and again.
    async fn look(mut self, stop: Shutdown) {
        while !stop.is_requested() {
            let next = Instant::now() + LOOK_EVERY;
            let looked = self.watched.look(&mut self.logs).await;
            self.note(looked);
            sleep_until(next).await;
        }
    }

    /// Asks about everything so far, one question after the other.
    async fn question(mut self, stop: Shutdown) {
        for text in QUESTIONS.iter().cycle() {
            let next = Instant::now() + ASK_EVERY;
            if stop.is_requested() {
                return;
            }
            let asked = self.watched.question(&mut self.logs, text).await;
            self.note(asked);
            sleep_until(next).await;
        }
    }

    fn note(&self, outcome: Result<(), Why>) {
        let mut findings = self.watched.findings.lock();
        match outcome {
            Ok(()) => findings.asked += 1,
            Err(_) if self.away => findings.unanswered += 1,
            Err(why) => {
                let why = format!("a question was not answered: {why}");
                findings.violations.push(why);
            }
        }
    }
}

impl Watched {
    /// Looks for the records of all answers that are old enough and were not looked for.
    pub(crate) async fn look(&self, logs: &mut Logs) -> Result<(), Why> {
        let asked = Instant::now();
        let looked_for = self.findings.lock().looked_for;
        let until = asked.checked_sub(FRESH_WITHIN).unwrap_or(asked);
        let due = self.ledger.answered(looked_for, until);
        let Some(first_ms) = due.iter().map(|answer| answer.begun_ms).min() else {
            return Ok(());
        };
        let window = Window {
            from_s: first_ms / 1_000,
            to_s: now_s(),
        };
        let found = logs.column(RECORD_IDS, RECORDS, window).await?;
        self.findings.lock().judge(&due, &found, asked);
        Ok(())
    }

    /// Asks about everything so far. What is counted has to be as much as is known to be there, and no more than can be.
    async fn question(&self, logs: &mut Logs, text: &str) -> Result<(), Why> {
        let asked = Instant::now();
        let until = asked.checked_sub(FRESH_WITHIN).unwrap_or(asked);
        let least = self.ledger.answered_by(until);
        let window = Window {
            from_s: self.since_s,
            to_s: now_s() + 1,
        };
        let rows = logs.rows(text, RECORDS, window).await?;
        if text != QUESTIONS[0] {
            return Ok(());
        }
        let count = rows.first().and_then(|row| row.get("n")?.parse().ok());
        let count = count.unwrap_or(0_u64);
        let most = self.ledger.made();
        if !(least..=most).contains(&count) {
            let why = format!("{count} records are counted of at least {least} and at most {most}");
            self.findings.lock().violations.push(why);
        }
        Ok(())
    }
}

impl Findings {
    /// Holds what was found against what had to be.
    fn judge(&mut self, due: &[Answered], found: &[String], asked: Instant) {
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for id in found {
            *times.entry(id).or_default() += 1;
        }
        for (id, times) in times.iter().filter(|(_, times)| **times > 1) {
            self.doubled += times - 1;
            let why = format!("{id} was found {times} times");
            self.violations.push(why);
        }
        let mut oldest = asked;
        for answer in due {
            oldest = oldest.min(answer.at);
            if !times.contains_key(answer.record_id.as_str()) {
                self.lost += 1;
                let age = asked.duration_since(answer.at).as_millis();
                let id = &answer.record_id;
                let why = format!("{id} was not found {age} ms after its answer");
                self.violations.push(why);
            }
        }
        self.latest = self.latest.max(asked.duration_since(oldest));
        self.looked_for += due.len();
    }
}

/// What of two lists is not the same, each value as often as it is there.
pub(crate) fn differences(one: &[String], other: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for value in one {
        *counts.entry(value).or_default() += 1;
    }
    for value in other {
        *counts.entry(value).or_default() -= 1;
    }
    let differ = counts.into_iter().filter(|(_, count)| *count != 0);
    differ.map(|(value, _)| value.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_is_not_found_and_what_is_found_twice_is_told() {
        let at = Instant::now();
        let asked = at + Duration::from_millis(1_250);
        let due = ["a", "b", "c"].map(|id| Answered {
            record_id: id.to_owned(),
            begun_ms: 0,
            at,
        });
        let mut findings = Findings::default();
        findings.judge(&due, &texts(&["a", "c", "c", "new"]), asked);
        assert_eq!((findings.lost, findings.doubled), (1, 1));
        let expected = [
            "c was found 2 times",
            "b was not found 1250 ms after its answer",
        ];
        assert_eq!(findings.violations, expected);
        assert_eq!(findings.latest, Duration::from_millis(1_250));
        assert_eq!(findings.looked_for, 3);
    }

    #[test]
    fn lists_differ_in_what_is_not_as_often_in_both() {
        let one = texts(&["a", "b", "b", "c"]);
        assert!(differences(&one, &texts(&["b", "c", "a", "b"])).is_empty());
        assert_eq!(differences(&one, &texts(&["b", "c", "d"])), ["a", "b", "d"]);
    }
}
