//! The table: lists, their prices, and which of them is a call's.

use std::collections::HashMap;
use std::iter;
use std::sync::{Arc, LazyLock};

use corelog_types::fits_pattern;

use crate::cost::{Absent, Cost, reckon};
use crate::factor::Factor;
use crate::model::{Names, split_profile};
use crate::price::{Evidence, Price};
use crate::read::{File, ListForm, PriceForm, factor, factors};
use crate::{Call, Error};

/// The prices that come with the program.
const BUILT_IN: [&str; 4] = [
    include_str!("../table/anthropic.toml"),
    include_str!("../table/openai.toml"),
    include_str!("../table/bedrock.toml"),
    include_str!("../table/gemini.toml"),
];

/// Who sends bills.
#[derive(Debug, Clone)]
struct List {
    name: Arc<str>,
    /// Globs of the upstreams that are billed by it.
    upstreams: Vec<String>,
    tiers: HashMap<String, Factor>,
    /// What every price in it is multiplied by: a discount of one's own.
    factor: Factor,
    /// Prices by the exact name of a model, first those that count first.
    exact: HashMap<String, Vec<usize>>,
    /// Prices by globs.
    globs: Vec<(String, usize)>,
}

/// All prices there are. Cheap to share, never changes.
#[derive(Debug, Clone)]
pub struct Table {
    version: Arc<str>,
    currency: Arc<str>,
    lists: Vec<List>,
    prices: Vec<Price>,
    /// Upstreams of which somebody said whose list bills them; asked before the lists.
    given: Vec<(String, usize)>,
}

/// A price and the factor that a call takes it times.
pub(crate) struct Found<'a> {
    pub(crate) price: &'a Price,
    pub(crate) factor: Factor,
}

impl Table {
    /// The prices that come with the program.
    pub fn built_in() -> &'static Arc<Self> {
        static TABLE: LazyLock<Arc<Table>> = LazyLock::new(|| {
            let mut table = Table::empty();
            for text in BUILT_IN {
                // A test reads every one of them.
                if let Ok(file) = File::parse(text) {
                    let newer = file.version.as_str() > &*table.version;
                    if newer {
                        table.version = file.version.as_str().into();
                    }
                    let _ = table.take(&file);
                }
            }
            Arc::new(table)
        });
        &TABLE
    }

    /// A table without prices.
    fn empty() -> Self {
        Self {
            version: "".into(),
            currency: "USD".into(),
            lists: Vec::new(),
            prices: Vec::new(),
            given: Vec::new(),
        }
    }

    /// This table with the prices of a file on top: where both have one, the file's counts.
    ///
    /// # Errors
    /// Whatever is wrong with the file.
    pub fn with(&self, text: &str) -> Result<Self, Error> {
        let file = File::parse(text)?;
        if *file.currency != *self.currency {
            return Err(Error::Currency {
                found: file.currency,
                expected: self.currency.to_string(),
            });
        }
        let mut table = self.clone();
        table.version = format!("{}+{}", self.version, file.version).into();
        table.take(&file)?;
        Ok(table)
    }

    /// This table with an upstream billed by a list, whatever else the lists say. `glob` may have `*` in it; where several
    /// fit, the longest counts.
    ///
    /// # Errors
    /// [`Error::Content`] if there is no such list.
    pub fn billing(&self, glob: &str, list: &str) -> Result<Self, Error> {
        let mut table = self.clone();
        let found = table.lists.iter().position(|it| &*it.name == list);
        let Some(at) = found else {
            let known: Vec<_> = self.lists.iter().map(|it| &*it.name).collect();
            return Err(Error::Content {
                of: format!("the list `{list}`"),
                problem: format!("there is none; there are `{}`", known.join("`, `")),
            });
        };
        table.given.push((glob.to_owned(), at));
        Ok(table)
    }

    /// Which prices these are: the version of those that come with the program, and that of the file on top.
    pub fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// What amounts are in.
    pub fn currency(&self) -> &Arc<str> {
        &self.currency
    }

    /// Every price: its list, its models' first name, and where it was read.
    pub fn evidence(&self) -> impl Iterator<Item = (&str, &str, &Evidence)> {
        self.prices.iter().map(|price| {
            let list = &*self.lists[price.list].name;
            (list, &*price.model, &price.evidence)
        })
    }

    /// The prompts above which some model costs more, in order.
    pub fn steps(&self) -> Vec<u64> {
        let long = self.prices.iter().filter_map(|price| price.long.as_ref());
        let mut steps: Vec<u64> = long.map(|(above, _)| *above).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// What a call costs.
    ///
    /// # Errors
    /// [`Absent`] where that is not known, and why.
    pub fn cost(&self, call: &Call<'_>) -> Result<Cost, Absent> {
        let found = self.find(call)?;
        let list = &self.lists[found.price.list];
        reckon(&found, call, &list.name, self)
    }

    /// Takes the prices of a file, before those that are there.
    fn take(&mut self, file: &File) -> Result<(), Error> {
        for form in &file.list {
            self.take_list(form)?;
        }
        let first = self.prices.len();
        for form in &file.price {
            self.take_price(file, form, first)?;
        }
        Ok(())
    }

    fn take_list(&mut self, form: &ListForm) -> Result<(), Error> {
        let at = self.list(&form.name);
        let of = format!("the list `{}`", form.name);
        let list = &mut self.lists[at];
        // The file's upstreams are asked first.
        list.upstreams.splice(0..0, form.upstreams.iter().cloned());
        list.tiers.extend(factors(&of, "tiers", &form.tiers)?);
        if let Some(text) = &form.factor {
            list.factor = factor(&of, "factor", text)?;
        }
        Ok(())
    }

    fn list(&mut self, name: &str) -> usize {
        let known = self.lists.iter().position(|list| &*list.name == name);
        known.unwrap_or_else(|| {
            self.lists.push(List {
                name: name.into(),
                upstreams: Vec::new(),
                tiers: HashMap::new(),
                factor: Factor::ONE,
                exact: HashMap::new(),
                globs: Vec::new(),
            });
            self.lists.len() - 1
        })
    }

    /// `first` is the index of the file's first price: what is before it counts after it.
    fn take_price(&mut self, file: &File, form: &PriceForm, first: usize) -> Result<(), Error> {
        let at = self.list(&form.list);
        let price = file.price(form, at)?;
        let index = self.prices.len();
        // Of one file's, those for one tier and those that begin later count first.
        let before = |other: &Price| {
            let key = |price: &Price| (price.tier.is_some(), price.from);
            key(other) >= key(&price)
        };
        for model in &form.models {
            if model.contains('*') {
                let globs = &mut self.lists[at].globs;
                let after = globs
                    .iter()
                    .position(|(_, known)| *known < first)
                    .unwrap_or(globs.len());
                globs.insert(after, (model.clone(), index));
                continue;
            }
            let known = self.lists[at].exact.entry(model.clone()).or_default();
            let after = known
                .iter()
                .position(|&known| known < first || !before(&self.prices[known]))
                .unwrap_or(known.len());
            known.insert(after, index);
        }
        self.prices.push(price);
        Ok(())
    }

    fn find(&self, call: &Call<'_>) -> Result<Found<'_>, Absent> {
        let fits = |glob: &String| fits_pattern(glob, call.upstream);
        // The longest says most: `https://proxy/anthropic/*` before `https://proxy/*`. Of two alike, the first.
        let given = self.given.iter().rev().filter(|(glob, _)| fits(glob));
        let given = given.max_by_key(|(glob, _)| glob.len());
        let list = match given {
            Some((_, at)) => self.lists.get(*at),
            None => self.lists.iter().find(|it| it.upstreams.iter().any(fits)),
        };
        let list = list.ok_or(Absent::UnknownUpstream)?;
        let names = [call.answered_by, call.model];
        let mut absent = Absent::NoModel;
        for name in names.into_iter().flatten() {
            absent = match self.find_model(list, name, call) {
                Ok(found) => return Ok(found),
                // Of two reasons the one about a model that is known says more.
                Err(Absent::NoPrice) if absent != Absent::NoModel => absent,
                Err(reason) => reason,
            };
        }
        Err(absent)
    }

    fn find_model(&self, list: &List, model: &str, call: &Call<'_>) -> Result<Found<'_>, Absent> {
        let names = Names::of(model);
        let mut absent = Absent::NoPrice;
        // What a name is without its date is looked up only where its build has no price.
        let undated = iter::once_with(|| names.undated());
        for name in iter::once(names.exact).chain(undated) {
            let (profile, rest) = split_profile(name);
            let without = (!profile.is_empty()).then_some((rest, profile));
            for (name, profile) in iter::once((name, "")).chain(without) {
                let exact = list.exact.get(name).into_iter().flatten().copied();
                let globs = list
                    .globs
                    .iter()
                    .filter(|(glob, _)| fits_pattern(glob, name))
                    .map(|(_, price)| *price);
                for price in exact.chain(globs) {
                    match fit(list, &self.prices[price], profile, call) {
                        Ok(factor) => {
                            let price = &self.prices[price];
                            return Ok(Found { price, factor });
                        }
                        Err(Absent::NoPrice) => {}
                        Err(reason) => absent = reason,
                    }
                }
            }
        }
        Err(absent)
    }
}

/// The factor that a call takes a price times, or why the price is not the call's.
fn fit(list: &List, price: &Price, profile: &str, call: &Call<'_>) -> Result<Factor, Absent> {
    if price.from.is_some_and(|from| call.time < from) {
        return Err(Absent::NoPrice);
    }
    let one = Some(&Factor::ONE);
    let profile = match profile {
        "" => one,
        profile => price.profiles.get(profile),
    };
    let profile = profile.ok_or(Absent::NoPrice)?;
    if !price.regions.is_empty() {
        let region = call.region.unwrap_or("");
        if !price.regions.iter().any(|known| known == region) {
            return Err(Absent::Region);
        }
    }
    let tier = match (call.tier.filter(|tier| !is_standard(tier)), &price.tier) {
        (None, None) => one,
        (Some(tier), Some(of)) if tier == of => one,
        (Some(tier), None) => price.tiers.get(tier).or_else(|| list.tiers.get(tier)),
        _ => None,
    };
    let tier = tier.ok_or(Absent::Tier)?;
    let geo = match call.geo.filter(|geo| !is_anywhere(geo)) {
        Some(geo) if !price.geos.is_empty() => price.geos.get(geo),
        _ => one,
    };
    let geo = geo.ok_or(Absent::Region)?;
    let factors = [tier, geo, &list.factor];
    factors
        .into_iter()
        .copied()
        .try_fold(*profile, Factor::and)
        .ok_or(Absent::TooMuch)
}

/// What providers say of a call that was not kept in one place.
fn is_anywhere(geo: &str) -> bool {
    matches!(geo, "" | "global" | "not_available")
}

/// What providers call the tier that their list is for.
fn is_standard(tier: &str) -> bool {
    matches!(
        tier,
        "" | "standard" | "default" | "auto" | "standard_only" | "on_demand"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_that_comes_along_is_read_and_says_where_it_is_from() {
        let mut table = Table::empty();
        for text in BUILT_IN {
            table.take(&File::parse(text).unwrap()).unwrap();
        }
        assert_eq!(table.prices.len(), Table::built_in().prices.len());
        let own = [
            "https://platform.claude.com/",
            "https://developers.openai.com/",
        ];
        for (list, model, evidence) in table.evidence() {
            assert!(evidence.url.starts_with("https://"), "{list} {model}");
            let day = format!("{}T00:00:00Z", evidence.read);
            let read = corelog_types::Timestamp::parse_rfc3339(&day);
            assert!(read.is_some(), "{list} {model}");
            // Nothing is confirmed but what was read on the biller's own page.
            let is_own = own.iter().any(|own| evidence.url.starts_with(own));
            assert_eq!(evidence.confirmed, is_own, "{list} {model}");
        }
        assert_eq!(&**Table::built_in().version(), "2026-11-22");
    }
}
