//! Regular expressions as queries write them, checked and named, not compiled.

use crate::diagnostic::{Fault, Problem};
use crate::span::Span;

/// How deeply groups of a regular expression may nest.
const NESTING_MAX: u32 = 50;

/// A regular expression literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regex {
    /// As typed between the slashes.
    pub text: String,
    /// The groups in order, from group 1 on: the name of a named one.
    pub groups: Vec<Option<String>>,
    /// Where, with the slashes.
    pub span: Span,
}

impl Regex {
    pub(crate) fn new(text: String, span: Span) -> Result<Self, Fault> {
        let groups = groups(&dialect(&text)).map_err(|reason| {
            let hint = reason
                .contains("look-")
                .then(|| "look-around and back references are not supported".to_owned());
            Fault::new(Problem::Regex { reason }, span).hint_maybe(hint)
        })?;
        Ok(Self { text, groups, span })
    }

    /// Reads a string as a regular expression, as `=~ "text"` does.
    pub(crate) fn from_string(text: &str, span: Span) -> Result<Self, Fault> {
        Self::new(escape_slashes(text), span)
    }

    /// Reads a text as an expression, for functions that are given one; `None` if it cannot be used.
    pub fn read(text: &str) -> Option<Self> {
        Self::from_string(text, Span::default()).ok()
    }

    /// The expression in the dialect of the `regex` crate.
    ///
    /// The service's dialect is RE2's: there a brace that repeats nothing is itself, a bracket within brackets is
    /// itself, and any punctuation may be escaped.
    pub fn pattern(&self) -> String {
        dialect(&self.text)
    }

    /// The names of the named groups, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(String::as_str)
    }
}

/// Where the regular expression that `text` begins with ends, by the slash that ends it.
///
/// A slash is data behind a backslash and within brackets.
pub(crate) fn closing_slash(text: &str) -> Option<usize> {
    let mut scan = Scan::default();
    text.char_indices()
        .find(|(at, c)| scan.step(*c, &text[at + c.len_utf8()..]) == Seen::Plain && *c == '/')
        .map(|(at, _)| at)
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Plain,
    InBrackets,
    Escaped,
}

/// Follows escapes and brackets through an expression.
#[derive(Default)]
struct Scan {
    escaped: bool,
    /// How many characters of a bracket expression were seen, the opening bracket and a `^` not counted.
    bracket: Option<usize>,
    /// Characters left of a class in brackets, such as `[:alpha:]`.
    class: usize,
}

impl Scan {
    /// Takes the next character; `rest` is what follows it.
    fn step(&mut self, c: char, rest: &str) -> Seen {
        if self.class > 0 {
            self.class -= 1;
            return Seen::InBrackets;
        }
        if std::mem::take(&mut self.escaped) {
            self.bracket = self.bracket.map(|seen| seen + 1);
            return Seen::Escaped;
        }
        self.escaped = c == '\\';
        match (self.bracket, c) {
            (None, '[') => self.bracket = Some(0),
            (None, _) => return Seen::Plain,
            (Some(0), '^') => {}
            (Some(seen), ']') if seen > 0 => self.bracket = None,
            (Some(seen), '[') => {
                self.bracket = Some(seen + 1);
                self.class = class_length(rest);
            }
            (Some(seen), _) => self.bracket = Some(seen + 1),
        }
        Seen::InBrackets
    }
}

/// The length of the class that a bracket within brackets opens, from behind it: `:alpha:]` or `:^alpha:]`; 0 if none.
fn class_length(rest: &str) -> usize {
    let Some(name) = rest.strip_prefix(':') else {
        return 0;
    };
    let name = name.strip_prefix('^').unwrap_or(name);
    let behind = name.trim_start_matches(|c: char| c.is_ascii_lowercase());
    if behind.len() < name.len() && behind.starts_with(":]") {
        rest.len() - behind.len() + 2
    } else {
        0
    }
}

/// The expression with its slashes escaped, so that none ends it.
fn escape_slashes(text: &str) -> String {
    let mut scan = Scan::default();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if scan.step(c, &text[at + c.len_utf8()..]) == Seen::Plain && c == '/' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A part of an expression in which nothing ends it: slashes are escaped, and so is a backslash that would escape what
/// follows.
pub(crate) fn protected(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_escaped = false;
    for c in text.chars() {
        if c == '/' && !is_escaped {
            out.push('\\');
        }
        is_escaped = c == '\\' && !is_escaped;
        out.push(c);
    }
    if is_escaped {
        out.push('\\');
    }
    out
}

/// Writes RE2's dialect in that of the `regex` crate.
fn dialect(text: &str) -> String {
    let mut scan = Scan::default();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let was_inside = scan.bracket.is_some();
        let rest = &text[at + c.len_utf8()..];
        let seen = scan.step(c, rest);
        match c {
            '<' | '>' if seen == Seen::Escaped => {
                out.pop();
            }
            '{' if seen == Seen::Plain && !repeats(rest) && !is_escape(&out) => out.push('\\'),
            '[' if was_inside && seen == Seen::InBrackets && class_length(rest) == 0 => {
                out.push('\\');
            }
            '&' | '~' if was_inside && seen == Seen::InBrackets => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Whether what follows a brace makes it a repetition: `3}`, `3,}`, `3,5}`.
fn repeats(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else {
        return false;
    };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

/// Whether the expression so far ends in an escape that a brace completes, as in `\p{Greek}` and `\x{1F600}`.
fn is_escape(out: &str) -> bool {
    let Some(head) = out.strip_suffix(['p', 'P', 'x', 'u', 'U']) else {
        return false;
    };
    let backslashes = head.bytes().rev().take_while(|byte| *byte == b'\\').count();
    backslashes % 2 == 1
}

/// The groups of an expression, or what is wrong with it.
fn groups(pattern: &str) -> Result<Vec<Option<String>>, String> {
    use regex_syntax::ast::parse::ParserBuilder;
    use regex_syntax::ast::{Ast, GroupKind, Visitor, visit};

    struct Groups(Vec<(u32, Option<String>)>);
    impl Visitor for Groups {
        type Output = Vec<(u32, Option<String>)>;
        type Err = String;

        fn finish(self) -> Result<Self::Output, Self::Err> {
            Ok(self.0)
        }

        fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
            if let Ast::Group(group) = ast {
                match &group.kind {
                    GroupKind::CaptureIndex(index) => self.0.push((*index, None)),
                    GroupKind::CaptureName { name, .. } => {
                        self.0.push((name.index, Some(name.name.clone())));
                    }
                    GroupKind::NonCapturing(_) => {}
                }
            }
            Ok(())
        }
    }

    let mut parser = ParserBuilder::new().nest_limit(NESTING_MAX).build();
    let ast = parser
        .parse(pattern)
        .map_err(|error| error.kind().to_string())?;
    let mut found = visit(&ast, Groups(Vec::new()))?;
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, name)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::{Regex, closing_slash};
    use crate::span::Span;

    #[test]
    fn a_slash_ends_it_unless_escaped_or_in_brackets() {
        let check = |text: &str, end| assert_eq!(closing_slash(text), end, "{text}");
        check("a/ x", Some(1));
        check(r"a\/b/", Some(4));
        check(r"a\\/b/", Some(3));
        check("[^/]+/", Some(5));
        check("[]/]/", Some(4));
        check("[[:alpha:]/]/", Some(12));
        check("[[:^digit:]]/", Some(12));
        check("[^[:]/", Some(5));
        check(r"[\]/]/", Some(5));
        check("(a|b)#\"'/", Some(8));
        check("/", Some(0));
        check("[/", None);
        check("abc", None);
    }

    #[test]
    fn groups_are_named_in_order() {
        let check = |text: &str, expected: &[Option<&str>]| {
            let regex = Regex::new(text.to_owned(), Span::default()).unwrap();
            let found: Vec<_> = regex.groups.iter().map(Option::as_deref).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("plain", &[]);
        check("(H|h)ost (?<Host>.*?)", &[None, Some("Host")]);
        check("((a)(?:b))(?P<c>d)", &[None, None, Some("c")]);
    }

    #[test]
    fn re2_braces_and_brackets_are_themselves() {
        let check = |text: &str, expected: &str| {
            let regex = Regex::new(text.to_owned(), Span::default()).unwrap();
            assert_eq!(regex.pattern(), expected, "{text}");
        };
        check(r#"{"a":"(?<x>.)"}"#, r#"\{"a":"(?<x>.)"}"#);
        check("a{2,3}b{4}c{5,}", "a{2,3}b{4}c{5,}");
        check(r"\{a\/b\<c", r"\{a\/b<c");
        check("[^[&]", r"[^\[\&]");
        check("[[:alpha:]]", "[[:alpha:]]");
        check("[[:alpha:]&[]{", r"[[:alpha:]\&\[]\{");
        check("[^[:]+", r"[^\[:]+");
        check(r"\p{Greek}", r"\p{Greek}");
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for text in ["(", "(?=a)", r"(a)\1", "*", &"(".repeat(200)] {
            let fault = Regex::new(text.to_owned(), Span::default());
            assert!(fault.is_err(), "{text}");
        }
    }

    #[test]
    fn strings_become_expressions_with_their_slashes_escaped() {
        let regex = Regex::from_string("a/[/]", Span::default()).unwrap();
        assert_eq!(regex.text, r"a\/[/]");
        assert_eq!(Regex::read("{a}").unwrap().pattern(), r"\{a}");
        assert_eq!(Regex::read("("), None);
    }
}
