//! The follower: reads entries as they become durable, makes events of them, publishes them.

use std::time::Duration;

use corelog_runtime::{Backoff, Shutdown};
use corelog_spool::{Error as SpoolError, Reader};
use corelog_telemetry::Chain;
use corelog_types::Sequence;
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
            if self.hot.is_unused() {
                // Events that nobody asks for are not made. Whoever begins to listen hears what comes from then on.
                self.reader = None;
                if self.wait_past(seen, &shutdown).await.is_err() {
                    return;
                }
                continue;
            }
            match self.read().await {
                Ok(Some(chunk)) => {
                    self.backoff.succeeded();
                    self.hot.publish(chunk);
                }
                Ok(None) => {
                    self.backoff.succeeded();
                    if self.wait_past(seen, &shutdown).await.is_err() {
                        return;
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

    /// Waits for more than was seen, all of which was read, or is damaged, or is not wanted.
    async fn wait_past(&self, seen: Sequence, shutdown: &Shutdown) -> Result<(), SpoolError> {
        self.hot.reached(seen);
        tokio::select! {
            outcome = self.hot.0.spool.wait_past(seen) => outcome,
            () = shutdown.requested() => Ok(()),
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
