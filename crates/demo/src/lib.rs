//! A provider of models that needs no model: speaks every dialect, answers at once, breaks on request.
//!
//! The answers are put together from a small text corpus, the same answer for the same request. A client
//! chooses another behaviour by the name of the model it asks for, so unmodified clients can; the name may
//! carry anything around the word (`anthropic.demo-throttle-v1:0`):
//!
//! | in the model's name | what happens |
//! |---|---|
//! | `demo-throttle` | the dialect's error for too many requests |
//! | `demo-validation` | the dialect's error for a request that makes no sense |
//! | `demo-error-NNN` | the dialect's error for HTTP status `NNN` |
//! | `demo-slow` | a pause before each chunk of the body ([`Config::slow_pause`]) |
//! | `demo-broken` | the connection is cut in the middle of the body |
//! | `demo-midstream-error` | a stream ends in the dialect's error event; a whole answer is an error 500 |
//! | `demo-guardrail` | the answer is withheld the way the dialect says so |
//! | `demo-huge` | an answer of about a megabyte |
//! | `demo-echo` | the answer is exactly the last text of the user |
//! | `demo-script-N` | the answer is that of row `N`, from 0, of the script; its prompt must be the user's last text |
//! | `demo-script` | the answer is that of the first row of the script with this prompt |
//!
//! Tools in a request are called, with arguments made from their schema, unless the last message brings a
//! tool's result. Thinking is answered where the request asks for it, and cached tokens are counted where it
//! marks something to be cached.
//!
//! `GET /demo/exchanges` shows the last exchanges as they were on the wire, where [`Config::exchanges_kept`]
//! says so; `?last=N` shows no more than `N` of them.
//!
//! This crate opens no connection, and writes to no file.

mod answer;
mod anthropic;
mod ask;
mod bedrock;
mod behaviour;
mod corpus;
mod exchanges;
mod generic;
mod openai;
mod picture;
mod reply;
mod routes;
mod script;
mod server;

pub use script::{InvalidScript, Script};
pub use server::{Config, Demo, Error};
