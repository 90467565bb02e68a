//! Anomaly detection.
mod config;
mod fit;
mod history;
mod model;
mod number;
mod scale;
mod season;
mod spread;

pub use config::{Adaptation, Config, EXCLUDED_RANGES_MAX, Filtering};
pub use model::{Band, Model, Point, Training, bands};
