//! Comma-separated values, whole documents of them: what lookup tables are.
//!
//! Source: RFC 4180. Decision: a line may end in a line feed alone, lines without anything are passed over, and a quote
//! counts only where its field begins. A byte order mark in front is none of the first field.

/// The quotes around a field are not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the quotes around a field are not closed")]
pub struct Unclosed;

/// The rows of a document.
#[derive(Debug, Clone)]
pub struct Rows<'t>(&'t str);

/// The rows of a document, one after the other. A field in quotes may have commas and line ends in it, and doubled
/// quotes for each of its own.
pub fn rows(text: &str) -> Rows<'_> {
    Rows(text.strip_prefix('\u{feff}').unwrap_or(text))
}

impl Iterator for Rows<'_> {
    type Item = Result<Vec<String>, Unclosed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 = self.0.trim_start_matches(['\r', '\n']);
        if self.0.is_empty() {
            return None;
        }
        let line = self.0.find('\n').map_or(self.0, |end| &self.0[..end]);
        if !line.contains('"') && !line.contains('\r') {
            // Most rows are no more than this.
            self.0 = &self.0[line.len()..];
            return Some(Ok(line.split(',').map(str::to_owned).collect()));
        }
        let mut values = Vec::new();
        let mut value = String::new();
        let mut is_quoted = false;
        let mut end = self.0.len();
        let mut chars = self.0.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let mut next_is = |wanted| chars.next_if(|&(_, next)| next == wanted).is_some();
            match c {
                '"' if is_quoted && next_is('"') => value.push('"'),
                '"' if is_quoted || value.is_empty() => is_quoted = !is_quoted,
                c if is_quoted => value.push(c),
                ',' => values.push(std::mem::take(&mut value)),
                '\n' => {
                    end = at;
                    break;
                }
                '\r' if self.0[at..].starts_with("\r\n") || at + 1 == self.0.len() => {}
                c => value.push(c),
            }
        }
        self.0 = &self.0[end..];
        values.push(value);
        Some(if is_quoted { Err(Unclosed) } else { Ok(values) })
    }
}

/// Puts a row behind others, with quotes where it needs them.
pub fn push_row<'v>(values: impl IntoIterator<Item = &'v str>, text: &mut String) {
    let start = text.len();
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if value.contains(['"', ',', '\n', '\r']) {
            text.push('"');
            text.push_str(&value.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(value);
        }
    }
    if text.len() == start {
        // A line without anything is no row.
        text.push_str("\"\"");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&[&str]]) {
        let found: Result<Vec<_>, _> = rows(text).collect();
        assert_eq!(found.as_deref(), Ok(&*owned(expected)), "{text:?}");
    }

    fn owned(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let row = |row: &&[&str]| row.iter().map(|&value| value.to_owned()).collect();
        rows.iter().map(row).collect()
    }

    #[test]
    fn fields_are_between_commas_and_rows_on_lines() {
        check("", &[]);
        check("\r\n\n", &[]);
        check("a,b", &[&["a", "b"]]);
        check("a,b\n1,2\n", &[&["a", "b"], &["1", "2"]]);
        check("a\r\n\r\n1\r\n", &[&["a"], &["1"]]);
        check("a,\n,b\n", &[&["a", ""], &["", "b"]]);
        check("a\r", &[&["a"]]);
        check("a\rb\n", &[&["a\rb"]]);
        check("\u{feff}a\né\n", &[&["a"], &["é"]]);
    }

    #[test]
    fn quotes_keep_what_would_end_a_field() {
        check("\"a, b\",\"c\nd\r\n\"\n1", &[&["a, b", "c\nd\r\n"], &["1"]]);
        check("\"say \"\"hi\"\"\"", &[&["say \"hi\""]]);
        check("\"\"\nx\"y\"", &[&[""], &["x\"y\""]]);
    }

    #[test]
    fn quotes_that_do_not_close_are_an_error_and_the_end() {
        let found: Vec<_> = rows("a\n\"b\nc").collect();
        assert_eq!(found, [Ok(vec!["a".to_owned()]), Err(Unclosed)]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            written in prop::collection::vec(prop::collection::vec("[a\",\r\né]{0,4}", 1..4), 0..4)
        ) {
            let mut text = String::new();
            for row in &written {
                push_row(row.iter().map(String::as_str), &mut text);
            }
            let found: Result<Vec<_>, _> = rows(&text).collect();
            prop_assert_eq!(found, Ok(written));
        }

        #[test]
        fn any_text_is_read_to_its_end(text in "[a\",\r\n]{0,40}") {
            prop_assert!(rows(&text).count() <= text.len());
        }
    }
}
