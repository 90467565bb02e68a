//! Regular expressions as the engine takes them.

use std::borrow::Cow;

use regex_syntax::hir::{Hir, HirKind};

/// A regular expression that matches the same, and that the engine looks for as it is.
///
/// Of letters alone it makes a `LIKE`, where a backslash among them would escape the next one. It makes none of a group.
pub(crate) fn for_engine(pattern: &str) -> Cow<'_, str> {
    match regex_syntax::parse(pattern) {
        Ok(parsed) if has_backslash(&parsed) => Cow::Owned(format!("({pattern})")),
        _ => Cow::Borrowed(pattern),
    }
}

/// Whether a backslash is among the letters of an expression.
fn has_backslash(expression: &Hir) -> bool {
    match expression.kind() {
        HirKind::Literal(letters) => letters.0.contains(&b'\\'),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(has_backslash),
        HirKind::Capture(group) => has_backslash(&group.sub),
        _ => false,
    }
}
