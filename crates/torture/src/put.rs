//! Puts log events, batch after batch, into a log stream of the gateway's own API.
//!
//! Written by hand as the service's documentation has it, like everything here that asks the gateway.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::{Clock, Shutdown};
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Request};
use crate::ledger::Ledger;

const GROUP: &str = "/torture";
/// The stream: tells these events from records in the table.
pub(crate) const STREAM: &str = "torture";
const EVENTS_MAX: usize = 20;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Puts one batch after another.
pub(crate) struct Putter {
    pub(crate) gateway: SocketAddr,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) rng: StdRng,
    /// What the messages begin with.
    pub(crate) prefix: String,
}

impl Putter {
    /// Goes on until it is told to stop or the gateway is gone.
    pub(crate) async fn run(mut self, stop: Shutdown) {
        let Ok(mut client) = Client::connect(self.gateway).await else {
            return;
        };
        // An earlier round may have made them.
        for (operation, body) in [
            ("CreateLogGroup", json!({"logGroupName": GROUP})),
            (
                "CreateLogStream",
                json!({"logGroupName": GROUP, "logStreamName": STREAM}),
            ),
        ] {
            if ask(&mut client, operation, &body).await.is_none() {
                return;
            }
        }
        let mut batch = 0_u64;
        while !stop.is_requested() {
            let messages = self.messages(batch);
            self.ledger.put(&messages);
            match ask(&mut client, "PutLogEvents", &batch_of(&messages)).await {
                Some(200) => self.ledger.taken(&messages),
                Some(_) => {}
                None => return,
            }
            batch += 1;
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

/// The status of an answer that came whole; `None` where it did not.
async fn ask(client: &mut Client, operation: &str, body: &Value) -> Option<u16> {
    let request = Request {
        method: "POST",
        path: "/".to_owned(),
        headers: vec![("x-amz-target", format!("Logs_20140328.{operation}"))],
        body: body.to_string(),
    };
    let mut answer = Answer::default();
    let exchange = client.exchange(&request, usize::MAX, &mut answer);
    match tokio::time::timeout(TIMEOUT, exchange).await {
        Ok(Ok(_)) if answer.whole => answer.head.map(|head| head.status),
        _ => None,
    }
}
