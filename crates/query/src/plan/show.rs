//! `fields`, `display` and `unmask`: columns.
//!
//! `fields` adds columns to those before; a `display` says what is shown, and the last one wins.

use corelog_insights::{ExprKind, Function, Item};
use corelog_values::rows::Shown;

use super::{Names, Planning, computed, is_hidden, kind_of};
use crate::compute::{Form, Slot};
use crate::frame::Frame;
use crate::{Result, Window};

impl Planning<'_> {
    pub(super) fn fields(
        &mut self,
        mut frame: Frame,
        items: &[Item],
        window: Window,
    ) -> Result<Frame> {
        let mut fresh = Vec::new();
        for item in items {
            let column = self.item(&mut frame, item, &mut fresh, window)?;
            frame.shown.show(column);
        }
        Ok(frame)
    }

    pub(super) fn display(
        &mut self,
        mut frame: Frame,
        items: &[Item],
        window: Window,
    ) -> Result<Frame> {
        let mut fresh = Vec::new();
        let mut shown: Vec<Shown> = Vec::new();
        for item in items {
            shown.push(self.item(&mut frame, item, &mut fresh, window)?);
        }
        frame.shown.display(shown);
        Ok(frame)
    }

    /// Computes an item; later items may use its name. A field without alias is only shown.
    fn item(
        &mut self,
        frame: &mut Frame,
        item: &Item,
        fresh: &mut Vec<String>,
        window: Window,
    ) -> Result<Shown> {
        if let (ExprKind::Field(field), None) = (&item.expr.kind, &item.alias)
            && !is_hidden(field, fresh)
        {
            return Ok(Shown {
                name: item.name.clone(),
                field: Some(field.clone()),
            });
        }
        let slot = match &item.expr.kind {
            ExprKind::Field(field) if !is_hidden(field, fresh) => {
                frame.field(field).filter(|slot| slot.path.is_empty())
            }
            _ => None,
        };
        let slot = if let Some(slot) = slot {
            slot
        } else {
            let kind = kind_of(&item.expr);
            let cx = self.context(window);
            let names = Names {
                fresh,
                ..Names::default()
            };
            let column = self.compute(frame, cx, &item.expr, Form::Value(kind), names)?;
            Slot {
                column,
                kind,
                path: Vec::new(),
            }
        };
        frame.compute(computed(&item.name, slot));
        if let ExprKind::Call {
            function: Function::Split,
            ..
        } = &item.expr.kind
        {
            frame.split.push(item.name.clone());
        }
        fresh.push(item.name.clone());
        Ok(Shown::column(&item.name))
    }
}
