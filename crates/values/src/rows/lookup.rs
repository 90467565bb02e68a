//! `lookup` and `cidrlookup`: columns from a table.
//!
//! Values compare as texts, exactly. `OUTPUT` overwrites, also with nothing; `OUTPUTNEW` fills what is missing.
//! Decision: of several rows that fit the first counts, and for subnets the longest.

mod index;
mod table;

use std::net::IpAddr;
use std::sync::Arc;

use corelog_insights::OnExisting;

use super::{Each, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::value::Value;

use index::{Index, Networks};

pub use table::Table;

/// Puts columns of a table's row into a row.
pub(super) struct Outputs {
    pub(super) table: Arc<Table>,
    pub(super) on_existing: OnExisting,
    /// The table's column, what the row has by its name, and the slot it is put into.
    pub(super) columns: Vec<(String, Expression, usize)>,
}

impl Outputs {
    fn put(&self, row: &mut RowValues, found: Option<usize>) {
        let cx = Context::default();
        for (name, before, into) in &self.columns {
            let known = match self.on_existing {
                OnExisting::Overwrite => Value::Null,
                OnExisting::FillOnly => before.eval(&cx, row).into_owned(),
            };
            let value = if known.is_null() {
                let column = self.table.column(name);
                let cell = found.and_then(|found| self.table.cell(found, column));
                cell.map_or(Value::Null, |cell| Value::text(cell.to_owned()))
            } else {
                known
            };
            put(row, *into, value);
        }
    }
}

/// `keys` are columns of the table and what they must equal.
pub(super) fn lookup(keys: Vec<(String, Expression)>, outputs: Outputs) -> impl Step {
    let cx = Context::default();
    let names = keys.iter().map(|(name, _)| outputs.table.column(name));
    let columns: Vec<_> = names.collect();
    let index = outputs.table.index(&columns);
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let found = {
            let values: Vec<_> = keys.iter().map(|(_, of)| of.eval(&cx, &row)).collect();
            let texts: Option<Vec<_>> = values.iter().map(coerce::text).collect();
            texts.and_then(|wanted| {
                let index = index.get_or_init(|| Index::of(&outputs.table, &columns));
                index.find(&outputs.table, &wanted)
            })
        };
        outputs.put(&mut row, found);
        out.push(row);
    })
}

/// `column` is the table's column of subnets.
pub(super) fn cidr_lookup(of: Expression, column: &str, outputs: Outputs) -> impl Step + use<> {
    let cx = Context::default();
    let column = outputs.table.column(column);
    let networks = outputs.table.networks(column);
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let address: Option<IpAddr> = {
            let value = of.eval(&cx, &row);
            coerce::text(&value).and_then(|text| text.parse().ok())
        };
        let found = address.and_then(|address| {
            let networks = networks.get_or_init(|| Networks::of(&outputs.table, column));
            networks.find(address)
        });
        outputs.put(&mut row, found);
        out.push(row);
    })
}
