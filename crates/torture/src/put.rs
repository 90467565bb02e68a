//! Puts log events, batch after batch, into a log stream of the gateway's own API.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::{Clock, Shutdown};
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::ledger::Ledger;
use crate::logs::Logs;

/// The log group that they are put into.
pub(crate) const GROUP: &str = "/torture";
/// The stream: tells these events from records in the table.
pub(crate) const STREAM: &str = "torture";
const EVENTS_MAX: usize = 20;

/// Puts one batch after another.
pub(crate) struct Putter {
    pub(crate) gateway: SocketAddr,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) rng: StdRng,
    /// What the messages begin with.
    pub(crate) prefix: String,
    /// The least time between two batches.
    pub(crate) every: Option<Duration>,
}

impl Putter {
    /// Goes on until it is told to stop or the gateway is gone.
    pub(crate) async fn run(mut self, stop: Shutdown) {
        let mut logs = Logs::at(self.gateway);
        // An earlier round may have made them.
        for (operation, body) in [
            ("CreateLogGroup", json!({"logGroupName": GROUP})),
            (
                "CreateLogStream",
                json!({"logGroupName": GROUP, "logStreamName": STREAM}),
            ),
        ] {
            if logs.ask(operation, &body).await.is_none() {
                return;
            }
        }
        let mut batch = 0_u64;
        while !stop.is_requested() {
            let messages = self.messages(batch);
            self.ledger.put(&messages);
            match logs.ask("PutLogEvents", &batch_of(&messages)).await {
                Some(said) if said.is_ok() => self.ledger.taken(&messages),
                Some(_) => {}
                None => return,
            }
            batch += 1;
            if let Some(every) = self.every {
                tokio::time::sleep(every).await;
            }
        }
    }

    fn messages(&mut self, batch: u64) -> Vec<String> {
        let count = self.rng.random_range(1..=EVENTS_MAX);
        let mut message = |number: usize| {
            let filling = "x".repeat(self.rng.random_range(0..2_000));
            format!("{}-{batch}-{number} {filling}", self.prefix)
        };
        (0..count).map(&mut message).collect()
    }
}

fn batch_of(messages: &[String]) -> Value {
    let now = Clock::system().now().unix_ms();
    let event = |message: &String| json!({"timestamp": now, "message": message});
    let events: Vec<Value> = messages.iter().map(event).collect();
    json!({"logGroupName": GROUP, "logStreamName": STREAM, "logEvents": events})
}
