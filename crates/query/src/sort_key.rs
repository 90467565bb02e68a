//! The order of `sort` as bytes: comparing two keys byte by byte compares the values.
//!
//! A key begins with a byte for its class: texts that are no numbers come before numbers. A number is its nearest
//! double, then what the double lacks of an integer, then its text. A text is its runs of digits and of other
//! characters: a run of digits counts by its length before its digits. What is missing has no key.

use corelog_values::{Number, Value, coerce};

const TEXT: u8 = 1;
const NUMBER: u8 = 2;
/// Ends a run of other characters; sorts before all of them, which is why a zero among them is followed by [`ESCAPE`].
const END: [u8; 2] = [0, 1];
const ESCAPE: u8 = 0xff;
/// Stands for any first digit: other characters sort on either side of all digits alike.
const DIGITS: u8 = b'0';

/// Writes the key of a value; false if there is none.
pub(crate) fn write(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    out.clear();
    let Some(text) = coerce::text(value) else {
        return false;
    };
    if let Some(number) = coerce::number(value) {
        out.push(NUMBER);
        write_number(number, out);
        out.extend_from_slice(text.as_bytes());
    } else {
        out.push(TEXT);
        write_runs(&text, out);
    }
    true
}

/// The same for values that count as numbers; false for all others.
pub(crate) fn write_if_number(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    coerce::number(value).is_some() && write(value, out)
}

fn write_number(number: Number, out: &mut Vec<u8>) {
    let nearest = number.as_f64();
    // Zero has one key, whatever its sign.
    let bits = (nearest + 0.0).to_bits();
    let ordered = if bits >> 63 == 0 {
        bits | (1 << 63)
    } else {
        !bits
    };
    out.extend_from_slice(&ordered.to_be_bytes());
    let rest = match number {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a double near a 64-bit integer is far from the ends of 128 bits"
        )]
        Number::Int(value) => i128::from(value) - nearest as i128,
        Number::Float(_) => 0,
    };
    // Doubles near 64-bit integers are at most 512 apart from them.
    let rest = u16::try_from(rest + 0x8000).unwrap_or(0x8000);
    out.extend_from_slice(&rest.to_be_bytes());
}

fn write_runs(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = rest.find(|c: char| c.is_ascii_digit() != digits);
        let (run, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if digits {
            out.push(DIGITS);
            let length = u32::try_from(run.len()).unwrap_or(u32::MAX);
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(run.as_bytes());
        } else {
            for byte in run.bytes() {
                out.push(byte);
                if byte == 0 {
                    out.push(ESCAPE);
                }
            }
            out.extend_from_slice(&END);
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use corelog_values::{Value, natural};
    use proptest::prelude::*;

    use super::write;

    fn key(value: &Value<'_>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        write(value, &mut out).then_some(out)
    }

    fn value() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::int),
            (-3_i64..3).prop_map(Value::int),
            any::<f64>().prop_map(Value::float),
            prop::sample::select(vec![0.0, -0.0, 0.5, 1.0, 9_007_199_254_740_992.0, 1e300])
                .prop_map(Value::float),
            Just(Value::int(9_007_199_254_740_993)),
            "[0-9]{1,3}".prop_map(Value::text),
            "[0-9a!\u{0}\u{1}é]{0,6}".prop_map(Value::text),
            any::<String>().prop_map(Value::text),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4_096, ..ProptestConfig::default() })]

        #[test]
        fn keys_compare_as_values_do(left in value(), right in value()) {
            prop_assert_eq!(key(&left).cmp(&key(&right)), natural::order(&left, &right));
        }
    }
}
