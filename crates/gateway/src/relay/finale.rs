//! How an answer ended, as its record is to say.

use corelog_capture::Fault;
use corelog_record::{DeliveryOutcome, ErrorSource};

use crate::inflight::Abort;

/// How the upstream ended.
pub(crate) struct Finale {
    pub(crate) complete: bool,
    pub(crate) at_end: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) outcome: Option<DeliveryOutcome>,
}

impl Finale {
    pub(crate) fn complete(at_end: bool) -> Self {
        Self {
            complete: true,
            at_end,
            fault: None,
            outcome: None,
        }
    }

    pub(crate) fn cut(
        code: &str,
        message: String,
        source: ErrorSource,
        outcome: DeliveryOutcome,
    ) -> Self {
        let fault = Some(Fault {
            code: code.to_owned(),
            message,
            source,
        });
        Self {
            complete: false,
            at_end: true,
            fault,
            outcome: Some(outcome),
        }
    }
}

/// The end of an answer that was ended from outside.
pub(crate) fn finale_of(abort: Abort) -> Finale {
    let gateway = ErrorSource::Gateway;
    let cut = DeliveryOutcome::Truncated;
    match abort {
        Abort::Killed => Finale::cut(
            "CallKilled",
            "an operator ended this call".to_owned(),
            gateway,
            DeliveryOutcome::Killed,
        ),
        Abort::Stopping => {
            let message = "the gateway was stopped while this connection was open".to_owned();
            Finale::cut("GatewayStopped", message, gateway, cut)
        }
        Abort::FirstByteTimeout | Abort::IdleTimeout => {
            let message = "the provider was silent for longer than the idle timeout".to_owned();
            Finale::cut("UpstreamIdleTimeout", message, gateway, cut)
        }
        Abort::TotalTimeout => {
            let message = "the call took longer than the total timeout".to_owned();
            Finale::cut("UpstreamTotalTimeout", message, gateway, cut)
        }
    }
}

/// The end of one whose provider broke off.
pub(super) fn broken(error: &hyper::Error) -> Finale {
    let message = format!("the provider broke off in the middle of its answer: {error}");
    let outcome = DeliveryOutcome::Truncated;
    Finale::cut("UpstreamTruncated", message, ErrorSource::Upstream, outcome)
}
