//! What a call cost, as its record says it.

use corelog_prices::{Absent, Call, Cost, Images, Table};
use corelog_providers::{AnswerFacts, ImageFacts, RequestFacts};
use corelog_record::{CostFacts, Extension};
use corelog_types::{Operation, Usage};

use crate::Capture;

/// What is taken as given where a provider does not say how long its cache keeps what was written.
const ASSUMED: &str = "cacheWrite5m";

impl Capture {
    /// Fills in what a price depends on, and the cost.
    pub(crate) fn fill_billing(
        &self,
        extension: &mut Extension,
        asked: &RequestFacts,
        facts: &AnswerFacts,
        failed: bool,
    ) {
        let tier = facts.service_tier.as_ref().or(asked.service_tier.as_ref());
        extension.service_tier = tier.cloned();
        extension.speed.clone_from(&facts.speed);
        extension.inference_geo.clone_from(&facts.inference_geo);
        extension.image_quality.clone_from(&asked.image_quality);
        if !self.is_of_a_model(asked) {
            return;
        }
        let prices = &self.limits.prices;
        let cost = if failed && facts.usage == Usage::default() {
            Err(Absent::Failed)
        } else {
            let given = facts.image.unwrap_or_default();
            let wanted = asked.image.unwrap_or_default();
            let tier = match facts.speed.as_deref() {
                Some("fast") => Some("fast"),
                _ => tier.map(String::as_str),
            };
            prices.cost(&Call {
                upstream: &self.call.upstream,
                model: asked.model.as_deref(),
                answered_by: facts.response_model.as_deref(),
                region: Some(&self.call.region),
                geo: facts.inference_geo.as_deref(),
                tier,
                time: self.call.arrived,
                usage: &facts.usage,
                images: images(given, wanted, asked.image_quality.as_deref()),
                many: None,
            })
        };
        extension.cost = Some(cost_facts(cost, prices));
    }

    /// A route without a name of its own, of an API that we do not know, asks a model for something where it names one.
    fn is_of_a_model(&self, asked: &RequestFacts) -> bool {
        let operation = self.call.route.operation;
        let unknown = operation == Operation::Other && self.call.method == "POST";
        operation.is_of_a_model() || (unknown && asked.model.is_some())
    }
}

/// How many there are is what the answer says; how large they are, what either says.
fn images(given: ImageFacts, wanted: ImageFacts, quality: Option<&str>) -> Option<Images<'_>> {
    (given != ImageFacts::default()).then_some(Images {
        count: given.count,
        width: given.width.or(wanted.width),
        height: given.height.or(wanted.height),
        quality,
    })
}

/// A cost, or why there is none, as records say it.
pub fn cost_facts(cost: Result<Cost, Absent>, prices: &Table) -> CostFacts {
    let version = Some(prices.version().to_string());
    match cost {
        Ok(cost) => CostFacts {
            amount: Some(cost.amount.to_f64()),
            currency: Some(cost.currency.to_string()),
            list: Some(cost.list.to_string()),
            model: Some(cost.model.to_string()),
            assumed: cost.assumed_cache.then(|| ASSUMED.to_owned()),
            absent: None,
            version,
        },
        Err(absent) => CostFacts {
            absent: Some(absent.as_str().to_owned()),
            version,
            ..CostFacts::default()
        },
    }
}
