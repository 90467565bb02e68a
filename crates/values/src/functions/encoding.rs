//! Encodings and hashes. What cannot be decoded, or does not decode to a text, gives nothing.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corelog_insights::Function;
use md5::Digest as _;

use crate::coerce;
use crate::value::Value;

pub(super) fn call(function: Function, values: &[Value<'_>]) -> Option<Value<'static>> {
    let text = values.first().and_then(coerce::text).unwrap_or_default();
    let decoded = |bytes: Option<Vec<u8>>| String::from_utf8(bytes?).ok();
    let result = match function {
        Function::UrlEncode => Some(url_encode(&text)),
        Function::UrlDecode => decoded(url_decode(&text)),
        Function::Base64Encode => Some(STANDARD.encode(text.as_bytes())),
        Function::Base64Decode => decoded(STANDARD.decode(text.as_bytes()).ok()),
        Function::HexToAscii => decoded(hex_bytes(&text)),
        Function::HexToDec => return hex_to_dec(&text).map(Value::int),
        Function::DecToHex => values.first().and_then(dec_to_hex),
        Function::Md5 => Some(md5(&text)),
        Function::Sha256 => Some(hex(&sha2::Sha256::digest(text.as_bytes()))),
        _ => return None,
    };
    result.map(Value::text)
}

/// The MD5 of a text in hexadecimal.
pub(crate) fn md5(text: &str) -> String {
    hex(&md5::Md5::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Decision: all but letters, digits, `-`, `_`, `.` and `~` is written as `%XX`, a space too.
fn url_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Decision: `+` is itself.
fn url_decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            out.push(hex_digit(bytes.next()?)? * 16 + hex_digit(bytes.next()?)?);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

fn hex_digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    digits
        .chunks(2)
        .map(|pair| Some(hex_digit(*pair.first()?)? * 16 + hex_digit(*pair.get(1)?)?))
        .collect()
}

fn hex_to_dec(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let digits = digits
        .strip_prefix("0x")
        .or(digits.strip_prefix("0X"))
        .unwrap_or(digits);
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), 16).ok()
}

/// Lower case, `0x` first, the sign before that; decimals are cut off. Source: people who ran it.
fn dec_to_hex(value: &Value<'_>) -> Option<String> {
    let number = coerce::number(value)?.truncate()?;
    let sign = if number < 0 { "-" } else { "" };
    Some(format!("{sign}0x{:x}", number.unsigned_abs()))
}
