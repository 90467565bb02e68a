//! Numbers and names as bytes, little-endian, for the stored forms.

use crate::sizes::Sizes;

/// Bytes that are written.
#[derive(Debug, Default)]
pub(crate) struct Put(pub(crate) Vec<u8>);

impl Put {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn long(&mut self, long: u64) {
        self.0.extend(long.to_le_bytes());
    }

    pub(crate) fn double(&mut self, double: f64) {
        self.0.extend(double.to_le_bytes());
    }

    pub(crate) fn flag(&mut self, is_set: bool) {
        self.byte(u8::from(is_set));
    }

    /// How many follow.
    pub(crate) fn count(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.0.extend(count.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn text_if_any(&mut self, text: Option<&str>) {
        self.flag(text.is_some());
        if let Some(text) = text {
            self.text(text);
        }
    }

    pub(crate) fn long_if_any(&mut self, long: Option<u64>) {
        self.flag(long.is_some());
        if let Some(long) = long {
            self.long(long);
        }
    }

    /// The bins that have something.
    pub(crate) fn sizes(&mut self, sizes: &Sizes) {
        let filled = || sizes.counts().iter().zip(0_u32..);
        let filled = || filled().filter(|(count, _)| **count > 0.0);
        self.count(filled().count());
        for (count, bin) in filled() {
            self.0.extend(bin.to_le_bytes());
            self.double(*count);
        }
    }
}

/// Bytes that are read. `None` of anything means that they are not what was written.
#[derive(Debug)]
pub(crate) struct Take<'a>(pub(crate) &'a [u8]);

#[expect(
    clippy::option_option,
    reason = "the outer one says whether the bytes are what was written"
)]
impl<'a> Take<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn double(&mut self) -> Option<f64> {
        let double = self.array().map(f64::from_le_bytes)?;
        double.is_finite().then_some(double)
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// How many follow, if there are no more than there may be.
    pub(crate) fn count(&mut self, most: usize) -> Option<usize> {
        let count = usize::try_from(self.short()?).ok()?;
        (count <= most).then_some(count)
    }

    pub(crate) fn short(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.count(self.0.len())?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        let text = std::str::from_utf8(self.bytes()?).ok()?;
        Some(text.to_owned())
    }

    pub(crate) fn text_if_any(&mut self) -> Option<Option<String>> {
        if self.flag()? {
            self.text().map(Some)
        } else {
            Some(None)
        }
    }

    pub(crate) fn long_if_any(&mut self) -> Option<Option<u64>> {
        if self.flag()? {
            self.long().map(Some)
        } else {
            Some(None)
        }
    }

    pub(crate) fn sizes(&mut self) -> Option<Sizes> {
        let mut sizes = Sizes::default();
        let bins = self.count(sizes.counts().len())?;
        for _ in 0..bins {
            let bin = usize::try_from(self.short()?).ok()?;
            let count = self.double()?;
            if count < 0.0 || !sizes.put(bin, count) {
                return None;
            }
        }
        Some(sizes)
    }

    /// Whether all was read.
    pub(crate) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }
}
