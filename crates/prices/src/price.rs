//! The price of a model, as a list has it.

use std::collections::HashMap;

use corelog_types::Timestamp;

use crate::factor::Factor;
use crate::{Amount, Images, Kind};

/// Where a price was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The page or file.
    pub url: String,
    /// The day, `2026-11-22`.
    pub read: String,
    /// Whether it is the biller's own page. What others tell of it is likely, and not confirmed.
    pub confirmed: bool,
}

/// What each unit costs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rates([Option<Amount>; Kind::TOKENS.len()]);

impl Rates {
    /// For one token of a kind.
    pub(crate) fn get(&self, kind: Kind) -> Option<Amount> {
        Kind::TOKENS
            .iter()
            .position(|known| *known == kind)
            .and_then(|at| self.0[at])
    }

    pub(crate) fn set(&mut self, kind: Kind, each: Amount) {
        if let Some(at) = Kind::TOKENS.iter().position(|known| *known == kind) {
            self.0[at] = Some(each);
        }
    }

    /// These, and those of another price where these say nothing.
    pub(crate) fn over(mut self, below: &Self) -> Self {
        for (rate, below) in self.0.iter_mut().zip(&below.0) {
            *rate = rate.or(*below);
        }
        self
    }
}

/// What an image costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImagePrice {
    /// `1024x1024`; none: of any size. An empty one is that of which nothing is said.
    pub(crate) sizes: Vec<String>,
    /// As above.
    pub(crate) qualities: Vec<String>,
    pub(crate) each: Amount,
}

impl ImagePrice {
    fn is_for(&self, images: &Images<'_>) -> bool {
        let quality = images.quality.unwrap_or("");
        let any_quality = self.qualities.is_empty();
        if !any_quality && !self.qualities.iter().any(|known| known == quality) {
            return false;
        }
        if self.sizes.is_empty() {
            return true;
        }
        let size = match (images.width, images.height) {
            (Some(width), Some(height)) => format!("{width}x{height}"),
            _ => String::new(),
        };
        self.sizes.contains(&size)
    }
}

/// The price of a model.
#[derive(Debug, Clone)]
pub(crate) struct Price {
    /// Index of the list it is in.
    pub(crate) list: usize,
    /// The name that it is known under in reports: the first of its models.
    pub(crate) model: std::sync::Arc<str>,
    /// From when on; none: always.
    pub(crate) from: Option<Timestamp>,
    /// The one tier it is for; none: all, times their factors.
    pub(crate) tier: Option<String>,
    /// None: in any region.
    pub(crate) regions: Vec<String>,
    /// Profiles of Bedrock under which the model is called too, with their factors.
    pub(crate) profiles: HashMap<String, Factor>,
    /// Where the provider may say that it ran, with factors.
    pub(crate) geos: HashMap<String, Factor>,
    /// Tiers, with their factors.
    pub(crate) tiers: HashMap<String, Factor>,
    pub(crate) rates: Rates,
    /// Rates of calls whose prompt has more tokens than this, the cached ones included: of the whole call.
    pub(crate) long: Option<(u64, Rates)>,
    pub(crate) images: Vec<ImagePrice>,
    /// What a call costs beside its tokens.
    pub(crate) request: Option<Amount>,
    pub(crate) evidence: Evidence,
}

impl Price {
    /// The rates for a prompt of so many tokens.
    pub(crate) fn rates(&self, prompt_tokens: u64) -> &Rates {
        match &self.long {
            Some((above, long)) if prompt_tokens > *above => long,
            _ => &self.rates,
        }
    }

    pub(crate) fn image(&self, images: &Images<'_>) -> Option<Amount> {
        let price = self.images.iter().find(|price| price.is_for(images))?;
        Some(price.each)
    }
}
