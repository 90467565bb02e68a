//! CBOR to a document. Items of definite and of indefinite length, floats of every width.
//!
//! Source: RFC 8949

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium_ll::{Decoder, Error, Header};

use super::super::Unreadable;
use crate::model::{Map, Value};

/// Deeper than any shape of a service.
const DEPTH_MAX: usize = 64;
/// Values in a document; a request with a thousand metrics, each with what it may have, comes to some hundred thousand.
/// An item may be one byte on the wire and is many in memory, so the body's length alone bounds too little.
const ITEMS_MAX: usize = 1_000_000;
/// Text and bytes are read in pieces of so much, whatever length they claim.
const PIECE_BYTES: usize = 4 << 10;

/// Reads a body, all of which has to be one item.
pub(super) fn document(bytes: &[u8]) -> Result<Value, Unreadable> {
    let mut reader = Reader {
        decoder: Decoder::from(bytes),
        items: 0,
        piece: vec![0; PIECE_BYTES],
    };
    let Some(value) = reader.item(0)? else {
        return Err(garbled("a break that ends nothing"));
    };
    if reader.decoder.offset() != bytes.len() {
        return Err(garbled("something behind its end"));
    }
    Ok(value)
}

fn garbled(what: &str) -> Unreadable {
    Unreadable(format!("The body is no CBOR: it has {what}"))
}

struct Reader<'b> {
    decoder: Decoder<&'b [u8]>,
    items: usize,
    piece: Vec<u8>,
}

impl Reader<'_> {
    /// The next item; nothing for the break that ends items of indefinite length.
    fn item(&mut self, depth: usize) -> Result<Option<Value>, Unreadable> {
        self.items += 1;
        if depth > DEPTH_MAX || self.items > ITEMS_MAX {
            return Err(garbled("too many items, one in another or beside it"));
        }
        Ok(Some(match self.header()? {
            Header::Break => return Ok(None),
            Header::Positive(number) => number.into(),
            // A negative number is kept as what is missing to minus one.
            Header::Negative(number) => match i64::try_from(number) {
                Ok(number) => (-1 - number).into(),
                Err(_) => return Err(garbled("a number beyond 64 bits")),
            },
            Header::Float(number) => float(number),
            Header::Simple(ciborium_ll::simple::FALSE) => Value::Bool(false),
            Header::Simple(ciborium_ll::simple::TRUE) => Value::Bool(true),
            Header::Simple(_) => Value::Null,
            // Times are tagged; what is expected where is the table's to say.
            Header::Tag(_) => match self.item(depth + 1)? {
                Some(tagged) => tagged,
                None => return Err(garbled("a tag on nothing")),
            },
            Header::Bytes(length) => Value::String(STANDARD.encode(self.bytes(length)?)),
            Header::Text(length) => Value::String(self.text(length)?),
            Header::Array(length) => self.array(length, depth)?,
            Header::Map(length) => self.map(length, depth)?,
        }))
    }

    fn header(&mut self) -> Result<Header, Unreadable> {
        self.decoder.pull().map_err(|error| said(&error))
    }

    fn array(&mut self, length: Option<usize>, depth: usize) -> Result<Value, Unreadable> {
        let mut items = Vec::new();
        while length.is_none_or(|length| items.len() < length) {
            match self.item(depth + 1)? {
                Some(item) => items.push(item),
                None if length.is_none() => break,
                None => return Err(garbled("a list that breaks off")),
            }
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, length: Option<usize>, depth: usize) -> Result<Value, Unreadable> {
        let mut members = Map::new();
        let mut read = 0;
        while length.is_none_or(|length| read < length) {
            let name = match self.item(depth + 1)? {
                Some(Value::String(name)) => name,
                None if length.is_none() => break,
                _ => return Err(garbled("a map whose keys are no text")),
            };
            let Some(value) = self.item(depth + 1)? else {
                return Err(garbled("a key without a value"));
            };
            members.insert(name, value);
            read += 1;
        }
        Ok(Value::Object(members))
    }

    fn bytes(&mut self, length: Option<usize>) -> Result<Vec<u8>, Unreadable> {
        let mut whole = Vec::new();
        let mut segments = self.decoder.bytes(length);
        while let Some(mut segment) = segments.pull().map_err(|error| said(&error))? {
            while let Some(piece) = segment
                .pull(&mut self.piece)
                .map_err(|error| said(&error))?
            {
                whole.extend_from_slice(piece);
            }
        }
        Ok(whole)
    }

    fn text(&mut self, length: Option<usize>) -> Result<String, Unreadable> {
        let mut whole = String::new();
        let mut segments = self.decoder.text(length);
        while let Some(mut segment) = segments.pull().map_err(|error| said(&error))? {
            while let Some(piece) = segment
                .pull(&mut self.piece)
                .map_err(|error| said(&error))?
            {
                whole.push_str(piece);
            }
        }
        Ok(whole)
    }
}

/// Never the bytes themselves: the caller knows them, and logs need not.
fn said<E>(error: &Error<E>) -> Unreadable {
    match error {
        Error::Io(_) => garbled("an item that breaks off"),
        Error::Syntax(at) => Unreadable(format!("The body is no CBOR, at byte {at}")),
    }
}

fn float(number: f64) -> Value {
    if let Some(number) = serde_json::Number::from_f64(number) {
        return Value::Number(number);
    }
    let text = if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    text.into()
}
