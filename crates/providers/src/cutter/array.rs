//! Cuts the elements out of one JSON array that arrives in chunks.

/// See the module. Holds one element at a time. A text that is no array has no elements.
#[derive(Debug, Default)]
pub(super) struct ArraySplitter {
    element: Vec<u8>,
    depth: usize,
    inside_string: bool,
    escaped: bool,
    /// Whether the text began with a bracket, once it began.
    is_array: Option<bool>,
}

impl ArraySplitter {
    pub(super) fn push(&mut self, chunk: &[u8], visit: &mut dyn FnMut(&[u8])) {
        let mut rest = chunk;
        if self.is_array.is_none() {
            rest = rest.trim_ascii_start();
            let Some((first, behind)) = rest.split_first() else {
                return;
            };
            self.is_array = Some(*first == b'[');
            rest = behind;
        }
        if self.is_array == Some(true) {
            for byte in rest {
                self.take(*byte, visit);
            }
        }
    }

    /// Gives what the end of the stream cut off.
    pub(super) fn finish(&mut self, visit: &mut dyn FnMut(&[u8])) {
        self.give(visit);
    }

    fn take(&mut self, byte: u8, visit: &mut dyn FnMut(&[u8])) {
        if self.inside_string {
            self.element.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.inside_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b',' | b']' if self.depth == 0 => self.give(visit),
            b' ' | b'\n' | b'\r' | b'\t' if self.element.is_empty() => {}
            _ => {
                self.element.push(byte);
                match byte {
                    b'"' => self.inside_string = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }

    fn give(&mut self, visit: &mut dyn FnMut(&[u8])) {
        if !self.element.is_empty() {
            visit(self.element.trim_ascii_end());
            self.element.clear();
        }
    }
}
