//! Many values to one: along a series, or across the series of an array at each time.

use std::sync::Arc;

use corelog_types::Timestamp;

use super::count;
use crate::evaluate::settled;
use crate::series::{Point, Range, Series};

/// What is made of several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reduction {
    /// Missing values count as 0: along a series, periods without a point; across an array, series without one.
    ///
    /// Source: the user guide: "Missing values are treated as 0", and that `SUM` over `DATAPOINT_COUNT` is the average of
    /// what there is.
    Average,
    Greatest,
    Least,
    /// Of all the values, not of a sample of them.
    ///
    /// Decision: of the values that there are. The user guide says of none but `AVG` that missing ones count.
    Deviation,
    Sum,
    Count,
}

impl Reduction {
    /// Of the points of a series: no number if there are none to make one of.
    pub(super) fn along(self, series: &Series, range: Range) -> f64 {
        let values: Vec<f64> = series.points.iter().map(|point| point.value).collect();
        let slots = range.slots_of(series).total();
        let slots = u32::try_from(slots).map_or(f64::NAN, f64::from);
        // Points may be asked for beyond the range: no average is of fewer than there are.
        self.of(&values, slots.max(count(values.len())))
    }

    /// Of the points of several series, at each time at which one has one.
    pub(super) fn across(self, all: &[Arc<Series>]) -> Vec<Point> {
        let points = all.iter().flat_map(|series| series.points.iter().copied());
        let mut points: Vec<Point> = points.collect();
        // Stable: values of one time stay in the order of their series.
        points.sort_by_key(|point| point.at);
        let mut reduced: Vec<Point> = Vec::new();
        let mut values = Vec::with_capacity(all.len());
        let mut finish = |at: Option<Timestamp>, values: &mut Vec<f64>| {
            let value = self.of(values, count(all.len()));
            values.clear();
            if let Some(at) = at
                && value.is_finite()
            {
                reduced.push(Point { at, value });
            }
        };
        let mut at = None;
        for point in points {
            if at != Some(point.at) {
                finish(at, &mut values);
                at = Some(point.at);
            }
            values.push(point.value);
        }
        finish(at, &mut values);
        reduced
    }

    /// `slots` is how many values there could be.
    fn of(self, values: &[f64], slots: f64) -> f64 {
        if self == Self::Count {
            return count(values.len());
        }
        if values.is_empty() {
            return f64::NAN;
        }
        let sum: f64 = values.iter().sum();
        settled(match self {
            Self::Average => sum / slots,
            Self::Greatest => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Least => values.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Deviation => {
                let mean = sum / count(values.len());
                let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
                (squares / count(values.len())).sqrt()
            }
            Self::Sum | Self::Count => sum,
        })
    }
}
