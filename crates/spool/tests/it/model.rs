//! Random days: a simple model and the real spool agree, whatever happens in whatever order; and no bytes on disk,
//! however wrong, make it panic.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use corelog_spool::{Config, Cursor, Error, Spool, Start, verify};
use corelog_types::{RecordId, Sequence};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::faulty::{Faults, FaultyDisk};
use crate::fixture::{NOW, config, contents, id, try_append};

#[derive(Debug, Clone)]
enum Action {
    Append(u16),
    Intent,
    AppendOldestIntent(u16),
    AbandonOldestIntent,
    Sync,
    Deliver,
    Restart,
    Kill,
    LosePower(u8),
    FailSyncs(u32),
    Break(u8),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => (0_u16..3_000).prop_map(Action::Append),
        3 => Just(Action::Intent),
        3 => (0_u16..3_000).prop_map(Action::AppendOldestIntent),
        1 => Just(Action::AbandonOldestIntent),
        4 => Just(Action::Sync),
        2 => Just(Action::Deliver),
        1 => Just(Action::Restart),
        1 => Just(Action::Kill),
        2 => any::<u8>().prop_map(Action::LosePower),
        1 => (1_u32..3).prop_map(Action::FailSyncs),
        1 => any::<u8>().prop_map(Action::Break),
    ]
}

/// The spool under test and what it should hold.
struct World {
    disk: FaultyDisk,
    spool: Spool,
    cursor: Option<Cursor>,
    /// Every record that is there for certain or that nobody said is not, from sequence 1 on.
    written: Vec<Vec<u8>>,
    /// How many of them were synced.
    durable: usize,
    delivered: u64,
    intents: BTreeMap<RecordId, u64>,
    numbers: u64,
}

fn dir() -> &'static Path {
    Path::new("/spool")
}

fn small() -> Config {
    Config {
        segment_bytes: 8 << 10,
        ..config(dir())
    }
}

impl World {
    fn new() -> Self {
        let disk = FaultyDisk::new();
        let (spool, _) = Spool::open(small(), Arc::new(disk.clone())).unwrap();
        let cursor = Some(spool.cursor("bucket", Start::Oldest).unwrap());
        Self {
            disk,
            spool,
            cursor,
            written: Vec::new(),
            durable: 0,
            delivered: 0,
            intents: BTreeMap::new(),
            numbers: 0,
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn append(&mut self, number: u64, bytes: u16) {
        let mut payload = number.to_le_bytes().to_vec();
        payload.resize(8 + usize::from(bytes), 0xa5);
        let appended = try_append(&self.spool, number, &payload).unwrap();
        self.written.push(payload);
        assert_eq!(appended.sequence.to_u64(), self.written.len() as u64);
    }

    fn sync(&mut self) {
        self.spool.sync().unwrap();
        self.durable = self.written.len();
        self.check_contents();
    }

    /// All that is durable is read, in order, from the oldest that was not trimmed.
    fn check_contents(&self) {
        let oldest = self.spool.status().oldest.to_u64();
        assert!(oldest <= self.delivered + 1, "trimmed before delivery");
        let durable = self.spool.durable_sequence().to_u64();
        assert!(durable >= self.durable as u64 && durable <= self.written.len() as u64);
        let expected: Vec<_> = (oldest..=durable)
            .map(|sequence| {
                (
                    sequence,
                    self.written[usize::try_from(sequence).unwrap() - 1].clone(),
                )
            })
            .collect();
        // More may have become durable in between.
        assert_eq!(contents(&self.spool)[..expected.len()], expected);
    }

    fn deliver(&mut self) {
        let to = self.spool.durable_sequence();
        self.durable = self.durable.max(usize::try_from(to.to_u64()).unwrap());
        let cursor = self.cursor.as_mut().unwrap();
        cursor.save_plan(b"a plan").unwrap();
        cursor.commit(to).unwrap();
        self.delivered = to.to_u64();
        self.spool.trim(NOW).unwrap();
        self.check_contents();
    }

    /// Goes on with the disk as a crash left it. What was durable is noted before the disk is copied: meanwhile the
    /// syncing thread goes on.
    fn reopen(&mut self, disk: FaultyDisk, intents_are_exact: bool) {
        self.cursor = None;
        let (spool, recovery) = Spool::open(small(), Arc::new(disk.clone())).unwrap();
        self.spool = spool;
        self.disk = disk;
        let kept = usize::try_from(recovery.next.to_u64()).unwrap() - 1;
        assert!(
            kept >= self.durable,
            "durable records are gone: {kept} of {}",
            self.durable
        );
        assert!(kept <= self.written.len());
        self.written.truncate(kept);
        self.durable = kept;
        assert_eq!(recovery.corrupt, []);
        assert!(recovery.set_aside.is_empty());
        let cursor = self.spool.cursor("bucket", Start::Newest).unwrap();
        assert_eq!(cursor.position().to_u64(), self.delivered);
        self.cursor = Some(cursor);
        self.check_contents();
        let found: BTreeMap<_, _> = recovery
            .interrupted
            .iter()
            .map(|it| {
                (
                    it.id,
                    u64::from_le_bytes(it.payload[..8].try_into().unwrap()),
                )
            })
            .collect();
        for (id, number) in &found {
            assert_eq!(*id, crate::fixture::id(*number));
            assert!(*number <= self.numbers);
            assert!(
                self.spool.get(*id).unwrap().is_none(),
                "settled, and still open"
            );
        }
        if intents_are_exact {
            assert_eq!(found, self.intents);
        }
        self.intents = found;
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Append(bytes) => {
                let number = self.number();
                self.append(number, *bytes);
            }
            Action::Intent => {
                let number = self.number();
                self.spool
                    .intent(id(number), NOW, &number.to_le_bytes())
                    .unwrap();
                self.intents.insert(id(number), number);
            }
            Action::AppendOldestIntent(bytes) => {
                if let Some((_, number)) = self.intents.pop_first() {
                    self.append(number, *bytes);
                }
            }
            Action::AbandonOldestIntent => {
                if let Some((id, _)) = self.intents.pop_first() {
                    self.spool.abandon(id, NOW).unwrap();
                }
            }
            Action::Sync => self.sync(),
            Action::Deliver => self.deliver(),
            Action::Restart => {
                self.cursor = None;
                self.spool.close().unwrap();
                self.durable = self.written.len();
                self.reopen(self.disk.after_kill(), true);
            }
            Action::Kill => self.reopen(self.disk.after_kill(), true),
            Action::LosePower(seed) => {
                self.note_durable();
                let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[*seed; 32]);
                self.reopen(self.disk.after_power_loss(&mut rng), false);
            }
            Action::FailSyncs(failing_syncs) => {
                // One failure is survived unnoticed, if it is not the second in a row.
                self.disk.set_faults(Faults {
                    failing_syncs: *failing_syncs,
                    ..Faults::NONE
                });
                self.survive();
            }
            Action::Break(seed) => {
                self.note_durable();
                self.disk.set_faults(Faults {
                    failing_syncs: u32::MAX,
                    forgetful: seed % 2 == 0,
                    ..Faults::NONE
                });
                let number = self.number();
                let appended = try_append(&self.spool, number, &[1; 100]);
                if let Ok(appended) = appended {
                    let outcome = crate::fixture::block_on(self.spool.durable(appended));
                    assert!(matches!(outcome, Err(Error::Sync { .. })), "{outcome:?}");
                    // Given up, and yet a crash right now may bring it back.
                    self.written.push(vec![1; 100]);
                }
                let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[*seed; 32]);
                self.reopen(self.disk.after_power_loss(&mut rng), false);
            }
        }
    }

    /// What is durable before the disk is copied; the syncing thread may do more meanwhile.
    fn note_durable(&mut self) {
        let durable = usize::try_from(self.spool.durable_sequence().to_u64()).unwrap();
        self.durable = self.durable.max(durable);
    }

    /// Syncs with failures pending; if that was too much, goes on as after a crash.
    fn survive(&mut self) {
        let number = self.number();
        let before = self.durable;
        let mut payload = number.to_le_bytes().to_vec();
        payload.push(1);
        if let Ok(appended) = try_append(&self.spool, number, &payload) {
            self.written.push(payload);
            match crate::fixture::block_on(self.spool.durable(appended)) {
                Ok(()) => self.durable = self.written.len(),
                Err(Error::Sync { .. }) => assert!(self.durable >= before),
                Err(error) => panic!("{error:?}"),
            }
        }
        self.reopen(self.disk.after_kill(), false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_spool_and_its_model_agree(actions in prop::collection::vec(action(), 1..60)) {
        let mut world = World::new();
        for action in &actions {
            world.act(action);
        }
        world.reopen(world.disk.after_kill(), false);
        world.sync();
    }

    #[test]
    fn no_bytes_on_disk_make_it_panic(
        wounds in prop::collection::vec((any::<u16>(), any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)), 1..6),
        cut in prop::option::of(any::<u16>()),
    ) {
        let disk = wounded(&wounds, cut);
        let _ = verify(dir(), &disk);
        // A damaged cursor or node id is refused; everything else is opened, read and written.
        if let Ok((spool, recovery)) = Spool::open(small(), Arc::new(disk.clone())) {
            let read = contents(&spool);
            prop_assert!(read.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(read.iter().all(|(sequence, _)| *sequence < recovery.next.to_u64()));
            let _ = spool.get(id(3));
            let appended = try_append(&spool, 1_000, b"after").unwrap();
            prop_assert_eq!(appended.sequence, recovery.next);
            spool.sync().unwrap();
            let last = contents(&spool).pop().unwrap();
            prop_assert_eq!(last, (recovery.next.to_u64(), b"after".to_vec()));
        }
    }
}

/// A spool of several segments, a cursor and an intent, with some of its bytes replaced.
fn wounded(wounds: &[(u16, u16, Vec<u8>)], cut: Option<u16>) -> FaultyDisk {
    let disk = FaultyDisk::new();
    let (spool, _) = Spool::open(small(), Arc::new(disk.clone())).unwrap();
    spool.intent(id(500), NOW, b"open").unwrap();
    for number in 1..=30 {
        try_append(&spool, number, &[7; 700]).unwrap();
        spool.sync().unwrap();
    }
    let mut cursor = spool.cursor("bucket", Start::Oldest).unwrap();
    cursor.commit(Sequence::from_u64(2)).unwrap();
    drop((cursor, spool));
    let disk = disk.after_kill();
    let files = disk.files();
    let pick = |number: u16| &files[usize::from(number) % files.len()];
    for (file, at, bytes) in wounds {
        disk.change(pick(*file), |content| {
            for (offset, byte) in bytes.iter().enumerate() {
                let length = content.len().max(1);
                if let Some(place) = content.get_mut((usize::from(*at) + offset) % length) {
                    *place = *byte;
                }
            }
        });
    }
    if let Some(cut) = cut {
        disk.change(pick(cut), |content| content.truncate(usize::from(cut)));
    }
    disk
}
