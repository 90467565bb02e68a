//! `lookup` and `cidrlookup`: columns from tables that the run was given.
//!
//! Values compare as texts, exactly. `OUTPUT` overwrites, also with nothing; `OUTPUTNEW` fills what is missing.
//! Decision: of several rows that fit the first counts, and for subnets the longest.

use std::net::IpAddr;

use corelog_insights::{CidrLookup, Lookup, OnExisting, Text};

use crate::commands::parse::csv_line;
use crate::input::Input;
use crate::output::Failure;
use crate::row::{Frame, Row};
use crate::value::{Value, text as text_of};
use corelog_values::prefix_length;

struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn named(input: &Input, name: &Text) -> Result<Self, Failure> {
        let mut tables = input.tables.iter();
        let Some(table) = tables.find(|table| table.name == name.value) else {
            let name = &name.value;
            return Err(Failure::unsupported(format!(
                "the lookup table `{name}`, which does not exist"
            )));
        };
        let mut lines = table.csv.lines().filter_map(csv_line);
        Ok(Self {
            columns: lines.next().unwrap_or_default(),
            rows: lines.collect(),
        })
    }

    fn cell<'t>(&self, row: &'t [String], column: &str) -> Option<&'t String> {
        let at = self.columns.iter().position(|known| known == column)?;
        row.get(at)
    }

    /// Puts columns of a table's row into a row of events.
    fn put(&self, row: &mut Row, found: Option<&Vec<String>>, outputs: &[Text], on: OnExisting) {
        for output in outputs {
            let name = &output.value;
            if on == OnExisting::FillOnly && !row.get(name).is_null() {
                continue;
            }
            let cell = found.and_then(|found| self.cell(found, name));
            row.set(
                name,
                cell.map_or(Value::Null, |cell| Value::text(cell.clone())),
            );
        }
    }
}

pub(crate) fn apply(input: &Input, mut frame: Frame, lookup: &Lookup) -> Result<Frame, Failure> {
    let table = Table::named(input, &lookup.table)?;
    for row in &mut frame.rows {
        let fits = |candidate: &&Vec<String>| {
            lookup.keys.iter().all(|key| {
                let wanted = text_of(&row.field(&key.field));
                wanted.is_some() && table.cell(candidate, &key.column.value) == wanted.as_ref()
            })
        };
        let found = table.rows.iter().find(fits);
        table.put(row, found, &lookup.outputs, lookup.on_existing);
    }
    Ok(shown(frame, &lookup.outputs))
}

pub(crate) fn cidr(input: &Input, mut frame: Frame, lookup: &CidrLookup) -> Result<Frame, Failure> {
    let table = Table::named(input, &lookup.table)?;
    // Decision: the table's first column holds the subnets if the query names none.
    let first = table.columns.first().cloned().unwrap_or_default();
    let column = lookup
        .column
        .as_ref()
        .map_or(first, |column| column.value.clone());
    for row in &mut frame.rows {
        let address: Option<IpAddr> =
            text_of(&row.field(&lookup.ip)).and_then(|text| text.parse().ok());
        let length =
            |candidate: &Vec<String>| prefix_length(address?, table.cell(candidate, &column)?);
        let mut best: Option<(u32, &Vec<String>)> = None;
        for candidate in &table.rows {
            if let Some(length) = length(candidate)
                && best.is_none_or(|(known, _)| length > known)
            {
                best = Some((length, candidate));
            }
        }
        let found = best.map(|(_, found)| found);
        table.put(row, found, &lookup.outputs, lookup.on_existing);
    }
    Ok(shown(frame, &lookup.outputs))
}

fn shown(mut frame: Frame, outputs: &[Text]) -> Frame {
    for output in outputs {
        frame.columns.show_made(&output.value);
    }
    frame
}
