//! Where records go: adapters of delivery's [`corelog_delivery::Sink`] port.
//!
//! Each destination is a module of one shape: a `Config` of plain data, a sink that is opened with it,
//! a layout that names what is written, and a rendering that writes it. See `docs/recipes/add-a-destination.md` for the
//! next.
//!
//! Absent here: the spool, cursors, retries and batching. A sink is handed a batch and puts it.

pub mod cloudwatch;
pub mod groups;
pub mod metrics;
pub mod otlp;
pub mod s3;
pub mod subscription;

mod compact;
mod modality;

#[cfg(test)]
mod fixture;
