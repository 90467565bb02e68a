//! Operations that callers ask of Corelog itself, free of any transport: a request in, a response out.
//!
//! Five families live here. [`logging`] is Bedrock's control API for model invocation logging, so that
//! `boto3`, the AWS CLI and Terraform configure Corelog as they configure the original. [`logs`] is `CloudWatch`
//! Logs, for the same clients, and `cloudwatch` the rest of it, alarms among them, in three protocols. `otlp` takes in what OpenTelemetry reports, over HTTP and gRPC. [`admin`] is our own, under `/corelog/v1`, for the command line. Every operation is
//! one file with the same four steps: parse, authorise, do, render.
//!
//! # Which configuration wins
//! The destinations of the configuration file and those of the control API stand side by side, and neither can change
//! the other. Destinations of the file are always active and read-only here. The control API owns one configuration
//! more, kept in the catalog: it survives restarts, `GET` returns it and nothing else, and `DELETE` removes it and
//! nothing else. Its bucket is the destination [`logging::DESTINATION`], its log group one of ours.
//!
//! Absent here: sockets, TLS, reading of requests from the wire, and how a destination is built.

pub mod admin;
mod aws;
mod body;
mod caller;
mod cloudwatch;
mod keep;
pub mod logging;
pub mod logs;
mod otlp;
mod route;

pub use aws::Account;
pub use body::{Body, Pieces};
pub use caller::{Action, Authorise, Denied, Open};
pub use otlp::{Keeps, Kept};
pub use route::{Api, Ports, body_bytes_max, owns};

#[cfg(test)]
mod tests;
