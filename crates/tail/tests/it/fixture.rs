//! A spool whose records become events of one log group.

use std::sync::Arc;

use corelog_hot::{Config, Hot, Targets};
use corelog_patterns::Pattern;
use corelog_record::Document;
use corelog_record::stored::encode_envelope;
use corelog_runtime::{Shutdown, Tasks};
use corelog_spool::{Entry, OsDisk, Spool};
use corelog_tail::{Filter, Streams, Tails};
use corelog_types::{RecordId, Sequence, Timestamp};

pub(crate) const GROUP: &str = "/corelog/invocations";
const NOW: Timestamp = Timestamp::from_unix_ms(1_795_338_942_000);

pub(crate) struct Bench {
    _dir: tempfile::TempDir,
    pub(crate) spool: Spool,
    pub(crate) tails: Tails,
    pub(crate) shutdown: Shutdown,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = corelog_spool::Config::new(dir.path(), NOW);
        let (spool, _) = Spool::open(config, Arc::new(OsDisk)).unwrap();
        let config = Config {
            targets: Targets {
                invocations: GROUP.into(),
                further: None,
            },
            after: Sequence::from_u64(0),
            bytes_max: None,
        };
        let (hot, follower) = Hot::new(spool.clone(), config);
        let shutdown = Shutdown::new();
        Tasks::new().spawn("log events", follower.run(shutdown.child()));
        Self {
            _dir: dir,
            spool,
            tails: Tails::new(hot, shutdown.child()),
            shutdown,
        }
    }

    /// Keeps a record of that model; durable when it returns.
    pub(crate) async fn record(&self, number: u64, model: &str) {
        let document: Document = serde_json::from_str(&format!(
            r#"{{"timestamp":"2026-11-22T09:15:42Z","accountId":"111122223333","region":"us-east-1",
                "requestId":"r-{number}","operation":"InvokeModel","modelId":"{model}",
                "identity":{{"arn":"a"}},"schemaType":"ModelInvocationLog","schemaVersion":"1.0"}}"#
        ))
        .unwrap();
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let envelope = encode_envelope(&document, &[]).unwrap();
        let entry = Entry {
            id: RecordId::from_parts(NOW.unix_ms(), random),
            time: NOW,
            payload: &[&envelope],
            blobs: Vec::new(),
        };
        let appended = self.spool.append(entry).unwrap();
        self.spool.durable(appended).await.unwrap();
    }
}

pub(crate) fn filter(pattern: Option<&str>) -> Filter {
    Filter {
        groups: vec![GROUP.into()],
        streams: Streams::All,
        pattern: pattern.map(|text| Pattern::parse(text).unwrap()),
    }
}
