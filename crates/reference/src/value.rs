//! Values that rows keep: all with texts of their own.

use std::borrow::Cow;

use corelog_values::coerce;

/// A value of a row.
pub(crate) type Value = corelog_values::Value<'static>;

/// The text it counts as.
pub(crate) fn text(value: &Value) -> Option<String> {
    coerce::text(value).map(Cow::into_owned)
}

/// The text it shows as.
pub(crate) fn shown(value: &Value) -> Option<String> {
    value.shown().map(Cow::into_owned)
}

/// What tells it from others in groups.
pub(crate) fn identity(value: &Value) -> Option<String> {
    value.identity().map(Cow::into_owned)
}
