//! Finding rows of a lookup table.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::net::IpAddr;

use super::Table;
use crate::functions::ip::{Network, bits};

/// No row has this number: a table has fewer cells.
const EMPTY: u32 = u32::MAX;

/// The rows of a table by the texts of some of their cells, of equal ones the first. Rows that lack one are left out.
///
/// Rows are told by number, in a place that the hash of their texts gives, or the next that is free: a few bytes for
/// each, for a table may have millions.
#[derive(Debug)]
pub(super) struct Index {
    columns: Vec<Option<usize>>,
    /// A power of two, and more than there are rows.
    slots: Vec<u32>,
    hashing: RandomState,
}

impl Index {
    pub(super) fn of(table: &Table, columns: &[Option<usize>]) -> Self {
        let rows = table.rows();
        let mut index = Self {
            columns: columns.to_vec(),
            slots: vec![EMPTY; (rows + rows / 2 + 1).next_power_of_two()],
            hashing: RandomState::new(),
        };
        for row in 0..rows {
            let cells = || columns.iter().map(|&column| table.cell(row, column));
            if cells().all(|cell| cell.is_some()) {
                let slot = index.slot(table, cells);
                if index.slots[slot] == EMPTY {
                    index.slots[slot] = u32::try_from(row).unwrap_or(EMPTY);
                }
            }
        }
        index
    }

    /// The first row that has these texts.
    pub(super) fn find(&self, table: &Table, wanted: &[Cow<'_, str>]) -> Option<usize> {
        let slot = self.slot(table, || wanted.iter().map(|text| Some(&**text)));
        let row = Some(self.slots[slot]).filter(|row| *row != EMPTY);
        row.map(|row| row as usize)
    }

    /// Where the row with these texts is, or would be.
    fn slot<'c, C>(&self, table: &Table, wanted: impl Fn() -> C) -> usize
    where
        C: Iterator<Item = Option<&'c str>>,
    {
        let mut hasher = self.hashing.build_hasher();
        wanted().for_each(|text| text.hash(&mut hasher));
        let last = self.slots.len() - 1;
        let mut slot = usize::try_from(hasher.finish() & last as u64).unwrap_or(0);
        loop {
            let row = self.slots[slot];
            let cells = self.columns.iter();
            let mut cells = cells.map(|&column| table.cell(row as usize, column));
            if row == EMPTY || wanted().all(|text| cells.next() == Some(text)) {
                return slot;
            }
            slot = (slot + 1) & last;
        }
    }
}

/// The subnets in a column of a table.
#[derive(Debug)]
pub(super) struct Networks {
    /// By their family and length, the longest first.
    lengths: BTreeSet<(bool, Reverse<u32>)>,
    /// The first row of each, by its family, length and leading bits.
    places: HashMap<(bool, u32, u128), usize>,
}

impl Networks {
    pub(super) fn of(table: &Table, column: Option<usize>) -> Self {
        let (mut lengths, mut places) = (BTreeSet::new(), HashMap::new());
        for row in 0..table.rows() {
            let network = table.cell(row, column).and_then(Network::read);
            if let Some(network) = network {
                lengths.insert((network.is_v4, Reverse(network.length)));
                let key = (network.is_v4, network.length, network.leading());
                places.entry(key).or_insert(row);
            }
        }
        Self { lengths, places }
    }

    /// The row of the longest subnet that has an address.
    pub(super) fn find(&self, address: IpAddr) -> Option<usize> {
        let is_v4 = address.is_ipv4();
        let mut lengths = self.lengths.iter().filter(|(v4, _)| *v4 == is_v4);
        lengths.find_map(|(_, length)| {
            let leading = Network::leading_of(bits(address), is_v4, length.0);
            self.places.get(&(is_v4, length.0, leading)).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str =
        "model,region,usd\nclaude,eu,3\nnova\nclaude,us,4\n\"a\nb\",\"e,u\",5,more\nclaude,eu,6\n";

    fn find(table: &Table, columns: &[&str], texts: &[&str]) -> Option<usize> {
        let columns: Vec<_> = columns.iter().map(|name| table.column(name)).collect();
        let texts: Vec<_> = texts.iter().map(|&text| Cow::Borrowed(text)).collect();
        Index::of(table, &columns).find(table, &texts)
    }

    #[test]
    fn the_first_row_with_all_the_texts_is_found() {
        let table = Table::read(CSV);
        let check = |columns: &[&str], texts: &[&str], row: Option<usize>| {
            assert_eq!(find(&table, columns, texts), row, "{columns:?} {texts:?}");
        };
        check(&["model"], &["claude"], Some(0));
        check(&["model"], &["nova"], Some(1));
        check(&["model"], &["Claude"], None);
        check(&["region", "model"], &["us", "claude"], Some(2));
        check(&["region", "model"], &["e,u", "a\nb"], Some(3));
        check(&["model", "region"], &["nova", ""], None);
        check(&["model", "none"], &["claude", ""], None);
        let none = Table::read("model\n");
        assert_eq!(find(&none, &["model"], &["claude"]), None);
    }

    #[test]
    fn cells_side_by_side_are_not_one() {
        let table = Table::read("a,b\nxy,z\nx,yz\n");
        assert_eq!(find(&table, &["a", "b"], &["x", "yz"]), Some(1));
        assert_eq!(find(&table, &["a", "b"], &["xy", "z"]), Some(0));
        assert_eq!(find(&table, &["a", "b"], &["xyz", ""]), None);
    }

    #[test]
    fn every_row_of_a_full_table_is_found() {
        for rows in [1, 2, 3, 10, 11, 1_000] {
            let row = |number: u32| format!("k{number},{number}\nk{number},again\n");
            let text: String = (0..rows).map(row).collect();
            let table = Table::read(&format!("key,value\n{text}"));
            let index = Index::of(&table, &[Some(0)]);
            for number in 0..rows {
                let key = Cow::Owned(format!("k{number}"));
                let found = index.find(&table, &[key]);
                assert_eq!(found, Some(number as usize * 2), "{number} of {rows}");
            }
            let absent = Cow::Owned(format!("k{rows}"));
            assert_eq!(index.find(&table, &[absent]), None);
        }
    }
}
