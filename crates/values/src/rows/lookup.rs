//! `lookup` and `cidrlookup`: columns from a table.
//!
//! Values compare as texts, exactly. `OUTPUT` overwrites, also with nothing; `OUTPUTNEW` fills what is missing.
//! Decision: of several rows that fit the first counts, and for subnets the longest.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use corelog_insights::OnExisting;

use super::parse::csv_line;
use super::{Each, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::functions::ip::{Network, bits};
use crate::value::Value;

/// A lookup table in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads CSV; the first line names the columns. Lines that cannot be read are passed over.
    pub fn read(csv: &str) -> Self {
        let mut lines = csv.lines().filter_map(csv_line);
        Self {
            columns: lines.next().unwrap_or_default(),
            rows: lines.collect(),
        }
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|known| known == name)
    }

    fn cell(&self, row: usize, column: Option<usize>) -> Option<&String> {
        self.rows.get(row)?.get(column?)
    }
}

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
                cell.map_or(Value::Null, |cell| Value::text(cell.clone()))
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
    let table = &outputs.table;
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in 0..table.rows.len() {
        let mut text = String::new();
        let mut cells = keys
            .iter()
            .map(|(name, _)| table.cell(row, table.column(name)));
        let is_whole = cells.all(|cell| cell.is_some_and(|cell| add(&mut text, cell)));
        if is_whole {
            places.entry(text).or_insert(row);
        }
    }
    let mut text = String::new();
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        text.clear();
        let is_whole = keys.iter().all(|(_, of)| {
            let value = of.eval(&cx, &row);
            coerce::text(&value).is_some_and(|value| add(&mut text, &value))
        });
        let found = places.get(text.as_str()).copied().filter(|_| is_whole);
        outputs.put(&mut row, found);
        out.push(row);
    })
}

fn add(text: &mut String, value: &str) -> bool {
    write!(text, "{}:{value}", value.len()).is_ok()
}

/// `column` is the table's column of subnets.
pub(super) fn cidr_lookup(of: Expression, column: &str, outputs: Outputs) -> impl Step + use<> {
    let cx = Context::default();
    let table = &outputs.table;
    let column = table.column(column);
    // Networks by their family and length, the longest first, then by their leading bits.
    let mut lengths: BTreeSet<(bool, std::cmp::Reverse<u32>)> = BTreeSet::new();
    let mut places: HashMap<(bool, u32, u128), usize> = HashMap::new();
    for row in 0..table.rows.len() {
        let network = table.cell(row, column).and_then(|text| Network::read(text));
        if let Some(network) = network {
            lengths.insert((network.is_v4, std::cmp::Reverse(network.length)));
            let key = (network.is_v4, network.length, network.leading());
            places.entry(key).or_insert(row);
        }
    }
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let address: Option<IpAddr> = {
            let value = of.eval(&cx, &row);
            coerce::text(&value).and_then(|text| text.parse().ok())
        };
        let found = address.and_then(|address| {
            let is_v4 = address.is_ipv4();
            lengths
                .iter()
                .filter(|(v4, _)| *v4 == is_v4)
                .find_map(|(_, length)| {
                    let leading = Network::leading_of(bits(address), is_v4, length.0);
                    places.get(&(is_v4, length.0, leading)).copied()
                })
        });
        outputs.put(&mut row, found);
        out.push(row);
    })
}
