//! Stands between applications and model providers: relays every byte untouched, and has each exchange
//! recorded before its answer ends.
//!
//! The journey of a call: [`listen()`] accepts it, the front door finds its provider, an exchange sends it
//! upstream on a pooled connection, a relay hands the answer on frame by frame, and a keeper sees to its
//! record. Whoever [watches](InFlight::watch) sees what streams say while they pass.
//!
//! Absent here: files, the record's shape (that is `capture`), translation between dialects.

mod body;
mod config;
mod exchange;
mod front;
mod gateway;
mod headers;
mod inflight;
mod keep;
mod listen;
mod own;
mod provider;
mod refusal;
mod relay;
mod sign;
mod upgrade;
mod upstream;
mod watch;

pub use body::{Answer, BodyError};
pub use config::{Config, Credentials, Limits, OnFull, ProviderConfig};
pub use gateway::{Gateway, Ports};
pub use inflight::{InFlight, Seen, State};
pub use listen::{TlsError, listen, tls_acceptor};
pub use own::Own;
pub use upstream::{ConnectError, UpstreamConfig};
pub use watch::{Sight, Watch};
