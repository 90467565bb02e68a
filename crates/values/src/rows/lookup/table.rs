//! Lookup tables in memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::index::{Index, Networks};
use crate::csv;

/// A lookup table in memory, where it takes little more than its CSV.
#[derive(Debug)]
pub struct Table {
    columns: Vec<String>,
    /// All cells, one behind the other, row by row.
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
    /// The first cell of every row.
    rows: Vec<u32>,
    indexes: MadeOnce<Vec<Option<usize>>, Index>,
    networks: MadeOnce<Option<usize>, Networks>,
}

/// Things that whoever first needs one makes for all.
#[derive(Debug)]
struct MadeOnce<K, V>(Mutex<HashMap<K, Arc<OnceLock<V>>>>);

impl Table {
    /// Reads CSV; the first row names the columns. What cannot be read is its end.
    pub fn read(csv: &str) -> Self {
        let mut rows = csv::rows(csv).map_while(Result::ok);
        let mut table = Self {
            columns: rows.next().unwrap_or_default(),
            text: String::new(),
            ends: Vec::new(),
            rows: Vec::new(),
            indexes: MadeOnce::new(),
            networks: MadeOnce::new(),
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

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|known| known == name)
    }

    pub(super) fn cell(&self, row: usize, column: Option<usize>) -> Option<&str> {
        let cell = *self.rows.get(row)? as usize + column?;
        let next_row = self.rows.get(row + 1).map(|&first| first as usize);
        if cell >= next_row.unwrap_or(self.ends.len()) {
            return None;
        }
        let start = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start as usize..self.ends[cell] as usize)
    }
    /// The index of some columns, once somebody has made it.
    pub(super) fn index(&self, columns: &[Option<usize>]) -> Arc<OnceLock<Index>> {
        self.indexes.of(columns.to_vec())
    }

    /// The subnets in a column, once somebody has made them.
    pub(super) fn networks(&self, column: Option<usize>) -> Arc<OnceLock<Networks>> {
        self.networks.of(column)
    }
}

impl<K: Eq + Hash, V> MadeOnce<K, V> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    fn of(&self, key: K) -> Arc<OnceLock<V>> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(made.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_where_the_csv_has_them() {
        let table = Table::read(
            "model,region,usd\nclaude,eu,3\nnova\nclaude,us,4\n\"a\nb\",\"e,u\",5,more\nclaude,eu,6\n",
        );
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
    fn an_index_is_made_once_for_all() {
        let table = Table::read("a,b\n1,2\n");
        let made = table.index(&[Some(0)]);
        made.get_or_init(|| Index::of(&table, &[Some(0)]));
        assert!(table.index(&[Some(0)]).get().is_some());
        assert!(table.index(&[Some(1)]).get().is_none());
        assert!(table.networks(Some(0)).get().is_none());
    }
}
