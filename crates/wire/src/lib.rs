//! AWS on the wire: services and their shapes, protocols, event-stream frames, request signatures, JSON errors.
//!
//! [`model`] says what a service is made of, [`logs`] and [`cloudwatch`] were generated, [`protocol`] carries their
//! operations in bytes. `docs/adr/0007-one-layer-for-aws-protocols.md` says why it is cut there.
//!
//! Absent here: I/O, clocks, HTTP types. Bytes and text come in, values go out.

pub mod cloudwatch;
pub mod event_stream;
pub mod logs;
pub mod model;
pub mod protocol;
pub mod rest_json;
pub mod sigv4;
