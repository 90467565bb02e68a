//! The table of prices of a configuration, and what budgets say.

use std::sync::Arc;

use corelog_prices::{Amount, Table};

use super::super::Settings;
use super::super::reader::Findings;
use super::super::value::Fault;
use super::{duplicates, readable, report};

impl Settings {
    /// The prices that come with Corelog, those of the file on top, and what providers say of their bills.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn price_table(&self) -> anyhow::Result<Arc<Table>> {
        let mut table = Arc::clone(Table::built_in());
        if let Some(path) = &self.prices.file {
            table = Arc::new(table.with(&std::fs::read_to_string(path)?)?);
        }
        for provider in &self.providers {
            if let Some(list) = &provider.prices {
                let glob = format!("{}/*", provider.upstream().trim_end_matches('/'));
                table = Arc::new(table.billing(&glob, list)?);
            }
        }
        Ok(table)
    }
}

pub(super) fn check(settings: &Settings, findings: &mut Findings) {
    let mut table = Arc::clone(Table::built_in());
    if let Some(path) = &settings.prices.file {
        readable(findings, "prices", None, "file", path);
        let Ok(text) = std::fs::read_to_string(path) else {
            return;
        };
        match table.with(&text) {
            Ok(with) => table = Arc::new(with),
            Err(error) => {
                let reason = format!("`{}`: {}", path.display(), told(&error));
                report(findings, "prices", None, "file", Fault::new(reason));
            }
        }
    }
    for (index, provider) in settings.providers.iter().enumerate() {
        if let Some(list) = &provider.prices
            && let Err(error) = table.billing("*", list)
        {
            let fault = Fault::new(told(&error));
            report(findings, "provider", Some(index), "prices", fault);
        }
    }
    let names = settings.budgets.iter().map(|budget| &budget.name);
    duplicates("budget", names, findings);
    for (index, budget) in settings.budgets.iter().enumerate() {
        if let Err(error) = budget.amount.parse::<Amount>() {
            let fault = Fault::new(error.to_string());
            report(findings, "budget", Some(index), "amount", fault);
        }
        if let Some(tag) = &budget.tag
            && tag.split_once('=').is_none_or(|(key, _)| key.is_empty())
        {
            let fault = Fault::new(format!("`{tag}` is no tag with its value"));
            let fault = fault.hint("write it as `team=search`");
            report(findings, "budget", Some(index), "tag", fault);
        }
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
