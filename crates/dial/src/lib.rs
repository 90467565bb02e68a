//! A connection to an HTTP server that the configuration names: name, socket, proxy, TLS.
//!
//! [`Connector`] makes new connections to one server; whoever asks for them speaks HTTP on them, keeps them or lets them
//! go. Certificates are checked against the system's authorities, or against those of one file instead.
//!
//! What each request has beside, such as credentials, is written as [`Headers`].
//!
//! Absent here: HTTP itself, pools, time limits and retries.

mod connect;
mod headers;
mod proxy;
mod tls;

pub use connect::{Connector, Link, Offer};
pub use headers::{Headers, InvalidHeaders};

use http::Uri;

/// The server, and the way to it.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its scheme, host and port; the rest is not looked at.
    pub base: Uri,
    /// Trust these certificates instead of the system's (PEM).
    pub ca_pem: Option<Vec<u8>>,
    /// The proxy to go through.
    pub proxy: Option<Uri>,
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
