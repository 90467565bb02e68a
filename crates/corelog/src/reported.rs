//! What is kept of calls that OpenTelemetry reports: what the capture policy of the configuration keeps of those that
//! the gateway relays.

use corelog_api::{Keeps, Kept};
use corelog_capture::{Policies, Policy};
use parking_lot::RwLock;

/// The policies in force.
#[derive(Debug)]
pub(crate) struct Reported(RwLock<Policies>);

impl Reported {
    pub(crate) fn new(policies: Policies) -> Self {
        Self(RwLock::new(policies))
    }

    /// Takes those of a configuration that was read again.
    pub(crate) fn reconfigure(&self, policies: Policies) {
        *self.0.write() = policies;
    }
}

impl Keeps for Reported {
    fn keeps(&self, provider: &str, model: Option<&str>, key: Option<&str>) -> Kept {
        let policy = self.0.read().of_reported(provider, model, key);
        Kept {
            record: policy != Policy::None,
            input: policy.keeps_input(),
            output: policy.keeps_output(),
        }
    }
}
