//! A call, and what is asked of its cost.

use corelog_prices::{Absent, Call, Images, Table};
use corelog_types::{Count, Timestamp, Usage};

/// A call as its record would say it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    pub(crate) upstream: &'static str,
    pub(crate) model: &'static str,
    pub(crate) answered_by: Option<&'static str>,
    pub(crate) region: Option<&'static str>,
    pub(crate) geo: Option<&'static str>,
    pub(crate) tier: Option<&'static str>,
    /// `2026-11-22` where it is not said.
    pub(crate) day: Option<&'static str>,
    pub(crate) usage: Usage,
    pub(crate) images: Option<Images<'static>>,
}

/// Input, output, read from the cache, written to it.
pub(crate) fn tokens(input: u64, output: u64, read: u64, written: u64) -> Usage {
    let some = |tokens| (tokens > 0).then(|| Count::reported(tokens));
    Usage {
        input: Some(Count::reported(input)),
        output: Some(Count::reported(output)),
        cache_read: some(read),
        cache_write: some(written),
        ..Usage::default()
    }
}

impl Given {
    pub(crate) fn cost_in(&self, table: &Table) -> Result<String, Absent> {
        let day = format!("{}T12:00:00Z", self.day.unwrap_or("2026-11-22"));
        let cost = table.cost(&Call {
            upstream: self.upstream,
            model: Some(self.model),
            answered_by: self.answered_by,
            region: self.region,
            geo: self.geo,
            tier: self.tier,
            time: Timestamp::parse_rfc3339(&day).unwrap(),
            usage: &self.usage,
            images: self.images,
            many: None,
        })?;
        assert_eq!(&*cost.currency, "USD");
        let lines = cost.lines.iter().map(|line| line.amount).sum();
        assert_eq!(cost.amount, lines, "a cost is its lines");
        Ok(cost.amount.to_string())
    }

    pub(crate) fn cost(&self) -> Result<String, Absent> {
        self.cost_in(Table::built_in())
    }

    /// Checks the cost in dollars.
    pub(crate) fn costs(&self, dollars: &str) {
        assert_eq!(self.cost().as_deref(), Ok(dollars), "{self:?}");
    }

    /// Checks that there is none.
    pub(crate) fn has_no_cost(&self, why: Absent) {
        assert_eq!(self.cost(), Err(why), "{self:?}");
    }
}
