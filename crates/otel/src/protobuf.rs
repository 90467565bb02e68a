//! Protocol Buffers on the wire: fields of a message, read without a copy and written into a buffer.
//!
//! OTLP's messages are frozen, and a reader that is generated for them would make a list of structs of a list of
//! empty messages, a hundred bytes for two. This one hands out one field after the other, so whoever reads decides what
//! is kept.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>

/// The bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// What a field holds, as far as the wire tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire<'a> {
    /// Integers, booleans, enums.
    Varint(u64),
    /// `fixed64`, `double`.
    Fixed64(u64),
    /// `fixed32`, `float`.
    Fixed32(u32),
    /// Strings, bytes, messages.
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    /// The bytes of a string, bytes or message.
    pub(crate) fn bytes(self) -> Result<&'a [u8], Broken> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Broken),
        }
    }

    /// A string. What is no UTF-8 in it is replaced: an SDK's careless cut is no reason to lose a call.
    pub(crate) fn text(self) -> Result<String, Broken> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// A `fixed64`.
    pub(crate) fn fixed64(self) -> Result<u64, Broken> {
        match self {
            Self::Fixed64(number) => Ok(number),
            _ => Err(Broken),
        }
    }

    /// An integer, a boolean or an enum.
    pub(crate) fn varint(self) -> Result<u64, Broken> {
        match self {
            Self::Varint(number) => Ok(number),
            _ => Err(Broken),
        }
    }
}

/// The fields of one message, in their order.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The next field's number and what it holds.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>, Broken> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let wire = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Broken)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(Broken)?;
                self.0 = rest;
                Wire::Bytes(bytes)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(self.array()?)),
            // Groups are older than OTLP.
            _ => return Err(Broken),
        };
        match key >> 3 {
            0 => Err(Broken),
            number => Ok(Some((number, wire))),
        }
    }

    /// The next integer, where integers are packed.
    pub(crate) fn next_varint(&mut self) -> Result<Option<u64>, Broken> {
        if self.0.is_empty() {
            return Ok(None);
        }
        self.varint().map(Some)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(Broken)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut number = 0_u64;
        for at in 0..10 {
            let (byte, rest) = self.0.split_first().ok_or(Broken)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Broken)
    }
}

/// A message being written. What is at its default is left out, as proto3 does.
#[derive(Debug, Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn varint(&mut self, mut number: u64) {
        loop {
            let low = number.to_le_bytes()[0] & 0x7f;
            number >>= 7;
            if number == 0 {
                return self.0.push(low);
            }
            self.0.push(low | 0x80);
        }
    }

    fn key(&mut self, number: u64, kind: u64) {
        self.varint(number << 3 | kind);
    }

    pub(crate) fn number(&mut self, field: u64, number: u64) {
        if number != 0 {
            self.always_number(field, number);
        }
    }

    /// A member of a `oneof`, which is there even at its default.
    pub(crate) fn always_number(&mut self, field: u64, number: u64) {
        self.key(field, 0);
        self.varint(number);
    }

    pub(crate) fn always_fixed64(&mut self, field: u64, number: u64) {
        self.key(field, 1);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn fixed64(&mut self, field: u64, number: u64) {
        if number != 0 {
            self.always_fixed64(field, number);
        }
    }

    pub(crate) fn always_double(&mut self, field: u64, number: f64) {
        self.always_fixed64(field, number.to_bits());
    }

    pub(crate) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.always_bytes(field, bytes);
        }
    }

    pub(crate) fn always_bytes(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn message(&mut self, field: u64, message: &Self) {
        self.always_bytes(field, &message.0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Source of the bytes: the examples of the encoding's own page.
    #[test]
    fn the_examples_of_the_page() {
        let mut fields = Fields::of(&[0x08, 0x96, 0x01]);
        assert_eq!(fields.next(), Ok(Some((1, Wire::Varint(150)))));
        assert_eq!(fields.next(), Ok(None));
        let testing = [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67];
        let mut fields = Fields::of(&testing);
        assert_eq!(fields.next(), Ok(Some((2, Wire::Bytes(b"testing")))));
        let mut message = Message::default();
        message.number(1, 150);
        message.number(3, 0);
        message.bytes(2, b"testing");
        let mut expected = vec![0x08, 0x96, 0x01];
        expected.extend(testing);
        assert_eq!(message.into_bytes(), expected);
    }

    #[test]
    fn what_is_cut_or_foreign_is_broken() {
        for bytes in [
            &[0x08][..],
            &[0x12, 0x07, 0x74],
            &[0x0b],
            &[0x00, 0x00],
            &[0x09, 1, 2],
            &[0xff; 12],
            &[
                0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
        ] {
            assert_eq!(Fields::of(bytes).next(), Err(Broken), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut fields = Fields::of(&bytes);
            while let Ok(Some(_)) = fields.next() {}
        }
    }
}
