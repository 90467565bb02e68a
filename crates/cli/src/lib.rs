//! The command line: command definitions, settings, and the printer. Talks to a running server as any client does.
//!
//! Absent here: the server. `corelog up` and `corelog demo` are parsed here and started by the binary.

pub mod environment;
pub mod settings;
