//! A file of prices, read and checked.

use std::collections::{BTreeMap, HashMap};

use corelog_types::Timestamp;
use serde::Deserialize;

use crate::factor::Factor;
use crate::price::{Evidence, ImagePrice, Price, Rates};
use crate::{Amount, Error, Kind};

/// Prices per token are whole amounts if those for a million have no more decimals than this leaves.
const MILLION: u128 = 1_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) version: String,
    #[serde(default = "dollars")]
    pub(crate) currency: String,
    #[serde(default)]
    source: Vec<SourceForm>,
    #[serde(default)]
    pub(crate) list: Vec<ListForm>,
    #[serde(default)]
    pub(crate) price: Vec<PriceForm>,
}

fn dollars() -> String {
    "USD".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceForm {
    name: String,
    url: String,
    read: String,
    #[serde(default)]
    confirmed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListForm {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) upstreams: Vec<String>,
    #[serde(default)]
    pub(crate) tiers: BTreeMap<String, String>,
    pub(crate) factor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceForm {
    pub(crate) list: String,
    pub(crate) models: Vec<String>,
    #[serde(default)]
    source: String,
    from: Option<String>,
    tier: Option<String>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(default)]
    profiles: BTreeMap<String, String>,
    #[serde(default)]
    geos: BTreeMap<String, String>,
    #[serde(default)]
    tiers: BTreeMap<String, String>,
    #[serde(default)]
    rates: BTreeMap<String, String>,
    long: Option<LongForm>,
    #[serde(default)]
    images: Vec<ImageForm>,
    request: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LongForm {
    above: u64,
    rates: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageForm {
    #[serde(default)]
    sizes: Vec<String>,
    #[serde(default)]
    qualities: Vec<String>,
    each: String,
}

/// Factors by what they are for.
pub(crate) fn factors(
    of: &str,
    key: &str,
    texts: &BTreeMap<String, String>,
) -> Result<HashMap<String, Factor>, Error> {
    texts
        .iter()
        .map(|(name, text)| Ok((name.clone(), factor(of, &format!("{key}.{name}"), text)?)))
        .collect()
}

pub(crate) fn factor(of: &str, key: &str, text: &str) -> Result<Factor, Error> {
    text.parse().map_err(|source| Error::Number {
        place: key.to_owned(),
        of: of.to_owned(),
        source,
    })
}

impl File {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Ok(toml::from_str(text)?)
    }

    /// The price of a form, in the list of that index.
    pub(crate) fn price(&self, form: &PriceForm, list: usize) -> Result<Price, Error> {
        let of = format!(
            "the price of `{}` in `{}`",
            form.models.first().map_or("", String::as_str),
            form.list
        );
        let content = |problem: String| Error::Content {
            of: of.clone(),
            problem,
        };
        let Some(model) = form.models.first() else {
            return Err(content("`models` is empty".to_owned()));
        };
        let rates = rates(&of, &form.rates)?;
        let images = images(&of, &form.images)?;
        let request = form
            .request
            .as_deref()
            .map(|text| amount(&of, "request", text))
            .transpose()?;
        if rates == Rates::default() && images.is_empty() && request.is_none() {
            return Err(content(
                "neither `rates` nor `images` nor `request`".to_owned(),
            ));
        }
        let long = match &form.long {
            Some(long) => {
                let own = self::rates(&of, &long.rates)?;
                Some((long.above, own.over(&rates)))
            }
            None => None,
        };
        let from = match &form.from {
            Some(day) => Some(
                Timestamp::parse_rfc3339(&format!("{day}T00:00:00Z")).ok_or_else(|| {
                    content(format!("`from` is no day such as 2026-11-22: `{day}`"))
                })?,
            ),
            None => None,
        };
        Ok(Price {
            list,
            model: model.as_str().into(),
            from,
            tier: form.tier.clone(),
            regions: form.regions.clone(),
            profiles: factors(&of, "profiles", &form.profiles)?,
            geos: factors(&of, "geos", &form.geos)?,
            tiers: factors(&of, "tiers", &form.tiers)?,
            rates,
            long,
            images,
            request,
            evidence: self
                .evidence(&form.source)
                .ok_or_else(|| content(format!("no `[[source]]` is named `{}`", form.source)))?,
        })
    }

    fn evidence(&self, name: &str) -> Option<Evidence> {
        if name.is_empty() {
            // An operator's own word: what they pay is what they say.
            return Some(Evidence {
                url: String::new(),
                read: self.version.clone(),
                confirmed: true,
            });
        }
        let source = self.source.iter().find(|source| source.name == name)?;
        Some(Evidence {
            url: source.url.clone(),
            read: source.read.clone(),
            confirmed: source.confirmed,
        })
    }
}

fn amount(of: &str, key: &str, text: &str) -> Result<Amount, Error> {
    text.parse().map_err(|source| Error::Number {
        place: key.to_owned(),
        of: of.to_owned(),
        source,
    })
}

/// Rates for one token, of texts for a million.
fn rates(of: &str, texts: &BTreeMap<String, String>) -> Result<Rates, Error> {
    let mut rates = Rates::default();
    for (name, text) in texts {
        let place = format!("rates.{name}");
        let kind = Kind::TOKENS.iter().find(|kind| kind.as_str() == name);
        let Some(kind) = kind else {
            return Err(Error::Content {
                of: of.to_owned(),
                problem: format!("`{name}` is no kind of token"),
            });
        };
        let million = amount(of, &place, text)?.picos();
        if million % MILLION != 0 {
            let of = of.to_owned();
            return Err(Error::TooFine { place, of });
        }
        rates.set(*kind, Amount::from_picos(million / MILLION));
    }
    Ok(rates)
}

fn images(of: &str, forms: &[ImageForm]) -> Result<Vec<ImagePrice>, Error> {
    forms
        .iter()
        .map(|form| {
            Ok(ImagePrice {
                sizes: form.sizes.clone(),
                qualities: form.qualities.clone(),
                each: amount(of, "images.each", &form.each)?,
            })
        })
        .collect()
}
