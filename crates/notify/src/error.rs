//! Why a notice did not arrive, and whether trying again may help.

use std::time::Duration;

/// Why a notice did not arrive. None of them holds a URL's path or query, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection to the receiver.
    #[error("the receiver cannot be reached")]
    Unreached(#[source] corelog_dial::Error),
    /// The receiver did not answer in time.
    #[error("the receiver took longer than {}", corelog_types::format_duration(*after))]
    TimedOut {
        /// The notifier's `timeout`.
        after: Duration,
    },
    /// The connection broke before there was an answer.
    #[error("the connection to the receiver broke")]
    Broken(#[source] hyper::Error),
    /// The receiver answered, and did not take it.
    #[error("the receiver answered {status}{}", said_of(said))]
    Answered {
        /// The answer's status.
        status: u16,
        /// The beginning of what it said.
        said: String,
        /// How long it asks to be left alone.
        after: Option<Duration>,
    },
    /// The notifier's settings do not make a request.
    #[error("the notifier's settings make no request: {0}")]
    Request(String),
    /// The mail server did not take it.
    #[error("the mail server did not take the message")]
    Mail(#[source] lettre::transport::smtp::Error),
    /// The message is no mail.
    #[error("the message is no mail: {0}")]
    Letter(String),
    /// The program could not be started.
    #[error("`{program}` cannot be started")]
    Start {
        /// Its path.
        program: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The program ended with an error.
    #[error("`{program}` {ended}{}", said_of(said))]
    Ended {
        /// Its path.
        program: String,
        /// How it ended, such as `exited with 1`.
        ended: String,
        /// The beginning of what it wrote to standard error.
        said: String,
    },
    /// The program ran for too long, and was killed with all that it had started.
    #[error("`{program}` ran longer than {} and was killed", corelog_types::format_duration(*after))]
    Killed {
        /// Its path.
        program: String,
        /// The notifier's `timeout`.
        after: Duration,
    },
}

/// What a receiver said, where it said anything.
fn said_of(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    }
}

impl Error {
    /// Whether trying again cannot help: the receiver understood, and does not want it.
    ///
    /// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>, which tries again after
    /// 429 and every 5xx, and not after other answers of 4xx; 408 and 425 ask for it by their meaning.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Answered { status, .. } => {
                (300..500).contains(status) && !matches!(status, 408 | 425 | 429)
            }
            Self::Mail(error) => error.is_permanent() || error.is_client(),
            Self::Request(_) | Self::Letter(_) => true,
            Self::Unreached(_)
            | Self::TimedOut { .. }
            | Self::Broken(_)
            | Self::Start { .. }
            | Self::Ended { .. }
            | Self::Killed { .. } => false,
        }
    }

    /// How long the receiver asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered { after, .. } => *after,
            _ => None,
        }
    }
}
