//! Calls that have expressions: every metric that they need is read, then they are computed.

use super::ask::Asked;
use super::series::Series;
use crate::aws::{Context, Fault, Kind};

/// The series that the call wants returned, in the order of its queries; an expression may have several, or none.
pub(super) async fn answer(_asked: &Asked, _cx: &Context<'_>) -> Result<Vec<Series>, Fault> {
    let text = "Metric math expressions are not served by this version of Corelog.";
    Err(Fault::new(Kind::Validation, text))
}
