//! `fields`, `display` and `unmask`: columns.
//!
//! `fields` adds columns to those before; a `display` says what is shown, and the last one wins. Nothing is masked
//! here, so `unmask` is `fields`.

use corelog_insights::{ExprKind, Item};

use crate::eval::{Scope, eval};
use crate::row::Frame;
use corelog_values::rows::Shown;

pub(crate) fn fields(scope: &mut Scope<'_>, mut frame: Frame, items: &[Item]) -> Frame {
    for item in items {
        let column = compute(scope, &mut frame, item);
        frame.columns.show(column);
    }
    frame
}

pub(crate) fn display(scope: &mut Scope<'_>, mut frame: Frame, items: &[Item]) -> Frame {
    let mut shown: Vec<Shown> = Vec::new();
    for item in items {
        shown.push(compute(scope, &mut frame, item));
    }
    frame.columns.display(shown);
    frame
}

/// Computes an item for every row; later items may use its name. A field without alias is only shown.
fn compute(scope: &mut Scope<'_>, frame: &mut Frame, item: &Item) -> Shown {
    if let (ExprKind::Field(field), None) = (&item.expr.kind, &item.alias) {
        // Members of a name given by the same command are out of reach.
        let hidden = (1..field.segments.len()).any(|length| {
            scope
                .fresh
                .contains(&corelog_values::json::join(&field.segments[..length]))
        });
        if !hidden {
            return Shown {
                name: item.name.clone(),
                field: Some(field.clone()),
            };
        }
    }
    for row in &mut frame.rows {
        let value = eval(scope, row, &item.expr);
        row.set(&item.name, value);
    }
    note_split(frame, item);
    scope.fresh.push(item.name.clone());
    Shown::column(&item.name)
}

fn note_split(frame: &mut Frame, item: &Item) {
    if let ExprKind::Call { function, .. } = &item.expr.kind
        && *function == corelog_insights::Function::Split
    {
        frame.split.push(item.name.clone());
    }
}
