//! Records and cursors as text. Pure.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::supervisor::{LogCursor, LogLine};

/// Which log a cursor belongs to: a random number, made with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(pub(super) u64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Generation {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if digits { u64::from_str_radix(text, 16).ok().map(Self) } else { None }
    }
}

/// The cursor of the place `offset`.
pub(super) fn cursor(generation: Generation, offset: u64) -> LogCursor {
    LogCursor(format!("{generation}-{offset}"))
}

/// The offset of a cursor, if it belongs to this generation.
pub(super) fn offset_of(generation: Generation, cursor: &LogCursor) -> Option<u64> {
    let (own, offset) = cursor.0.split_once('-')?;
    let plain = !offset.is_empty() && offset.bytes().all(|b| b.is_ascii_digit());
    if plain && Generation::parse(own)? == generation { offset.parse().ok() } else { None }
}

/// Appends a record. A line break would make two of one, so it becomes a blank.
pub(super) fn encode(buffer: &mut Vec<u8>, time: SystemTime, text: &str) {
    let millis = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    buffer.extend_from_slice(millis.to_string().as_bytes());
    buffer.push(b' ');
    buffer.extend(text.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
    buffer.push(b'\n');
}

/// Reads a record without its line end. What was damaged from outside is shown as it is.
pub(super) fn decode(record: &[u8], cursor: LogCursor) -> LogLine {
    let text = String::from_utf8_lossy(record);
    let parsed = text.split_once(' ').and_then(|(millis, text)| {
        let time = UNIX_EPOCH.checked_add(Duration::from_millis(millis.parse().ok()?))?;
        Some((time, text.to_owned()))
    });
    let (time, text) = parsed.unwrap_or_else(|| (UNIX_EPOCH, text.into_owned()));
    LogLine { cursor, time, text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was(text in "[^\n]{0,80}", millis in 0_u64..4_102_444_800_000) {
            let time = UNIX_EPOCH + Duration::from_millis(millis);
            let mut buffer = Vec::new();
            encode(&mut buffer, time, &text);
            prop_assert_eq!(buffer.pop(), Some(b'\n'));
            let cursor = LogCursor("x".to_owned());
            prop_assert_eq!(decode(&buffer, cursor.clone()), LogLine { cursor, time, text });
        }

        #[test]
        fn a_cursor_leads_back_in_its_own_generation_only(own: u64, other: u64, offset: u64) {
            let made = cursor(Generation(own), offset);
            prop_assert_eq!(offset_of(Generation(own), &made), Some(offset));
            prop_assert_eq!(offset_of(Generation(other), &made), (own == other).then_some(offset));
        }

        #[test]
        fn what_is_no_cursor_is_refused(text in "\\PC{0,40}") {
            let cursor = LogCursor(text.clone());
            if let Some(offset) = offset_of(Generation(7), &cursor) {
                prop_assert!(text.starts_with("0000000000000007-"));
                prop_assert!(text.ends_with(&offset.to_string()));
            }
        }
    }
}
