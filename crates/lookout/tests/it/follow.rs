//! What is found while it is recorded, and over a restart.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use corelog_lookout::{Config, Finding, Kind, Ledger, LedgerError, Limits, Lookout, Ports};
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{
    BodyForm, CallerFacts, Document, Extension, Identity, SCHEMA_TYPE, SCHEMA_VERSION,
};
use corelog_runtime::{Clock, Shutdown};
use corelog_spool::{Entry, OsDisk, Spool};
use corelog_types::{RecordId, Timestamp};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

const START_MS: u64 = 1_795_003_200_000;
const MOST: Duration = Duration::from_secs(20);

/// Keeps findings in memory; refuses as many times as it is told.
#[derive(Debug, Default)]
struct Memory {
    kept: Mutex<Vec<Finding>>,
    refuses: Mutex<u32>,
    changed: Notify,
}

#[async_trait]
impl Ledger for Memory {
    async fn keep(&self, findings: &[Finding]) -> Result<(), LedgerError> {
        let mut refuses = self.refuses.lock();
        if *refuses > 0 {
            *refuses -= 1;
            return Err(LedgerError("refused".into()));
        }
        self.kept.lock().extend_from_slice(findings);
        self.changed.notify_one();
        Ok(())
    }
}

impl Memory {
    /// Waits until there are so many.
    async fn wait_for(&self, count: usize) -> Vec<Finding> {
        let waiting = async {
            loop {
                let kept = self.kept.lock().clone();
                if kept.len() >= count {
                    return kept;
                }
                self.changed.notified().await;
            }
        };
        tokio::time::timeout(MOST, waiting).await.unwrap()
    }
}

fn spool(dir: &Path) -> Spool {
    let config = corelog_spool::Config::new(dir.join("spool"), Timestamp::from_unix_ms(START_MS));
    Spool::open(config, Arc::new(OsDisk)).unwrap().0
}

fn document(operation: &str) -> Document {
    let extension = Extension {
        method: "POST".to_owned(),
        http_status: Some(200),
        latency_ms: Some(800.0),
        session: Some("s-1".to_owned()),
        caller: CallerFacts {
            name: Some("agent".to_owned()),
            ..CallerFacts::default()
        },
        ..Extension::default()
    };
    Document {
        timestamp: String::new(),
        account_id: String::new(),
        region: String::new(),
        request_id: String::new(),
        operation: operation.to_owned(),
        model_id: Some("claude".to_owned()),
        error_code: None,
        input: None,
        output: None,
        identity: Identity { arn: String::new() },
        inference_region: None,
        performance_config: None,
        request_metadata: None,
        schema_type: SCHEMA_TYPE.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        corelog: Some(Box::new(extension)),
    }
}

/// Records the call of this number: a second each, the same prompt always.
async fn record(spool: &Spool, number: u64, document: &Document) {
    let prompt = br#"{"messages":[{"role":"user","content":"again"}]}"#;
    record_prompt(spool, number, document, prompt, Place::Inline).await;
}

async fn record_prompt(
    spool: &Spool,
    number: u64,
    document: &Document,
    prompt: &[u8],
    place: Place,
) {
    let header = PartHeader {
        name: PartName::Input,
        form: BodyForm::Json,
        at: place,
        bytes: prompt.len() as u64,
    };
    let envelope = encode_envelope(document, &[header]).unwrap();
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let begun = START_MS + number * 1_000;
    let id = RecordId::from_parts(begun, random);
    let (mut payload, mut blobs) = (vec![&envelope[..]], Vec::new());
    match place {
        Place::Inline => payload.push(prompt),
        Place::Blob => {
            let mut blob = spool.blob(id, "input").unwrap();
            blob.write_all(prompt).unwrap();
            blobs.push(blob.seal().unwrap());
        }
    }
    let appended = spool.append(Entry {
        id,
        time: Timestamp::from_unix_ms(begun + 800),
        payload: &payload,
        blobs,
    });
    spool.durable(appended.unwrap()).await.unwrap();
}

async fn begin(
    dir: &Path,
    spool: &Spool,
    ledger: &Arc<Memory>,
    clock: &Clock,
) -> (Shutdown, JoinHandle<()>) {
    let config = Config {
        dir: dir.to_owned(),
        limits: Limits::new(200),
    };
    let ports = Ports {
        spool: spool.clone(),
        ledger: Arc::clone(ledger) as _,
        clock: clock.clone(),
    };
    let lookout = Lookout::open(config, ports).await.unwrap();
    let shutdown = Shutdown::new();
    let tasks = corelog_runtime::Tasks::new();
    let running = tasks.spawn("lookout", lookout.run(shutdown.child()));
    (shutdown, running)
}

#[tokio::test]
async fn a_loop_is_found_while_it_runs_and_over_a_restart_of_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let ledger = Arc::new(Memory::default());
    let clock = Clock::manual(Timestamp::from_unix_ms(START_MS));
    // What was recorded before the first start is not looked at.
    for number in 0..20 {
        record(&spool, number, &document("Messages")).await;
    }
    let (shutdown, running) = begin(dir.path(), &spool, &ledger, &clock).await;
    for number in 20..24 {
        record(&spool, number, &document("Messages")).await;
    }
    shutdown.request();
    running.await.unwrap();
    assert!(ledger.kept.lock().is_empty());
    assert!(dir.path().join(Lookout::FILE_NAME).exists());

    // What is recorded meanwhile is read later.
    for number in 24..26 {
        record(&spool, number, &document("Messages")).await;
    }
    let (shutdown, running) = begin(dir.path(), &spool, &ledger, &clock).await;
    for number in 26..28 {
        record(&spool, number, &document("Messages")).await;
    }
    let found = ledger.wait_for(1).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, Kind::Runaway);
    assert_eq!(found[0].calls, Some(8), "those before the restart count");
    assert_eq!(found[0].model.as_deref(), Some("claude"));
    assert!(!found[0].has_ended);

    // Nothing follows: it is over.
    clock.set(Timestamp::from_unix_ms(START_MS + 3_600_000));
    record(&spool, 29, &document("Models")).await;
    let found = ledger.wait_for(2).await;
    assert!(found[1].has_ended);
    assert_eq!(found[1].id, found[0].id);
    shutdown.request();
    running.await.unwrap();
}

/// An agent whose prompt grows, with what was added last always the same, beside the spool because it is long.
#[tokio::test]
async fn long_prompts_are_read_where_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let ledger = Arc::new(Memory::default());
    let clock = Clock::manual(Timestamp::from_unix_ms(START_MS));
    let (shutdown, running) = begin(dir.path(), &spool, &ledger, &clock).await;
    let first = format!(r#"{{"role":"user","content":"{}"}}"#, "x".repeat(300_000));
    let round = r#",{"role":"assistant","content":"Again."},{"role":"user","content":"No."}"#;
    for number in 0..9_usize {
        let prompt = format!(r#"{{"messages":[{first}{}]}}"#, round.repeat(number));
        let document = document("Messages");
        let number = number as u64;
        record_prompt(&spool, number, &document, prompt.as_bytes(), Place::Blob).await;
    }
    let found = ledger.wait_for(1).await;
    // The first has no round yet.
    assert_eq!((found[0].signal, found[0].calls), ("repeats", Some(9)));
    shutdown.request();
    running.await.unwrap();
}

#[tokio::test]
async fn what_the_ledger_does_not_take_is_kept_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let ledger = Arc::new(Memory::default());
    *ledger.refuses.lock() = 1;
    let clock = Clock::manual(Timestamp::from_unix_ms(START_MS));
    let (shutdown, running) = begin(dir.path(), &spool, &ledger, &clock).await;
    for number in 0..8 {
        record(&spool, number, &document("Messages")).await;
    }
    let found = ledger.wait_for(1).await;
    assert_eq!(found.len(), 1);
    assert_eq!(*ledger.refuses.lock(), 0);
    shutdown.request();
    running.await.unwrap();
}

/// A report may say that a call lasts for centuries. It has ended when it is reported, and others are not lost for it.
#[tokio::test]
async fn nothing_ends_after_it_was_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let ledger = Arc::new(Memory::default());
    let clock = Clock::manual(Timestamp::from_unix_ms(START_MS));
    let (shutdown, running) = begin(dir.path(), &spool, &ledger, &clock).await;
    let mut endless = document("Messages");
    endless.corelog.as_mut().unwrap().latency_ms = Some(1e13);
    record(&spool, 0, &endless).await;
    for number in 1..8 {
        record(&spool, number, &document("Messages")).await;
    }
    assert_eq!(ledger.wait_for(1).await[0].calls, Some(8));
    shutdown.request();
    running.await.unwrap();
}

#[tokio::test]
async fn damage_is_learnt_anew() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    std::fs::write(dir.path().join(Lookout::FILE_NAME), b"CLAN\x01 and no more").unwrap();
    let ledger = Arc::new(Memory::default());
    let clock = Clock::manual(Timestamp::from_unix_ms(START_MS));
    let (shutdown, running) = begin(dir.path(), &spool, &ledger, &clock).await;
    for number in 0..8 {
        record(&spool, number, &document("Messages")).await;
    }
    assert_eq!(ledger.wait_for(1).await.len(), 1);
    shutdown.request();
    running.await.unwrap();
}
