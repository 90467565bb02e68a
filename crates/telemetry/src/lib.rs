//! Our own telemetry: log lines on stderr, metrics for `/metrics`, and how an error chain prints.

mod chain;
mod logs;
mod metrics;

pub use chain::Chain;
pub use logs::{LogFormat, init_logs};
pub use metrics::{
    DestinationLabel, ErrorSide, ExchangeLabels, LimitLabel, Metrics, NotifierLabel, PolicyLabel,
    PolicyOutcome, RefusalLabel, Sampled,
};
