//! Waiting for durability: a list ordered by sequence, so that a sync wakes those it satisfies and nobody else.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use parking_lot::Mutex;

use crate::state::Shared;
use crate::{Error, Result};

/// Who waits, by sequence and then by ticket.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    list: Mutex<BTreeMap<(u64, u64), Waker>>,
    tickets: AtomicU64,
}

impl Waiters {
    /// Wakes everyone waiting for `sequence` or less.
    pub(crate) fn wake_to(&self, sequence: u64) {
        let woken = {
            let mut list = self.list.lock();
            if list
                .first_key_value()
                .is_none_or(|((s, _), _)| *s > sequence)
            {
                return;
            }
            let rest = list.split_off(&(sequence.saturating_add(1), 0));
            std::mem::replace(&mut *list, rest)
        };
        for waker in woken.into_values() {
            waker.wake();
        }
    }
}

/// What somebody waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) sequence: u64,
    /// Set when it matters which entry got the sequence; without, any entry of that sequence will do.
    pub(crate) epoch: Option<u64>,
}

/// Resolves when a goal is reached or cannot be. Cancel safe: dropping it leaves the list.
#[derive(Debug)]
pub(crate) struct Wait<'a> {
    shared: &'a Shared,
    goal: Goal,
    ticket: Option<u64>,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(shared: &'a Shared, goal: Goal) -> Self {
        Self {
            shared,
            goal,
            ticket: None,
        }
    }
}

impl Future for Wait<'_> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let Some(outcome) = self.shared.outcome(self.goal) {
            return Poll::Ready(outcome);
        }
        let waiters = &self.shared.waiters;
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => waiters.tickets.fetch_add(1, Ordering::Relaxed),
        };
        let key = (self.goal.sequence, ticket);
        waiters.list.lock().insert(key, context.waker().clone());
        self.ticket = Some(ticket);
        // The outcome is published before the list is locked, so asking again closes the gap between the two.
        match self.shared.outcome(self.goal) {
            Some(outcome) => Poll::Ready(outcome),
            None => Poll::Pending,
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let key = (self.goal.sequence, ticket);
            self.shared.waiters.list.lock().remove(&key);
        }
    }
}

impl Shared {
    /// Whether a goal is reached, or never will be; `None` while that is open.
    pub(crate) fn outcome(&self, goal: Goal) -> Option<Result<()>> {
        let before = self.epoch.load(Ordering::SeqCst);
        let durable = self.durable.load(Ordering::SeqCst);
        let closed = self.closed.load(Ordering::SeqCst);
        let unchanged = self.epoch.load(Ordering::SeqCst) == before;
        match goal.epoch {
            Some(epoch) if epoch != before || !unchanged => {
                let state = self.state.lock();
                let present = self.epoch.load(Ordering::SeqCst);
                let durable = self.durable.load(Ordering::SeqCst);
                state.old_outcome(goal, epoch, present, durable)
            }
            _ if durable >= goal.sequence => Some(Ok(())),
            _ if closed => Some(Err(Error::Closed)),
            _ => None,
        }
    }
}

/// Blocks this thread until a future is done.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
