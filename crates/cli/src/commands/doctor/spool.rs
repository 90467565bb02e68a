//! The spool at rest: every checksum, hash and sequence in it, read from the first byte to the last.

use std::fs::{File, TryLockError};
use std::path::Path;

use corelog_spool as spool;

use super::{Finding, State};
use crate::printer::cell::{bytes, count};

const CHECK: &str = "spool at rest";
/// More than this many of a kind are counted rather than listed.
const LISTED_MAX: usize = 10;

/// Verifies a spool that no process has open; says nothing where there is none yet.
pub(super) fn look(dir: &Path) -> Vec<Finding> {
    let Ok(lock) = File::open(dir.join("lock")) else {
        return Vec::new();
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let message = format!(
                "{} is in use by a running process, which checks it itself",
                dir.display()
            );
            return vec![Finding::new(CHECK, State::Ok, message)];
        }
        Err(TryLockError::Error(error)) => {
            return vec![Finding::new(
                CHECK,
                State::Warn,
                format!("{} cannot be locked: {error}", dir.display()),
            )];
        }
    }
    // The lock is held while the report is made, so that nobody starts writing under it.
    let report = spool::verify(dir, &spool::OsDisk);
    drop(lock);
    match report {
        Ok(report) => judge(&report),
        Err(error) => {
            let finding = Finding::new(
                CHECK,
                State::Fail,
                format!("cannot be read: {:#}", anyhow::Error::new(error)),
            );
            vec![finding.hint("check the disk, and who owns the files")]
        }
    }
}

fn judge(report: &spool::Report) -> Vec<Finding> {
    let mut message = format!(
        "{} records in {} segments",
        count(report.records),
        count(report.segments)
    );
    if report.records > 0 {
        message = format!(
            "{message}, {} to {}",
            count(report.first),
            count(report.last)
        );
    }
    if report.torn_bytes > 0 {
        message = format!(
            "{message}; the last {} are torn, and the next start cuts them",
            bytes(report.torn_bytes)
        );
    }
    if report.open_intents > 0 {
        let open = count(report.open_intents);
        message = format!(
            "{message}; {open} calls have no record of their end, and the next start records them so"
        );
    }
    if report.gaps > 0 {
        let gaps = count(report.gaps);
        message = format!("{message}; {gaps} calls went on without a record");
    }
    let state = if report.findings.is_empty() && report.gaps > 0 {
        State::Warn
    } else if report.findings.is_empty() {
        State::Ok
    } else {
        State::Fail
    };
    let mut findings = vec![Finding::new(CHECK, state, message)];
    for finding in report.findings.iter().take(LISTED_MAX) {
        let damage = Finding::new(CHECK, State::Fail, words(finding));
        findings.push(
            damage.hint(
                "keep a copy of the directory; what is not damaged is still read and delivered",
            ),
        );
    }
    if report.findings.len() > LISTED_MAX {
        let more = count((report.findings.len() - LISTED_MAX) as u64);
        findings.push(Finding::new(
            CHECK,
            State::Fail,
            format!("{more} more like these"),
        ));
    }
    findings
}

fn words(finding: &spool::Finding) -> String {
    match finding {
        spool::Finding::Hole(hole) => format!(
            "segment {} is damaged from byte {} to {}: records {} to {} are missing",
            hole.segment,
            hole.from,
            hole.to,
            hole.missing_from,
            hole.missing_to.saturating_sub(1),
        ),
        spool::Finding::Header { segment, reason } => {
            format!("the header of segment {segment} cannot be read: {reason}")
        }
        spool::Finding::Gap { from, to } => {
            format!("records {from} to {} are missing", to.saturating_sub(1))
        }
        spool::Finding::Seal { segment } => format!("segment {segment} is not what its seal says"),
        spool::Finding::Chain { segment } => {
            format!("the seal of segment {segment} does not follow the one before")
        }
        spool::Finding::Blob { name } => format!("the body `{name}` is missing, or is not whole"),
    }
}

#[cfg(test)]
mod tests {
    use corelog_types::Timestamp;

    use super::*;

    #[test]
    fn a_spool_in_use_is_left_alone_and_one_at_rest_is_read() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(look(dir.path()), []);
        let config = spool::Config::new(dir.path(), Timestamp::from_unix_ms(1));
        let (open, _) = spool::Spool::open(config, std::sync::Arc::new(spool::OsDisk)).unwrap();
        assert!(look(dir.path())[0].message.contains("in use"));
        drop(open);
        let findings = look(dir.path());
        assert_eq!(findings[0].state, State::Ok, "{findings:?}");
        assert!(
            findings[0].message.starts_with("0 records in "),
            "{findings:?}"
        );
    }

    #[test]
    fn damage_is_said_in_words() {
        let report = spool::Report {
            findings: vec![spool::Finding::Gap { from: 3, to: 5 }; LISTED_MAX + 2],
            ..spool::Report::default()
        };
        let findings = judge(&report);
        assert_eq!(findings[0].state, State::Fail);
        assert_eq!(findings[1].message, "records 3 to 4 are missing");
        assert_eq!(findings.last().unwrap().message, "2 more like these");
        let gaps = judge(&spool::Report {
            gaps: 1_200,
            ..spool::Report::default()
        });
        let said = "0 records in 0 segments; 1,200 calls went on without a record";
        assert_eq!(
            (gaps[0].state, gaps[0].message.as_str()),
            (State::Warn, said)
        );
    }
}
