//! E-mail through a mail server: one letter to all recipients.
//!
//! The letter's `Message-ID` is made of the message's id, so that a mail server or a reader that has seen it can drop a
//! repeat. The server is spoken to on a thread for what blocks, since the library's own tasks would bring a second set of
//! TLS settings; every step of it has the notifier's `timeout`. A server that keeps each step just within it holds its thread
//! all the same, so only so many threads are given away.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use corelog_types::Timestamp;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport as _};
use tokio::sync::Semaphore;

use crate::channel::Channel;
use crate::error::Error;
use crate::message::{AlarmNews, Many, Message, Says};

/// Names that one letter lists of each state.
const NAMES_MAX: usize = 500;
const LABEL_WIDTH: usize = 13;
/// Threads that one mail server may hold: there are few, and recording needs them too.
const THREADS_MAX: usize = 4;

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte, usually on port 465.
    Tls,
    /// After `STARTTLS`, without which nothing is sent; usually on port 587.
    StartTls,
    /// Not at all.
    None,
}

/// A mail server, and whom it writes to.
#[derive(Clone)]
pub struct Config {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// Trust these certificates instead of the system's (PEM).
    pub ca_pem: Option<Vec<u8>>,
    /// The user and the password, where the server asks for them.
    pub login: Option<(String, String)>,
    /// Who it is from: `corelog@example.org` or `Corelog <corelog@example.org>`.
    pub from: String,
    /// Whom it is to.
    pub to: Vec<String>,
    /// How long each step may take.
    pub timeout: Duration,
}

/// A mail server.
pub(crate) struct Email {
    transport: SmtpTransport,
    from: Mailbox,
    to: Vec<Mailbox>,
    place: String,
    timeout: Duration,
    threads: Arc<Semaphore>,
}

impl Email {
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let mut builder = SmtpTransport::builder_dangerous(config.host.clone())
            .port(config.port)
            .timeout(Some(config.timeout))
            .tls(tls(config)?);
        if let Some((user, password)) = &config.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        let to: Result<Vec<Mailbox>, Error> = config.to.iter().map(|to| mailbox(to)).collect();
        Ok(Self {
            transport: builder.build(),
            from: mailbox(&config.from)?,
            to: to?,
            place: format!(
                "{} by {}:{}",
                config.to.join(", "),
                config.host,
                config.port
            ),
            timeout: config.timeout,
            threads: Arc::new(Semaphore::new(THREADS_MAX)),
        })
    }

    fn letter(&self, message: &Message, now: Timestamp) -> Result<lettre::Message, Error> {
        let (subject, text) = match &message.says {
            Says::Alarm(news) => (news.subject.clone(), of_alarm(news)),
            Says::Many(many) => (many.subject(), of_many(many)),
            Says::Event(event) => ("Event".to_owned(), event.to_string()),
        };
        let domain = self.from.email.domain();
        let sent = SystemTime::UNIX_EPOCH + Duration::from_millis(now.unix_ms());
        let by_itself = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        let builder: MessageBuilder = lettre::Message::builder()
            .from(self.from.clone())
            .subject(subject)
            .date(sent)
            .message_id(Some(format!("<{}@{domain}>", message.id)))
            .raw_header(by_itself)
            .header(ContentType::TEXT_PLAIN);
        let builder = self
            .to
            .iter()
            .fold(builder, |builder, to| builder.to(to.clone()));
        builder
            .body(text)
            .map_err(|error| Error::Letter(error.to_string()))
    }
}

fn tls(config: &Config) -> Result<Tls, Error> {
    if config.encryption == Encryption::None {
        return Ok(Tls::None);
    }
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(pem) = &config.ca_pem {
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(pem).map_err(Error::Mail)?);
    }
    let parameters = builder.build_rustls().map_err(Error::Mail)?;
    Ok(match config.encryption {
        Encryption::Tls => Tls::Wrapper(parameters),
        Encryption::StartTls | Encryption::None => Tls::Required(parameters),
    })
}

fn mailbox(text: &str) -> Result<Mailbox, Error> {
    let no_address = |error| Error::Letter(format!("`{text}` is no address: {error}"));
    text.parse().map_err(no_address)
}

/// The letter of one alarm. Writing to a string cannot fail.
fn of_alarm(news: &AlarmNews) -> String {
    let mut text = format!(
        "The alarm \"{}\" went from {} into {} at {}.\n\n{}\n",
        news.name,
        news.from,
        news.to,
        news.at.rfc3339_seconds(),
        news.reason
    );
    if let Some(description) = &news.description {
        let _ = writeln!(text, "\n{description}");
    }
    text.push('\n');
    for (label, value) in [
        ("Watches", &news.watches),
        ("Account", &news.account.account_id),
        ("Region", &news.account.region),
        ("ARN", &news.arn),
    ] {
        let _ = writeln!(text, "{label:LABEL_WIDTH$}{value}");
    }
    if !news.log_lines.is_empty() {
        text.push_str("\nLog events:\n\n");
        for line in &news.log_lines {
            let _ = writeln!(text, "{line}");
        }
    }
    if news.is_after_mute {
        text.push_str("\nA mute rule held this message back until now.\n");
    }
    text
}

/// The letter of many.
fn of_many(many: &Many) -> String {
    let mut text = format!("{}.\n", many.subject());
    for value in many.states() {
        let (names, more) = many.names(value, NAMES_MAX);
        let _ = writeln!(text, "\n{value}");
        for name in names {
            let _ = writeln!(text, "  {name}");
        }
        if more > 0 {
            let _ = writeln!(text, "  and {more} more");
        }
    }
    text
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Email").field(&self.place).finish()
    }
}

#[async_trait]
impl Channel for Email {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<(), Error> {
        let letter = self.letter(message, now)?;
        let transport = self.transport.clone();
        let threads = Arc::clone(&self.threads);
        let sending = async move {
            let thread = threads.acquire_owned().await.ok()?;
            let sending = move || {
                let sent = transport.send(&letter);
                drop(thread);
                sent
            };
            tokio::task::spawn_blocking(sending).await.ok()
        };
        // A server that keeps each step just within its time is not waited for.
        let after = self.timeout.saturating_mul(3);
        match tokio::time::timeout(after, sending).await {
            Ok(Some(sent)) => sent.map(drop).map_err(Error::Mail),
            Ok(None) | Err(_) => Err(Error::TimedOut { after }),
        }
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}
