//! AWS on the wire: event-stream frames, request signatures, JSON errors.
//!
//! Absent here: I/O, clocks, HTTP types. Bytes and text come in, values go out.

pub mod event_stream;
pub mod rest_json;
pub mod sigv4;
