//! The gateway from outside: real sockets on both sides, every byte and its moment chosen by the test, and a
//! recorder whose disk is as slow or as full as the test wants it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test relies on and does not get is a failure of the test"
)]

mod ledger;
mod scene;
mod upstream;
mod watch;

mod bedrock;
mod capture;
mod cost;
mod encrypted;
mod hangup;
mod http2;
mod http2_provider;
mod limits;
mod refuse;
mod request;
mod routing;
mod shutdown;
mod so_far;
mod stream;
mod trouble;
mod upgraded;
mod whole;
mod wire;
