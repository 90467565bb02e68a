//! `CloudWatch`: metrics, alarms and dashboards, generated from the service's own model.

#[expect(missing_docs, reason = "the service's documentation describes them")]
pub mod shapes;
mod table;

pub use table::SERVICE;
