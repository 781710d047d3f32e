//! Server-sent events as bytes.
//!
//! Pure. Whatever is in a text, it can't end its event early or begin another one: every line end in it (LF, CR or
//! both) begins a new `data:` field, so a client reads the same text back with LF for each. The frames of a log line
//! are made once and shared by all its readers, which is why they are bytes and not a web framework's events.

use std::fmt::Display;

use bytes::{BufMut, BytesMut};
use serde::Serialize;

/// A comment: clients ignore it, proxies see that the connection is in use.
pub const COMMENT: &[u8] = b": keep-alive\n\n";

/// What comes now and then. Browsers keep comments from the page, which could not tell a quiet stream from a dead one
/// without the event.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\nevent: ping\ndata: {}\n\n";

/// Appends one event without an id.
pub fn event(frames: &mut BytesMut, name: &str, data: &str) {
    debug_assert!(!name.contains(['\r', '\n']), "names of events are our own words");
    field(frames, "event", name);
    for line in lines(data) {
        field(frames, "data", line);
    }
    frames.put_u8(b'\n');
}

/// Appends one event whose data is JSON.
pub fn json_event(frames: &mut BytesMut, name: &str, data: &impl Serialize) {
    match serde_json::to_string(data) {
        Ok(data) => event(frames, name, &data),
        Err(error) => tracing::error!(%error, name, "an event could not be serialized"),
    }
}

/// Appends one event with an id. An id that can't be one (a line end or NUL in it) is left out.
pub fn event_with_id(frames: &mut BytesMut, id: impl Display, name: &str, data: &str) {
    let id = id.to_string();
    if !id.contains(['\r', '\n', '\0']) {
        field(frames, "id", &id);
    }
    event(frames, name, data);
}

fn field(frames: &mut BytesMut, name: &str, value: &str) {
    // One space behind the colon is no part of the value, so a value that begins with a space keeps it.
    frames.reserve(name.len() + value.len() + 3);
    frames.put_slice(name.as_bytes());
    frames.put_slice(b": ");
    frames.put_slice(value.as_bytes());
    frames.put_u8(b'\n');
}

/// The lines of a text as a parser of such streams tells them apart; at least one.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(end) = text.bytes().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            return Some(text);
        };
        let width = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + width..]);
        Some(&text[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(data: &str) -> String {
        let mut frames = BytesMut::new();
        event_with_id(&mut frames, 7, "stdout", data);
        String::from_utf8(frames.to_vec()).expect("valid UTF-8")
    }

    #[test]
    fn a_line_is_one_event() {
        assert_eq!(framed("hello"), "id: 7\nevent: stdout\ndata: hello\n\n");
        assert_eq!(framed(""), "id: 7\nevent: stdout\ndata: \n\n");
    }

    #[test]
    fn line_ends_in_a_text_begin_further_data_fields() {
        assert_eq!(
            framed("a\rb\r\nc\n\nid: 9"),
            "id: 7\nevent: stdout\ndata: a\ndata: b\ndata: c\ndata: \ndata: id: 9\n\n"
        );
    }

    #[test]
    fn an_id_that_would_break_the_framing_is_left_out() {
        let mut frames = BytesMut::new();
        event_with_id(&mut frames, "a\ndata: forged", "stdout", "x");
        assert_eq!(&frames[..], b"event: stdout\ndata: x\n\n");
    }
}
