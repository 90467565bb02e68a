//! `GET /corelog/v1/exchanges`: the calls in flight.

use std::fmt;
use std::time::Duration;

use corelog_access::Caller;
use corelog_types::{Dialect, Operation, RecordId};
use futures_util::stream::BoxStream;
use http::Response;
use serde::Serialize;

use super::error::json;
use super::{Problem, Sight};
use crate::{Action, Api, Body};

/// The calls in flight, as their owner knows them.
pub trait Exchanges: Send + Sync + fmt::Debug {
    /// Every one of them, in no order. Blocks: bodies are read for it.
    fn list(&self) -> Vec<Exchange>;

    /// Ends one; its record says so. Returns whether there was such an exchange.
    fn kill(&self, id: RecordId) -> bool;

    /// What the streams among them say from now on, as soon as it is there, and what those in flight have said; `None`
    /// while as many watch as may. Dropping it ends that.
    fn watch(&self) -> Option<BoxStream<'static, Vec<Sight>>>;
}

/// One call in flight.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The id its record will have.
    pub id: RecordId,
    /// Time since the request arrived.
    pub age: Duration,
    /// What it is waiting for or doing, in one word.
    pub state: &'static str,
    /// Name of the provider in the configuration.
    pub provider: String,
    /// The provider's dialect.
    pub dialect: Dialect,
    /// What was asked for.
    pub operation: Operation,
    /// The model, once it is known.
    pub model_id: Option<String>,
    /// Bytes of the request's body so far.
    pub request_bytes: u64,
    /// Bytes of the answer's body so far.
    pub response_bytes: u64,
    /// Chunks of the answer so far.
    pub chunks: u64,
    /// Protocol events in them.
    pub events: u64,
    /// Input tokens, where the provider has said so already.
    pub input_tokens: Option<u64>,
    /// Output tokens so far, where the provider has counted them.
    pub output_tokens: Option<u64>,
    /// Output tokens so far by the length of their text, where the provider has not counted them.
    pub output_tokens_estimate: Option<u64>,
    /// Who called.
    pub caller: Option<String>,
}

#[derive(Serialize)]
struct Form {
    exchanges: Vec<ExchangeForm>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExchangeForm {
    id: String,
    age_ms: u64,
    state: &'static str,
    provider: String,
    dialect: &'static str,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    request_bytes: u64,
    response_bytes: u64,
    chunks: u64,
    events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_estimate: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<String>,
}

impl From<Exchange> for ExchangeForm {
    fn from(exchange: Exchange) -> Self {
        Self {
            id: exchange.id.to_string(),
            age_ms: u64::try_from(exchange.age.as_millis()).unwrap_or(u64::MAX),
            state: exchange.state,
            provider: exchange.provider,
            dialect: exchange.dialect.as_str(),
            operation: exchange.operation.as_str(),
            model_id: exchange.model_id,
            request_bytes: exchange.request_bytes,
            response_bytes: exchange.response_bytes,
            chunks: exchange.chunks,
            events: exchange.events,
            input_tokens: exchange.input_tokens,
            output_tokens: exchange.output_tokens,
            output_tokens_estimate: exchange.output_tokens_estimate,
            caller: exchange.caller,
        }
    }
}

/// Lists the calls in flight, the oldest first.
pub(crate) async fn list(api: &Api, caller: &Caller) -> Result<Response<Body>, Problem> {
    api.may_admin(caller, Action::ListExchanges)?;
    let known = api.exchanges();
    let listed = tokio::task::spawn_blocking(move || known.list()).await;
    let mut exchanges = listed.map_err(|error| Problem::internal(&error))?;
    exchanges.sort_by_key(|exchange| (std::cmp::Reverse(exchange.age), exchange.id));
    Ok(json(&Form {
        exchanges: exchanges.into_iter().map(ExchangeForm::from).collect(),
    }))
}
