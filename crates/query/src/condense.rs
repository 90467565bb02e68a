//! Rows that are counted by a text, a batch at a time, before the engine groups them.
//!
//! A column that is a dictionary in its file comes as views into that dictionary: rows of one text have one view. Such
//! rows become one, with their number and sums, so that the engine hashes and compares a text once a batch instead of
//! once a row. Whether two rows are put together is only a matter of speed: the engine groups what comes of them.

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;

use crate::stage::{Run, Transform};

/// Views that are remembered while a batch is looked at, a power of two. Texts whose views fall together are put
/// together less often.
const SLOTS: usize = 1_024;

/// What is added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// How many rows there are.
    Rows,
    /// How many of them have a value in a column.
    Present(String),
    /// The sum of a column of integers, as the engine sums them.
    Sum(String),
}

/// Puts rows together.
pub(crate) struct Condense {
    /// The column of texts.
    pub(crate) key: String,
    /// What is added up, and the columns that it comes in.
    pub(crate) parts: Vec<(Part, String)>,
}

impl fmt::Debug for Condense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.parts.iter().map(|(part, _)| part).collect();
        write!(f, "{parts:?} by {}", self.key)
    }
}

impl Transform for Condense {
    fn name(&self) -> &'static str {
        "Condense"
    }

    fn reads(&self) -> Vec<String> {
        let columns = self.parts.iter().filter_map(|(part, _)| match part {
            Part::Rows => None,
            Part::Present(column) | Part::Sum(column) => Some(column.clone()),
        });
        std::iter::once(self.key.clone()).chain(columns).collect()
    }

    fn adds(&self) -> Vec<Field> {
        let key = Field::new(&self.key, DataType::Utf8View, true);
        let parts = self.parts.iter();
        let parts = parts.map(|(_, name)| Field::new(name, DataType::Int64, true));
        std::iter::once(key).chain(parts).collect()
    }

    fn keeps(&self) -> bool {
        false
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        let part = |(part, _): &(Part, String)| {
            Ok(match part {
                Part::Rows => At::Rows,
                Part::Present(column) => At::Present(input.index_of(column)?),
                Part::Sum(column) => At::Sum(input.index_of(column)?),
            })
        };
        Ok(Box::new(Condensing {
            key: input.index_of(&self.key)?,
            parts: self.parts.iter().map(part).collect::<Result<_>>()?,
            schema: Arc::new(Schema::new(self.adds())),
        }))
    }
}

/// A [`Part`], its column found.
enum At {
    Rows,
    Present(usize),
    Sum(usize),
}

struct Condensing {
    key: usize,
    parts: Vec<At>,
    schema: SchemaRef,
}

impl Run for Condensing {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let key = batch.column(self.key);
        let groups = Groups::of(key.as_string_view());
        let mut columns = vec![take(key, &UInt32Array::from(groups.firsts.clone()), None)?];
        for part in &self.parts {
            columns.push(match part {
                At::Rows => groups.count(|_| true),
                At::Present(at) => {
                    let nulls = batch.column(*at).logical_nulls();
                    groups.count(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)))
                }
                At::Sum(at) => groups.sum(batch.column(*at).as_primitive()),
            });
        }
        Ok(Some(RecordBatch::try_new(
            Arc::clone(&self.schema),
            columns,
        )?))
    }
}

/// Which rows of a batch are put together.
struct Groups {
    /// The group of each row.
    of: Vec<u32>,
    /// The first row of each group.
    firsts: Vec<u32>,
}

impl Groups {
    fn of(keys: &StringViewArray) -> Self {
        let mut of = Vec::with_capacity(keys.len());
        let mut firsts = Vec::new();
        // The last slot is for what is missing.
        let mut known: Vec<Option<(u128, u32)>> = vec![None; SLOTS + 1];
        let mut next = 0;
        for (at, (row, view)) in (0_u32..).zip(keys.views().iter().copied()).enumerate() {
            let (view, slot) = if keys.is_valid(at) {
                (view, slot(view))
            } else {
                (0, SLOTS)
            };
            let group = match known[slot] {
                Some((seen, group)) if seen == view => group,
                _ => {
                    firsts.push(row);
                    next += 1;
                    next - 1
                }
            };
            known[slot] = Some((view, group));
            of.push(group);
        }
        Self { of, firsts }
    }

    fn count(&self, counts: impl Fn(usize) -> bool) -> ArrayRef {
        let mut count = vec![0_i64; self.firsts.len()];
        for (row, group) in self.of.iter().enumerate() {
            count[*group as usize] += i64::from(counts(row));
        }
        Arc::new(Int64Array::from(count))
    }

    /// The sum of what there is.
    fn sum(&self, column: &Int64Array) -> ArrayRef {
        let mut sums = vec![0_i64; self.firsts.len()];
        if column.null_count() == 0 {
            for (value, group) in column.values().iter().zip(&self.of) {
                let sum = &mut sums[*group as usize];
                *sum = sum.wrapping_add(*value);
            }
            return Arc::new(Int64Array::from(sums));
        }
        let mut present = vec![false; self.firsts.len()];
        for (value, group) in column.iter().zip(&self.of) {
            if let Some(value) = value {
                let sum = &mut sums[*group as usize];
                *sum = sum.wrapping_add(value);
                present[*group as usize] = true;
            }
        }
        Arc::new(Int64Array::new(sums.into(), Some(present.into())))
    }
}

/// Where a view is remembered. Views into one dictionary differ in where their text begins.
fn slot(view: u128) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let folded = (view ^ (view >> 64)) & u128::from(u64::MAX);
    let folded = u64::try_from(folded).unwrap_or_default();
    usize::try_from(folded.wrapping_mul(ODD) >> 54).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Int64Type;

    use super::*;

    /// What becomes of rows: a text, its rows, those with a number, and the sum of the numbers.
    fn condensed(
        rows: &[(Option<&str>, Option<i64>)],
    ) -> Vec<(Option<String>, i64, i64, Option<i64>)> {
        let keys: StringViewArray = rows.iter().map(|(key, _)| *key).collect();
        let numbers: Int64Array = rows.iter().map(|(_, number)| *number).collect();
        let fields = [
            Field::new("key", DataType::Utf8View, true),
            Field::new("number", DataType::Int64, true),
        ];
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let batch =
            RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(keys), Arc::new(numbers)]);
        let number = || "number".to_owned();
        let step = Condense {
            key: "key".to_owned(),
            parts: vec![
                (Part::Rows, "rows".to_owned()),
                (Part::Present(number()), "present".to_owned()),
                (Part::Sum(number()), "sum".to_owned()),
            ],
        };
        let made = step
            .start(&schema)
            .unwrap()
            .push(batch.unwrap())
            .unwrap()
            .unwrap();
        let key = made.column(0).as_string_view();
        let [rows, present, sum] = [1, 2, 3].map(|at| made.column(at).as_primitive::<Int64Type>());
        (0..made.num_rows())
            .map(|row| {
                let key = key.is_valid(row).then(|| key.value(row).to_owned());
                let sum = sum.is_valid(row).then(|| sum.value(row));
                (key, rows.value(row), present.value(row), sum)
            })
            .collect()
    }

    #[test]
    fn rows_of_one_text_become_one() {
        let short = |text: &str| Some(text.to_owned());
        let rows = [
            (Some("a"), Some(3)),
            (None, Some(5)),
            (Some("b"), None),
            (Some("a"), Some(i64::MAX)),
            (Some("a"), None),
            (None, Some(-7)),
            (Some(""), Some(1)),
        ];
        let expected = [
            (short("a"), 3, 2, Some(i64::MIN + 2)),
            (None, 2, 2, Some(-2)),
            (short("b"), 1, 0, None),
            (short(""), 1, 1, Some(1)),
        ];
        assert_eq!(condensed(&rows), expected);
        assert_eq!(condensed(&[]), []);
    }

    #[test]
    fn nothing_is_lost_where_views_fall_together() {
        let texts: Vec<String> = (0..3 * SLOTS).map(|n| format!("n{n}")).collect();
        let rows: Vec<_> = texts
            .iter()
            .chain(&texts)
            .map(|text| (Some(text.as_str()), Some(1)))
            .collect();
        let made = condensed(&rows);
        let mut rows_of = std::collections::BTreeMap::new();
        for (key, rows, _, _) in made {
            *rows_of.entry(key).or_insert(0) += rows;
        }
        assert_eq!(rows_of.len(), texts.len());
        assert!(rows_of.values().all(|rows| *rows == 2));
    }
}
