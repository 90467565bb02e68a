//! Alarms that run, over a catalog on disk, with a simulated clock and data points made up.

mod bands;
mod crash;
mod math;
mod month;
mod real;
mod world;
