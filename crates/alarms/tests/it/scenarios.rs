//! Documents of scenarios: Markdown with alarms, data points and the states these must give.
//!
//! Fenced blocks count, the rest is for people.
//!
//! | block | what it holds |
//! |---|---|
//! | `alarm` | `PutMetricAlarm` as JSON, for the `evaluations` that follow |
//! | `evaluations` | a table: data points, the oldest first, then a column for each `TreatMissingData` (or `state`, for the alarm as it is) with the state that one evaluation gives, whatever the alarm was in before; `keep` if it stays in that. `0` is within the limit of 10, `X` beyond, `-` missing; numbers are themselves, `7/50` has 50 samples, `7[2,8]` a band. |
//! | `alarms` | requests as JSON, a line each, put at 00:00 of 22 November 2026; `mute` requests too |
//! | `timeline` | a table: time, what is done, what follows from it, and the reason that the alarm then has |
//!
//! What is done in a timeline, several with `;` between: `cpu 5` gives the alarm a data point for the period before, and
//! evaluates it (`cpu -` without one); `cpu := ALARM` sets a state; `put {…}`, `delete cpu`, `enable cpu`, `disable cpu`,
//! `tick`. What follows: transitions, then actions by the last part of their ARNs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use corelog_alarms::{Alarms, Band, Effects, MuteRuleRequest, Point, StateValue};
use corelog_types::Timestamp;
use serde_json::Value;

use crate::model::{alarms, at, clock, definition};

#[test]
fn every_document_says_what_happens() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/documents");
    let mut checked = 0;
    let mut failed = String::new();
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 5, "documents are missing");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let mut document = Document::default();
        for block in blocks(&text) {
            document.run(&block, &name);
        }
        checked += document.checked;
        failed.push_str(&document.failed);
    }
    assert!(failed.is_empty(), "\n{failed}");
    assert!(checked >= 100, "only {checked} scenarios");
}

struct Block {
    kind: String,
    line: usize,
    text: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => {
                open = Some(Block {
                    kind: kind.to_owned(),
                    line: index + 2,
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

fn rows(block: &Block) -> Vec<(usize, Vec<String>)> {
    let lines = block.text.lines().enumerate();
    lines
        .map(|(index, line)| {
            let inside = line.trim().trim_start_matches('|').trim_end_matches('|');
            let cells = inside.split('|').map(|cell| cell.trim().to_owned());
            (block.line + index, cells.collect())
        })
        .collect()
}

#[derive(Default)]
struct Document {
    alarm: String,
    requests: Vec<String>,
    checked: usize,
    failed: String,
}

impl Document {
    fn run(&mut self, block: &Block, name: &str) {
        match block.kind.as_str() {
            "alarm" => self.alarm = block.text.clone(),
            "alarms" => self.requests = block.text.lines().map(str::to_owned).collect(),
            "evaluations" => self.evaluations(block, name),
            "timeline" => self.timeline(block, name),
            other => panic!("{name}:{}: no block is called `{other}`", block.line),
        }
    }

    fn expect(&mut self, place: &str, what: &str, found: &str, expected: &str) {
        self.checked += 1;
        if found != expected {
            let _ = writeln!(
                self.failed,
                "{place}: {what}\n  expected {expected}\n  found    {found}"
            );
        }
    }

    fn evaluations(&mut self, block: &Block, name: &str) {
        let rows = rows(block);
        let (_, header) = &rows[0];
        for (line, row) in &rows[1..] {
            for (treatment, expected) in header.iter().zip(row).skip(1) {
                let found = self.evaluated(&row[0], treatment);
                let place = format!("{name}:{line}");
                self.expect(&place, &format!("{} {treatment}", row[0]), &found, expected);
            }
        }
    }

    /// The state that one evaluation gives from each of the three states.
    fn evaluated(&self, points: &str, treatment: &str) -> String {
        let mut request: Value = serde_json::from_str(&self.alarm).unwrap();
        request["AlarmName"] = Value::from("alarm");
        if treatment != "state" {
            request["TreatMissingData"] = Value::from(treatment);
        }
        let request = request.to_string();
        let now = clock("12:00:20");
        let mut seen = BTreeMap::new();
        for before in [
            StateValue::Ok,
            StateValue::Alarm,
            StateValue::InsufficientData,
        ] {
            let mut alarms = alarms();
            let _ = alarms
                .put(definition(&request).unwrap(), clock("00:00"))
                .unwrap();
            let _ = alarms
                .set_state("alarm", before, "before", None, clock("00:01"))
                .unwrap();
            let window = alarms.window("alarm", now).unwrap();
            let count = points.split_whitespace().count();
            assert!(
                count <= window.len(),
                "the window has {} periods",
                window.len()
            );
            let points: Vec<Point> = points
                .split_whitespace()
                .enumerate()
                .filter_map(|(index, text)| point(text, window.start_of(count - 1 - index)))
                .collect();
            let _ = alarms.evaluate("alarm", &points, now);
            let after = alarms.get("alarm").unwrap().state.value;
            seen.insert(before, after);
        }
        if seen.iter().all(|(before, after)| before == after) {
            return "keep".to_owned();
        }
        let mut states: Vec<&str> = seen.values().map(|value| value.as_str()).collect();
        states.dedup();
        states.join("/")
    }

    fn timeline(&mut self, block: &Block, name: &str) {
        let mut stage = Stage {
            alarms: alarms(),
            points: BTreeMap::new(),
            now: clock("00:00"),
        };
        for request in self.requests.clone() {
            stage.put(&request);
        }
        for (line, row) in &rows(block)[1..] {
            let place = format!("{name}:{line}");
            stage.now = clock(&row[0]);
            let mut found = Vec::new();
            for deed in row[1].split(';') {
                found.extend(stage.perform(deed.trim()));
            }
            self.expect(&place, &row[1], &found.join(", "), &row[2]);
            if let Some(reason) = row.get(3).filter(|reason| !reason.is_empty()) {
                let named = row[1].split_whitespace().next().unwrap();
                let (named, reason) = reason
                    .strip_prefix('@')
                    .and_then(|rest| rest.split_once(": "))
                    .unwrap_or((named, reason));
                let found = stage.alarms.get(named).unwrap().state.reason.clone();
                self.expect(&place, "reason", &found, reason);
            }
        }
    }
}

struct Stage {
    alarms: Alarms,
    points: BTreeMap<String, Vec<Point>>,
    now: Timestamp,
}

impl Stage {
    fn put(&mut self, request: &str) -> Vec<String> {
        let value: Value =
            serde_json::from_str(request).unwrap_or_else(|error| panic!("{error}: {request}"));
        if value.get("Expression").is_some() {
            self.alarms.put_mute_rule(mute(&value).check().unwrap());
            return Vec::new();
        }
        match definition(request).and_then(|definition| self.alarms.put(definition, self.now)) {
            Ok(effects) => told(&effects),
            Err(error) => vec![format!("refused: {error}")],
        }
    }

    fn perform(&mut self, deed: &str) -> Vec<String> {
        let now = self.now;
        if let Some(request) = deed.strip_prefix("put ") {
            return self.put(request);
        }
        if let Some((name, state)) = deed.split_once(" := ") {
            let value = StateValue::parse(state).unwrap();
            let effects = self.alarms.set_state(name, value, "set by hand", None, now);
            return told(&effects.unwrap());
        }
        let (first, second) = deed.split_once(' ').unwrap_or((deed, ""));
        let names = vec![second.to_owned()];
        match first {
            "tick" => told(&self.alarms.tick(now)),
            "enable" => told(&self.alarms.set_actions_enabled(&names, true, now)),
            "disable" => told(&self.alarms.set_actions_enabled(&names, false, now)),
            "delete" => match self.alarms.delete(&names, now) {
                Ok(effects) => told(&effects),
                Err(error) => vec![format!("refused: {error}")],
            },
            name => {
                let window = self
                    .alarms
                    .window(name, now)
                    .unwrap_or_else(|| panic!("no alarm {name}"));
                let points = self.points.entry(name.to_owned()).or_default();
                points.extend(point(second, window.start_of(0)));
                told(&self.alarms.evaluate(name, points, now))
            }
        }
    }
}

fn mute(value: &Value) -> MuteRuleRequest {
    let names = value["AlarmNames"].as_array().into_iter().flatten();
    MuteRuleRequest {
        name: "mute".to_owned(),
        expression: value["Expression"].as_str().unwrap().to_owned(),
        duration: value["Duration"].as_str().unwrap().to_owned(),
        timezone: value["Timezone"].as_str().map(str::to_owned),
        alarm_names: names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect(),
        ..MuteRuleRequest::default()
    }
}

/// Transitions, then the actions to execute.
fn told(effects: &Effects) -> Vec<String> {
    let mut lines = Vec::new();
    for transition in &effects.transitions {
        let name = &transition.alarm.name;
        let (from, to) = (transition.from.value, transition.to.value);
        let mut line = if from == to {
            format!("{name} let go")
        } else {
            format!("{name} {from} -> {to}")
        };
        if let Some(by) = transition.to.suppressed_by {
            let _ = write!(line, " ({})", by.as_str());
        }
        lines.push(line);
    }
    for notice in &effects.notices {
        let action = notice.action.rsplit(':').next().unwrap();
        let late = if notice.is_after_mute {
            " after mute"
        } else {
            ""
        };
        lines.push(format!("{action}{late}"));
    }
    lines
}

/// `0`, `X`, `5`, `7/50`, `7[2,8]`; nothing for `-`.
fn point(text: &str, start: Timestamp) -> Option<Point> {
    let (text, band) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        Some((value, edges)) => {
            let (lower, upper) = edges.split_once(',').unwrap();
            let band = Band {
                lower: lower.parse().unwrap(),
                upper: upper.parse().unwrap(),
            };
            (value, Some(band))
        }
        None => (text, None),
    };
    let (value, samples) = match text.split_once('/') {
        Some((value, samples)) => (value, Some(samples.parse().unwrap())),
        None => (text, None),
    };
    let value = match value {
        "-" => return None,
        "X" => 11.0,
        value => value.parse().unwrap(),
    };
    Some(Point {
        at: at(start.unix_ms()),
        value,
        samples,
        band,
    })
}
