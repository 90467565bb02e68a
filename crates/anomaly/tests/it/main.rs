//! Anomaly detection from outside.

#[cfg(test)]
mod model;
