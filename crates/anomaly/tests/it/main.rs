//! Anomaly detection from outside.

#[cfg(test)]
mod burst;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod model;
#[cfg(test)]
mod runaway;
