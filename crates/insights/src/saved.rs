//! Saved queries: texts with placeholders, put in place of `$name(parameter = value)`.
//!
//! A placeholder `{{parameter}}` may stand for anything: a number, a field, a part of a string. Its value goes into the
//! text as it is; within a string, a name in backticks or a regular expression it cannot end these. The result is read
//! like any query, so places in messages are places in it.
//!
//! Source: the user guide's page of saved queries; how values are put into text is documented nowhere.

use crate::diagnostic::{Diagnostic, Fault, Problem};
use crate::regex;
use crate::span::Span;
use crate::tree::{CommandKind, ExprKind, Query, SavedCall, UnaryOp};
use crate::{QUERY_CHARS_MAX, parse};

/// A query kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// Its text, with placeholders.
    pub text: String,
    /// Its parameters and their defaults.
    pub parameters: Vec<(String, Option<String>)>,
}

/// The names in the text's placeholders, each once, in order.
pub fn placeholders(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in Placeholders::of(text) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The query with every saved one that it calls in its place; `find` gives a saved query by its name. Calls within
/// subqueries are left as they are.
///
/// # Errors
/// What [`parse`] says of `text`; and that a saved query is unknown or calls another, that a parameter is unknown or has
/// no value, or that the result is too long.
pub fn expand(
    text: &str,
    find: impl Fn(&str) -> Option<SavedQuery>,
) -> Result<String, Box<Diagnostic>> {
    let query = parse(text)?;
    let expanded = insert(text, &query, find).map_err(|fault| Box::new(fault.located(text)))?;
    let chars = expanded.chars().count();
    if chars > QUERY_CHARS_MAX {
        let max = QUERY_CHARS_MAX;
        let fault = Fault::new(Problem::TooLong { chars, max }, query.span);
        return Err(Box::new(fault.located(text)));
    }
    Ok(expanded)
}

fn insert(
    text: &str,
    query: &Query,
    find: impl Fn(&str) -> Option<SavedQuery>,
) -> Result<String, Fault> {
    let mut out = String::new();
    let mut end = 0;
    for command in &query.commands {
        let CommandKind::Saved(call) = &command.kind else {
            continue;
        };
        let name = &call.name;
        let saved = find(&name.value).ok_or_else(|| {
            let name = name.value.clone();
            Fault::new(Problem::UnknownSaved { name }, call.span)
        })?;
        out.push_str(&text[end..call.span.start]);
        let filled = filled(&saved, call)?;
        if calls_another(&filled) {
            return Err(Fault::new(Problem::NestedSaved, call.span));
        }
        out.push_str(filled.trim());
        // A comment in the last line would swallow what follows.
        out.push('\n');
        end = call.span.end;
    }
    out.push_str(&text[end..]);
    Ok(out)
}

/// Whether a saved text calls a saved query. One that cannot be read is for the reader of the result to refuse.
fn calls_another(text: &str) -> bool {
    let is_call = |kind: &CommandKind| matches!(kind, CommandKind::Saved(_));
    parse(text).is_ok_and(|query| query.commands.iter().any(|command| is_call(&command.kind)))
}

fn filled(saved: &SavedQuery, call: &SavedCall) -> Result<String, Fault> {
    for (parameter, _) in &call.args {
        if !saved
            .parameters
            .iter()
            .any(|(known, _)| *known == parameter.value)
        {
            let name = parameter.value.clone();
            return Err(Fault::new(
                Problem::UnknownParameter { name },
                parameter.span,
            ));
        }
    }
    let mut out = String::new();
    let mut quote = Quote::default();
    let mut end = 0;
    for (name, span) in Placeholders::of(&saved.text) {
        let before = &saved.text[end..span.start];
        quote.follow(before);
        out.push_str(before);
        let given = call
            .args
            .iter()
            .find(|(parameter, _)| parameter.value == name);
        let value = given.and_then(|(_, value)| literal(&value.kind));
        let default = || {
            saved
                .parameters
                .iter()
                .find(|(known, _)| known == name)?
                .1
                .clone()
        };
        let Some(value) = value.or_else(default) else {
            let name = name.to_owned();
            return Err(Fault::new(Problem::MissingParameter { name }, call.span));
        };
        out.push_str(&quote.protect(&value));
        end = span.end;
    }
    out.push_str(&saved.text[end..]);
    Ok(out)
}

/// What a literal puts into a text.
fn literal(kind: &ExprKind) -> Option<String> {
    match kind {
        ExprKind::Text(text) => Some(text.clone()),
        ExprKind::Number(number) => Some(number.as_str().to_owned()),
        ExprKind::Bool(truth) => Some(truth.to_string()),
        ExprKind::Period(period) => Some(period.to_string()),
        ExprKind::Unary {
            op: UnaryOp::Minus,
            of,
        } => Some(format!("-{}", literal(&of.kind)?)),
        ExprKind::Unary {
            op: UnaryOp::Plus,
            of,
        } => literal(&of.kind),
        _ => None,
    }
}

/// `{{name}}` one after the other.
struct Placeholders<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Placeholders<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Placeholders<'a> {
    type Item = (&'a str, Span);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at + self.text[self.at..].find("{{")?;
            let inside = &self.text[start + 2..];
            let length = inside.find("}}")?;
            let name = inside[..length].trim();
            if is_parameter(name) {
                self.at = start + length + 4;
                return Some((name, Span::new(start, self.at)));
            }
            self.at = start + 1;
        }
    }
}

/// Source: the service model's pattern for the name of a parameter.
pub(crate) fn is_parameter(name: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(part) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// What a place in a text is within.
#[derive(Default)]
struct Quote {
    /// The character that ends it.
    end: Option<char>,
    escaped: bool,
    /// The command so far, in lower case.
    command: String,
}

impl Quote {
    fn follow(&mut self, text: &str) {
        for c in text.chars() {
            if std::mem::take(&mut self.escaped) {
                continue;
            }
            self.end = match self.end {
                Some('\n') => Some('\n').filter(|_| c != '\n'),
                Some(end) => {
                    // Within backticks nothing escapes.
                    self.escaped = c == '\\' && end != '`';
                    Some(end).filter(|_| c != end)
                }
                None if matches!(c, '"' | '\'' | '`') => Some(c),
                None if c == '#' => Some('\n'),
                None if c == '/' && self.opens_regex() => Some('/'),
                None => {
                    if c == '|' {
                        self.command.clear();
                    } else {
                        self.command.push(c.to_ascii_lowercase());
                    }
                    None
                }
            };
        }
    }

    /// Whether a slash opens a regular expression here, rather than divides.
    fn opens_regex(&self) -> bool {
        let command = self.command.trim();
        command.ends_with("like") || command.ends_with("=~") || command.starts_with("parse")
    }

    /// The value as it stands there without ending it.
    fn protect(&self, value: &str) -> String {
        match self.end {
            Some('\n') => value.replace('\n', " "),
            Some('`') => value.replace('`', ""),
            Some('/') => regex::protected(value),
            Some(quote) => value
                .replace('\\', "\\\\")
                .replace(quote, &format!("\\{quote}")),
            None => value.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SavedQuery, expand, placeholders};

    fn find(name: &str) -> Option<SavedQuery> {
        let saved = |text: &str, parameters: &[(&str, Option<&str>)]| {
            let parameters = parameters.iter();
            Some(SavedQuery {
                text: text.to_owned(),
                parameters: parameters
                    .map(|(name, default)| ((*name).to_owned(), default.map(str::to_owned)))
                    .collect(),
            })
        };
        match name {
            "errors" => saved(
                "filter level = \"{{level}}\" # why\n",
                &[("level", Some("ERROR"))],
            ),
            "top" => saved(
                "sort {{ by }} desc | limit {{n}}",
                &[("by", None), ("n", Some("10"))],
            ),
            "match" => saved(
                "filter a like /{{re}}/ and `{{re}}` = 1 / {{re}}",
                &[("re", None)],
            ),
            "path" => saved("filter `c:\\` = \"{{p}}\"", &[("p", None)]),
            "nested" => saved("$errors()", &[]),
            "two words" => saved("limit 1", &[]),
            _ => None,
        }
    }

    #[test]
    fn calls_are_replaced_by_texts() {
        let check = |text: &str, expected: &str| {
            assert_eq!(expand(text, find).unwrap(), expected, "{text}");
        };
        check("limit 1", "limit 1");
        check("$errors()", "filter level = \"ERROR\" # why\n");
        check(
            "$errors(level = 'a\"b') | limit 1",
            "filter level = \"a\\\"b\" # why\n | limit 1",
        );
        check(
            "$errors() | $top(by = \"n\")",
            "filter level = \"ERROR\" # why\n | sort n desc | limit 10\n",
        );
        check("$top(by = 'a.b', n = 5)", "sort a.b desc | limit 5\n");
        check(
            "$match(re = 'a/b`')",
            "filter a like /a\\/b`/ and `a/b` = 1 / a/b`\n",
        );
        check(
            r"$match(re = 'a\\/b\\')",
            "filter a like /a\\/b\\\\/ and `a\\/b\\` = 1 / a\\/b\\\n",
        );
        check("$path(p = 'a\"b')", "filter `c:\\` = \"a\\\"b\"\n");
        check("$`two words`()", "limit 1\n");
    }

    #[test]
    fn what_cannot_be_put_in_is_refused() {
        let check = |text: &str, message: &str, start: usize| {
            let error = expand(text, find).expect_err(text);
            assert_eq!(error.to_string(), message, "{text}");
            assert_eq!(error.location.start_char_offset, start, "{text}");
        };
        check("limit 1 | $nothing()", "unknown saved query `nothing`", 10);
        check("$errors(lvl = 1)", "unknown parameter `lvl`", 8);
        check("$top()", "the parameter `by` has no value", 0);
        check("$nested()", "a saved query cannot call another", 0);
        check(
            "$errors(",
            "unexpected symbol found <EOF> at line 1 and position 8",
            8,
        );
        let long = format!("$top(by = '{}')", "x".repeat(9_980));
        check(
            &long,
            "a query has at most 10000 characters, this one has 10002",
            0,
        );
    }

    #[test]
    fn placeholders_are_found_everywhere() {
        let check =
            |text: &str, expected: &[&str]| assert_eq!(placeholders(text), expected, "{text}");
        check(
            "filter a = {{x}} and b = '{{ y }}' | limit {{x}}",
            &["x", "y"],
        );
        check("{{{x}}} {{1a}} {{}} {{a b}} {{z", &["x"]);
    }
}
