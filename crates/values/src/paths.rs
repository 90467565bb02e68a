//! A few fields of a message, read off its text without a tree.
//!
//! The result is that of [`discover::fields`](crate::discover::fields). One pass checks that the text is a JSON object
//! and notes where the wanted fields are, and how many fields came before each. What one pass cannot decide goes by
//! way of the tree: a key that comes twice on the way to a wanted field, or twice anywhere where it shifts which
//! fields are the first [`FIELDS_MAX`].

use std::borrow::Cow;
use std::ops::Range;

use crate::FIELDS_MAX;
use crate::discover;
use crate::json::DEPTH_MAX;
use crate::lambda;
use crate::scan::{Quoted, Scan};
use crate::value::Value;

/// Names of fields to take out of messages.
#[derive(Debug, Clone)]
pub struct Paths {
    names: Vec<String>,
    /// The path of each name; none if no key makes the name.
    dotted: Vec<Option<String>>,
    /// Whether some are names of fields that lines of Lambda functions have.
    of_lines: bool,
}

impl Paths {
    /// Of the names of discovered fields, as [`Field::path`](corelog_insights::Field::path) has them.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let path = |name: &String| discover::path_of(name).map(str::to_owned);
        let dotted = names.iter().map(path).collect();
        let of_lines = names.iter().any(|name| lambda::has(name));
        Self {
            names,
            dotted,
            of_lines,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The values of the fields in the order of the names. Texts are borrowed from the message where they have no
    /// escapes.
    pub fn extract<'t>(&self, message: &'t str) -> Vec<Value<'t>> {
        let mut out = Vec::with_capacity(self.len());
        self.extract_into(message, &mut out);
        out
    }

    /// [`extract`](Self::extract), the values put behind those already there.
    pub fn extract_into<'t>(&self, message: &'t str, out: &mut Vec<Value<'t>>) {
        let mut pass = Pass::new(self, message);
        if pass.whole().is_none() {
            self.by_line(message, out);
            return;
        }
        if pass.is_unsure() {
            out.extend(self.by_tree(message));
            return;
        }
        let (top, found) = (pass.top, pass.found);
        out.extend(found.into_iter().map(|found| found.first(top)));
    }

    /// Of a message that is no JSON object.
    fn by_line<'t>(&self, message: &'t str, out: &mut Vec<Value<'t>>) {
        let fields = if self.of_lines {
            lambda::fields(message)
        } else {
            Vec::new()
        };
        let value = |name: &String| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map_or(Value::Null, |(_, value)| value.clone())
        };
        out.extend(self.names.iter().map(value));
    }

    fn by_tree<'t>(&self, message: &'t str) -> Vec<Value<'t>> {
        let Some(object) = discover::object(message) else {
            return self.names.iter().map(|_| Value::Null).collect();
        };
        let fields = discover::fields(&object);
        let value = |name: &String| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map_or(Value::Null, |(_, value)| value.clone().into_owned())
        };
        self.names.iter().map(value).collect()
    }
}

/// A scalar as it stands in the text.
#[derive(Clone, Copy)]
enum Token<'t> {
    Bool(bool),
    Number(&'t str),
    Text(Quoted<'t>),
}

impl<'t> Token<'t> {
    fn value(self) -> Value<'t> {
        match self {
            Self::Bool(truth) => Value::Bool(truth),
            Self::Number(text) => Value::Written(Cow::Borrowed(text)),
            Self::Text(text) => Value::Text(text.text()),
        }
    }
}

/// Where a wanted field was found first, among the scalars at the top and among the others, and how many of its kind
/// came before.
#[derive(Clone, Copy, Default)]
struct Found<'t> {
    top: Option<(usize, Token<'t>)>,
    below: Option<(usize, Token<'t>)>,
}

impl<'t> Found<'t> {
    /// The value, if it is among the first fields; `top` is how many scalars there are at the top.
    fn first(self, top: usize) -> Value<'t> {
        let is_first = |(before, _): &(usize, Token<'t>)| *before < FIELDS_MAX;
        let below = self.below.map(|(before, token)| (before + top, token));
        let found = match self.top {
            Some(found) => Some(found),
            None => below,
        };
        found
            .filter(is_first)
            .map_or(Value::Null, |(_, token)| token.value())
    }
}

/// A wanted path of which the keys so far are a beginning.
#[derive(Clone, Copy)]
struct Open {
    wanted: usize,
    /// Where its next key begins.
    at: usize,
}

struct Pass<'p, 't> {
    paths: &'p [Option<String>],
    scan: Scan<'t>,
    found: Vec<Found<'t>>,
    /// Scalars at the top, and below.
    top: usize,
    below: usize,
    /// Paths that lead on, those of each level behind those of the one around it.
    open: Vec<Open>,
    /// A key came twice on the way to a wanted field.
    repeated: bool,
    /// Objects seen whose keys are remembered, and a hash of each of their keys.
    objects: u32,
    keys: Vec<(u32, u64)>,
}

impl<'p, 't> Pass<'p, 't> {
    fn new(paths: &'p Paths, message: &'t str) -> Self {
        Self {
            paths: &paths.dotted,
            scan: Scan::new(message),
            found: vec![Found::default(); paths.len()],
            top: 0,
            below: 0,
            open: Vec::new(),
            repeated: false,
            objects: 0,
            keys: Vec::with_capacity(64),
        }
    }

    /// Passes the whole text; `None` if it is no JSON object.
    fn whole(&mut self) -> Option<()> {
        let paths = self.paths.iter().enumerate();
        let open = paths.filter(|(_, path)| path.is_some());
        self.open
            .extend(open.map(|(wanted, _)| Open { wanted, at: 0 }));
        if self.scan.next() != Some(b'{') {
            return None;
        }
        self.object(0, 1)?;
        self.scan.next().is_none().then_some(())
    }

    /// Whether the tree must decide.
    ///
    /// Of a text that has no more fields than are discovered, it does not matter which came first. Of others, keys of
    /// all objects that began among the first fields are known, those around them among these.
    fn is_unsure(&mut self) -> bool {
        if self.repeated {
            return true;
        }
        if self.top + self.below <= FIELDS_MAX {
            return false;
        }
        self.keys.sort_unstable();
        self.keys.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// An object; its members are reached by the open paths from `level` on.
    fn object(&mut self, level: usize, depth: usize) -> Option<()> {
        let object = (self.below < FIELDS_MAX).then_some(self.objects);
        self.objects += 1;
        let mut on_the_way: Vec<u64> = Vec::new();
        let inner = self.open.len();
        self.scan.eat(b'{');
        if self.scan.eat(b'}') {
            return Some(());
        }
        loop {
            self.scan.next();
            let key = self.scan.string()?;
            if !self.scan.eat(b':') {
                return None;
            }
            if object.is_some() || inner > level {
                let key = key.text();
                let hash = hash(key.as_bytes());
                self.keys.extend(object.map(|object| (object, hash)));
                self.follow(level..inner, &key);
                if self.open.len() > inner {
                    self.repeated |= on_the_way.contains(&hash);
                    on_the_way.push(hash);
                }
            }
            self.value(inner, depth)?;
            self.open.truncate(inner);
            if self.scan.eat(b'}') {
                return Some(());
            }
            if !self.scan.eat(b',') {
                return None;
            }
        }
    }

    /// Opens the paths that go on behind a key, and those that end with it.
    fn follow(&mut self, open: Range<usize>, key: &str) {
        for place in open {
            let Open { wanted, at } = self.open[place];
            let path = self.paths[wanted].as_deref().unwrap_or_default();
            // The empty key at the top leaves the path empty, and an empty path has no dot behind it.
            if at == 0 && key.is_empty() {
                self.open.push(Open { wanted, at });
                continue;
            }
            let rest = path.get(at..).and_then(|rest| rest.strip_prefix(key));
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
                let at = at + key.len() + 1;
                self.open.push(Open { wanted, at });
            }
        }
    }

    fn array(&mut self, level: usize, depth: usize) -> Option<()> {
        let inner = self.open.len();
        let open = self.open[level..inner].iter();
        let steps: Vec<(usize, Open)> = open.filter_map(|open| self.element(*open)).collect();
        self.scan.eat(b'[');
        if self.scan.eat(b']') {
            return Some(());
        }
        for index in 0_usize.. {
            let here = steps.iter().filter(|(wanted, _)| *wanted == index);
            self.open.extend(here.map(|(_, open)| *open));
            self.value(inner, depth)?;
            self.open.truncate(inner);
            if self.scan.eat(b']') {
                break;
            }
            if !self.scan.eat(b',') {
                return None;
            }
        }
        Some(())
    }

    /// Which element of an array a path goes on with.
    fn element(&self, open: Open) -> Option<(usize, Open)> {
        let rest = self.paths[open.wanted].as_deref()?.get(open.at..)?;
        let digits = rest.split('.').next().unwrap_or_default();
        let is_plain = digits == "0" || !digits.starts_with(['0', '+']);
        let index = digits.parse().ok().filter(|_| is_plain)?;
        let at = open.at + digits.len() + 1;
        Some((index, Open { at, ..open }))
    }

    /// A value, reached by the open paths from `level` on.
    fn value(&mut self, level: usize, depth: usize) -> Option<()> {
        let token = match self.scan.next()? {
            b'{' | b'[' if depth == DEPTH_MAX => return None,
            b'{' => return self.object(level, depth + 1),
            b'[' => return self.array(level, depth + 1),
            b'n' => return self.scan.word("null"),
            b't' => self.scan.word("true").map(|()| Token::Bool(true))?,
            b'f' => self.scan.word("false").map(|()| Token::Bool(false))?,
            b'"' => Token::Text(self.scan.string()?),
            _ => Token::Number(self.scan.number()?),
        };
        let is_top = depth == 1;
        let count = if is_top {
            &mut self.top
        } else {
            &mut self.below
        };
        let found = (*count, token);
        *count += 1;
        for Open { wanted, at } in &self.open[level..] {
            let length = self.paths[*wanted].as_deref().map_or(0, str::len);
            let is_end = *at == length + 1 || (*at == 0 && length == 0);
            if !is_end {
                continue;
            }
            let place = &mut self.found[*wanted];
            let place = if is_top {
                &mut place.top
            } else {
                &mut place.below
            };
            place.get_or_insert(found);
        }
        Some(())
    }
}

/// Equal for equal keys; a collision only costs a look at the tree.
fn hash(key: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = key.len() as u64;
    let (words, rest) = key.as_chunks::<8>();
    for word in words {
        hash = (hash.rotate_left(29) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
    }
    for byte in rest {
        hash = (hash.rotate_left(7) ^ u64::from(*byte)).wrapping_mul(FACTOR);
    }
    hash
}

#[cfg(test)]
mod tests;
