//! The follower: reads entries as they become durable, makes events of them, publishes them.

use std::time::Duration;

use corelog_runtime::{Backoff, Shutdown};
use corelog_spool::Reader;
use corelog_telemetry::Chain;
use tokio::task::JoinError;

use crate::hot::Pace;
use crate::{Chunk, Error, Hot, read};

const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_CEILING: Duration = Duration::from_secs(10);

/// The task that reads the spool. Everybody who listens hears the end when it is dropped.
#[derive(Debug)]
pub struct Follower {
    hot: Hot,
    /// `None` where reading begins anew, behind what was published.
    reader: Option<Reader>,
    backoff: Backoff,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.hot.set_pace(Pace::Ended);
    }
}

impl Follower {
    pub(crate) fn new(hot: Hot) -> Self {
        Self {
            hot,
            reader: None,
            backoff: Backoff::new(RETRY_FIRST, RETRY_CEILING),
        }
    }

    /// Follows until a shutdown is asked for, or the spool is closed.
    pub async fn run(mut self, shutdown: Shutdown) {
        while !shutdown.is_requested() {
            // Taken before reading: what becomes durable from here on ends the wait below.
            let seen = self.hot.0.spool.durable_sequence();
            match self.read().await {
                Ok(Some(chunk)) => {
                    self.backoff.succeeded();
                    self.hot.publish(chunk);
                }
                Ok(None) => {
                    self.backoff.succeeded();
                    // Entries that are damaged never come.
                    self.hot.reached(seen);
                    tokio::select! {
                        outcome = self.hot.0.spool.wait_past(seen) => {
                            if outcome.is_err() {
                                return;
                            }
                        }
                        () = shutdown.requested() => {}
                    }
                }
                Err(Error::Stopped(_)) => return,
                Err(error) => {
                    self.hot.set_pace(Pace::Failing);
                    let wait = self.backoff.after_failure();
                    tracing::warn!(error = %Chain(&error), "new log events cannot be read yet");
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = shutdown.requested() => {}
                    }
                }
            }
        }
    }

    async fn read(&mut self) -> Result<Option<Chunk>, Error> {
        let first = self.hot.followed().next();
        let (hot, reader) = (self.hot.clone(), self.reader.take());
        let read = tokio::task::spawn_blocking(move || {
            let mut reader = reader.unwrap_or_else(|| hot.0.spool.reader(first));
            let chunk = read::chunk(&mut reader, &hot.0.becoming, first, None)?;
            Ok((reader, chunk))
        });
        let (reader, chunk) = read
            .await
            .map_err(|error: JoinError| Error::Stopped(error))??;
        self.reader = Some(reader);
        Ok(chunk)
    }
}
