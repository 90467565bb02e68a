//! What a spool promises on a good day, and across restarts.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use corelog_spool::{Config, Durability, Entry, Error, Finding, OsDisk, Spool, Start, verify};
use corelog_types::{Sequence, Timestamp};

use crate::fixture::{
    NOW, append, block_on, config, contents, id, open, poll_once, read_all, wait_for_seals,
};

fn sequence(number: u64) -> Sequence {
    Sequence::from_u64(number)
}

#[test]
fn what_is_durable_is_read_back_now_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, recovery) = open(dir.path());
    assert_eq!(recovery.next, Sequence::FIRST);
    let node = spool.node();
    for number in 1..=3 {
        let appended = append(&spool, number, format!("record {number}").as_bytes());
        assert_eq!(appended.sequence, sequence(number));
        block_on(spool.durable(appended)).unwrap();
    }
    let expected: Vec<_> = (1..=3)
        .map(|n| (n, format!("record {n}").into_bytes()))
        .collect();
    assert_eq!(contents(&spool), expected);
    spool.close().unwrap();
    assert!(matches!(
        crate::fixture::try_append(&spool, 9, b""),
        Err(Error::Closed)
    ));
    drop(spool);

    let (spool, recovery) = open(dir.path());
    assert_eq!(spool.node(), node);
    assert_eq!(recovery.next, sequence(4));
    assert_eq!(recovery.truncated_bytes, 0);
    assert!(recovery.corrupt.is_empty() && recovery.interrupted.is_empty());
    assert_eq!(contents(&spool), expected);
    assert_eq!(append(&spool, 4, b"next").sequence, sequence(4));
}

#[test]
fn a_directory_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    let second = Spool::open(config(dir.path()), Arc::new(OsDisk));
    assert!(matches!(second, Err(Error::Locked { .. })));
    drop(spool);
    open(dir.path());
}

#[test]
fn unsettled_intents_come_back_until_they_are_settled() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    for number in 1..=4 {
        spool
            .intent(id(number), NOW, &[u8::try_from(number).unwrap()])
            .unwrap();
    }
    append(&spool, 2, b"settled");
    spool.abandon(id(3), NOW).unwrap();
    drop(spool);

    // Two restarts without a record in between: the empty segment is replaced, the intents are carried.
    for _ in 0..2 {
        let (spool, recovery) = open(dir.path());
        let open: Vec<_> = recovery
            .interrupted
            .iter()
            .map(|it| (it.id, it.payload.clone()))
            .collect();
        assert_eq!(open, [(id(1), vec![1]), (id(4), vec![4])]);
        assert_eq!(spool.status().open_intents, 2);
    }
    let (spool, _) = open(dir.path());
    append(&spool, 1, b"interrupted");
    append(&spool, 4, b"interrupted");
    drop(spool);
    let (_, recovery) = open(dir.path());
    assert!(recovery.interrupted.is_empty());
    assert_eq!(recovery.next, sequence(4));
}

#[test]
fn segments_are_sealed_chained_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    spool.intent(id(1_000), NOW, b"open all along").unwrap();
    for number in 1..=200 {
        append(&spool, number, &[7; 1_000]);
        if number % 5 == 0 {
            spool.sync().unwrap();
        }
    }
    wait_for_seals(&spool);
    let status = spool.status();
    assert!(status.sealed_segments >= 5, "{status:?}");
    spool.close().unwrap();
    drop(spool);

    let report = verify(dir.path(), &OsDisk).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.first, report.last, report.records), (1, 200, 200));
    assert_eq!(report.open_intents, 1);

    // One byte changed in a sealed segment is found twice: by its checksum and by the hash.
    let victim = dir.path().join("segments/00000000000000000001.seg");
    let mut bytes = std::fs::read(&victim).unwrap();
    bytes[2_000] ^= 1;
    std::fs::write(&victim, bytes).unwrap();
    let report = verify(dir.path(), &OsDisk).unwrap();
    assert!(report.findings.contains(&Finding::Seal { segment: 1 }));
    assert!(
        report
            .findings
            .iter()
            .any(|it| matches!(it, Finding::Hole(hole) if hole.segment == 1))
    );
    assert_eq!(report.records, 199);
}

#[test]
fn a_cursor_keeps_its_place_and_plan_and_never_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    for number in 1..=5 {
        append(&spool, number, b"x");
    }
    spool.sync().unwrap();
    let mut cursor = spool.cursor("bucket", Start::Oldest).unwrap();
    assert_eq!(cursor.position(), sequence(0));
    assert!(matches!(
        spool.cursor("bucket", Start::Oldest),
        Err(Error::CursorHeld { .. })
    ));
    cursor.save_plan(b"objects 1 to 3").unwrap();
    drop(cursor);
    drop(spool);

    let (spool, _) = open(dir.path());
    let mut cursor = spool.cursor("bucket", Start::Newest).unwrap();
    assert_eq!(cursor.plan(), Some(&b"objects 1 to 3"[..]));
    cursor.commit(sequence(3)).unwrap();
    assert_eq!(cursor.plan(), None);
    assert!(matches!(
        cursor.commit(sequence(2)),
        Err(Error::CursorMove { .. })
    ));
    assert!(matches!(
        cursor.commit(sequence(6)),
        Err(Error::CursorMove { .. })
    ));
    assert_eq!(cursor.position(), sequence(3));
    let newest = spool.cursor("later", Start::Newest).unwrap();
    assert_eq!(newest.position(), sequence(5));
    assert!(matches!(
        spool.cursor("../x", Start::Oldest),
        Err(Error::Name { .. })
    ));
}

#[test]
fn trim_waits_for_the_slowest_cursor_and_takes_blobs_along() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    let mut fast = spool.cursor("fast", Start::Oldest).unwrap();
    let mut slow = spool.cursor("slow", Start::Oldest).unwrap();
    let mut blob = spool.blob(id(1), "input").unwrap();
    blob.write_all(&vec![9; 300_000]).unwrap();
    let blobs = vec![blob.seal().unwrap()];
    let payload: &[&[u8]] = &[b"first"];
    spool
        .append(Entry {
            id: id(1),
            time: NOW,
            payload,
            blobs,
        })
        .unwrap();
    for number in 2..=100 {
        append(&spool, number, &[7; 1_000]);
        spool.sync().unwrap();
    }
    wait_for_seals(&spool);
    fast.commit(sequence(100)).unwrap();
    assert_eq!(spool.trim(NOW).unwrap().segments, 0);
    assert_eq!(
        std::fs::read_dir(dir.path().join("blobs")).unwrap().count(),
        1
    );
    slow.commit(sequence(60)).unwrap();
    let before = spool.status();
    let trimmed = spool.trim(NOW).unwrap();
    assert!(
        trimmed.segments >= 2 && trimmed.bytes > 300_000,
        "{trimmed:?}"
    );
    let status = spool.status();
    assert_eq!(status.blob_bytes, 0);
    assert_eq!(
        before.segment_bytes - status.segment_bytes + 300_000,
        trimmed.bytes
    );
    assert!(status.oldest > sequence(1) && status.oldest <= sequence(61));
    assert_eq!(
        std::fs::read_dir(dir.path().join("blobs")).unwrap().count(),
        0
    );
    // A reader from the beginning begins at what is left; nothing undelivered is gone.
    assert_eq!(read_all(&spool).first().unwrap().sequence, status.oldest);
    spool.remove_cursor("fast").unwrap_err();
    drop(spool);
    drop((fast, slow));
    let report = verify(dir.path(), &OsDisk).unwrap();
    assert_eq!(report.findings, []);
}

#[test]
fn blobs_live_with_their_record_and_orphans_do_not_survive() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    let mut blob = spool.blob(id(1), "output").unwrap();
    blob.write_all(b"long answer").unwrap();
    assert_eq!(blob.bytes(), 11);
    let sealed = blob.seal().unwrap();
    let payload: &[&[u8]] = &[b"a", b"b"];
    let blobs = vec![sealed];
    spool
        .append(Entry {
            id: id(1),
            time: NOW,
            payload,
            blobs,
        })
        .unwrap();
    spool.sync().unwrap();
    // Dropped while being written, and dropped when sealed: both are gone at once.
    drop(spool.blob(id(2), "input").unwrap());
    drop(spool.blob(id(3), "input").unwrap().seal().unwrap());
    assert_eq!(
        std::fs::read_dir(dir.path().join("blobs")).unwrap().count(),
        1
    );
    drop(spool);
    std::fs::write(dir.path().join("blobs/stray.part"), b"x").unwrap();
    std::fs::write(dir.path().join("blobs/stray.input"), b"x").unwrap();

    let (spool, recovery) = open(dir.path());
    assert_eq!(recovery.orphan_blobs_removed, 2);
    let stored = spool.get(id(1)).unwrap().unwrap();
    assert_eq!(stored.payload, b"ab");
    assert_eq!(stored.blobs[0].name, "output");
    let mut text = String::new();
    let mut reader = spool.open_blob(id(1), &stored.blobs[0].name).unwrap();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "long answer");
    assert_eq!(spool.status().blob_bytes, 11);
}

#[test]
fn records_are_found_by_id_in_any_segment() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    for number in 1..=100 {
        append(&spool, number, format!("{number:0900}").as_bytes());
        spool.sync().unwrap();
    }
    for number in [1, 50, 100] {
        let stored = spool.get(id(number)).unwrap().unwrap();
        assert_eq!(stored.sequence, sequence(number));
        assert_eq!(stored.payload, format!("{number:0900}").into_bytes());
    }
    assert_eq!(spool.get(id(101)).unwrap(), None);
}

#[test]
fn readers_wait_for_what_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    assert!(poll_once(spool.wait_past(sequence(0))).is_none());
    let waiting = spool.clone();
    let thread = std::thread::spawn(move || block_on(waiting.wait_past(sequence(1))));
    append(&spool, 1, b"one");
    append(&spool, 2, b"two");
    thread.join().unwrap().unwrap();
    assert_eq!(contents(&spool).len(), 2);
    let waiting = spool.clone();
    let thread = std::thread::spawn(move || block_on(waiting.wait_past(sequence(2))));
    spool.close().unwrap();
    assert!(matches!(thread.join().unwrap(), Err(Error::Closed)));
}

#[test]
fn relaxed_does_not_wait_and_syncs_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        durability: Durability::Relaxed {
            interval: Duration::from_millis(20),
        },
        ..config(dir.path())
    };
    let (spool, _) = Spool::open(config, Arc::new(OsDisk)).unwrap();
    let appended = append(&spool, 1, b"one");
    assert!(matches!(poll_once(spool.durable(appended)), Some(Ok(()))));
    block_on(spool.synced(appended)).unwrap();
    assert_eq!(contents(&spool).len(), 1);
}

#[test]
fn the_limit_refuses_calls_but_not_appends_and_entries_have_a_size() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        bytes_max: 40_000,
        entry_bytes_max: 1_000,
        ..config(dir.path())
    };
    let (spool, _) = Spool::open(config, Arc::new(OsDisk)).unwrap();
    let mut cursor = spool.cursor("bucket", Start::Oldest).unwrap();
    spool.admit().unwrap();
    for number in 1..=60 {
        append(&spool, number, &[1; 1_000]);
        spool.sync().unwrap();
    }
    assert!(matches!(
        spool.admit(),
        Err(Error::Full { limit: 40_000, .. })
    ));
    assert!(matches!(
        crate::fixture::try_append(&spool, 61, &[1; 1_001]),
        Err(Error::TooLarge {
            bytes: 1_001,
            limit: 1_000
        })
    ));
    wait_for_seals(&spool);
    cursor.commit(sequence(60)).unwrap();
    let later = Timestamp::from_unix_ms(NOW.unix_ms() + 1);
    spool.trim(later).unwrap();
    spool.measure();
    spool.admit().unwrap();
}

#[test]
fn a_reader_beside_writers_misses_nothing() {
    const WRITERS: u64 = 4;
    const EACH: u64 = 200;
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let spool = spool.clone();
            std::thread::spawn(move || {
                for number in 0..EACH {
                    let number = 1 + writer * EACH + number;
                    let appended = append(&spool, number, &number.to_le_bytes().repeat(40));
                    block_on(spool.durable(appended)).unwrap();
                }
            })
        })
        .collect();
    let mut reader = spool.reader(Sequence::FIRST);
    let mut seen = std::collections::BTreeSet::new();
    for expected in 1..=WRITERS * EACH {
        block_on(spool.wait_past(sequence(expected - 1))).unwrap();
        let stored = reader.next().unwrap().unwrap();
        assert_eq!(stored.sequence, sequence(expected));
        seen.insert(stored.id);
    }
    assert_eq!(seen.len() as u64, WRITERS * EACH);
    assert!(reader.next().unwrap().is_none());
    for writer in writers {
        writer.join().unwrap();
    }
}

#[test]
fn gaps_are_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = open(dir.path());
    spool.note_gap();
    spool.note_gap();
    drop(spool);
    assert_eq!(verify(dir.path(), &OsDisk).unwrap().gaps, 2);
    let (spool, _) = open(dir.path());
    assert_eq!(spool.status().gaps, 2);
}
