//! Cuts the elements out of one JSON array that arrives in chunks.

/// See the module. Holds one element at a time.
#[derive(Debug, Default)]
pub(super) struct ArraySplitter {
    element: Vec<u8>,
    depth: usize,
    inside_string: bool,
    escaped: bool,
    began: bool,
}

impl ArraySplitter {
    pub(super) fn push(&mut self, chunk: &[u8], visit: &mut dyn FnMut(&[u8])) {
        for byte in chunk {
            self.take(*byte, visit);
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
            b'[' if !self.began => self.began = true,
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
