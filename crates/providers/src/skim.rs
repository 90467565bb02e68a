//! Skimming: hands the values at the paths of a table to a sink, in one pass and without a tree.
//!
//! A table row is a path and the slot it fills. Paths are dotted keys; `[]` stands for every element of an
//! array and `*` for every key: `choices[].finish_reason`, `metadata.*`. Rows stand under a path of their own,
//! so that what has one shape in several places is written once; an empty path is the place itself. A value of another type than the
//! slot's owner expects is the sink's to refuse, so one odd field never costs the others.

use std::borrow::Cow;

use crate::json::{Scanner, Visit, unescape};

/// Values longer than this are cut before they reach the sink.
const VALUE_BYTES_MAX: usize = 16 * 1024;

/// Keys longer than this match no path.
const KEY_BYTES_MAX: usize = 512;

/// A value at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A string, raw: escapes as written.
    Text(&'a [u8]),
    /// A number as written.
    Number(&'a [u8]),
    /// `true` or `false`.
    Bool(bool),
    /// The text of a form's field, whatever it stands for.
    Field(&'a str),
    /// An object or array begins here.
    Opened,
}

impl Value<'_> {
    /// The text of a string.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(raw) => Some(unescape(raw)),
            Self::Field(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    /// The text of any scalar, as one would print it.
    pub(crate) fn printed(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(raw) => Some(unescape(raw)),
            Self::Number(number) => Some(String::from_utf8_lossy(number)),
            Self::Bool(true) => Some(Cow::Borrowed("true")),
            Self::Bool(false) => Some(Cow::Borrowed("false")),
            Self::Field(text) => Some(Cow::Borrowed(text)),
            Self::Opened => None,
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Self::Number(number) => std::str::from_utf8(number).ok()?.parse().ok(),
            Self::Field(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Field(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// Where found values go. `null` is not a value: it never arrives.
pub(crate) trait Sink<S> {
    /// `key` is the key that a `*` of the path matched last, raw; empty for paths without one.
    fn take(&mut self, slot: S, key: &[u8], value: Value<'_>);
}

#[derive(Debug)]
struct Node<S> {
    keys: Vec<(&'static str, usize)>,
    any_key: Option<usize>,
    element: Option<usize>,
    slot: Option<S>,
}

impl<S> Node<S> {
    fn new() -> Self {
        Self {
            keys: Vec::new(),
            any_key: None,
            element: None,
            slot: None,
        }
    }

    fn has_children(&self) -> bool {
        !self.keys.is_empty() || self.any_key.is_some() || self.element.is_some()
    }
}

/// Rows of (path, slot).
pub(crate) type Rows<S> = &'static [(&'static str, S)];

/// Rows, and the path that they stand under.
pub(crate) type Table<S> = &'static [(&'static str, Rows<S>)];

/// The paths of one or more tables, merged. Built once for a family.
#[derive(Debug)]
pub(crate) struct Paths<S> {
    nodes: Vec<Node<S>>,
}

impl<S: Copy> Paths<S> {
    /// Merges tables; of two rows with one path the later wins.
    pub(crate) fn new(tables: &[Table<S>]) -> Self {
        let mut paths = Self {
            nodes: vec![Node::new()],
        };
        for (place, rows) in tables.iter().copied().flatten() {
            let place = paths.walk(0, place);
            for (path, slot) in *rows {
                let node = paths.walk(place, path);
                paths.nodes[node].slot = Some(*slot);
            }
        }
        paths
    }

    /// The node at a path that begins at `node`; made where there is none.
    fn walk(&mut self, mut node: usize, path: &'static str) -> usize {
        for step in path.split('.') {
            let key = step.trim_end_matches("[]");
            let arrays = (step.len() - key.len()) / 2;
            if !key.is_empty() {
                node = self.child(node, key);
            }
            for _ in 0..arrays {
                node = self.element(node);
            }
        }
        node
    }

    /// The slot of a path of one key.
    pub(crate) fn slot(&self, key: &str) -> Option<S> {
        let (_, node) = self.nodes[0].keys.iter().find(|(name, _)| *name == key)?;
        self.nodes[*node].slot
    }

    fn child(&mut self, node: usize, key: &'static str) -> usize {
        let fresh = self.nodes.len();
        let parent = &mut self.nodes[node];
        if key == "*" {
            if let Some(child) = parent.any_key {
                return child;
            }
            parent.any_key = Some(fresh);
        } else {
            if let Some((_, child)) = parent.keys.iter().find(|(name, _)| *name == key) {
                return *child;
            }
            parent.keys.push((key, fresh));
        }
        self.nodes.push(Node::new());
        fresh
    }

    fn element(&mut self, node: usize) -> usize {
        if let Some(child) = self.nodes[node].element {
            return child;
        }
        let fresh = self.nodes.len();
        self.nodes[node].element = Some(fresh);
        self.nodes.push(Node::new());
        fresh
    }
}

/// A place in a text and in the paths. Reusable for one text after another.
#[derive(Debug)]
pub(crate) struct Skimmer<S: 'static> {
    paths: &'static Paths<S>,
    scanner: Scanner,
    place: Place,
}

#[derive(Debug, Default)]
struct Place {
    /// The open containers that lie on a path: node, and whether it is an object.
    on_path: Vec<(usize, bool)>,
    /// How many open containers lie beside every path.
    beside: usize,
    /// The node of the value after the key just read.
    next: Option<usize>,
    capture: Capture,
    scratch: Vec<u8>,
    key: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Capture {
    #[default]
    Idle,
    Skipped,
    Node(usize),
}

impl<S: Copy> Skimmer<S> {
    pub(crate) fn new(paths: &'static Paths<S>) -> Self {
        Self {
            paths,
            scanner: Scanner::new(),
            place: Place::default(),
        }
    }

    /// Takes the next bytes of the text. Returns whether the text can still be valid.
    pub(crate) fn push<K: Sink<S>>(&mut self, chunk: &[u8], sink: &mut K) -> bool {
        let mut walk = Walk {
            paths: self.paths,
            place: &mut self.place,
            sink,
        };
        self.scanner.feed(chunk, &mut walk);
        self.scanner.is_sound()
    }

    /// Ends the text, answers whether it was valid, and is ready for the next one.
    pub(crate) fn finish<K: Sink<S>>(&mut self, sink: &mut K) -> bool {
        let mut walk = Walk {
            paths: self.paths,
            place: &mut self.place,
            sink,
        };
        let valid = self.scanner.finish(&mut walk);
        self.scanner.reset();
        self.place.reset();
        valid
    }

    /// Skims one whole text.
    pub(crate) fn whole<K: Sink<S>>(&mut self, text: &[u8], sink: &mut K) -> bool {
        self.push(text, sink);
        self.finish(sink)
    }
}

impl Place {
    fn reset(&mut self) {
        self.on_path.clear();
        self.beside = 0;
        self.next = None;
        self.capture = Capture::Idle;
        self.scratch.clear();
    }
}

struct Walk<'a, S: 'static, K> {
    paths: &'static Paths<S>,
    place: &'a mut Place,
    sink: &'a mut K,
}

impl<S: Copy, K: Sink<S>> Walk<'_, S, K> {
    /// The node of the value that begins here.
    fn node(&mut self) -> Option<usize> {
        match self.place.on_path.last() {
            None => Some(0),
            Some((_, true)) => self.place.next.take(),
            Some((node, false)) => self.paths.nodes[*node].element,
        }
    }

    fn give(&mut self, node: usize, value: Value<'_>) {
        if let Some(slot) = self.paths.nodes[node].slot {
            self.sink.take(slot, &self.place.key, value);
        }
    }

    /// Takes a part of a scalar; returns its node and whether the whole value is in the scratch buffer.
    fn part(&mut self, part: &[u8], last: bool) -> Option<(usize, bool)> {
        if let Capture::Idle = self.place.capture {
            let slot = |node: &usize| self.paths.nodes[*node].slot.is_some();
            let node = self.node().filter(slot);
            self.place.scratch.clear();
            if last {
                return node.map(|node| (node, false));
            }
            self.place.capture = node.map_or(Capture::Skipped, Capture::Node);
        }
        if let Capture::Node(node) = self.place.capture {
            let room = VALUE_BYTES_MAX - self.place.scratch.len();
            let part = &part[..part.len().min(room)];
            self.place.scratch.extend_from_slice(part);
            if last {
                self.place.capture = Capture::Idle;
                return Some((node, true));
            }
        }
        if last {
            self.place.capture = Capture::Idle;
        }
        None
    }

    fn scalar(&mut self, part: &[u8], last: bool, read: fn(&[u8]) -> Option<Value<'_>>) {
        if self.place.beside > 0 {
            return;
        }
        let Some((node, scratch)) = self.part(part, last) else {
            return;
        };
        let buffer = std::mem::take(&mut self.place.scratch);
        let whole = if scratch { &buffer } else { part };
        if let Some(value) = read(&whole[..whole.len().min(VALUE_BYTES_MAX)]) {
            self.give(node, value);
        }
        self.place.scratch = buffer;
    }

    fn find(&mut self, key: &[u8]) {
        let Some((node, true)) = self.place.on_path.last() else {
            return;
        };
        let parent = &self.paths.nodes[*node];
        let key = if key.contains(&b'\\') {
            Cow::Owned(unescape(key).into_owned().into_bytes())
        } else {
            Cow::Borrowed(key)
        };
        let named = parent
            .keys
            .iter()
            .find(|(name, _)| name.as_bytes() == &*key);
        self.place.next = named.map(|(_, child)| *child);
        if self.place.next.is_none() && parent.any_key.is_some() && key.len() <= KEY_BYTES_MAX {
            self.place.next = parent.any_key;
            self.place.key.clear();
            self.place.key.extend_from_slice(&key);
        }
    }
}

impl<S: Copy, K: Sink<S>> Visit for Walk<'_, S, K> {
    fn open(&mut self, object: bool) {
        if self.place.beside > 0 {
            self.place.beside += 1;
            return;
        }
        match self.node() {
            Some(node) => {
                self.give(node, Value::Opened);
                if self.paths.nodes[node].has_children() {
                    self.place.on_path.push((node, object));
                } else {
                    self.place.beside = 1;
                }
            }
            None => self.place.beside = 1,
        }
    }

    fn close(&mut self, _object: bool) {
        if self.place.beside > 0 {
            self.place.beside -= 1;
        } else {
            self.place.on_path.pop();
        }
    }

    fn key(&mut self, part: &[u8], last: bool) {
        if self.place.beside > 0 {
            return;
        }
        if last && self.place.scratch.is_empty() {
            return self.find(part);
        }
        let room = (KEY_BYTES_MAX + 1).saturating_sub(self.place.scratch.len());
        self.place
            .scratch
            .extend_from_slice(&part[..part.len().min(room)]);
        if last {
            let key = std::mem::take(&mut self.place.scratch);
            self.find(&key);
            self.place.scratch = key;
            self.place.scratch.clear();
        }
    }

    fn string(&mut self, part: &[u8], last: bool) {
        self.scalar(part, last, |raw| Some(Value::Text(raw)));
        self.forget(last);
    }

    fn literal(&mut self, part: &[u8], last: bool) {
        self.scalar(part, last, |raw| match raw.first()? {
            b't' => Some(Value::Bool(true)),
            b'f' => Some(Value::Bool(false)),
            b'n' => None,
            _ => Some(Value::Number(raw)),
        });
        self.forget(last);
    }
}

impl<S: Copy, K: Sink<S>> Walk<'_, S, K> {
    /// The scratch buffer is shared with keys, which take a rest in it for their own beginning.
    fn forget(&mut self, last: bool) {
        if last && self.place.beside == 0 {
            self.place.scratch.clear();
        }
    }
}

#[cfg(test)]
mod tests;
