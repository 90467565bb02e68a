//! What is kept of calls that OpenTelemetry reports, and what they cost: what the capture policy of the configuration keeps
//! of those that the gateway relays, and what its prices say.

use std::sync::Arc;

use anyhow::Context as _;
use corelog_api::{Api, Keeps, Kept};
use corelog_capture::{Policies, Policy, cost_facts};
use corelog_cli::settings::Settings;
use corelog_otel::{called_at, region_of};
use corelog_prices::{Absent, Call, Table};
use corelog_record::{CostFacts, Document};
use corelog_types::{Timestamp, Usage};
use parking_lot::RwLock;

use crate::configure;
use crate::destinations::Destined;

/// The policies and prices in force.
#[derive(Debug)]
pub(crate) struct Reported(RwLock<Arc<InForce>>);

#[derive(Debug)]
struct InForce {
    policies: Policies,
    prices: Arc<Table>,
}

/// What the configuration says of reported calls.
pub(crate) fn open(settings: &Settings) -> anyhow::Result<Reported> {
    let prices = settings.price_table().context("prices cannot be used")?;
    Ok(Reported::new(
        configure::reported_policies(settings),
        prices,
    ))
}

/// Has the API know of new records, which reported calls are compared with.
pub(crate) fn follow(api: &Api, destinations: &Destined) {
    let api = api.clone();
    destinations.beside("reports", |shutdown| async move {
        api.follow(shutdown).await;
    });
}

impl Reported {
    fn new(policies: Policies, prices: Arc<Table>) -> Self {
        Self(RwLock::new(Arc::new(InForce { policies, prices })))
    }

    /// Takes what a configuration says that was read again.
    pub(crate) fn reconfigure(&self, with: Self) {
        *self.0.write() = with.0.into_inner();
    }

    fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.0.read())
    }
}

impl Keeps for Reported {
    fn keeps(&self, provider: &str, model: Option<&str>, key: Option<&str>) -> Kept {
        let policy = self.in_force().policies.of_reported(provider, model, key);
        Kept {
            record: policy != Policy::None,
            input: policy.keeps_input(),
            output: policy.keeps_output(),
        }
    }

    fn cost(&self, document: &Document, began: Timestamp) -> Option<CostFacts> {
        let extension = document.corelog.as_deref()?;
        let prices = &self.in_force().prices;
        let usage = &extension.usage.0;
        let upstream = called_at(extension, &document.region);
        let cost = if document.error_code.is_some() && *usage == Usage::default() {
            Err(Absent::Failed)
        } else {
            let upstream = upstream.as_deref().unwrap_or_default();
            prices.cost(&Call {
                upstream,
                model: document.model_id.as_deref(),
                answered_by: extension.response_model.as_deref(),
                region: region_of(upstream),
                geo: None,
                tier: extension.service_tier.as_deref(),
                time: began,
                usage,
                images: None,
                many: None,
            })
        };
        Some(cost_facts(cost, prices))
    }
}

#[cfg(test)]
mod tests {
    use corelog_record::{Extension, UsageCounts};
    use corelog_types::Count;

    use super::*;

    /// A reported call of a million tokens in and out.
    fn document(provider: &str, upstream: Option<&str>, model: &str) -> Document {
        let text = format!(
            r#"{{"timestamp":"t","accountId":"a","region":"eu-west-1","requestId":"r","operation":"ChatCompletions",
                "modelId":"{model}","identity":{{"arn":"a"}},"schemaType":"s","schemaVersion":"1.0"}}"#
        );
        let mut document: Document = serde_json::from_str(&text).unwrap();
        document.corelog = Some(Box::new(Extension {
            provider: provider.to_owned(),
            upstream: upstream.map(str::to_owned),
            usage: UsageCounts(Usage {
                input: Some(Count::reported(1_000_000)),
                output: Some(Count::reported(1_000_000)),
                ..Usage::default()
            }),
            ..Extension::default()
        }));
        document
    }

    #[test]
    fn a_reported_call_costs_what_a_relayed_one_does() {
        let reported = Reported::new(Policies::default(), Arc::clone(Table::built_in()));
        // 22 November 2026.
        let began = Timestamp::from_unix_ms(1_795_305_600_000);
        let cost = |document: &Document| reported.cost(document, began).unwrap();
        // gpt-4o-mini: $0.15 in, $0.60 out.
        for upstream in [
            None,
            Some("api.openai.com"),
            Some("https://api.openai.com/v1"),
        ] {
            let cost = cost(&document("openai", upstream, "gpt-4o-mini"));
            assert_eq!(cost.amount, Some(0.75), "{upstream:?}");
            assert_eq!(cost.list.as_deref(), Some("openai"));
        }
        let elsewhere = cost(&document("openai", Some("proxy:8080"), "gpt-4o-mini"));
        assert_eq!(elsewhere.absent.as_deref(), Some("unknown_upstream"));
        let unknown = cost(&document("unknown", None, "gpt-4o-mini"));
        assert_eq!(unknown.absent.as_deref(), Some("unknown_upstream"));
        let mut failed = document("openai", None, "gpt-4o-mini");
        failed.error_code = Some("RateLimitError".to_owned());
        failed.corelog.as_mut().unwrap().usage = UsageCounts::default();
        assert_eq!(cost(&failed).absent.as_deref(), Some("failed"));
    }
}
