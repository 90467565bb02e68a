//! One value out of an XML text, by a path.
//!
//! A path is a small part of `XPath`: `/a/b` from the top, `//b` at any depth, `*` for any element, `[2]` for the
//! second of its name within its parent, and at the end `@name` for an attribute or `text()` for the element's own
//! text. Without these the value is all text within the element. Decision: prefixes are part of names, the first
//! element that fits counts, and a text whose tags do not fit each other has no values from the fault on.

use std::collections::HashMap;

/// How deep elements may nest; deeper ones are not looked at.
const DEPTH_MAX: usize = 128;

/// Bytes of a reference behind its `&`; what is longer is a text.
const REFERENCE_MAX: usize = 32;

/// Elements in a path.
const STEPS_MAX: usize = 32;

/// A path to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Element>,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Element {
    /// Whether other elements may stand between this and the one before.
    anywhere: bool,
    name: String,
    /// Which of its name, from 1.
    nth: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    AllText,
    OwnText,
    Attribute(String),
}

impl Path {
    /// Reads a path, if it is one of this small part.
    pub fn read(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut end = End::AllText;
        let mut anywhere = false;
        let rest = text.trim().strip_prefix('/')?;
        let mut pieces = rest.split('/').peekable();
        while let Some(piece) = pieces.next() {
            let is_last = pieces.peek().is_none();
            if piece.is_empty() && !is_last && !anywhere {
                anywhere = true;
                continue;
            }
            if let Some(name) = piece.strip_prefix('@') {
                end = End::Attribute(name_of(name)?.to_owned());
            } else if piece == "text()" {
                end = End::OwnText;
            } else {
                steps.push(element(piece, anywhere)?);
                anywhere = false;
                continue;
            }
            if !is_last || anywhere {
                return None;
            }
        }
        (1..=STEPS_MAX)
            .contains(&steps.len())
            .then_some(Self { steps, end })
    }

    /// The value of the first element that fits.
    pub fn find(&self, text: &str) -> Option<String> {
        let mut scan = Scan { rest: text };
        let mut open: Vec<Level<'_>> = vec![Level::default()];
        // How deep the element that fits is, and its text so far.
        let mut found: Option<(usize, String)> = None;
        loop {
            match scan.token()? {
                Token::Text(raw, is_plain) => {
                    if let Some((depth, value)) = &mut found
                        && (self.end == End::AllText || open.len() == *depth)
                    {
                        if is_plain {
                            value.push_str(raw);
                        } else {
                            unescape(raw, value);
                        }
                    }
                }
                Token::Open {
                    name,
                    attributes,
                    is_empty,
                } => {
                    let level = self.enter(open.last_mut()?, name);
                    let fits = level.taken.contains(&self.steps.len());
                    if fits && found.is_none() {
                        if let End::Attribute(wanted) = &self.end {
                            if let Some(value) = attribute(attributes, wanted) {
                                return Some(value);
                            }
                        } else if is_empty {
                            return Some(String::new());
                        } else {
                            found = Some((open.len() + 1, String::new()));
                        }
                    }
                    if !is_empty {
                        open.push(level);
                        if open.len() > DEPTH_MAX {
                            return None;
                        }
                    }
                }
                Token::Close(name) => {
                    let level = open.pop()?;
                    if level.name != name {
                        return None;
                    }
                    if let Some((depth, value)) = &mut found
                        && open.len() < *depth
                    {
                        return Some(std::mem::take(value));
                    }
                }
            }
        }
    }

    /// The level within an element, which counts among its siblings.
    fn enter<'t>(&self, parent: &mut Level<'t>, name: &'t str) -> Level<'t> {
        let of_name = parent.names.entry(name).or_default();
        *of_name += 1;
        parent.children += 1;
        let (of_name, of_all) = (*of_name, parent.children);
        let mut taken = Vec::new();
        for step in &parent.taken {
            let Some(wanted) = self.steps.get(*step) else {
                continue;
            };
            if wanted.anywhere && !taken.contains(step) {
                taken.push(*step);
            }
            let nth = if wanted.name == "*" { of_all } else { of_name };
            let fits = (wanted.name == "*" || wanted.name == name)
                && wanted.nth.is_none_or(|wanted| wanted == nth);
            if fits && !taken.contains(&(step + 1)) {
                taken.push(step + 1);
            }
        }
        Level {
            name,
            taken,
            ..Level::default()
        }
    }
}

/// An open element.
struct Level<'t> {
    name: &'t str,
    /// How many steps of the path may have been taken to come here.
    taken: Vec<usize>,
    children: usize,
    names: HashMap<&'t str, usize>,
}

impl Default for Level<'_> {
    fn default() -> Self {
        Self {
            name: "",
            taken: vec![0],
            children: 0,
            names: HashMap::new(),
        }
    }
}

fn element(piece: &str, anywhere: bool) -> Option<Element> {
    let (name, nth) = match piece.split_once('[') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(']')?.parse().ok()?)),
        None => (piece, None),
    };
    let name = if name == "*" { name } else { name_of(name)? };
    Some(Element {
        anywhere,
        name: name.to_owned(),
        nth,
    })
}

fn name_of(text: &str) -> Option<&str> {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    (!text.is_empty() && text.chars().all(belongs)).then_some(text)
}

enum Token<'t> {
    /// A text, and whether it is taken as it is.
    Text(&'t str, bool),
    Open {
        name: &'t str,
        attributes: &'t str,
        is_empty: bool,
    },
    Close(&'t str),
}

struct Scan<'t> {
    rest: &'t str,
}

impl<'t> Scan<'t> {
    /// The next token; comments, declarations and instructions are passed over.
    fn token(&mut self) -> Option<Token<'t>> {
        loop {
            let Some(tag) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<')?;
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Token::Text(text, false));
            };
            let passed = [("!--", "-->"), ("?", "?>"), ("!DOCTYPE", ">")];
            if let Some(inside) = tag.strip_prefix("![CDATA[") {
                let (text, rest) = inside.split_once("]]>")?;
                self.rest = rest;
                return Some(Token::Text(text, true));
            }
            let skipped = passed
                .iter()
                .find_map(|(start, end)| Some((tag.strip_prefix(start)?, end)));
            let Some((inside, end)) = skipped else {
                return self.tag(tag);
            };
            (_, self.rest) = inside.split_once(end)?;
        }
    }

    fn tag(&mut self, tag: &'t str) -> Option<Token<'t>> {
        let end = tag_end(tag)?;
        let (inside, rest) = (&tag[..end], &tag[end + 1..]);
        self.rest = rest;
        if let Some(name) = inside.strip_prefix('/') {
            return Some(Token::Close(name.trim_end()));
        }
        let (inside, is_empty) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let end = inside.find(char::is_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(end);
        Some(Token::Open {
            name,
            attributes,
            is_empty,
        })
    }
}

/// The `>` that ends a tag; those in quotes do not.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.bytes().position(|byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        quote.is_none() && byte == b'>'
    })
}

fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes.trim_start();
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, behind) = behind[1..].split_once(quote)?;
        if name.trim() == wanted {
            let mut out = String::new();
            unescape(value, &mut out);
            return Some(out);
        }
        rest = behind.trim_start();
    }
    None
}

/// Adds a text with its references replaced; unknown ones stay.
fn unescape(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some((plain, behind)) = rest.split_once('&') {
        out.push_str(plain);
        // Looked for nearby only: a text of nothing but `&` is read once.
        let end = behind.bytes().take(REFERENCE_MAX).position(|b| b == b';');
        let known = end.and_then(|end| {
            let (name, behind) = (behind.get(..end)?, behind.get(end + 1..)?);
            Some((reference(name)?, behind))
        });
        rest = if let Some((c, behind)) = known {
            out.push(c);
            behind
        } else {
            out.push('&');
            behind
        };
    }
    out.push_str(rest);
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Path;

    const TEXT: &str = "<?xml version=\"1.0\"?><!DOCTYPE a><a id=\"1>0\"><!-- <b>no</b> --><b>one</b>\
        <b n='2'>t<i>w</i>o &amp; &#x41;&bad;</b><c/><d><e:f>x<![CDATA[<&>]]></e:f></d></a>";

    #[test]
    fn values_are_found_by_path() {
        let check = |path: &str, expected: Option<&str>| {
            let found = Path::read(path).unwrap().find(TEXT);
            assert_eq!(found.as_deref(), expected, "{path}");
        };
        check("/a/b", Some("one"));
        check("/a/b[2]", Some("two & A&bad;"));
        check("/a/b[2]/text()", Some("to & A&bad;"));
        check("/a/b[3]", None);
        check("/a/b/@n", Some("2"));
        check("/a/@id", Some("1>0"));
        check("//i", Some("w"));
        check("/a//e:f", Some("x<&>"));
        check("/a/*[4]/e:f", Some("x<&>"));
        check("/a/c", Some(""));
        check("/b", None);
        check("//b//i", Some("w"));
    }

    #[test]
    fn what_is_no_such_path_is_refused() {
        for path in [
            "",
            "a",
            "/",
            "/a/",
            "/a[b]",
            "/a/b or c",
            "///a",
            "/@a",
            "/a/@b/c",
            "/a/text()/b",
        ] {
            assert_eq!(Path::read(path), None, "{path}");
        }
    }

    #[test]
    fn broken_texts_have_no_value_from_the_fault_on() {
        let path = Path::read("/a/b").unwrap();
        for text in [
            "",
            "plain",
            "<a>",
            "<a><b>x",
            "<a></b>",
            "<a><b>x</a>",
            "<a b",
            "<",
            "<!--",
        ] {
            assert_eq!(path.find(text), None, "{text}");
        }
        assert_eq!(path.find("<a><b>x</b><c></a>").as_deref(), Some("x"));
        let far = format!(
            "<a><b>&{}amp;&é;&#{}65;</b></a>",
            "&".repeat(40),
            "0".repeat(20)
        );
        let read = format!("&{}&&é;A", "&".repeat(39));
        assert_eq!(path.find(&far), Some(read));
        assert_eq!(path.find(&"<a>".repeat(100_000)), None);
    }
}
