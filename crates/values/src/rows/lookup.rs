//! `lookup` and `cidrlookup`: columns from a table.
//!
//! Values compare as texts, exactly. `OUTPUT` overwrites, also with nothing; `OUTPUTNEW` fills what is missing.
//! Decision: of several rows that fit the first counts, and for subnets the longest.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use corelog_insights::OnExisting;

use super::{Each, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::csv;
use crate::expression::Expression;
use crate::functions::ip::{Network, bits};
use crate::value::Value;

/// A lookup table in memory, where it takes little more than its CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    columns: Vec<String>,
    /// All cells, one behind the other, row by row.
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
    /// The first cell of every row.
    rows: Vec<u32>,
}

impl Table {
    /// Reads CSV; the first row names the columns. What cannot be read is its end.
    pub fn read(csv: &str) -> Self {
        let mut rows = csv::rows(csv).map_while(Result::ok);
        let mut table = Self {
            columns: rows.next().unwrap_or_default(),
            text: String::new(),
            ends: Vec::new(),
            rows: Vec::new(),
        };
        for row in rows {
            let Ok(first) = u32::try_from(table.ends.len()) else {
                break;
            };
            table.rows.push(first);
            for cell in row {
                table.text.push_str(&cell);
                // Texts of more than four gigabytes are no lookup tables.
                let end = u32::try_from(table.text.len()).unwrap_or(u32::MAX);
                table.ends.push(end);
            }
        }
        table
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|known| known == name)
    }

    fn cell(&self, row: usize, column: Option<usize>) -> Option<&str> {
        let cell = *self.rows.get(row)? as usize + column?;
        let next_row = self.rows.get(row + 1).map(|&first| first as usize);
        if cell >= next_row.unwrap_or(self.ends.len()) {
            return None;
        }
        let start = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start as usize..self.ends[cell] as usize)
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
    let index = Index::of(&outputs.table, keys.iter().map(|(name, _)| name.as_str()));
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let found = {
            let values: Vec<_> = keys.iter().map(|(_, of)| of.eval(&cx, &row)).collect();
            let texts: Option<Vec<_>> = values.iter().map(coerce::text).collect();
            texts.and_then(|wanted| index.find(&outputs.table, &wanted))
        };
        outputs.put(&mut row, found);
        out.push(row);
    })
}

/// The rows of a table in the order of some of their cells, rows with equal ones in their own order. Rows that lack one
/// are left out.
struct Index {
    columns: Vec<Option<usize>>,
    rows: Vec<usize>,
}

impl Index {
    fn of<'n>(table: &Table, columns: impl Iterator<Item = &'n str>) -> Self {
        let columns: Vec<_> = columns.map(|name| table.column(name)).collect();
        let is_whole = |&row: &usize| {
            let mut cells = columns.iter().map(|&column| table.cell(row, column));
            cells.all(|cell| cell.is_some())
        };
        let mut rows: Vec<usize> = (0..table.rows.len()).filter(is_whole).collect();
        let cells = |row: usize| columns.iter().map(move |&column| table.cell(row, column));
        rows.sort_by(|&a, &b| cells(a).cmp(cells(b)));
        Self { columns, rows }
    }

    /// The first row that has these texts.
    fn find(&self, table: &Table, wanted: &[Cow<'_, str>]) -> Option<usize> {
        let compare = |row: usize| -> Ordering {
            let cells = self.columns.iter().map(|&column| table.cell(row, column));
            cells.cmp(wanted.iter().map(|text| Some(&**text)))
        };
        let at = self.rows.partition_point(|&row| compare(row).is_lt());
        let row = *self.rows.get(at)?;
        compare(row).is_eq().then_some(row)
    }
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
        let network = table.cell(row, column).and_then(Network::read);
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

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str =
        "model,region,usd\nclaude,eu,3\nnova\nclaude,us,4\n\"a\nb\",\"e,u\",5,more\nclaude,eu,6\n";

    #[test]
    fn cells_are_where_the_csv_has_them() {
        let table = Table::read(CSV);
        assert_eq!(table.columns(), ["model", "region", "usd"]);
        let cell = |row, column| table.cell(row, table.column(column));
        assert_eq!(cell(0, "model"), Some("claude"));
        assert_eq!(cell(0, "usd"), Some("3"));
        assert_eq!((cell(1, "model"), cell(1, "region")), (Some("nova"), None));
        assert_eq!(
            (cell(3, "model"), cell(3, "region")),
            (Some("a\nb"), Some("e,u"))
        );
        assert_eq!(
            (cell(4, "usd"), cell(5, "usd"), cell(4, "x")),
            (Some("6"), None, None)
        );
    }

    #[test]
    fn the_first_row_with_all_the_texts_is_found() {
        let table = Table::read(CSV);
        let check = |columns: &[&str], texts: &[&str], row: Option<usize>| {
            let index = Index::of(&table, columns.iter().copied());
            let texts: Vec<_> = texts.iter().map(|&text| Cow::Borrowed(text)).collect();
            assert_eq!(index.find(&table, &texts), row, "{columns:?} {texts:?}");
        };
        check(&["model"], &["claude"], Some(0));
        check(&["model"], &["nova"], Some(1));
        check(&["model"], &["Claude"], None);
        check(&["region", "model"], &["us", "claude"], Some(2));
        check(&["region", "model"], &["e,u", "a\nb"], Some(3));
        check(&["model", "region"], &["nova", ""], None);
        check(&["model", "none"], &["claude", ""], None);
    }
}
