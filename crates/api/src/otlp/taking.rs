//! Traces of which an export is being taken: what another says of them waits until that is over.
//!
//! Which spans are one call is asked within a trace, and answered from what is recorded already. Two exports of one trace
//! would each find nothing, were they taken at once.

use std::collections::HashMap;
use std::sync::Arc;

use corelog_otel::TraceId;
use parking_lot::Mutex;
use tokio::sync::watch;

/// Each trace with what ends once its export is taken.
type Traces = HashMap<TraceId, watch::Receiver<()>>;

#[derive(Debug, Default)]
pub(super) struct Taking(Arc<Mutex<Traces>>);

/// Others wait for its traces until it is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    all: Arc<Mutex<Traces>>,
    own: Vec<TraceId>,
    /// Dropped last, when the traces are free.
    _ended: watch::Sender<()>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        for trace in &self.own {
            all.remove(trace);
        }
    }
}

impl Taking {
    /// Waits until no other export has one of the traces, and has them all from then on. It waits before it has any, so
    /// no two wait for each other.
    pub(super) async fn begin(&self, own: Vec<TraceId>) -> Taken {
        let (ended, ends) = watch::channel(());
        while let Some(mut other) = self.other(&own, &ends) {
            // It never changes: it ends.
            let _ = other.changed().await;
        }
        Taken {
            all: Arc::clone(&self.0),
            own,
            _ended: ended,
        }
    }

    /// An export that has one of the traces; without one, they are taken.
    fn other(&self, own: &[TraceId], ends: &watch::Receiver<()>) -> Option<watch::Receiver<()>> {
        let mut all = self.0.lock();
        let other = own.iter().find_map(|trace| all.get(trace)).cloned();
        if other.is_none() {
            all.extend(own.iter().map(|trace| (*trace, ends.clone())));
        }
        other
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn an_export_waits_for_those_of_its_traces_alone() {
        let taking = Taking::default();
        let mut context = Context::from_waker(Waker::noop());
        let mut at_once = |traces: &[u8]| {
            let traces = traces.iter().map(|trace| [*trace; 16]).collect();
            match pin!(taking.begin(traces)).poll(&mut context) {
                Poll::Ready(taken) => Some(taken),
                Poll::Pending => None,
            }
        };
        let first = at_once(&[1, 2]).unwrap();
        let other = at_once(&[3]);
        assert!(other.is_some() && at_once(&[]).is_some());
        assert!(at_once(&[4, 2]).is_none());
        assert!(at_once(&[4]).is_some(), "who waits has nothing");
        let mut waiting = pin!(taking.begin(vec![[2; 16]]));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(first);
        let Poll::Ready(second) = waiting.as_mut().poll(&mut context) else {
            unreachable!("the trace is free");
        };
        assert_eq!(second.own, [[2; 16]]);
        drop((second, other));
        assert!(taking.0.lock().is_empty());
    }
}
