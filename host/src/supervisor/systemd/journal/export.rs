//! The journal's export format: fields as `NAME=text`, or as `NAME` and a counted value when it holds strange bytes; an
//! empty line ends an entry. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::supervisor::LogCursor;

/// One entry, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) cursor: LogCursor,
    pub(super) time: SystemTime,
    pub(super) message: Vec<u8>,
    /// Why the journal ended the line, when it was not for a newline.
    pub(super) line_break: Option<String>,
}

/// Takes bytes in whatever pieces and gives whole entries.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    buffer: Vec<u8>,
}

/// One field, and how many bytes it took.
struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
    length: usize,
}

impl Decoder {
    /// Takes the next bytes; gives the entries that they complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Entry> {
        self.buffer.extend_from_slice(bytes);
        let mut entries = Vec::new();
        let mut taken = 0;
        while let Some((entry, length)) = entry(&self.buffer[taken..]) {
            entries.extend(entry);
            taken += length;
        }
        self.buffer.drain(..taken);
        entries
    }
}

/// The entry at the beginning of the bytes and its length; none while it is not whole. What has no cursor is no entry.
fn entry(bytes: &[u8]) -> Option<(Option<Entry>, usize)> {
    let (mut cursor, mut time, mut message, mut line_break) = (None, UNIX_EPOCH, Vec::new(), None);
    let mut length = 0;
    loop {
        let rest = &bytes[length..];
        if rest.first()? == &b'\n' {
            let entry = cursor.map(|cursor| Entry { cursor, time, message, line_break });
            return Some((entry, length + 1));
        }
        let field = field(rest)?;
        length += field.length;
        let text = || String::from_utf8_lossy(field.value).into_owned();
        match field.name {
            b"__CURSOR" => cursor = Some(LogCursor(text())),
            b"__REALTIME_TIMESTAMP" => time = UNIX_EPOCH + Duration::from_micros(text().parse().unwrap_or(0)),
            b"MESSAGE" => message = field.value.to_vec(),
            b"_LINE_BREAK" => line_break = Some(text()),
            _ => {}
        }
    }
}

fn field(bytes: &[u8]) -> Option<Field<'_>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = &bytes[..end];
    if let Some(equals) = line.iter().position(|byte| *byte == b'=') {
        return Some(Field { name: &line[..equals], value: &line[equals + 1..], length: end + 1 });
    }
    let counted = &bytes[end + 1..];
    let (size, rest) = counted.split_first_chunk::<8>()?;
    let size = usize::try_from(u64::from_le_bytes(*size)).ok()?;
    // A newline follows, which must be there too for the field to be whole.
    (rest.len() > size).then(|| Field { name: line, value: &rest[..size], length: end + 1 + 8 + size + 1 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(number: usize, message: &[u8]) -> Vec<u8> {
        let mut bytes = format!("__CURSOR=c{number}\n__REALTIME_TIMESTAMP={number}\n").into_bytes();
        if message.iter().any(|byte| *byte < 32) {
            bytes.extend(b"MESSAGE\n");
            bytes.extend((message.len() as u64).to_le_bytes());
        } else {
            bytes.extend(b"MESSAGE=");
        }
        bytes.extend(message);
        bytes.extend(b"\n_LINE_BREAK=line-max\n\n");
        bytes
    }

    proptest! {
        #[test]
        fn entries_come_whole_however_the_bytes_do(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
            size in 1_usize..30,
        ) {
            let bytes: Vec<u8> = messages.iter().enumerate().flat_map(|(n, message)| written(n, message)).collect();
            let mut decoder = Decoder::default();
            let entries: Vec<Entry> = bytes.chunks(size).flat_map(|piece| decoder.push(piece)).collect();
            prop_assert_eq!(entries.len(), messages.len());
            for (number, (entry, message)) in entries.iter().zip(&messages).enumerate() {
                prop_assert_eq!(&entry.cursor.0, &format!("c{number}"));
                prop_assert_eq!(&entry.message, message);
                prop_assert_eq!(entry.line_break.as_deref(), Some("line-max"));
            }
            prop_assert!(decoder.buffer.is_empty());
        }
    }
}
