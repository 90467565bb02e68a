//! What of a configuration a running server can put in force, and what it reads at its start only.

use std::path::Path;

use super::problem::{Origin, Problem, Problems};
use super::schema::Destination;
use super::{Loaded, Settings};

/// Whether a key is read at the start only.
pub(super) fn is_read_at_start(section: &str, key: &str) -> bool {
    match section {
        "" | "store" | "query" | "metrics" | "tls" | "log" => true,
        "anomalies" => key != "notify",
        "spool" => key != "on_full",
        "limits" => key == "shutdown_timeout",
        _ => false,
    }
}

impl Loaded {
    /// Puts back what only a start can change, and gives the keys in which the two differ.
    ///
    /// `at_start` is what the running server was started with.
    /// # Errors
    /// A configuration without keys, while the server listens beyond this machine: it would be open to anyone.
    pub fn keep_what_runs(&mut self, at_start: &Self) -> Result<Vec<String>, Problems> {
        let differs = |key: &&super::Effective| {
            let former = at_start
                .effective
                .iter()
                .find(|e| e.section == key.section && e.key == key.key);
            is_read_at_start(key.section, key.key)
                && former.is_none_or(|former| former.shown != key.shown)
        };
        let named = |key: &super::Effective| {
            let name = format!("{}.{}", key.section, key.key);
            name.trim_start_matches('.').to_owned()
        };
        let changed = self
            .effective
            .iter()
            .filter(differs)
            .map(named)
            .collect::<Vec<_>>();
        self.settings.keep_what_runs(&at_start.settings);
        let Settings { listen, keys, .. } = &self.settings;
        if !listen.ip().is_loopback() && keys.is_empty() {
            return Err(Problems(vec![Problem {
                key: "key".to_owned(),
                reason: format!(
                    "the server listens on `{listen}`, reachable from outside, and no `[[key]]` says who may call"
                ),
                hint: Some("keep a `[[key]]`, or restart on another address".to_owned()),
                origin: Origin::Default,
            }]));
        }
        Ok(changed)
    }
}

impl Settings {
    fn keep_what_runs(&mut self, running: &Self) {
        // The default destination is in the data directory, which stays where it is.
        if self.destinations.as_slice() == default_destination(&self.data).as_slice() {
            self.destinations = default_destination(&running.data).into_iter().collect();
        }
        self.listen = running.listen;
        self.data.clone_from(&running.data);
        self.store.clone_from(&running.store);
        self.query.clone_from(&running.query);
        self.metrics.clone_from(&running.metrics);
        let notify = self.anomalies.notify.take();
        self.anomalies.clone_from(&running.anomalies);
        self.anomalies.notify = notify;
        self.tls.clone_from(&running.tls);
        self.log.clone_from(&running.log);
        let on_full = self.spool.on_full;
        self.spool.clone_from(&running.spool);
        self.spool.on_full = on_full;
        self.limits.shutdown_timeout = running.limits.shutdown_timeout;
    }
}

/// The destination that is there without a block.
pub(super) fn default_destination(data: &Path) -> Option<Destination> {
    // A URL has no place for a relative path.
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    Destination::in_data_dir(&data)
}
