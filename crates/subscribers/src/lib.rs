//! Who hears of log events through subscription filters: HTTP endpoints, files, NATS servers, OpenSearch.
//!
//! A [`Message`] has events of one log stream, as the original's destinations get them. A [`Subscriber`] makes a
//! [`Parcel`] of it, which is computing, and takes the parcel, which is waiting. What it took is safe at the other side:
//! answered, synced or acknowledged. A parcel that is sent again is the same parcel, with the same ids of events.
//!
//! Absent here: which events are wanted, cursors, retries, and when one is given up.

mod message;
mod subscriber;

mod error;

mod client;
mod file;
mod http;
mod nats;
mod opensearch;

pub use client::HttpConfig;
pub use error::Error;
pub use file::FileConfig;
pub use message::{Message, Parcel, Payload, Picked, control};
pub use nats::{NatsConfig, NatsLogin};
pub use opensearch::OpenSearchConfig;
pub use subscriber::{ChannelConfig, Config, Sent, Subscriber, Subscribers};
