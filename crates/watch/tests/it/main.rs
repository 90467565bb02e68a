//! Alarms that run, over a catalog on disk, with a simulated clock and data points made up.

#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

mod bands;
mod crash;
mod math;
mod month;
mod queries;
mod real;
mod world;
