//! The line decoder against a model that sees the whole input at once.

use l4d2_host::lines::{CUT_MARK, LineDecoder};
use proptest::prelude::*;

fn decode(max_chars: usize, chunks: &[&[u8]]) -> Vec<String> {
    let mut decoder = LineDecoder::new(max_chars);
    let mut lines = Vec::new();
    for chunk in chunks {
        decoder.push(chunk, &mut lines);
    }
    lines.extend(decoder.finish());
    lines
}

/// What the lines should be, written the slow and plain way.
fn model(max_chars: usize, input: &[u8]) -> Vec<String> {
    let mut pieces: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    if pieces.last().is_some_and(|last| last.is_empty()) {
        pieces.pop();
    }
    let cut = |piece: &[u8]| {
        let text = String::from_utf8_lossy(piece).replace('\0', "\u{FFFD}");
        let text = text.trim_end_matches('\r');
        if text.chars().count() > max_chars {
            text.chars().take(max_chars).collect::<String>() + CUT_MARK
        } else {
            text.to_owned()
        }
    };
    pieces.into_iter().map(cut).collect()
}

/// Bytes with many newlines, returns, multi-byte characters and broken ones.
fn messy_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just("ä€🦀".as_bytes().to_vec()),
        Just(vec![0xF0, 0x9F]),
        Just(vec![0xED, 0xA0, 0x80]),
        "[a-z]{1,9}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunks_never_matter(input in messy_bytes(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12), max_chars in 1_usize..12) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        places.extend([0, input.len()]);
        places.sort_unstable();
        let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &input[pair[0]..pair[1]]).collect();
        prop_assert_eq!(decode(max_chars, &chunks), model(max_chars, &input));
    }

    #[test]
    fn lines_are_bounded_and_clean(input in messy_bytes(), max_chars in 1_usize..12) {
        for line in decode(max_chars, &[&input]) {
            prop_assert!(line.chars().count() <= max_chars + CUT_MARK.chars().count());
            prop_assert!(!line.contains(['\n', '\0']) && !line.ends_with('\r'));
        }
    }
}

#[test]
fn a_line_without_end_is_sent_at_the_limit() {
    let mut decoder = LineDecoder::new(4);
    let mut lines = Vec::new();
    decoder.push(b"abcd", &mut lines);
    assert!(lines.is_empty(), "four characters may still be the whole line");
    decoder.push(b"e", &mut lines);
    assert_eq!(lines, [format!("abcd{CUT_MARK}")]);
    decoder.push(&b"x".repeat(100_000), &mut lines);
    decoder.push(b"\nnext\n", &mut lines);
    assert_eq!(lines[1..], ["next"]);
    assert_eq!(decoder.finish(), None);
}

#[test]
fn a_line_of_exactly_the_limit_with_crlf_is_not_cut() {
    assert_eq!(decode(4, &[b"abcd\r", b"\n"]), ["abcd"]);
}

#[test]
fn returns_inside_a_line_stay() {
    assert_eq!(decode(99, &[b"10%\r20%\r\n\r\n"]), ["10%\r20%", ""]);
}
