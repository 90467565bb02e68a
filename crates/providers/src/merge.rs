//! Merges the small objects of a stream into one. Texts grow by their raw bytes, without being unescaped: the
//! pieces of a JSON string, put together, are the JSON string, even where an escape pair was cut between two.

use crate::json::{Kind, elements, kind, members};

/// String fields that say a thing once rather than piece by piece: repeated, the last one that says anything wins.
const SAID_ONCE: [&[u8]; 18] = [
    b"id",
    b"role",
    b"type",
    b"name",
    b"index",
    b"model",
    b"object",
    b"status",
    b"format",
    b"finish_reason",
    b"stop_reason",
    b"native_finish_reason",
    b"signature",
    b"call_id",
    b"tool_call_id",
    b"toolUseId",
    b"encrypted_content",
    b"citation_type",
];

/// Fields an object may grow to, and elements an indexed array may: further ones fold into the last, so that an
/// absurd stream costs no more than its bytes.
const FIELDS_MAX: usize = 1_000;
const ELEMENTS_MAX: usize = 10_000;

/// A value that grows.
#[derive(Debug)]
pub(crate) enum Node {
    /// A value as it came.
    Raw(Vec<u8>),
    /// The inside of a string.
    Text(Vec<u8>),
    Object(Fields),
    /// The inside of an array.
    List(Vec<u8>),
    /// An array whose elements arrive in pieces, each under its index.
    Indexed(Vec<(u64, Fields)>),
}

/// An object that grows; keys keep the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(Box<[u8]>, Node)>);

/// Whether a value says nothing: `null`, `""`, `{}` or `[]`.
fn is_empty(value: &[u8]) -> bool {
    matches!(value, b"null" | b"\"\"" | b"{}" | b"[]" | b"")
}

/// The inside of a string value.
fn inside(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value)
}

/// Whether a string under that key grows from piece to piece.
pub(crate) fn grows(key: &[u8]) -> bool {
    !SAID_ONCE.contains(&key)
}

/// The one text by which `delta` makes an object grow, with its key, where everything else in it would change
/// nothing if it were said again.
pub(crate) fn only_growth(delta: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut found = None;
    for (key, value) in members(delta) {
        match kind(value) {
            Kind::String if grows(key) => {
                if found.is_some() {
                    return None;
                }
                found = Some((key, inside(value)));
            }
            Kind::String | Kind::Null | Kind::Literal => {}
            Kind::Array | Kind::Object => return None,
        }
    }
    found
}

impl Fields {
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Node> {
        let mut fields = self.0.iter();
        fields.find_map(|(known, node)| (**known == *key).then_some(node))
    }

    /// The field of that name, made by `fresh` where there is none.
    pub(crate) fn entry(&mut self, key: &[u8], fresh: fn() -> Node) -> &mut Node {
        let at = self.0.iter().position(|(known, _)| **known == *key);
        let at = at.unwrap_or_else(|| {
            if self.0.len() < FIELDS_MAX {
                self.0.push((key.into(), fresh()));
            }
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// Sets a field; a value that says nothing never replaces one that does.
    pub(crate) fn set(&mut self, key: &[u8], value: &[u8]) {
        let node = self.entry(key, || Node::Raw(Vec::new()));
        match node {
            Node::Raw(known) if known == value => {}
            Node::Raw(known) if known.is_empty() || !is_empty(value) => {
                known.clear();
                known.extend_from_slice(value);
            }
            _ if is_empty(value) => {}
            _ => *node = Node::Raw(value.to_vec()),
        }
    }

    /// Sets every member of `object`.
    pub(crate) fn set_all(&mut self, object: &[u8]) {
        for (key, value) in members(object) {
            self.set(key, value);
        }
    }

    /// The object in that field, made where there is none.
    pub(crate) fn object(&mut self, key: &[u8]) -> &mut Fields {
        let node = self.entry(key, || Node::Object(Fields::default()));
        if !matches!(node, Node::Object(_)) {
            *node = Node::Object(Fields::default());
        }
        match node {
            Node::Object(fields) => fields,
            _ => unreachable!("it was made an object"),
        }
    }

    /// The element with that index in the array in that field, made where there is none.
    pub(crate) fn element(&mut self, key: &[u8], index: u64) -> &mut Fields {
        let node = self.entry(key, || Node::Indexed(Vec::new()));
        if !matches!(node, Node::Indexed(_)) {
            *node = Node::Indexed(Vec::new());
        }
        match node {
            Node::Indexed(items) => element_of(items, index),
            _ => unreachable!("it was made an indexed array"),
        }
    }

    /// Appends every member of `object`: texts and arrays grow, objects are merged, the rest is set.
    pub(crate) fn append_all(&mut self, object: &[u8]) {
        for (key, value) in members(object) {
            self.append(key, value);
        }
    }

    /// Appends one value; see [`Fields::append_all`].
    pub(crate) fn append(&mut self, key: &[u8], value: &[u8]) {
        match kind(value) {
            Kind::String if grows(key) => self.append_text(key, inside(value)),
            Kind::Array => self.append_list(key, value),
            Kind::Object => self.object(key).append_all(value),
            Kind::String | Kind::Null | Kind::Literal => self.set(key, value),
        }
    }

    /// Appends the inside of a string. Beside elements of an array it becomes an element.
    pub(crate) fn append_text(&mut self, key: &[u8], text: &[u8]) {
        let node = self.entry(key, || Node::Text(Vec::new()));
        match node {
            Node::Text(known) => known.extend_from_slice(text),
            Node::List(known) if !text.is_empty() => {
                push_element(known, &[b"\"", text, b"\""].concat());
            }
            Node::List(_) => {}
            _ => *node = Node::Text(text.to_vec()),
        }
    }

    fn append_list(&mut self, key: &[u8], list: &[u8]) {
        for element in elements(list) {
            match index_of(element, b"index") {
                Some(index) => self.append_indexed(key, index, element),
                None => self.push(key, element),
            }
        }
        self.entry(key, || Node::List(Vec::new()));
    }

    /// Appends a piece of an array's element. A piece with an id of its own is an element of its own, whatever its
    /// index says: some providers call every tool call number 0.
    fn append_indexed(&mut self, key: &[u8], index: u64, piece: &[u8]) {
        let node = self.entry(key, || Node::Indexed(Vec::new()));
        if let Node::List(known) = node
            && known.is_empty()
        {
            *node = Node::Indexed(Vec::new());
        }
        let Node::Indexed(items) = node else {
            return self.push(key, piece);
        };
        let id = members(piece).find_map(|(key, value)| (key == b"id").then_some(value));
        let id = id.filter(|id| !is_empty(id));
        let fresh = match (id, items.iter().rev().find(|(known, _)| *known == index)) {
            (Some(id), Some((_, known))) => {
                matches!(known.get(b"id"), Some(Node::Raw(known)) if known != id && !is_empty(known))
            }
            _ => false,
        };
        if fresh && items.len() < ELEMENTS_MAX {
            items.push((index, Fields::default()));
        }
        let item = element_of(items, index);
        for (key, value) in members(piece).filter(|(key, _)| key != b"index") {
            item.append(key, value);
        }
    }

    /// Appends an element to an array. A text that was there becomes the first element.
    pub(crate) fn push(&mut self, key: &[u8], element: &[u8]) {
        let node = self.entry(key, || Node::List(Vec::new()));
        if !matches!(node, Node::List(_)) {
            let mut list = Vec::new();
            match node {
                Node::Text(text) if !text.is_empty() => {
                    push_element(&mut list, &[b"\"", &text[..], b"\""].concat());
                }
                Node::Indexed(items) => {
                    for (_, fields) in items {
                        let mut element = Vec::new();
                        fields.write(&mut element);
                        push_element(&mut list, &element);
                    }
                }
                _ => {}
            }
            *node = Node::List(list);
        }
        if let Node::List(list) = node {
            push_element(list, element);
        }
    }

    /// Appends the object as JSON.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        self.write_members(out);
        out.push(b'}');
    }

    /// Appends what goes between the braces.
    pub(crate) fn write_members(&self, out: &mut Vec<u8>) {
        for (at, (key, node)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_key(key, out);
            node.write(out);
        }
    }
}

impl Node {
    /// Appends the value as JSON.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Raw(value) => {
                out.extend_from_slice(if value.is_empty() { b"null" } else { value });
            }
            Self::Text(text) => {
                out.push(b'"');
                out.extend_from_slice(text);
                out.push(b'"');
            }
            Self::Object(fields) => fields.write(out),
            Self::List(list) => {
                out.push(b'[');
                out.extend_from_slice(list);
                out.push(b']');
            }
            Self::Indexed(items) => {
                out.push(b'[');
                for (at, (_, fields)) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    fields.write(out);
                }
                out.push(b']');
            }
        }
    }
}

/// Appends a raw key and its colon.
pub(crate) fn write_key(key: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
}

/// Appends an element to the inside of an array.
pub(crate) fn push_element(list: &mut Vec<u8>, element: &[u8]) {
    if !list.is_empty() {
        list.push(b',');
    }
    list.extend_from_slice(element);
}

/// The whole number in a member of `object`.
pub(crate) fn index_of(object: &[u8], name: &[u8]) -> Option<u64> {
    let value = member(object, name)?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The value of a member of `object`.
pub(crate) fn member<'a>(object: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    members(object).find_map(|(key, value)| (key == name).then_some(value))
}

/// The element with that index, the last of them where there are several; kept in the order of the indices.
pub(crate) fn element_of(items: &mut Vec<(u64, Fields)>, index: u64) -> &mut Fields {
    let after = items.partition_point(|(known, _)| *known <= index);
    let at = match after.checked_sub(1) {
        Some(last) if items[last].0 == index => last,
        Some(last) if items.len() >= ELEMENTS_MAX => last,
        None if items.len() >= ELEMENTS_MAX => 0,
        _ => {
            items.insert(after, (index, Fields::default()));
            after
        }
    };
    &mut items[at].1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&str], expected: &str) {
        let mut fields = Fields::default();
        for piece in pieces {
            fields.append_all(piece.as_bytes());
        }
        let mut out = Vec::new();
        fields.write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn texts_grow_and_names_do_not() {
        check(
            &[
                r#"{"role":"assistant","content":null}"#,
                r#"{"role":"assistant","content":"a\ud83d"}"#,
                r#"{"role":"","content":"\ude00b","n":1}"#,
                r#"{"content":null,"n":2}"#,
            ],
            r#"{"role":"assistant","content":"a\ud83d\ude00b","n":2}"#,
        );
    }

    #[test]
    fn pieces_of_tool_calls_come_together() {
        check(
            &[
                r#"{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]}"#,
                r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}"#,
                r#"{"tool_calls":[{"index":0,"id":null,"function":{"arguments":":1}"}}]}"#,
            ],
            r#"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","type":"function","function":{"name":"g","arguments":""}}]}"#,
        );
    }

    #[test]
    fn calls_that_share_an_index_stay_apart() {
        check(
            &[
                r#"{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"1"}}]}"#,
                r#"{"tool_calls":[{"index":0,"id":"b","function":{"arguments":"2"}}]}"#,
                r#"{"tool_calls":[{"index":0,"function":{"arguments":"3"}}]}"#,
            ],
            r#"{"tool_calls":[{"id":"a","function":{"arguments":"1"}},{"id":"b","function":{"arguments":"23"}}]}"#,
        );
    }

    #[test]
    fn a_field_may_change_its_type() {
        check(
            &[r#"{"c":"a"}"#, r#"{"c":[{"x":1}]}"#, r#"{"c":"b"}"#],
            r#"{"c":["a",{"x":1},"b"]}"#,
        );
        check(&[r#"{"c":{"x":1}}"#, r#"{"c":"b"}"#], r#"{"c":"b"}"#);
        check(
            &[r#"{"c":[]}"#, r#"{"c":[{"index":0,"t":"x"}]}"#],
            r#"{"c":[{"t":"x"}]}"#,
        );
    }
}
