//! `addtotals`: sums of rows and of columns.
//!
//! Decisions: without fields, all numbers that are shown count, times not among them; the added row of column sums has
//! no other values.

use corelog_insights::{AddTotals, BinaryOp};

use crate::row::{Frame, Row};
use crate::value::Value;
use corelog_values::arithmetic;
use corelog_values::coerce;
use corelog_values::rows::Shown;

pub(crate) fn apply(mut frame: Frame, totals: &AddTotals) -> Frame {
    let mut columns: Vec<Shown> = if totals.fields.is_empty() {
        frame.columns.all()
    } else {
        let fields = totals.fields.iter();
        fields
            .map(|field| Shown {
                name: field.name(),
                field: Some(field.clone()),
            })
            .collect()
    };
    if totals.rows {
        for row in &mut frame.rows {
            let sum = sum(columns.iter().map(|column| row.shown(column)));
            row.set(&totals.name.value, sum);
        }
        frame.columns.show_made(&totals.name.value);
        columns.push(Shown::column(&totals.name.value));
    }
    if totals.columns {
        let mut last = Row::default();
        for column in &columns {
            let sum = sum(frame.rows.iter().map(|row| row.shown(column)));
            last.set(&column.name, sum);
        }
        frame.rows.push(last);
    }
    frame
}

/// Nothing if there are no numbers.
fn sum(values: impl Iterator<Item = Value>) -> Value {
    let mut sum = Value::Null;
    for value in values {
        if coerce::number(&value).is_none() || matches!(value, Value::Time(_)) {
            continue;
        }
        let zero = Value::int(0);
        sum = arithmetic(
            BinaryOp::Add,
            if sum.is_null() { &zero } else { &sum },
            &value,
        );
    }
    sum
}
