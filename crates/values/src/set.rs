//! What `in` looks into, made so that looking takes the same time however large it is.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::coerce::{self, FALSE, TRUE};
use crate::number::Number;
use crate::value::Value;

/// What values have in common that are equal as `=` sees it: two are, if one's [`of`](Key::of) has a key of the
/// other's [`beside`](Key::beside).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key<'a> {
    /// An integer, or a float that is one.
    Int(i64),
    /// Another float.
    Bits(u64),
    /// A whole number that was written and does not fit: whether it is negative, and its digits.
    Large(bool, Cow<'a, str>),
    /// The float nearest to one, which floats are held against that were none.
    Nearest(u64),
    /// A text that is no number.
    Text(Cow<'a, str>),
    /// A number that is none as a text, such as `1E3`.
    Written(Cow<'a, str>),
    /// A truth value, which its name equals.
    Truth(bool),
}

impl<'a> Key<'a> {
    fn number(number: Number) -> Self {
        match number {
            Number::Int(value) => Self::Int(value),
            Number::Float(value) => match number.truncate() {
                Some(whole) if value.fract() == 0.0 => Self::Int(whole),
                _ => Self::Bits(value.to_bits()),
            },
        }
    }

    /// Of a number that was written and does not fit.
    fn large(value: &'a Value<'_>) -> Option<Self> {
        let (is_negative, digits) = coerce::large(value)?.into_text();
        Some(Self::Large(is_negative, Cow::Borrowed(digits)))
    }

    /// The keys of a value that others are held against; none if it equals nothing.
    pub(crate) fn of(value: &'a Value<'_>) -> [Option<Self>; 2] {
        let number = coerce::number(value);
        if let (Some(large), Some(number)) = (Self::large(value), number) {
            return [Some(large), Some(Self::Nearest(number.as_f64().to_bits()))];
        }
        let other = match value {
            Value::Bool(truth) => Some(Self::Truth(*truth)),
            Value::Written(text) if Number::from_text(text).is_none() => {
                Some(Self::Written(Cow::Borrowed(text)))
            }
            Value::Text(text) if number.is_none() => Some(Self::Text(Cow::Borrowed(text))),
            _ => None,
        };
        [number.map(Self::number), other]
    }

    /// The keys of a value that is held against others.
    pub(crate) fn beside(value: &'a Value<'_>) -> [Option<Self>; 3] {
        let number = coerce::number(value);
        if let (Some(large), Some(number)) = (Self::large(value), number) {
            return [Some(large), Some(Self::number(number)), None];
        }
        let text = |text: &'a str| Some(Self::Text(Cow::Borrowed(text)));
        let nearest = match number.map(Self::number) {
            Some(Self::Bits(bits)) => Some(Self::Nearest(bits)),
            _ => None,
        };
        match value {
            Value::Bool(truth) => {
                let name = if *truth { TRUE } else { FALSE };
                [number.map(Self::number), text(name), None]
            }
            Value::Written(written) => [number.map(Self::number), text(written), nearest],
            Value::Text(name) if number.is_none() => {
                let truth = match &**name {
                    TRUE => Some(Self::Truth(true)),
                    FALSE => Some(Self::Truth(false)),
                    _ => None,
                };
                [text(name), Some(Self::Written(Cow::Borrowed(name))), truth]
            }
            _ => [number.map(Self::number), None, nearest],
        }
    }

    pub(crate) fn into_owned(self) -> Key<'static> {
        match self {
            Self::Int(value) => Key::Int(value),
            Self::Bits(bits) => Key::Bits(bits),
            Self::Large(is_negative, digits) => {
                Key::Large(is_negative, Cow::Owned(digits.into_owned()))
            }
            Self::Nearest(bits) => Key::Nearest(bits),
            Self::Text(text) => Key::Text(Cow::Owned(text.into_owned())),
            Self::Written(text) => Key::Written(Cow::Owned(text.into_owned())),
            Self::Truth(truth) => Key::Truth(truth),
        }
    }
}

/// Values, of which one may equal another as `=` sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Set {
    keys: HashSet<Key<'static>>,
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
        let keys = Key::of(value).into_iter().flatten();
        self.keys.extend(keys.map(Key::into_owned));
    }

    /// Whether a member equals the value; unknown if the value is missing. Maps and lists equal nothing.
    pub fn contains(&self, value: &Value<'_>) -> Option<bool> {
        if value.is_null() {
            return None;
        }
        let keys: &HashSet<Key<'_>> = &self.keys;
        let mut wanted = Key::beside(value).into_iter().flatten();
        Some(wanted.any(|key| keys.contains(&key)))
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        let text = |key: &Key<'_>| match key {
            Key::Text(text) | Key::Written(text) | Key::Large(_, text) => text.len(),
            _ => 0,
        };
        let texts: usize = self.keys.iter().map(text).sum();
        texts + self.keys.len() * size_of::<Key<'_>>()
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
            "1",
            "1.0",
            "01",
            "true",
            "false",
            "1E3",
            "1000",
            "0.1235",
            "x",
            "",
            "0",
            "18446744073709551614",
            "18446744073709551615",
            "018446744073709551615",
            "18446744073709551616.0",
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
            Just(Value::float(18_446_744_073_709_551_616.0)),
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
