//! Ctrl-C while a server works for us.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Catches the signals that ask this process to end, from its making on.
pub(super) struct Interrupt {
    runtime: Runtime,
    signals: [Signal; 2],
}

impl Interrupt {
    pub(super) fn new() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let signals = {
            let _inside = runtime.enter();
            [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            ]
        };
        Ok(Self { runtime, signals })
    }

    /// Waits; whether it was interrupted instead.
    pub(super) fn pause(&mut self, duration: Duration) -> bool {
        let [interrupt, terminate] = &mut self.signals;
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => true,
                () = tokio::time::sleep(duration) => false,
            }
        })
    }
}
