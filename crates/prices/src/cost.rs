//! What a call costs, line by line.

use std::fmt;
use std::sync::Arc;

use corelog_types::{Count, Usage};

use crate::price::Rates;
use crate::table::{Found, Table};
use crate::{Amount, Call, Kind};

/// What a call costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// All lines together.
    pub amount: Amount,
    /// What amounts are in.
    pub currency: Arc<str>,
    /// Which prices these are.
    pub version: Arc<str>,
    /// Whose.
    pub list: Arc<str>,
    /// The model that the list has the price for.
    pub model: Arc<str>,
    /// What it is made of.
    pub lines: Vec<Line>,
    /// The provider did not say how long what it wrote to its cache is kept, so that the default, the shorter and cheaper
    /// time, was taken.
    pub assumed_cache: bool,
}

/// Units of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What is counted.
    pub kind: Kind,
    /// How many.
    pub quantity: u64,
    /// What they cost together.
    pub amount: Amount,
}

/// Why it is not known what a call costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Absent {
    /// No list of prices bills for the upstream.
    UnknownUpstream,
    /// The call names no model.
    NoModel,
    /// The list has no price for the model, or none for that day.
    NoPrice,
    /// It has one, but not in that region.
    Region,
    /// It has one, but not in that tier of service.
    Tier,
    /// The provider did not say how many tokens there were.
    NoUsage,
    /// It is not known how many images there were.
    NoImages,
    /// The model has no price for units of a kind that the call has.
    NoRate(Kind),
    /// Which of the tokens were cached is not said apart for kinds that have different prices.
    MixedCache,
    /// Larger than any sum of money.
    TooMuch,
    /// The call failed, and what a provider bills for that, if anything, is not known.
    Failed,
}

impl Absent {
    /// The word in a record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownUpstream => "unknown_upstream",
            Self::NoModel => "no_model",
            Self::NoPrice => "no_price",
            Self::Region => "no_price_in_region",
            Self::Tier => "no_price_in_tier",
            Self::NoUsage => "no_usage",
            Self::NoImages => "no_image_count",
            Self::NoRate(_) => "no_rate",
            Self::MixedCache => "mixed_cache",
            Self::TooMuch => "too_much",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownUpstream => "no list of prices is for that upstream",
            Self::NoModel => "the call names no model",
            Self::NoPrice => "the model has no price in the list",
            Self::Region => "the model has no price in that region",
            Self::Tier => "the model has no price in that tier of service",
            Self::NoUsage => "the provider did not say how many tokens there were",
            Self::NoImages => "it is not known how many images there were",
            Self::NoRate(kind) => {
                return write!(f, "the model has no price for `{}`", kind.as_str());
            }
            Self::MixedCache => "which kinds of tokens were cached is not known",
            Self::TooMuch => "the counts are beyond all prices",
            Self::Failed => "the call failed",
        })
    }
}

/// Says what a call costs at a price.
pub(crate) fn reckon(
    found: &Found<'_>,
    call: &Call<'_>,
    list: &Arc<str>,
    table: &Table,
) -> Result<Cost, Absent> {
    let price = found.price;
    let usage = call.usage;
    let alone = || prompt_tokens(usage);
    let rates = price.rates(call.many.map_or_else(alone, |many| many.prompt_tokens));
    let mut lines = Lines {
        all: Vec::with_capacity(6),
        found,
    };
    let mut assumed_cache = false;
    if price.rates != Rates::default() {
        let input = Split::of_input(usage, rates)?;
        let output = Split::of_output(usage, rates)?;
        for (kind, tokens) in input.into_iter().chain(output) {
            lines.tokens(rates, kind, tokens)?;
        }
        lines.tokens(rates, Kind::CacheRead, value(usage.cache_read))?;
        assumed_cache = lines.cache_writes(rates, usage)?;
    }
    if !price.images.is_empty() {
        let images = call.images.unwrap_or_default();
        let count = images.count.ok_or(Absent::NoImages)?;
        let each = price.image(&images).ok_or(Absent::NoRate(Kind::Image))?;
        lines.push(Kind::Image, count, each)?;
    }
    if let Some(each) = price.request {
        lines.push(Kind::Request, call.many.map_or(1, |many| many.calls), each)?;
    }
    Ok(Cost {
        amount: lines.all.iter().map(|line| line.amount).sum(),
        currency: Arc::clone(table.currency()),
        version: Arc::clone(table.version()),
        list: Arc::clone(list),
        model: Arc::clone(&price.model),
        lines: lines.all,
        assumed_cache,
    })
}

fn value(count: Option<Count>) -> u64 {
    count.map_or(0, |count| count.value)
}

/// The whole prompt, the cached parts included.
fn prompt_tokens(usage: &Usage) -> u64 {
    let cached = value(usage.cache_read).saturating_add(value(usage.cache_write));
    value(usage.input).saturating_add(cached)
}

struct Lines<'a> {
    all: Vec<Line>,
    found: &'a Found<'a>,
}

impl Lines<'_> {
    fn push(&mut self, kind: Kind, quantity: u64, each: Amount) -> Result<(), Absent> {
        let amount = self.found.factor.of(quantity, each);
        self.all.push(Line {
            kind,
            quantity,
            amount: amount.ok_or(Absent::TooMuch)?,
        });
        Ok(())
    }

    /// Tokens of a kind: without any there is no line, and no need of a price.
    fn tokens(&mut self, rates: &Rates, kind: Kind, tokens: u64) -> Result<(), Absent> {
        if tokens == 0 {
            return Ok(());
        }
        let each = rates.get(kind).ok_or(Absent::NoRate(kind))?;
        self.push(kind, tokens, each)
    }

    /// Tokens written to a cache, by how long they stay. Says whether that had to be assumed.
    fn cache_writes(&mut self, rates: &Rates, usage: &Usage) -> Result<bool, Absent> {
        let written = value(usage.cache_write);
        let hour = usage.cache_write_1h.map(|count| count.value.min(written));
        let rest = written - hour.unwrap_or(0);
        self.tokens(rates, Kind::CacheWrite, rest)?;
        self.tokens(rates, Kind::CacheWrite1h, hour.unwrap_or(0))?;
        Ok(hour.is_none() && written > 0 && rates.get(Kind::CacheWrite1h).is_some())
    }
}

/// A count of tokens taken apart into the kinds that have prices of their own.
struct Split;

impl Split {
    fn of_input(usage: &Usage, rates: &Rates) -> Result<[(Kind, u64); 3], Absent> {
        let all = match usage.input {
            Some(all) => all.value,
            None if rates.get(Kind::Input).is_some() => return Err(Absent::NoUsage),
            None => 0,
        };
        let audio = value(usage.input_audio);
        let image = match rates.get(Kind::InputImage) {
            Some(_) => value(usage.input_image),
            // Models that read pictures count them as any other input.
            None => 0,
        };
        let differs = |kind, tokens| tokens > 0 && rates.get(kind) != rates.get(Kind::Input);
        let apart = differs(Kind::InputAudio, audio) || differs(Kind::InputImage, image);
        if apart && value(usage.cache_read) > 0 {
            return Err(Absent::MixedCache);
        }
        let audio = audio.min(all);
        let image = image.min(all - audio);
        Ok([
            (Kind::Input, all - audio - image),
            (Kind::InputAudio, audio),
            (Kind::InputImage, image),
        ])
    }

    fn of_output(usage: &Usage, rates: &Rates) -> Result<[(Kind, u64); 4], Absent> {
        let priced = [Kind::Output, Kind::OutputAudio, Kind::OutputImage];
        let all = match usage.output {
            Some(all) => all.value,
            None if priced.iter().any(|kind| rates.get(*kind).is_some()) => {
                return Err(Absent::NoUsage);
            }
            None => 0,
        };
        let audio = value(usage.output_audio).min(all);
        let image = value(usage.output_image).min(all - audio);
        let rest = all - audio - image;
        let reasoning = match rates.get(Kind::Reasoning) {
            Some(_) => value(usage.reasoning).min(rest),
            None => 0,
        };
        Ok([
            (Kind::Output, rest - reasoning),
            (Kind::Reasoning, reasoning),
            (Kind::OutputAudio, audio),
            (Kind::OutputImage, image),
        ])
    }
}
