//! Turns the bytes of a child into lines of bounded length.
//!
//! Pure: it reads nothing and waits for nothing. Whatever is pushed, in whatever pieces, it holds at most one line of
//! `max_chars` characters and never waits for a newline beyond that; its lines are valid UTF-8, hold no NUL (which
//! PostgreSQL can't store) and no newline, and don't end in a carriage return.

/// Follows the text of a line that was longer than the limit.
pub const CUT_MARK: &str = " …[cut]";

/// Decodes one stream of bytes.
#[derive(Debug)]
pub struct LineDecoder {
    max_chars: usize,
    line: String,
    line_chars: usize,
    /// The beginning of a character whose end is still to come; at most three bytes.
    partial: Vec<u8>,
    /// Carriage returns that may yet turn out to belong to the line end. A count, for there may be very many.
    held_returns: usize,
    /// Whether anything came since the last newline.
    begun: bool,
    /// The line was cut and sent; the rest up to the newline is dropped.
    discarding: bool,
}

impl LineDecoder {
    /// A decoder that cuts lines after `max_chars` characters (at least one).
    pub fn new(max_chars: usize) -> Self {
        Self {
            max_chars: max_chars.max(1),
            line: String::new(),
            line_chars: 0,
            partial: Vec::with_capacity(4),
            held_returns: 0,
            begun: false,
            discarding: false,
        }
    }

    /// Takes the next bytes and appends the lines that they complete. A line beyond the limit is appended, with
    /// [`CUT_MARK`], as soon as it is known to be longer, without waiting for its end.
    pub fn push(&mut self, bytes: &[u8], lines: &mut Vec<String>) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(rest) => {
                    self.take(rest, lines);
                    self.end_line(lines);
                }
                None => self.take(piece, lines),
            }
        }
    }

    /// The stream ended: the last line, when it had no newline.
    pub fn finish(&mut self) -> Option<String> {
        if !self.begun {
            return None;
        }
        let mut lines = Vec::new();
        self.end_line(&mut lines);
        lines.pop()
    }

    fn end_line(&mut self, lines: &mut Vec<String>) {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.append("\u{FFFD}", lines);
        }
        if !self.discarding {
            lines.push(std::mem::take(&mut self.line));
        }
        self.line.clear();
        self.line_chars = 0;
        self.held_returns = 0;
        self.begun = false;
        self.discarding = false;
    }

    /// Takes bytes that hold no newline.
    fn take(&mut self, mut bytes: &[u8], lines: &mut Vec<String>) {
        self.begun |= !bytes.is_empty();
        while !self.partial.is_empty() {
            let Some((first, rest)) = bytes.split_first() else { return };
            if self.complete_partial(*first, lines) {
                bytes = rest;
            }
        }
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            if self.discarding {
                return;
            }
            self.append(chunk.valid(), lines);
            if chunk.invalid().is_empty() {
                continue;
            }
            if chunks.peek().is_none() && is_incomplete(chunk.invalid()) {
                self.partial.extend_from_slice(chunk.invalid());
            } else {
                self.append("\u{FFFD}", lines);
            }
        }
    }

    /// Tries to go on with the character begun in an earlier piece; says whether the byte was used up by it.
    fn complete_partial(&mut self, byte: u8, lines: &mut Vec<String>) -> bool {
        self.partial.push(byte);
        let mut partial = std::mem::take(&mut self.partial);
        if let Ok(text) = std::str::from_utf8(&partial) {
            self.append(text, lines);
            partial.clear();
        } else if !is_incomplete(&partial) {
            // What came before was no character; the new byte may begin one, so it is looked at afresh.
            self.append("\u{FFFD}", lines);
            partial.clear();
            self.partial = partial;
            return false;
        }
        self.partial = partial;
        true
    }

    /// Appends text of the current line, cutting the line where it gets too long.
    fn append(&mut self, text: &str, lines: &mut Vec<String>) {
        let visible = text.trim_end_matches('\r');
        if !visible.is_empty() {
            while self.held_returns > 0 && !self.discarding {
                self.held_returns -= 1;
                self.append_bounded("\r", lines);
            }
            self.append_bounded(visible, lines);
            self.held_returns = 0;
        }
        self.held_returns += text.len() - visible.len();
    }

    fn append_bounded(&mut self, text: &str, lines: &mut Vec<String>) {
        if self.discarding {
            return;
        }
        let room = self.max_chars - self.line_chars;
        let end = text.char_indices().nth(room).map(|(index, _)| index);
        let fitting = end.map_or(text, |end| &text[..end]);
        if fitting.contains('\0') {
            self.line.push_str(&fitting.replace('\0', "\u{FFFD}"));
        } else {
            self.line.push_str(fitting);
        }
        if end.is_some() {
            self.line.push_str(CUT_MARK);
            lines.push(std::mem::take(&mut self.line));
            self.discarding = true;
        } else {
            self.line_chars += text.chars().count();
        }
    }
}

/// Whether the bytes are the beginning of a character, rather than none.
fn is_incomplete(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}
