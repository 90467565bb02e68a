//! Attributes by name, read as what they are meant to be.

use serde_json::{Map, Value};

/// Attributes in the order they came; the last of a name counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Attributes(Map<String, Value>);

impl Attributes {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn set(&mut self, key: String, value: Value) {
        self.0.insert(key, value);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    /// The first of the names that has a text.
    pub(crate) fn first_text(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.text(key))
    }

    /// A count: a whole number from 0, which some write as a double or in quotes.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        match self.get(key)? {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64().or_else(|| whole(value.as_f64()?)),
        }
    }

    /// The first of the names that has a count.
    pub(crate) fn first_count(&self, keys: &[&str]) -> Option<u64> {
        keys.iter().find_map(|key| self.count(key))
    }

    /// A number.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_f64().filter(|number| number.is_finite())
    }

    /// A yes or no.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    /// A structure: as it is, or as the JSON text that stands for it where structures were not possible.
    pub(crate) fn structure(&self, key: &str) -> Option<Value> {
        structure_of(self.get(key)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The attributes that begin with `prefix`, laid flat with dots, as the tree they were: lists are objects with
    /// numbers for names.
    pub(crate) fn tree(&self, prefix: &str) -> Value {
        let mut root = Map::new();
        for (key, value) in &self.0 {
            if let Some(path) = key.strip_prefix(prefix) {
                grow(&mut root, path, value);
            }
        }
        Value::Object(root)
    }
}

/// How deep a flat name may go.
const SEGMENTS_MAX: usize = 12;

fn grow(root: &mut Map<String, Value>, path: &str, value: &Value) {
    let segments: Vec<&str> = path.split('.').collect();
    let Some((last, inner)) = segments.split_last() else {
        return;
    };
    if inner.len() >= SEGMENTS_MAX {
        return;
    }
    let mut at = root;
    for segment in inner {
        let next = at
            .entry((*segment).to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
        // A name that is both a value and a branch: the value was first.
        let Value::Object(next) = next else { return };
        at = next;
    }
    at.entry((*last).to_owned())
        .or_insert_with(|| value.clone());
}

/// The members of a list laid flat, in the order of their numbers.
pub(crate) fn in_order(tree: &Value) -> Vec<&Value> {
    let Some(members) = tree.as_object() else {
        return Vec::new();
    };
    let mut numbered: Vec<(u64, &Value)> = members
        .iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value)))
        .collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, value)| value).collect()
}

/// A structure, or the JSON text that stands for one.
pub(crate) fn structure_of(value: &Value) -> Option<Value> {
    match value {
        Value::Array(_) | Value::Object(_) => Some(value.clone()),
        Value::String(text) => serde_json::from_str(text)
            .ok()
            .filter(|value: &Value| value.is_array() || value.is_object()),
        _ => None,
    }
}

fn whole(number: f64) -> Option<u64> {
    /// Whole numbers below are exact.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let fits = number.fract() == 0.0 && (0.0..EXACT_MAX).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, not negative, and small enough"
    )]
    fits.then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attributes(pairs: &[(&str, Value)]) -> Attributes {
        let mut attributes = Attributes::default();
        for (key, value) in pairs {
            attributes.set((*key).to_owned(), value.clone());
        }
        attributes
    }

    #[test]
    fn counts_in_all_their_forms() {
        let it = attributes(&[
            ("a", json!(30)),
            ("b", json!(30.0)),
            ("c", json!("30")),
            ("d", json!(-1)),
            ("e", json!(1.5)),
        ]);
        let counts: Vec<_> = ["a", "b", "c", "d", "e", "f"]
            .map(|key| it.count(key))
            .into();
        assert_eq!(counts, [Some(30), Some(30), Some(30), None, None, None]);
    }

    #[test]
    fn what_was_laid_flat_is_a_tree_in_the_order_of_numbers() {
        let it = attributes(&[
            ("m.10.role", json!("last")),
            ("m.2.role", json!("first")),
            ("m.2.role.of", json!("lost")),
            ("m.x", json!(1)),
            ("n.0", json!(2)),
        ]);
        let tree = it.tree("m.");
        assert_eq!(
            in_order(&tree),
            [&json!({"role": "first"}), &json!({"role": "last"})]
        );
    }
}
