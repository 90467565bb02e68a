//! Globs: names with stars for whatever stands there.

/// Whether `text` fits `pattern`, where `*` stands for any run of characters. Linear in the text for each star.
pub fn fits_pattern(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or("")) else {
        return false;
    };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_any_run_of_characters() {
        for (pattern, text, fits) in [
            (
                "https://api.openai.com/*",
                "https://api.openai.com/v1/x",
                true,
            ),
            (
                "https://api.openai.com/*",
                "https://api.openai.com.evil/",
                false,
            ),
            (
                "https://bedrock-runtime.*.amazonaws.com/*",
                "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a",
                true,
            ),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-*", "gpt-4o-mini", true),
            ("*mini", "gpt-4o-mini", true),
            ("*", "", true),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("", "x", false),
            ("", "", true),
            ("a", "ab", false),
        ] {
            assert_eq!(fits_pattern(pattern, text), fits, "{pattern} {text}");
        }
    }
}
