//! The admin API of a running server, over HTTP.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::failure::Failure;
use crate::printer::cell::safe;

/// Where the server looks for one of its own keys.
const KEY_HEADER: &str = "x-corelog-key";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
/// What an answer that is held in memory may be at most. Bodies are copied through instead.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// The same for a page of rows.
const PAGE_BYTES_MAX: u64 = 256 << 20;
/// What the AWS services say to callers without a key that they know.
const ASK_FOR_A_KEY: [&str; 2] = [
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];
const ERROR_BYTES_MAX: u64 = 64 << 10;

/// A server and the key to it.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    key: Option<String>,
}

/// What was asked for is not there: an outcome rather than a failure.
pub(crate) enum Found<T> {
    Yes(T),
    /// What the server said.
    No(Failure),
}

/// A request that the server understood and did not grant.
pub(crate) struct Refusal {
    /// Its own words.
    pub(crate) failure: Failure,
    said: Value,
}

impl Refusal {
    /// The name of the exception, or our own code.
    pub(crate) fn code(&self) -> &str {
        let code = |pointer: &str| self.said.pointer(pointer).and_then(Value::as_str);
        code("/error/code")
            .or_else(|| code("/__type"))
            .unwrap_or_default()
    }

    /// Where in a query something is wrong.
    pub(crate) fn place(&self) -> Option<&Value> {
        self.said.pointer("/error/place")
    }
}

impl Client {
    /// # Errors
    /// The certificate authorities cannot be read.
    pub(crate) fn new(base: &str, key: Option<&str>, ca: Option<&Path>) -> anyhow::Result<Self> {
        let mut config = Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None);
        if base.starts_with("https://") {
            config = config.tls_config(tls(ca)?);
        }
        Ok(Self {
            agent: config.build().new_agent(),
            base: base.trim_end_matches('/').to_owned(),
            key: key.map(str::to_owned),
        })
    }

    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Opens `path`; the body is read by the caller, as it comes.
    pub(crate) fn open(&self, path: &str) -> anyhow::Result<Found<Body>> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header(KEY_HEADER, key);
        }
        let response = request.call().map_err(|error| self.unreachable(&error))?;
        self.judge(response)
    }

    /// Asks for a JSON document.
    pub(crate) fn json(&self, path: &str) -> anyhow::Result<Found<Value>> {
        Ok(match self.bytes(path)? {
            Found::Yes(bytes) => Found::Yes(
                serde_json::from_slice(&bytes).context("the server's answer is no JSON")?,
            ),
            Found::No(failure) => Found::No(failure),
        })
    }

    /// Asks for a document that must be there.
    pub(crate) fn needed_json(&self, path: &str) -> anyhow::Result<Value> {
        match self.json(path)? {
            Found::Yes(value) => Ok(value),
            Found::No(failure) => Err(failure.into()),
        }
    }

    /// Asks for bytes to hold in memory.
    pub(crate) fn bytes(&self, path: &str) -> anyhow::Result<Found<Vec<u8>>> {
        let mut body = match self.open(path)? {
            Found::Yes(body) => body,
            Found::No(failure) => return Ok(Found::No(failure)),
        };
        let bytes = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        Ok(Found::Yes(bytes.context(
            "the server's answer broke off, or is too large",
        )?))
    }

    /// Sends a JSON document; what the server says to it may be a refusal.
    pub(crate) fn post(
        &self,
        path: &str,
        document: &Value,
    ) -> anyhow::Result<Result<Value, Refusal>> {
        self.send(path, "application/json", None, document)
    }

    /// Asks for an operation of `CloudWatch` Logs.
    pub(crate) fn logs(
        &self,
        operation: &str,
        input: &Value,
    ) -> anyhow::Result<Result<Value, Refusal>> {
        let target = format!("Logs_20140328.{operation}");
        self.send("/", "application/x-amz-json-1.1", Some(&target), input)
    }

    /// Asks for an operation of `CloudWatch`.
    pub(crate) fn cloudwatch(
        &self,
        operation: &str,
        input: &Value,
    ) -> anyhow::Result<Result<Value, Refusal>> {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        self.send("/", "application/x-amz-json-1.0", Some(&target), input)
    }

    fn send(
        &self,
        path: &str,
        content_type: &str,
        target: Option<&str>,
        document: &Value,
    ) -> anyhow::Result<Result<Value, Refusal>> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        request = request.header("content-type", content_type);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        if let Some(key) = &self.key {
            request = request.header(KEY_HEADER, key);
        }
        let sent = request.send(document.to_string());
        let response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let mut body = response.into_body();
        let bytes = body.with_config().limit(PAGE_BYTES_MAX).read_to_vec();
        let bytes = bytes.context("the server's answer broke off, or is too large")?;
        if !status.is_success() {
            let refusal = Refusal {
                failure: refusal(status, &bytes),
                said: serde_json::from_slice(&bytes).unwrap_or_default(),
            };
            if status == StatusCode::UNAUTHORIZED || ASK_FOR_A_KEY.contains(&refusal.code()) {
                return Err(self.locked(&refusal.failure).into());
            }
            return Ok(Err(refusal));
        }
        if bytes.is_empty() {
            return Ok(Ok(Value::Null));
        }
        Ok(Ok(
            serde_json::from_slice(&bytes).context("the server's answer is no JSON")?
        ))
    }

    /// Deletes what is at `path`.
    pub(crate) fn delete(&self, path: &str) -> anyhow::Result<()> {
        let mut request = self.agent.delete(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header(KEY_HEADER, key);
        }
        let response = request.call().map_err(|error| self.unreachable(&error))?;
        match self.judge(response)? {
            Found::Yes(_) => Ok(()),
            Found::No(failure) => Err(failure.into()),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::new(format!("no Corelog answers at {}: {error}", self.base))
            .hint("start it with `corelog up`, or name another with `--url` or `CORELOG_URL`")
    }

    fn locked(&self, failure: &Failure) -> Failure {
        Failure::new(format!("{} asks for a key: {failure}", self.base))
            .hint("name one of the server's keys with `--key` or `CORELOG_KEY`")
    }

    fn judge(&self, response: Response<Body>) -> anyhow::Result<Found<Body>> {
        let status = response.status();
        let body = response.into_body();
        if status.is_success() {
            return Ok(Found::Yes(body));
        }
        let mut text = Vec::new();
        // An error whose body cannot be read is still an error with a status.
        let _ = body
            .into_reader()
            .take(ERROR_BYTES_MAX)
            .read_to_end(&mut text);
        let failure = refusal(status, &text);
        match status {
            StatusCode::NOT_FOUND => Ok(Found::No(failure)),
            StatusCode::UNAUTHORIZED => Err(self.locked(&failure).into()),
            _ => Err(failure.into()),
        }
    }
}

/// Trust in the authorities of a file, or the system's.
fn tls(ca: Option<&Path>) -> anyhow::Result<TlsConfig> {
    let roots = ca.map_or_else(|| Ok(system_authorities()), authorities)?;
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

fn system_authorities() -> Vec<Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs().certs;
    found
        .iter()
        .map(|der| Certificate::from_der(der).to_owned())
        .collect()
}

fn authorities(path: &Path) -> anyhow::Result<Vec<Certificate<'static>>> {
    let context = || format!("`{}` cannot be read as certificates", path.display());
    let pem = std::fs::read(path).with_context(context)?;
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.with_context(context)? {
            found.push(certificate);
        }
    }
    anyhow::ensure!(
        !found.is_empty(),
        "`{}` holds no certificate",
        path.display()
    );
    Ok(found)
}

/// The server's own words where it has any, else its status.
fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| value.pointer(name).and_then(Value::as_str);
    match text("/error/message").or_else(|| text("/message")) {
        Some(message) => {
            let failure = Failure::new(safe(message));
            match text("/error/hint").filter(|hint| !hint.is_empty()) {
                Some(hint) => failure.hint(safe(hint)),
                None => failure,
            }
        }
        None => Failure::new(format!("the server answered {status}")).hint(
            "is there a Corelog of this version at that address? `corelog doctor` looks closer",
        ),
    }
}
