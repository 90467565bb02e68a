//! Log lines of our own, on stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Libraries whose `info` is the life of every single operation of theirs. A filter that names them is heard.
const QUIET: &str = "buoyant_kernel=warn,deltalake_core=warn";

/// Starts logging to stderr; `filter` is a `tracing` filter such as `info` or `corelog_gateway=debug`.
///
/// A filter that cannot be read falls back to `info`. A second call changes nothing.
pub fn init_logs(filter: &str, format: LogFormat) {
    let filter = format!("{QUIET},{filter}");
    let filter =
        EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new(format!("{QUIET},info")));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let outcome = match format {
        LogFormat::Text => lines.finish().try_init(),
        LogFormat::Json => lines.json().finish().try_init(),
    };
    drop(outcome);
}
