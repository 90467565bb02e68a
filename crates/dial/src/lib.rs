//! A connection to an HTTP server that the configuration names: name, socket, proxy, TLS; and what answers have in
//! common.
//!
//! [`Connector`] makes new connections to one server; whoever asks for them speaks HTTP on them, keeps them or lets them
//! go. Certificates are checked against the system's authorities, or against those of one file instead: that of the
//! server, and that of a proxy that is reached by `https`.
//!
//! What each request has beside, such as credentials, is written as [`Headers`].
//!
//! Absent here: HTTP itself, pools, time limits and retries.

mod answer;
mod connect;
mod headers;
mod proxy;
mod tls;

pub use answer::{retry_after, short};
pub use connect::{Connector, Link, Offer};
pub use headers::{Headers, InvalidHeaders};

use std::fmt;

use http::Uri;

/// The server, and the way to it.
#[derive(Clone)]
pub struct Config {
    /// Its scheme, host and port; the rest is not looked at.
    pub base: Uri,
    /// Trust these certificates instead of the system's (PEM).
    pub ca_pem: Option<Vec<u8>>,
    /// The proxy to go through, by `http` or `https`. Credentials in it are percent-encoded, used and never shown.
    pub proxy: Option<Uri>,
}

impl fmt::Debug for Config {
    /// A proxy's URL may hold a password, so it is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host has no address, or refuses.
    #[error("connecting to `{host}` failed")]
    Connect {
        /// Host and port.
        host: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// TLS is not set up right.
    #[error("TLS for `{host}` cannot be set up: {reason}")]
    Tls {
        /// Host and port.
        host: String,
        /// What went wrong.
        reason: String,
    },
}
