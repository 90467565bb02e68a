//! One aggregation: what the engine computes for it, and what is made of that.
//!
//! What is missing does not count, and maps and lists are missing here. Functions of numbers ignore what is no number.

use corelog_insights::{Expr, ExprKind, Function};
use corelog_store::Column as Stored;
use corelog_values::{Expression, Number, calendar, coerce};
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn as agg;
use datafusion::functions_aggregate::percentile_cont::percentile_cont;
use datafusion::logical_expr as df;
use datafusion::logical_expr::{ExprFunctionExt, SortExpr, cast};
use datafusion::prelude::{ident, lit};

use super::ordered;
use crate::compute::{Form, Slot};
use crate::finish::{Finished, Halves, How};
use crate::frame::Frame;
use crate::kind::Kind;
use crate::plan::{Names, Planning, kind_of};
use crate::{Error, Result, Window};

/// The bits of the lower half of an integer.
const HALF: i64 = 32;

/// One aggregation being planned.
struct Aggregation<'p, 'a> {
    planning: &'p mut Planning<'a>,
    frame: &'p mut Frame,
    natives: &'p mut Vec<df::Expr>,
    window: Window,
}

impl Planning<'_> {
    /// Adds what the engine is to compute for an aggregation; what becomes of it.
    pub(super) fn aggregate(
        &mut self,
        frame: &mut Frame,
        function: Function,
        args: &[Expr],
        window: Window,
        natives: &mut Vec<df::Expr>,
    ) -> Result<Finished> {
        Aggregation {
            planning: self,
            frame,
            natives,
            window,
        }
        .plan(function, args)
    }
}

/// Whether an expression is computed, and of no one kind: then it is computed right into the forms that are needed.
fn is_any(of: &Expr) -> bool {
    !matches!(of.kind, ExprKind::Field(_)) && kind_of(of) == Kind::Any
}

impl Aggregation<'_, '_> {
    fn plan(&mut self, function: Function, args: &[Expr]) -> Result<Finished> {
        use Function as F;
        let of = args.first();
        match function {
            F::Count | F::CountOverTime => self.count(of),
            F::CountDistinct => {
                let column = self.distinct(needed(of)?)?;
                Ok(self.native(agg::count_distinct(ident(column)), Kind::Int))
            }
            F::Sum | F::SumOverTime => self.sum(needed(of)?),
            F::Avg => self.of_numbers(of, agg::avg),
            F::Variance => self.of_numbers(of, agg::var_pop),
            F::Stddev => self.of_numbers(of, agg::stddev_pop),
            F::Pct => {
                let percent = args.get(1).and_then(constant_number);
                let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
                let Some(percent) = percent else {
                    return Err(Error::unsupported(
                        "`pct` without a percentile from 0 to 100",
                    ));
                };
                let number = self.number(needed(of)?)?;
                let sort = SortExpr::new(number, true, false);
                let native = percentile_cont(sort, lit(percent / 100.0));
                Ok(self.native(native, Kind::Float))
            }
            F::Min => self.extreme(needed(of)?, true),
            F::Max => self.extreme(needed(of)?, false),
            F::SortsFirst => self.by_order(needed(of)?, true),
            F::SortsLast => self.by_order(needed(of)?, false),
            F::Earliest => self.by_time(needed(of)?, true),
            F::Latest => self.by_time(needed(of)?, false),
            F::Values => {
                let column = self.formed(needed(of)?, Form::Scalar)?;
                let all = agg::array_agg(ident(column)).distinct().build()?;
                let column = self.add(all);
                Ok(Finished::Computed(How::Values { column }))
            }
            F::Rate => self.rate(needed(of)?, args),
            F::Histogram => {
                let width = args.get(1).and_then(constant_number).unwrap_or(0.0);
                let column = self.formed(needed(of)?, Form::Number)?;
                let column = self.add(agg::array_agg(ident(column)));
                Ok(Finished::Computed(How::Histogram { column, width }))
            }
            other => Err(Error::unsupported(format!("the function `{other:?}`"))),
        }
    }

    fn add(&mut self, native: df::Expr) -> String {
        let column = self.planning.name();
        self.natives.push(native.alias(&column));
        column
    }

    fn native(&mut self, native: df::Expr, kind: Kind) -> Finished {
        Finished::Column {
            column: self.add(native),
            kind,
        }
    }

    fn slot(&mut self, of: &Expr) -> Result<Slot> {
        let cx = self.planning.context(self.window);
        self.planning.value(self.frame, cx, of)
    }

    /// A column of the argument in a form.
    fn formed(&mut self, of: &Expr, form: Form) -> Result<String> {
        let cx = self.planning.context(self.window);
        let names = Names::default();
        self.planning.compute(self.frame, cx, of, form, names)
    }

    /// Columns of a value in several forms.
    fn forms<const N: usize>(&mut self, slot: Slot, forms: [Form; N]) -> Result<[String; N]> {
        self.planning.forms(self.frame, slot, forms)
    }

    fn form(&mut self, slot: Slot, form: Form) -> Result<String> {
        let [column] = self.forms(slot, [form])?;
        Ok(column)
    }

    fn count(&mut self, of: Option<&Expr>) -> Result<Finished> {
        let native = match of {
            None
            | Some(Expr {
                kind: ExprKind::Star,
                ..
            }) => agg::count(lit(1_i64)),
            Some(of) if is_any(of) => agg::count(ident(self.formed(of, Form::Scalar)?)),
            Some(of) => {
                let slot = self.slot(of)?;
                let column = match slot.kind {
                    Kind::Any => self.form(slot, Form::Scalar)?,
                    _ => slot.column,
                };
                agg::count(ident(column))
            }
        };
        Ok(self.native(native, Kind::Int))
    }

    /// A column in which different values are different.
    fn distinct(&mut self, of: &Expr) -> Result<String> {
        if is_any(of) {
            return self.formed(of, Form::Identity);
        }
        let slot = self.slot(of)?;
        match slot.kind {
            Kind::Any => self.form(slot, Form::Identity),
            _ => Ok(slot.column),
        }
    }

    /// The numbers among the values.
    fn number(&mut self, of: &Expr) -> Result<df::Expr> {
        if is_any(of) {
            return Ok(ident(self.formed(of, Form::Number)?));
        }
        let slot = self.slot(of)?;
        Ok(match slot.kind {
            Kind::Float | Kind::Written => ident(slot.column),
            Kind::Int => cast(ident(slot.column), DataType::Float64),
            _ => ident(self.form(slot, Form::Number)?),
        })
    }

    fn of_numbers(
        &mut self,
        of: Option<&Expr>,
        native: fn(df::Expr) -> df::Expr,
    ) -> Result<Finished> {
        let number = self.number(needed(of)?)?;
        Ok(self.native(native(number), Kind::Float))
    }

    /// Exact as long as it is an integer that fits.
    fn sum(&mut self, of: &Expr) -> Result<Finished> {
        let (whole, fraction) = if is_any(of) {
            let whole = self.formed(of, Form::Whole)?;
            (Some(whole), Some(self.formed(of, Form::Fraction)?))
        } else {
            let slot = self.slot(of)?;
            match slot.kind {
                Kind::Int => (Some(slot.column), None),
                Kind::Float => (None, Some(slot.column)),
                _ => {
                    let [whole, fraction] = self.forms(slot, [Form::Whole, Form::Fraction])?;
                    (Some(whole), Some(fraction))
                }
            }
        };
        let whole = whole.map(|it| Halves {
            high: self.add(agg::sum(df::bitwise_shift_right(ident(&it), lit(HALF)))),
            low: self.add(agg::sum(df::bitwise_and(
                ident(&it),
                lit((1_i64 << HALF) - 1),
            ))),
        });
        let fraction = fraction.map(|it| self.add(agg::sum(ident(it))));
        Ok(Finished::Computed(How::Sum { whole, fraction }))
    }

    /// Where there are numbers, only these count; a time comes back as milliseconds.
    fn extreme(&mut self, of: &Expr, least: bool) -> Result<Finished> {
        let slot = self.slot(of)?;
        let pick = |expr| {
            if least {
                agg::min(expr)
            } else {
                agg::max(expr)
            }
        };
        match slot.kind {
            Kind::Int | Kind::Float => {
                let kind = slot.kind;
                Ok(self.native(pick(ident(slot.column)), kind))
            }
            Kind::Written => Ok(self.native(pick(ident(slot.column)), Kind::Float)),
            Kind::Time => {
                let column = self.add(pick(ident(slot.column)));
                Ok(Finished::Computed(How::Millis {
                    column,
                    kind: Kind::Time,
                }))
            }
            Kind::Bool | Kind::Small | Kind::Text | Kind::Any => {
                let forms = [Form::Scalar, Form::NumberKey, Form::Word];
                let [scalar, key, word] = self.forms(slot, forms)?;
                let order = vec![ident(&key).sort(least, false)];
                let present = ident(key).is_not_null();
                let first = agg::first_value(ident(scalar), Vec::new());
                let number = self.add(ordered(first, order, present)?);
                let word = self.add(pick(ident(word)));
                Ok(Finished::Computed(How::NumberOrWord { number, word }))
            }
        }
    }

    fn by_order(&mut self, of: &Expr, first: bool) -> Result<Finished> {
        let slot = self.slot(of)?;
        let [scalar, key] = self.forms(slot, [Form::Scalar, Form::SortKey])?;
        let order = vec![ident(&key).sort(first, false)];
        let present = ident(key).is_not_null();
        let value = agg::first_value(ident(scalar), Vec::new());
        let native = ordered(value, order, present)?;
        Ok(self.native(native, Kind::Any))
    }

    /// The value of the row with the least or greatest time. A time comes back as milliseconds.
    fn by_time(&mut self, of: &Expr, first: bool) -> Result<Finished> {
        let slot = self.slot(of)?;
        let scalar = self.form(slot, Form::Scalar)?;
        let Some(time) = self.frame.column("@timestamp") else {
            return Ok(Finished::Computed(How::Nothing));
        };
        let mut order = vec![ident(&time.column).sort(first, false)];
        order.extend(self.taken_in_order());
        let present = ident(&scalar)
            .is_not_null()
            .and(ident(&time.column).is_not_null());
        let value = agg::first_value(ident(&scalar), Vec::new());
        let column = self.add(ordered(value, order, present)?);
        Ok(Finished::Computed(How::Millis {
            column,
            kind: Kind::Any,
        }))
    }

    /// The order in which events of one time were taken in.
    fn taken_in_order(&self) -> Vec<SortExpr> {
        if !self.frame.raw {
            return Vec::new();
        }
        [Stored::IngestionTime, Stored::Sequence, Stored::Part]
            .map(|column| ident(column.name()).sort(true, false))
            .to_vec()
    }

    /// The last value by time less the first, per period of the time between.
    fn rate(&mut self, of: &Expr, args: &[Expr]) -> Result<Finished> {
        let period = args.iter().find_map(|arg| match arg.kind {
            ExprKind::Period(period) => calendar::length_ms(period),
            _ => None,
        });
        let slot = self.slot(of)?;
        let number = self.form(slot, Form::Number)?;
        let (Some(time), Some(period_ms)) = (self.frame.column("@timestamp"), period) else {
            return Ok(Finished::Computed(How::Nothing));
        };
        let present = || ident(&number).is_not_null();
        let mut at = |first: bool| -> Result<(String, String)> {
            let mut order = vec![ident(&time.column).sort(first, false)];
            // Of one time, the first taken in for the first value, and the last for the last.
            order.extend(
                self.taken_in_order()
                    .into_iter()
                    .map(|key| SortExpr::new(key.expr, first, false)),
            );
            let value = agg::first_value(ident(&number), Vec::new());
            let value = self.add(ordered(value, order.clone(), present())?);
            let when = agg::first_value(ident(&time.column), Vec::new());
            let when = self.add(ordered(when, order, present())?);
            Ok((value, when))
        };
        let (first, last) = (at(true)?, at(false)?);
        Ok(Finished::Computed(How::Rate {
            first,
            last,
            period_ms,
        }))
    }
}

fn needed(of: Option<&Expr>) -> Result<&Expr> {
    of.ok_or_else(|| Error::unsupported("an aggregation without a value"))
}

fn constant_number(expr: &Expr) -> Option<f64> {
    struct Nothing;
    impl corelog_values::Binder for Nothing {
        fn field(&mut self, _: &corelog_insights::Field) -> Option<usize> {
            None
        }
        fn column(&mut self, _: &str) -> Option<usize> {
            None
        }
    }
    let expression = Expression::new(&corelog_values::Context::default(), expr, &mut Nothing);
    let value = expression.as_constant()?;
    coerce::number(value).map(Number::as_f64)
}
