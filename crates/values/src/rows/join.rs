//! `join` and `appendcols`: the rows of another query beside these.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use corelog_insights::JoinKind;

use super::{Failure, RowValues, Step, put, row_bytes};
use crate::context::Context;
use crate::expression::Expression;
use crate::set::Key;
use crate::value::Value;

/// Rows that a join may make.
const JOINED_MAX: usize = 1_000_000;
/// Bytes of the rows that it may make of one. Decision: the service names no such limit.
const OF_ONE_BYTES_MAX: usize = 64 << 20;
/// Different keys that its right rows may have.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Join.html>
const KEYS_MAX: usize = 50_000;

/// Each left row with each right row of an equal key.
pub(super) struct Join {
    key: Expression,
    kind: JoinKind,
    /// How many slots left rows have.
    width: usize,
    right: Arc<Vec<RowValues>>,
    places: HashMap<Key<'static>, Vec<usize>>,
    made: usize,
    bytes: usize,
}

impl Join {
    pub(super) fn new(
        key: Expression,
        kind: JoinKind,
        width: usize,
        right_key: &Expression,
        right: Arc<Vec<RowValues>>,
    ) -> Result<Self, Failure> {
        let cx = Context::default();
        let mut places: HashMap<Key<'static>, Vec<usize>> = HashMap::new();
        let (mut different, mut bytes) = (0, 0);
        for (at, row) in right.iter().enumerate() {
            let value = right_key.eval(&cx, row);
            let keys = Key::of(&value);
            let known: &HashMap<Key<'_>, Vec<usize>> = &places;
            let first = keys.iter().flatten().next();
            different += usize::from(first.is_some_and(|key| !known.contains_key(key)));
            for key in keys.into_iter().flatten() {
                places.entry(key.into_owned()).or_default().push(at);
                bytes += value.bytes() + size_of::<(Key<'_>, Vec<usize>, usize)>();
            }
        }
        if different > KEYS_MAX {
            return Err(Failure::TooMany {
                what: "different keys on the right side of a join",
                max: KEYS_MAX,
            });
        }
        Ok(Self {
            key,
            kind,
            width,
            right,
            places,
            made: 0,
            bytes,
        })
    }

    /// The right rows whose key equals a value, in their order.
    fn partners(&self, value: &Value<'_>) -> BTreeSet<usize> {
        let places: &HashMap<Key<'_>, Vec<usize>> = &self.places;
        let keys = Key::beside(value).into_iter().flatten();
        let found = keys.filter_map(|key| places.get(&key));
        found.flatten().copied().collect()
    }
}

impl Step for Join {
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        for mut row in rows {
            let partners = self.partners(&self.key.eval(&cx, &row));
            row.resize(self.width, Value::Null);
            if partners.is_empty() && self.kind == JoinKind::Left {
                self.made += 1;
                out.push(row.clone());
            }
            let mut bytes = 0;
            for partner in partners {
                let mut joined = row.clone();
                joined.extend(self.right[partner].iter().cloned());
                self.made += 1;
                bytes += row_bytes(&joined);
                out.push(joined);
                at_most(
                    OF_ONE_BYTES_MAX,
                    bytes,
                    "bytes of rows that a join makes of one",
                )?;
                at_most(JOINED_MAX, self.made, "rows of a join")?;
            }
            at_most(JOINED_MAX, self.made, "rows of a join")?;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

fn at_most(max: usize, count: usize, what: &'static str) -> Result<(), Failure> {
    if count > max {
        return Err(Failure::TooMany { what, max });
    }
    Ok(())
}

/// The other query's columns, row by row. Decision: its further rows are dropped; without `override` a value that
/// exists stays.
pub(super) struct AppendCols {
    pub(super) overrides: bool,
    /// For each of the other's columns, what the row has by its name, and the slot it is put into.
    pub(super) columns: Vec<(Expression, usize)>,
    /// The values of the other's columns, row by row.
    pub(super) others: std::vec::IntoIter<Vec<Value<'static>>>,
}

impl Step for AppendCols {
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        for mut row in rows {
            let other = self.others.next();
            for (at, (before, into)) in self.columns.iter().enumerate() {
                let known = before.eval(&cx, &row);
                let value = match &other {
                    Some(other) if self.overrides || known.is_null() => {
                        other.get(at).cloned().unwrap_or_default()
                    }
                    _ => known.into_owned(),
                };
                put(&mut row, *into, value);
            }
            out.push(row);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.others.as_slice().iter().map(row_bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(rows: usize, key: impl Fn(usize) -> Value<'static>) -> Result<Join, Failure> {
        of_rows((0..rows).map(|at| vec![key(at)]).collect())
    }

    fn of_rows(right: Vec<RowValues>) -> Result<Join, Failure> {
        let (left_key, right_key) = (Expression::slot(0), Expression::slot(0));
        Join::new(left_key, JoinKind::Inner, 1, &right_key, Arc::new(right))
    }

    #[test]
    fn right_rows_have_so_many_different_keys() {
        assert!(join(KEYS_MAX, Value::count).is_ok());
        let refused = join(KEYS_MAX + 1, Value::count).err();
        let max = KEYS_MAX;
        assert!(matches!(refused, Some(Failure::TooMany { max: told, .. }) if told == max));
        assert!(join(2 * KEYS_MAX, |at| Value::count(at / 2)).is_ok());
        assert!(join(2 * KEYS_MAX, |_| Value::Null).is_ok());
    }

    #[test]
    fn one_row_becomes_so_many_bytes() {
        const TEXT_BYTES: usize = 1 << 20;
        let fits = OF_ONE_BYTES_MAX / TEXT_BYTES - 1;
        let made_of_one = |partners: usize| {
            let text = Value::text("x".repeat(TEXT_BYTES));
            let right = vec![vec![Value::int(1), text]; partners];
            let mut out = Vec::new();
            let pushed = of_rows(right).and_then(|mut join| {
                let of_others = vec![vec![Value::int(2)]; 3];
                join.push(of_others, &mut out)?;
                join.push(vec![vec![Value::int(1)]; 2], &mut out)
            });
            pushed.map(|()| out.len())
        };
        assert_eq!(made_of_one(fits), Ok(2 * fits));
        assert!(matches!(
            made_of_one(fits + 1),
            Err(Failure::TooMany {
                max: OF_ONE_BYTES_MAX,
                ..
            })
        ));
    }
}
