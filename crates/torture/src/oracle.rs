//! Compares what the clients saw with what was delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::Error;
use crate::bucket::{Bucket, Record};
use crate::ledger::{Call, Ledger, Seen};
use crate::report::Counts;
use crate::table::Held;

/// The error code of a record that was made of an intent, because its process died.
const INTERRUPTED: &str = "Interrupted";

/// What a scenario may ask beyond what always holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Demand {
    /// Every call whose answer began has a record: the whole one, or one that says that the process died.
    pub(crate) every_call: bool,
    /// How many complete answers may be without a record, as the gateway itself counted them.
    pub(crate) uncounted: u64,
    /// A record may lack what did not fit on the disk, if it says so.
    pub(crate) cut_by_disk: bool,
}

/// The counts, and every violation in words.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) counts: Counts,
    pub(crate) violations: Vec<String>,
}

/// Judges one data directory's history. `table` is what the table holds, or why that is not known.
pub(crate) fn judge(
    ledger: &Ledger,
    bucket: &Path,
    table: Result<Held, String>,
    demand: Demand,
) -> Result<Verdict, Error> {
    let bucket = Bucket::read(bucket)?;
    let calls = ledger.calls();
    let mut verdict = Verdict {
        violations: bucket.damaged,
        ..Verdict::default()
    };
    verdict.violations.extend(ledger.wrong());
    verdict.counts.wrong += verdict.violations.len() as u64;
    let table = table
        .inspect_err(|why| verdict.wrong(format!("the table: {why}")))
        .ok();
    if let Some(table) = &table {
        verdict.sequence(&bucket.records, &table.taken);
    }
    let by_marker = verdict.once(&bucket.records, &calls);
    for (marker, call) in &calls {
        verdict.call(
            marker,
            call,
            by_marker.get(marker.as_str()).copied(),
            demand,
        );
    }
    verdict.counts.delivered = bucket.records.len() as u64;
    verdict.counts.calls = calls.len() as u64;
    let lost = verdict.counts.lost;
    verdict.counts.lost = lost.saturating_sub(demand.uncounted);
    if verdict.counts.lost > 0 {
        verdict
            .violations
            .push(format!("{lost} answers have no record"));
    }
    if let Some(table) = &table {
        verdict.table(&bucket.records, &table.record_ids);
        verdict.puts(&ledger.puts(), &table.puts);
    }
    Ok(verdict)
}

impl Verdict {
    /// Adds the verdict on another history.
    pub(crate) fn add(&mut self, other: Self) {
        self.counts.add(other.counts);
        self.violations.extend(other.violations);
    }

    fn wrong(&mut self, what: String) {
        self.counts.wrong += 1;
        self.violations.push(what);
    }

    /// One node, and its sequence from 1 without holes: log events that were put took the other places.
    fn sequence(&mut self, records: &[Record], taken: &BTreeSet<u64>) {
        let mut by_node: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for record in records {
            by_node
                .entry(&record.node)
                .or_default()
                .insert(record.sequence);
        }
        if by_node.len() > 1 {
            self.violations
                .push(format!("one data directory, {} nodes", by_node.len()));
        }
        for (node, mut sequences) in by_node {
            sequences.extend(taken);
            let mut next = 1;
            for sequence in sequences {
                if sequence != next {
                    self.counts.gaps += sequence.saturating_sub(next).max(1);
                    let until = sequence.saturating_sub(1);
                    self.violations
                        .push(format!("{node}: sequence {next} to {until} is missing"));
                }
                next = sequence.saturating_add(1);
            }
        }
    }

    /// The table of log events has the records of the bucket, each once. `found` are the ids of its events.
    fn table(&mut self, records: &[Record], found: &[String]) {
        let mut events = BTreeSet::new();
        for id in found {
            if !events.insert(id.as_str()) {
                self.counts.doubled += 1;
                self.violations.push(format!("{id} is in the table twice"));
            }
        }
        let expected: BTreeSet<_> = records.iter().map(|record| record.id.as_str()).collect();
        for id in expected.difference(&events) {
            self.counts.lost += 1;
            self.violations.push(format!("{id} is not in the table"));
        }
        for id in events.difference(&expected) {
            self.counts.wrong += 1;
            self.violations
                .push(format!("{id} is in the table and not in the bucket"));
        }
    }

    /// The table has every log event that was taken, each once, and none that nobody put.
    fn puts(&mut self, puts: &BTreeMap<String, bool>, found: &[String]) {
        let begin = |message: &str| message.split(' ').next().unwrap_or_default().to_owned();
        let mut events = BTreeSet::new();
        for message in found {
            if !events.insert(message) {
                self.counts.doubled += 1;
                let event = begin(message);
                self.violations
                    .push(format!("event {event} is in the table twice"));
            }
            if !puts.contains_key(message) {
                self.wrong(format!("nobody put the event {}", begin(message)));
            }
        }
        for (message, _) in puts.iter().filter(|(_, taken)| **taken) {
            self.counts.put += 1;
            if !events.contains(message) {
                self.counts.lost += 1;
                let event = begin(message);
                self.violations
                    .push(format!("event {event} was taken and is not in the table"));
            }
        }
    }

    /// No record, no place in the sequence and no call twice.
    fn once<'a>(
        &mut self,
        records: &'a [Record],
        calls: &BTreeMap<String, Call>,
    ) -> BTreeMap<&'a str, &'a Record> {
        let mut ids: BTreeMap<&str, &Record> = BTreeMap::new();
        let mut places: BTreeSet<(&str, u64)> = BTreeSet::new();
        let mut by_marker = BTreeMap::new();
        for record in records {
            let (id, file) = (&record.id, record.file.display());
            if let Some(first) = ids.insert(id, record) {
                self.counts.doubled += 1;
                let first = first.file.display();
                self.violations
                    .push(format!("{id} is in {first} and in {file}"));
                continue;
            }
            if !places.insert((&record.node, record.sequence)) {
                self.counts.doubled += 1;
                self.violations.push(format!(
                    "{id}: another record has its sequence {}",
                    record.sequence
                ));
            }
            let Some(marker) = record.marker.as_deref().filter(|m| calls.contains_key(*m)) else {
                self.counts.wrong += 1;
                self.violations
                    .push(format!("{id} in {file} is of no call that was made"));
                continue;
            };
            if by_marker.insert(marker, record).is_some() {
                self.counts.doubled += 1;
                self.violations
                    .push(format!("{marker} has two records, one is {id} in {file}"));
            }
        }
        by_marker
    }

    fn call(&mut self, marker: &str, call: &Call, record: Option<&Record>, demand: Demand) {
        let counts = &mut self.counts;
        match call.seen {
            Seen::Complete(_) => counts.complete += 1,
            Seen::HungUp => counts.hung_up += 1,
            Seen::Refused(_) => counts.refused += 1,
            Seen::Broken | Seen::Cut => counts.broken += 1,
        }
        let Some(record) = record else {
            let owed = match call.seen {
                Seen::Complete(_) => true,
                Seen::HungUp | Seen::Cut => demand.every_call,
                Seen::Broken | Seen::Refused(_) => false,
            };
            if owed {
                counts.lost += 1;
                if demand.uncounted == 0 {
                    let id = call.record_id.as_deref().unwrap_or("unknown");
                    let seen = call.seen;
                    self.violations
                        .push(format!("{marker} ({id}, {seen:?}) has no record"));
                }
            }
            return;
        };
        if record.error_code.as_deref() == Some(INTERRUPTED) {
            counts.interrupted += 1;
            if matches!(call.seen, Seen::Complete(_)) {
                // All that is left of it is its intent.
                counts.lost += 1;
                if demand.uncounted == 0 {
                    let (id, file) = (&record.id, record.file.display());
                    let what = "says interrupted, of an answer that the client has";
                    self.violations
                        .push(format!("{marker}: record {id} in {file} {what}"));
                }
                return;
            }
        }
        if record.is_cut_by_disk {
            counts.cut += 1;
            if demand.cut_by_disk {
                return;
            }
        }
        if let Some(why) = mismatch(call, record, demand) {
            self.counts.wrong += 1;
            let file = record.file.display();
            self.violations
                .push(format!("{marker}: record {} in {file} {why}", record.id));
        }
    }
}

/// What a record tells that is not so.
fn mismatch(call: &Call, record: &Record, demand: Demand) -> Option<String> {
    if call.record_id.as_ref().is_some_and(|id| *id != record.id) {
        return Some(format!(
            "has not the id that the client was told, {:?}",
            call.record_id
        ));
    }
    let is_interrupted = record.error_code.as_deref() == Some(INTERRUPTED);
    if record.prompt.is_some_and(|prompt| prompt != call.prompt) && !is_broken(call.seen) {
        return Some("has another prompt".to_owned());
    }
    let truth = match call.seen {
        Seen::Complete(answer) => answer,
        Seen::HungUp if demand.every_call && !is_interrupted => call.expected?,
        Seen::HungUp | Seen::Broken | Seen::Cut | Seen::Refused(_) => return None,
    };
    if let Some(code) = &record.error_code {
        return Some(format!("has the error `{code}`, of an answer without one"));
    }
    if record.prompt.is_none() {
        return Some("has no prompt".to_owned());
    }
    match record.answer {
        None => Some("has no answer".to_owned()),
        Some(answer) if answer != truth => {
            Some(format!("has {answer} where {truth} was the answer"))
        }
        Some(_) => None,
    }
}

/// Only part of the prompt may have been sent.
fn is_broken(seen: Seen) -> bool {
    matches!(seen, Seen::Broken)
}

#[cfg(test)]
mod tests;
