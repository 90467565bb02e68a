//! Turns one relayed exchange into one record.
//!
//! The gateway tells a [`Capture`] what passes: the call before its first upstream byte, the chunks of
//! both bodies as they arrive, the head of the answer, the end. [`Capture::finish`] reads the copies,
//! never the wire, and gives the bytes of a stored record. Whatever goes wrong on the copy (a bound
//! passed, a body that is not what it says) becomes a fact in the record, never an error for the caller.
//!
//! The port [`Recorder`] is where records go; it belongs here because this is what needs it.
//!
//! Absent here: sockets, tasks, clocks. Files only behind [`Spill`].

mod bodies;
mod call;
mod capture;
mod copy;
mod decode;
mod draft;
mod finish;
mod headers;
mod passing;
mod policy;
mod price;
mod reading;
mod recorder;
mod unpack;

pub use call::{Answered, Call, End, Fault};
pub use capture::{Capture, Limits};
pub use copy::BodyCopy;
pub use finish::Finished;
pub use headers::HeaderFilter;
pub use passing::{Look, Passing};
pub use policy::{Policies, Policy, Rule};
pub use price::cost_facts;
pub use reading::{Heard, Reading};
pub use recorder::{Appended, Entry, Recorder, RecorderError, SealedSpill, Spill, Waiting};
