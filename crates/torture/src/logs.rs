//! The API of `CloudWatch` Logs, asked by hand as its documentation has it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use crate::client::{Answer, Client, Request};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Somebody who asks a gateway, one operation after another.
pub(crate) struct Logs {
    gateway: SocketAddr,
    client: Option<Client>,
}

/// What was said to an operation.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Said {
    pub(crate) fn is_ok(&self) -> bool {
        self.status == 200
    }

    /// The name of the exception, where it is one.
    pub(crate) fn exception(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default()
    }
}

impl Logs {
    pub(crate) fn at(gateway: SocketAddr) -> Self {
        Self {
            gateway,
            client: None,
        }
    }

    /// Performs an operation; `None` where no whole answer came.
    pub(crate) async fn ask(&mut self, operation: &str, body: &Value) -> Option<Said> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(self.gateway).await.ok()?,
        };
        let request = Request {
            method: "POST",
            path: "/".to_owned(),
            headers: vec![("x-amz-target", format!("Logs_20140328.{operation}"))],
            body: body.to_string(),
        };
        let mut answer = Answer::default();
        let exchange = client.exchange(&request, usize::MAX, &mut answer);
        let again = tokio::time::timeout(TIMEOUT, exchange).await.ok()?.ok()?;
        if again {
            self.client = Some(client);
        }
        let status = answer.head.filter(|_| answer.whole)?.status;
        let body = serde_json::from_slice(&answer.body).unwrap_or_default();
        Some(Said { status, body })
    }
}
