//! Tasks with a name and an owner, and a shutdown that names whoever is late.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;

/// Tells a task that it should end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// One that nobody has asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for it. Asking twice changes nothing.
    pub fn request(&self) {
        self.0.cancel();
    }

    /// Whether it was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Resolves once it is asked for. Cancel safe.
    pub fn requested(&self) -> WaitForCancellationFutureOwned {
        self.0.clone().cancelled_owned()
    }

    /// A shutdown that this one brings about too, and that can be asked for alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }
}

/// A family of tasks that are waited for together.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    running: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

struct Running {
    name: &'static str,
    running: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.running.lock();
        if let Some(count) = running.get_mut(self.name) {
            *count -= 1;
            if *count == 0 {
                running.remove(self.name);
            }
        }
    }
}

impl Tasks {
    /// A family without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task of that name on the current runtime.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(self.running(name, future))
    }

    /// Starts a task of that name on another runtime.
    pub fn spawn_on<F>(&self, name: &'static str, future: F, on: &Handle) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn_on(self.running(name, future), on)
    }

    /// Counts a task under its name for as long as it runs.
    fn running<F: Future>(
        &self,
        name: &'static str,
        future: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        *self.running.lock().entry(name).or_default() += 1;
        let guard = Running {
            name,
            running: Arc::clone(&self.running),
        };
        async move {
            let _guard = guard;
            future.await
        }
    }

    /// How many tasks run.
    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    /// Whether none runs.
    pub fn is_empty(&self) -> bool {
        self.tracker.is_empty()
    }

    /// Waits for every task to end; after `deadline`, returns the names of those that have not.
    ///
    /// # Errors
    /// The late ones, as `name ×count`.
    pub async fn wait(&self, deadline: Duration) -> Result<(), String> {
        self.tracker.close();
        if tokio::time::timeout(deadline, self.tracker.wait())
            .await
            .is_ok()
        {
            return Ok(());
        }
        let running = self.running.lock();
        let late: Vec<_> = running
            .iter()
            .map(|(name, count)| format!("{name} ×{count}"))
            .collect();
        Err(late.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_late_ones_are_named() {
        let tasks = Tasks::new();
        let shutdown = Shutdown::new();
        let requested = shutdown.child().requested();
        tasks.spawn("drain", requested);
        tasks.spawn("quick", async {});
        assert_eq!(
            tasks.wait(Duration::from_secs(1)).await,
            Err("drain ×1".to_owned())
        );
        shutdown.request();
        assert_eq!(tasks.wait(Duration::from_secs(1)).await, Ok(()));
        assert!(tasks.is_empty());
    }
}
