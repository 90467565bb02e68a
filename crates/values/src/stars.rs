//! Texts with stars, as `filldown` and the tags of `SOURCE` take them.

/// Whether a text fits a pattern in which `*` stands for any text.
///
/// Going back to the last star only is enough: an earlier one need never take more than it did at first.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_any_text() {
        let check = |pattern: &str, text: &str, expected| {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        };
        check("tok", "tok", true);
        check("tok", "tokens", false);
        check("tok*", "tokens", true);
        check("*", "", true);
        check("*ab*ab", "abab", true);
        check("*ab*ab", "aab", false);
        check("a*b*c", "axbxbxc", true);
        check("a*a", "a", false);
    }
}
