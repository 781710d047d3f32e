//! What the game prints, in a form from which the journal keeps every line. Pure.
//!
//! The journal takes a zero byte for the end of a line, splits long lines, and drops what is empty: an empty line, but also
//! the end of a line that was split just there. So zero bytes become the character that stands for what is none, as they do
//! in the panel's own logs, and where nothing may be left before a newline there is a carriage return, which belongs to the
//! line's end. Otherwise it could not be told that the next entry begins a line. How the journal splits is seen in systemd's
//! `journald-stream.c`.

/// Stands for a zero byte.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();
/// Lines are split at multiples of this: of 48 KiB, unless somebody has set `LineMax=` in journald.conf.
const SPLIT_BYTES: usize = 1024;

/// How far the line is that was begun.
#[derive(Debug, Default)]
pub(super) struct Printed {
    line_bytes: usize,
}

impl Printed {
    /// Takes the next bytes; gives what is to be written.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut written = Vec::with_capacity(bytes.len() + 1);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let before = written.len();
            for (index, part) in text.split(|byte| *byte == 0).enumerate() {
                if index > 0 {
                    written.extend_from_slice(REPLACEMENT);
                }
                written.extend_from_slice(part);
            }
            self.line_bytes += written.len() - before;
            if text.len() < piece.len() {
                if self.line_bytes.is_multiple_of(SPLIT_BYTES) {
                    written.push(b'\r');
                }
                written.push(b'\n');
                self.line_bytes = 0;
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lines::LineDecoder;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        LineDecoder::new(3000).push(bytes, &mut lines);
        lines
    }

    #[test]
    fn what_the_journal_would_drop_or_split_is_written_otherwise() {
        let written = |bytes: &[u8]| String::from_utf8(Printed::default().push(bytes)).expect("text");
        assert_eq!(written(b"one\n\ntwo\r\n"), "one\n\r\ntwo\r\n");
        assert_eq!(written(b"a\0\n\0b"), "a\u{FFFD}\n\u{FFFD}b");
        for (bytes, end) in [(1023, "\n"), (1024, "\r\n"), (1025, "\n"), (49_151, "\n"), (49_152, "\r\n")] {
            let long = "x".repeat(bytes);
            assert_eq!(written(format!("{long}\n").as_bytes()), format!("{long}{end}"));
        }
    }

    proptest! {
        #[test]
        fn the_lines_stay_the_same_in_whatever_pieces_they_come(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(0), Just(b'\r'), any::<u8>()], 0..200),
            long in 1000_usize..1050,
            size in 1_usize..300,
        ) {
            let bytes = [&bytes[..], &b"y".repeat(long), &bytes, b"\n"].concat();
            let mut printed = Printed::default();
            let written: Vec<u8> = bytes.chunks(size).flat_map(|piece| printed.push(piece)).collect();
            prop_assert_eq!(lines(&written), lines(&bytes));
            prop_assert!(!written.contains(&0));
            // An empty line has a carriage return.
            prop_assert!(!written.starts_with(b"\n") && !written.windows(2).any(|pair| pair == b"\n\n"));
        }
    }
}
