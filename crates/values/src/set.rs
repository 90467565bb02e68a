//! What `in` looks into, made so that looking takes the same time however large it is.

use std::collections::HashSet;

use crate::coerce::{self, FALSE, TRUE};
use crate::number::Number;
use crate::value::Value;

/// Values, of which one may equal another as `=` sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Set {
    numbers: HashSet<Key>,
    /// Texts that are no numbers.
    texts: HashSet<String>,
    /// Numbers whose text is that of no number elsewhere, such as `1E3`.
    written: HashSet<String>,
    has_true: bool,
    has_false: bool,
}

/// A number, so that equal ones are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Int(i64),
    Bits(u64),
}

impl Key {
    fn of(number: Number) -> Self {
        match number {
            Number::Int(value) => Self::Int(value),
            Number::Float(value) => match number.truncate() {
                Some(whole) if value.fract() == 0.0 => Self::Int(whole),
                _ => Self::Bits(value.to_bits()),
            },
        }
    }
}

impl<'a> FromIterator<Value<'a>> for Set {
    fn from_iter<T: IntoIterator<Item = Value<'a>>>(values: T) -> Self {
        let mut set = Self::default();
        for value in values {
            set.insert(&value);
        }
        set
    }
}

impl Set {
    /// Adds a value. Decision: what is missing equals nothing, and does not make the rest unknown.
    pub fn insert(&mut self, value: &Value<'_>) {
        match value {
            Value::Bool(true) => self.has_true = true,
            Value::Bool(false) => self.has_false = true,
            Value::Written(text) if Number::from_text(text).is_none() => {
                self.written.insert(text.to_string());
            }
            _ => {}
        }
        if let Some(number) = coerce::number(value) {
            self.numbers.insert(Key::of(number));
        } else if let Value::Text(text) = value {
            self.texts.insert(text.to_string());
        }
    }

    /// Whether a member equals the value; unknown if the value is missing. Maps and lists equal nothing.
    pub fn contains(&self, value: &Value<'_>) -> Option<bool> {
        if value.is_null() {
            return None;
        }
        if let Some(number) = coerce::number(value) {
            let spelled = match value {
                Value::Bool(true) => self.texts.contains(TRUE),
                Value::Bool(false) => self.texts.contains(FALSE),
                Value::Written(text) => self.texts.contains(&**text),
                _ => false,
            };
            return Some(spelled || self.numbers.contains(&Key::of(number)));
        }
        let Value::Text(text) = value else {
            return Some(false);
        };
        let spelled = match &**text {
            TRUE => self.has_true,
            FALSE => self.has_false,
            _ => false,
        };
        let text = &**text;
        Some(spelled || self.texts.contains(text) || self.written.contains(text))
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        let texts = self.texts.iter().chain(&self.written);
        let texts: usize = texts.map(|text| size_of::<String>() + text.len()).sum();
        texts + self.numbers.len() * size_of::<Key>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Set;
    use crate::coerce;
    use crate::number::Number;
    use crate::value::Value;

    fn value() -> impl Strategy<Value = Value<'static>> {
        let texts = vec![
            "1", "1.0", "01", "true", "false", "1E3", "1000", "0.1235", "x", "", "0",
        ];
        let texts = move || prop::sample::select(texts.clone());
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            texts().prop_map(Value::text),
            texts()
                .prop_filter("a number", |text| Number::from_json(text).is_some())
                .prop_map(|text| Value::Written(text.into())),
            prop::sample::select(vec![0.12345, 1.0, -0.0, 1000.0, 1e300]).prop_map(Value::float),
            (-1_i64..3).prop_map(Value::int),
            Just(Value::int(9_007_199_254_740_993)),
            Just(Value::float(9_007_199_254_740_992.0)),
            (0_i64..2).prop_map(Value::time),
            Just(Value::list(vec![Value::int(1)])),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_set_finds_what_equals(members in prop::collection::vec(value(), 0..6), one in value()) {
            let set: Set = members.iter().cloned().collect();
            let equal = members.iter().any(|member| coerce::equal(&one, member) == Some(true));
            let expected = (!one.is_null()).then_some(equal);
            prop_assert_eq!(set.contains(&one), expected, "{:?} in {:?}", one, members);
        }
    }
}
