//! A document to CBOR, by its shape.
//!
//! By hand: it is a head and some bytes for each item, and what AWS writes differs from the shortest form, which is what
//! libraries write: doubles have eight bytes, times are tagged doubles.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::{Kind, Shape, Value};

const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
const EPOCH_TAG: u8 = (6 << 5) | 1;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;
const DOUBLE: u8 = 0xfb;

/// What a head says of a number that follows it.
const ONE_BYTE: u8 = 0x18;
const TWO_BYTES: u8 = 0x19;
const FOUR_BYTES: u8 = 0x1a;
const EIGHT_BYTES: u8 = 0x1b;

/// Appends a value. What is not of its shape is written as it looks, though no operation answers such a thing.
pub(super) fn value(out: &mut Vec<u8>, shape: &Shape, document: &Value) {
    match (shape.kind, document) {
        (Kind::Structure(known), Value::Object(members)) => {
            let shaped = known.iter().filter_map(|member| {
                let value = members.get(member.name)?;
                Some((member.name, member.shape, value))
            });
            self::members(out, shaped);
        }
        (Kind::Structure(_), Value::Null) => head(out, MAP, 0),
        (Kind::Map(_, values), Value::Object(entries)) => {
            let shaped = entries
                .iter()
                .map(|(key, value)| (key.as_str(), values, value));
            members(out, shaped);
        }
        (Kind::List(of), Value::Array(items)) => {
            head(out, ARRAY, items.len() as u64);
            for item in items {
                value(out, of, item);
            }
        }
        (Kind::Timestamp, Value::Number(seconds)) => {
            out.push(EPOCH_TAG);
            double(out, seconds.as_f64().unwrap_or_default());
        }
        (Kind::Double, Value::Number(number)) => double(out, number.as_f64().unwrap_or_default()),
        (Kind::Blob, Value::String(text)) => {
            let bytes = STANDARD.decode(text).unwrap_or_default();
            head(out, BYTES, bytes.len() as u64);
            out.extend_from_slice(&bytes);
        }
        (_, Value::Number(number)) => match number.as_i64() {
            Some(number) => integer(out, number),
            None => double(out, number.as_f64().unwrap_or_default()),
        },
        (_, Value::String(string)) => text(out, string),
        (_, Value::Bool(value)) => out.push(if *value { TRUE } else { FALSE }),
        (_, Value::Null | Value::Array(_) | Value::Object(_)) => out.push(NULL),
    }
}

/// Appends a map of those members that are not null.
pub(super) fn members<'d>(
    out: &mut Vec<u8>,
    shaped: impl Iterator<Item = (&'d str, &'d Shape, &'d Value)>,
) {
    let present: Vec<_> = shaped.filter(|(_, _, value)| !value.is_null()).collect();
    head(out, MAP, present.len() as u64);
    for (name, shape, member) in present {
        text(out, name);
        value(out, shape, member);
    }
}

fn text(out: &mut Vec<u8>, string: &str) {
    head(out, TEXT, string.len() as u64);
    out.extend_from_slice(string.as_bytes());
}

fn integer(out: &mut Vec<u8>, number: i64) {
    match u64::try_from(number) {
        Ok(number) => head(out, 0, number),
        Err(_) => head(out, NEGATIVE, (-1 - number).unsigned_abs()),
    }
}

fn double(out: &mut Vec<u8>, number: f64) {
    out.push(DOUBLE);
    out.extend_from_slice(&number.to_be_bytes());
}

/// The head of an item: what it is, and its number or its length, in as few bytes as hold it.
fn head(out: &mut Vec<u8>, major: u8, number: u64) {
    let bytes = number.to_be_bytes();
    let [.., b4, b5, b6, b7] = bytes;
    match number {
        0..=23 => out.push(major | b7),
        24..=0xff => out.extend([major | ONE_BYTE, b7]),
        0x100..=0xffff => out.extend([major | TWO_BYTES, b6, b7]),
        0x1_0000..=0xffff_ffff => out.extend([major | FOUR_BYTES, b4, b5, b6, b7]),
        _ => {
            out.push(major | EIGHT_BYTES);
            out.extend(bytes);
        }
    }
}
