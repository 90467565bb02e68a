//! The `application/vnd.amazon.eventstream` framing: decoding chunk by chunk, and encoding.
//!
//! A message is, in big-endian order: total length (u32), headers length (u32), CRC-32 of those eight bytes,
//! headers, payload, CRC-32 of everything before it. A header is name length (u8), name, type (u8), value.
//!
//! Source: <https://smithy.io/2.0/aws/amazon-eventstream.html>

use crc32fast::hash;

/// The largest payload a message may have.
pub const PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The largest block of headers a message may have.
pub const HEADERS_BYTES_MAX: usize = 128 * 1024;

const PRELUDE_BYTES: usize = 12;
const TRAILER_BYTES: usize = 4;

/// What is wrong with a stream of frames. Nothing after it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The lengths in the prelude contradict each other or the limits.
    #[error(
        "a frame says it is {total} bytes with {headers} bytes of headers, which is out of bounds"
    )]
    Length {
        /// Total length, as said.
        total: u32,
        /// Headers length, as said.
        headers: u32,
    },
    /// The prelude's checksum is wrong.
    #[error("the checksum of a frame's prelude is wrong")]
    PreludeChecksum,
    /// The message's checksum is wrong.
    #[error("the checksum of a frame is wrong")]
    MessageChecksum,
}

/// One message, borrowed from the decoder or the chunk it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    headers: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The payload.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The value of the string header of that name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut headers = self.headers();
        headers.find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Every string header as (name, value). A malformed header ends the list.
    pub fn headers(&self) -> Headers<'a> {
        Headers { rest: self.headers }
    }
}

/// See [`Frame::headers`].
#[derive(Debug, Clone)]
pub struct Headers<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (name_length, rest) = self.rest.split_first()?;
            let (name, rest) = rest.split_at_checked(usize::from(*name_length))?;
            let (kind, rest) = rest.split_first()?;
            let (value, rest) = take_value(*kind, rest)?;
            self.rest = rest;
            if *kind == 7 {
                return Some((
                    std::str::from_utf8(name).ok()?,
                    std::str::from_utf8(value).ok()?,
                ));
            }
        }
    }
}

fn take_value(kind: u8, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match kind {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        9 => 16,
        6 | 7 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            return rest.split_at_checked(usize::from(u16::from_be_bytes(*length)));
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// Cuts frames out of chunks. Holds at most one frame.
#[derive(Debug)]
pub struct Decoder {
    partial: Vec<u8>,
    payload_bytes_max: usize,
    failed: Option<Error>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::with_payload_bytes_max(PAYLOAD_BYTES_MAX)
    }
}

impl Decoder {
    /// Starts a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a stream whose payloads are `payload_bytes_max` at most; a larger one is an error.
    pub fn with_payload_bytes_max(payload_bytes_max: usize) -> Self {
        Self {
            partial: Vec::new(),
            payload_bytes_max,
            failed: None,
        }
    }

    /// Takes the next bytes and shows every frame they complete.
    ///
    /// # Errors
    /// What is wrong with the stream; every later call says the same.
    pub fn push(
        &mut self,
        mut chunk: &[u8],
        visit: &mut dyn FnMut(Frame<'_>),
    ) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.take(&mut chunk, visit);
        if let Err(error) = result {
            self.failed = Some(error);
            self.partial = Vec::new();
        }
        result
    }

    /// Bytes held of a frame that is not complete.
    pub fn pending_bytes(&self) -> usize {
        self.partial.len()
    }

    fn take(&mut self, chunk: &mut &[u8], visit: &mut dyn FnMut(Frame<'_>)) -> Result<(), Error> {
        if !self.partial.is_empty() {
            self.fill(chunk, PRELUDE_BYTES);
            let Some(length) = frame_length(&self.partial, self.payload_bytes_max)? else {
                return Ok(());
            };
            self.fill(chunk, length);
            if self.partial.len() < length {
                return Ok(());
            }
            visit(frame(&self.partial)?);
            self.partial.clear();
        }
        while let Some(length) = frame_length(chunk, self.payload_bytes_max)? {
            let Some((whole, rest)) = chunk.split_at_checked(length) else {
                break;
            };
            visit(frame(whole)?);
            *chunk = rest;
        }
        self.partial.extend_from_slice(chunk);
        Ok(())
    }

    fn fill(&mut self, chunk: &mut &[u8], length: usize) {
        let missing = length.saturating_sub(self.partial.len());
        let (taken, rest) = chunk.split_at(missing.min(chunk.len()));
        self.partial.extend_from_slice(taken);
        *chunk = rest;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*bytes))
}

/// The total length of the frame that begins here, once its prelude is there and sound.
fn frame_length(bytes: &[u8], payload_bytes_max: usize) -> Result<Option<usize>, Error> {
    let (Some(total), Some(headers), Some(checksum)) =
        (u32_at(bytes, 0), u32_at(bytes, 4), u32_at(bytes, 8))
    else {
        return Ok(None);
    };
    if hash(&bytes[..8]) != checksum {
        return Err(Error::PreludeChecksum);
    }
    let length = usize::try_from(total).unwrap_or(usize::MAX);
    let headers_length = usize::try_from(headers).unwrap_or(usize::MAX);
    let payload = length
        .checked_sub(PRELUDE_BYTES + TRAILER_BYTES)
        .and_then(|rest| rest.checked_sub(headers_length));
    match payload {
        Some(payload) if payload <= payload_bytes_max && headers_length <= HEADERS_BYTES_MAX => {
            Ok(Some(length))
        }
        _ => Err(Error::Length { total, headers }),
    }
}

/// Takes a complete message apart.
fn frame(message: &[u8]) -> Result<Frame<'_>, Error> {
    let end = message.len().saturating_sub(TRAILER_BYTES);
    if u32_at(message, end) != Some(hash(&message[..end])) {
        return Err(Error::MessageChecksum);
    }
    let headers_length = u32_at(message, 4).unwrap_or(0);
    let headers_end = PRELUDE_BYTES + usize::try_from(headers_length).unwrap_or(usize::MAX);
    Ok(Frame {
        headers: &message[PRELUDE_BYTES..headers_end],
        payload: &message[headers_end..end],
    })
}

/// Appends one message with string headers. Headers whose name is longer than 255 bytes or whose value is longer
/// than 65,535 are left out.
pub fn encode(headers: &[(&str, &str)], payload: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; PRELUDE_BYTES]);
    for (name, value) in headers {
        let (Ok(name_length), Ok(value_length)) =
            (u8::try_from(name.len()), u16::try_from(value.len()))
        else {
            continue;
        };
        out.push(name_length);
        out.extend_from_slice(name.as_bytes());
        out.push(7);
        out.extend_from_slice(&value_length.to_be_bytes());
        out.extend_from_slice(value.as_bytes());
    }
    let headers_length = out.len() - start - PRELUDE_BYTES;
    out.extend_from_slice(payload);
    let total = out.len() - start + TRAILER_BYTES;
    let as_u32 = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    out[start..start + 4].copy_from_slice(&as_u32(total));
    out[start + 4..start + 8].copy_from_slice(&as_u32(headers_length));
    let prelude_checksum = hash(&out[start..start + 8]);
    out[start + 8..start + 12].copy_from_slice(&prelude_checksum.to_be_bytes());
    let checksum = hash(&out[start..]);
    out.extend_from_slice(&checksum.to_be_bytes());
}

/// Appends an event with a JSON payload.
pub fn encode_event(event_type: &str, payload: &[u8], out: &mut Vec<u8>) {
    let headers = [
        (":event-type", event_type),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    encode(&headers, payload, out);
}

/// Appends a modelled exception; `exception_type` is the member's name, such as `modelStreamErrorException`.
pub fn encode_exception(exception_type: &str, payload: &[u8], out: &mut Vec<u8>) {
    let headers = [
        (":exception-type", exception_type),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    encode(&headers, payload, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = Vec<(Vec<(String, String)>, Vec<u8>)>;

    fn decode(bytes: &[u8], size: usize) -> (Seen, Result<(), Error>) {
        let mut seen = Seen::new();
        let mut decoder = Decoder::new();
        let mut result = Ok(());
        for chunk in bytes.chunks(size.max(1)) {
            result = decoder.push(chunk, &mut |frame| {
                let headers = frame.headers();
                let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
                seen.push((headers.collect(), frame.payload().to_vec()));
            });
            if result.is_err() {
                break;
            }
        }
        (seen, result)
    }

    /// The published empty message: no headers, no payload.
    /// Source: <https://smithy.io/2.0/aws/amazon-eventstream.html>, checked with another CRC-32.
    #[test]
    fn the_empty_message() {
        let mut out = Vec::new();
        encode(&[], b"", &mut out);
        assert_eq!(
            out,
            [
                0, 0, 0, 16, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff
            ]
        );
    }

    #[test]
    fn headers_of_other_types_are_stepped_over() {
        let mut out = Vec::new();
        encode(&[], b"", &mut out);
        let mut headers = vec![1, b'a', 0, 1, b'b', 2, 9, 1, b'c', 8];
        headers.extend_from_slice(&[0; 8]);
        headers.extend_from_slice(&[1, b'd', 6, 0, 2, 1, 2, 1, b'e', 7, 0, 1, b'v']);
        let frame = Frame {
            headers: &headers,
            payload: b"",
        };
        assert_eq!(frame.header("e"), Some("v"));
        assert_eq!(frame.header("a"), None);
        assert_eq!(frame.headers().count(), 1);
    }

    #[test]
    fn damage_is_noticed_and_stays() {
        let mut good = Vec::new();
        encode_event("chunk", b"{}", &mut good);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let (seen, result) = decode(&bad, 7);
            assert!(seen.is_empty() && result.is_err(), "byte {at}");
        }
        let mut decoder = Decoder::new();
        assert!(decoder.push(&[255; 40], &mut |_| {}).is_err());
        assert!(decoder.push(&good, &mut |_| {}).is_err());
    }

    #[test]
    fn a_frame_past_the_bound_is_refused_by_its_prelude() {
        let mut prelude = Vec::new();
        prelude.extend_from_slice(&u32::MAX.to_be_bytes());
        prelude.extend_from_slice(&0u32.to_be_bytes());
        prelude.extend_from_slice(&hash(&prelude).to_be_bytes());
        let (_, result) = decode(&prelude, 100);
        assert_eq!(
            result,
            Err(Error::Length {
                total: u32::MAX,
                headers: 0
            })
        );
    }

    proptest::proptest! {
        #[test]
        fn frames_round_trip_in_any_chunking(
            frames in proptest::collection::vec(
                (proptest::collection::vec(("[a-z:-]{1,12}", ".{0,12}"), 0..4), proptest::collection::vec(proptest::num::u8::ANY, 0..200)),
                0..6,
            ),
            size in 1usize..400,
        ) {
            let mut bytes = Vec::new();
            for (headers, payload) in &frames {
                let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                encode(&headers, payload, &mut bytes);
            }
            let (seen, result) = decode(&bytes, size);
            proptest::prop_assert_eq!(result, Ok(()));
            proptest::prop_assert_eq!(seen, frames);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), size in 1usize..50) {
            let _ = decode(&bytes, size);
            let frame = Frame { headers: &bytes, payload: b"" };
            let _ = frame.headers().count();
        }
    }
}
