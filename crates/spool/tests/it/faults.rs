//! Bad days, one at a time: torn tails, damage, a full disk, failing writes and syncs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use corelog_spool::{Error, Hole, Spool};
use corelog_types::Sequence;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::faulty::{Faults, FaultyDisk};
use crate::fixture::{NOW, append, block_on, config, contents, id, open_on, try_append};

fn dir() -> &'static Path {
    Path::new("/spool")
}

fn first_segment() -> PathBuf {
    dir().join("segments/00000000000000000001.seg")
}

fn open(disk: &FaultyDisk) -> (Spool, corelog_spool::Recovery) {
    open_on(dir(), Arc::new(disk.clone()))
}

/// A disk that was failing is tried again once a second.
fn wait_until_taken(spool: &Spool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while spool.admit().is_err() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

fn rng(seed: u8) -> TestRng {
    TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32])
}

/// A spool with these records, each synced before the next, as a killed process leaves it.
fn disk_with(payloads: &[&[u8]]) -> FaultyDisk {
    let disk = FaultyDisk::new();
    let (spool, _) = open(&disk);
    for (at, payload) in payloads.iter().enumerate() {
        append(&spool, at as u64 + 1, payload);
        spool.sync().unwrap();
    }
    disk.after_kill()
}

fn sequences(spool: &Spool) -> Vec<u64> {
    contents(spool)
        .into_iter()
        .map(|(sequence, _)| sequence)
        .collect()
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_nothing_else() {
    // The header has 64 bytes; each entry 64 and its payload, padded: the third begins at 64 + 3 * 72 - 72 = 208.
    let disk = disk_with(&[b"first", b"second", b"third"]);
    let whole = 208 + 64 + 8;
    for cut in 208..whole {
        let torn = disk.after_kill();
        torn.change(&first_segment(), |bytes| bytes[cut..].fill(0));
        let (spool, recovery) = open(&torn);
        // The last three bytes are padding, which is zero anyway.
        let complete = cut >= whole - 3;
        let expected: &[u64] = if complete { &[1, 2, 3] } else { &[1, 2] };
        assert_eq!(sequences(&spool), expected, "cut at {cut}");
        assert_eq!(recovery.next.to_u64(), expected.len() as u64 + 1);
        assert!(recovery.corrupt.is_empty(), "cut at {cut}");
        assert_eq!(
            recovery.truncated_bytes > 0,
            !complete && cut > 208,
            "cut at {cut}"
        );
        // Its sequence goes to the next record, and a second restart agrees.
        append(&spool, 9, b"next");
        spool.sync().unwrap();
        let (spool, _) = open(&torn.after_kill());
        assert_eq!(sequences(&spool).len(), expected.len() + 1);
    }
}

#[test]
fn damage_to_what_was_durable_is_reported_and_what_follows_survives() {
    let disk = disk_with(&[b"1", b"2", b"3", b"4", b"5"]);
    // The third entry: 64 + 2 * 72 = 208 to 280.
    for damaged in 208..=272 {
        let disk = disk.after_kill();
        disk.change(&first_segment(), |bytes| bytes[damaged] ^= 0x10);
        let (spool, recovery) = open(&disk);
        let hole = Hole {
            segment: 1,
            from: 208,
            to: 280,
            missing_from: 3,
            missing_to: 4,
        };
        assert_eq!(recovery.corrupt, [hole], "damaged at {damaged}");
        assert_eq!(sequences(&spool), [1, 2, 4, 5]);
        assert_eq!(recovery.next.to_u64(), 6);
        assert_eq!(spool.get(id(4)).unwrap().unwrap().payload, b"4");
    }
}

#[test]
fn a_payload_cannot_pass_for_an_entry() {
    let disk = disk_with(&[b"1", b"2"]);
    let genuine = disk.read(&first_segment())[64..136].to_vec();
    let disk = FaultyDisk::new();
    let (spool, _) = open(&disk);
    append(&spool, 1, b"1");
    append(&spool, 2, &genuine.repeat(4));
    append(&spool, 3, b"3");
    spool.sync().unwrap();
    append(&spool, 4, b"4");
    spool.sync().unwrap();
    let disk = disk.after_kill();
    // Even an entry of this very segment is none elsewhere.
    let own = disk.read(&first_segment())[64..136].to_vec();
    disk.change(&first_segment(), |bytes| {
        bytes[136] ^= 1;
        bytes[208..280].copy_from_slice(&own);
    });
    let (spool, recovery) = open(&disk);
    assert_eq!(sequences(&spool), [1, 3, 4]);
    assert_eq!(recovery.corrupt.len(), 1);
}

#[test]
fn a_full_disk_refuses_calls_and_leaves_no_gap() {
    let disk = FaultyDisk::new();
    let mut config = config(dir());
    config.free_bytes_min = 10_000;
    let (spool, _) = Spool::open(config, Arc::new(disk.clone())).unwrap();
    spool.measure();
    spool.admit().unwrap();
    append(&spool, 1, b"before");
    spool.sync().unwrap();
    disk.set_faults(Faults {
        capacity: disk.used(),
        ..Faults::NONE
    });
    spool.measure();
    assert!(matches!(spool.admit(), Err(Error::DiskFull { .. })));
    // Calls already admitted use up the room written ahead, and then fail without taking a sequence.
    let mut written = 1;
    let failure = loop {
        match try_append(&spool, written + 1, &[7; 1_000]) {
            Ok(appended) => {
                written += 1;
                assert_eq!(appended.sequence.to_u64(), written);
                assert!(written < 100, "the disk is not full");
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(failure, Error::Io { .. }), "{failure:?}");
    assert!(written > 1);
    spool.sync().unwrap();
    disk.set_faults(Faults::NONE);
    spool.measure();
    spool.admit().unwrap();
    let appended = append(&spool, written + 1, b"after");
    assert_eq!(appended.sequence.to_u64(), written + 1);
    spool.sync().unwrap();
    let (spool, recovery) = open(&disk.after_power_loss(&mut rng(1)));
    assert_eq!(sequences(&spool), (1..=written + 1).collect::<Vec<_>>());
    assert!(recovery.corrupt.is_empty());
}

#[test]
fn a_disk_that_is_full_at_the_start_is_read_and_taken_up_again_when_there_is_room() {
    let disk = FaultyDisk::new();
    let (spool, _) = open(&disk);
    append(&spool, 1, b"before");
    spool.intent(id(2), NOW, b"open").unwrap();
    spool.sync().unwrap();
    drop(spool);
    let disk = disk.after_kill();
    disk.set_faults(Faults {
        capacity: disk.used(),
        ..Faults::NONE
    });
    let (spool, recovery) = open(&disk);
    assert_eq!(sequences(&spool), [1]);
    assert_eq!(recovery.interrupted.len(), 1);
    assert!(matches!(spool.admit(), Err(Error::Failing)));
    assert!(spool.intent(id(3), NOW, b"refused").is_err());
    disk.set_faults(Faults::NONE);
    wait_until_taken(&spool);
    assert_eq!(append(&spool, 3, b"after").sequence.to_u64(), 2);
    spool.sync().unwrap();
    drop(spool);
    let (spool, recovery) = open(&disk.after_kill());
    assert_eq!(sequences(&spool), [1, 2]);
    assert_eq!(recovery.interrupted.len(), 1, "the intent is carried over");
    assert!(recovery.corrupt.is_empty());
}

#[test]
fn after_a_failed_sync_the_records_are_written_again_elsewhere() {
    let disk = FaultyDisk::new();
    let (spool, _) = open(&disk);
    spool.intent(id(50), NOW, b"open").unwrap();
    append(&spool, 1, b"one");
    spool.sync().unwrap();
    disk.set_faults(Faults {
        failing_syncs: 1,
        ..Faults::NONE
    });
    let two = append(&spool, 2, b"two");
    block_on(spool.durable(two)).unwrap();
    let status = spool.status();
    assert_eq!((status.sync_failures, status.lost), (1, 0));
    assert_eq!(status.segments, 2);
    // The first sync's bytes will never be on disk, whatever later syncs of that file say: the power tells.
    for seed in 0..20 {
        let (spool, recovery) = open(&disk.after_power_loss(&mut rng(seed)));
        assert_eq!(
            contents(&spool),
            [(1, b"one".to_vec()), (2, b"two".to_vec())]
        );
        assert_eq!(recovery.interrupted.len(), 1);
        assert!(recovery.corrupt.is_empty());
    }
}

#[test]
fn what_cannot_be_made_durable_is_given_up_and_said() {
    let disk = FaultyDisk::new();
    let (spool, _) = open(&disk);
    append(&spool, 1, b"one");
    spool.sync().unwrap();
    disk.set_faults(Faults {
        failing_syncs: u32::MAX,
        forgetful: true,
        ..Faults::NONE
    });
    let two = append(&spool, 2, b"two");
    let outcome = block_on(spool.durable(two));
    assert!(
        matches!(outcome, Err(Error::Sync { sequence: 2 })),
        "{outcome:?}"
    );
    assert!(matches!(spool.admit(), Err(Error::Failing)));
    assert!(matches!(try_append(&spool, 3, b"x"), Err(Error::Failing)));
    assert_eq!(spool.status().lost, 1);

    disk.set_faults(Faults::NONE);
    wait_until_taken(&spool);
    // The sequence goes to another record; the one given up stays given up.
    let other = append(&spool, 4, b"other");
    assert_eq!(other.sequence, Sequence::from_u64(2));
    block_on(spool.durable(other)).unwrap();
    assert!(matches!(
        block_on(spool.durable(two)),
        Err(Error::Sync { sequence: 2 })
    ));
    for seed in 0..20 {
        let (spool, _) = open(&disk.after_power_loss(&mut rng(seed)));
        assert_eq!(
            contents(&spool),
            [(1, b"one".to_vec()), (2, b"other".to_vec())]
        );
    }
}

#[test]
fn a_failed_write_takes_no_sequence_and_ends_the_segment() {
    let disk = FaultyDisk::new();
    let (spool, _) = open(&disk);
    append(&spool, 1, b"one");
    disk.set_faults(Faults {
        failing_writes: 1,
        ..Faults::NONE
    });
    assert!(matches!(
        try_append(&spool, 2, &[1; 500]),
        Err(Error::Io { .. })
    ));
    let deadline = Instant::now() + Duration::from_secs(20);
    let two = loop {
        match try_append(&spool, 3, b"two") {
            Ok(appended) => break appended,
            Err(error) => assert!(matches!(error, Error::Failing) && Instant::now() < deadline),
        }
        std::thread::yield_now();
    };
    assert_eq!(two.sequence, Sequence::from_u64(2));
    block_on(spool.durable(two)).unwrap();
    assert_eq!(spool.status().lost, 0);
    let (spool, recovery) = open(&disk.after_power_loss(&mut rng(3)));
    assert_eq!(
        contents(&spool),
        [(1, b"one".to_vec()), (2, b"two".to_vec())]
    );
    assert!(recovery.corrupt.is_empty());
}

#[test]
fn a_cursor_ahead_of_a_lost_log_is_never_given_the_same_sequences_again() {
    let disk = disk_with(&[b"1", b"2", b"3"]);
    let (spool, _) = open(&disk);
    let mut cursor = spool
        .cursor("bucket", corelog_spool::Start::Oldest)
        .unwrap();
    cursor.commit(Sequence::from_u64(3)).unwrap();
    drop((cursor, spool));
    let disk = disk.after_kill();
    disk.change(&first_segment(), |bytes| bytes.truncate(64 + 72));
    for path in disk.files() {
        if path.extension().is_some_and(|it| it == "seal")
            || path.ends_with("00000000000000000004.seg")
        {
            corelog_spool::Disk::remove(&disk, &path).unwrap();
        }
    }
    let (spool, recovery) = open(&disk);
    assert_eq!(recovery.next, Sequence::from_u64(4));
    assert_eq!(recovery.corrupt[0].missing_from, 2);
    assert_eq!(recovery.corrupt[0].missing_to, 4);
    append(&spool, 9, b"new");
    spool.sync().unwrap();
    assert_eq!(sequences(&spool), [1, 4]);
}
