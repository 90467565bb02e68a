//! Anomalies in what models are asked and answer: of a metric, of callers, of answers, of agents that loop.
//!
//! - [`Model`] learns a series point by point and says what is usual at any time: a [`Band`]. It has days and weeks, a
//!   trend and a level, all by medians, so that it is not drawn along by the spike it reports. [`bands`] draws it over
//!   past points as it was known then; that is what `ANOMALY_DETECTION_BAND` needs.
//! - [`Bursts`] finds who takes far more than usual of which model: calls, tokens, cost, latency, errors.
//! - [`Runaways`] finds agents that loop, while they do.
//! - [`Drifts`] finds answers that are no longer as they were.
//!
//! How it works and what it costs is in `docs/adr/0017-anomalies-are-what-medians-do-not-expect.md`; how well,
//! `cargo xtask bench anomaly` prints.
//!
//! Everything is bounded: memory by two weeks of bins and by numbers of series, chains and keys; what is let go is told.
//!
//! Absent here: I/O, clocks (time comes with the facts), prompts and answers (only numbers and hashes of them).

mod bytes;
mod config;
mod history;
mod number;
mod scale;

mod fit;
mod season;
mod spread;

mod model;
mod stored;

mod burst;
mod drift;
mod runaway;
mod sizes;
mod statistics;

pub use burst::{Burst, BurstConfig, Bursts, Signal, Subject, Use};
pub use config::{Adaptation, Config, EXCLUDED_RANGES_MAX, Filtering};
pub use drift::{Answer, Drift, Drifts, Feature, Known};
pub use model::{Band, Model, Point, Training, bands};
pub use runaway::{Call, Runaway, RunawayConfig, Runaways, Sign};
pub use stored::InvalidModel;
