//! The commands, by family. Each takes the rows so far and gives the rows after it.

pub(crate) mod rows;
pub(crate) mod show;
pub(crate) mod stats;

pub(crate) mod lists;
pub(crate) mod parse;

pub(crate) mod join;
pub(crate) mod lookup;

pub(crate) mod along;
pub(crate) mod fill;
pub(crate) mod outlier;
pub(crate) mod sessions;
pub(crate) mod totals;

pub(crate) mod anomaly;
pub(crate) mod diff;
pub(crate) mod pattern;
pub(crate) mod relevant;
