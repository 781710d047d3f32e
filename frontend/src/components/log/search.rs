//! Finding text in lines, without regard to the case of ASCII letters. Pure.

use std::ops::Range;

use super::ansi::{Style, Text};

/// Whether a line holds what is searched for; none does when that is nothing.
pub fn contains(line: &str, query: &str) -> bool {
    hits(line, query).next().is_some()
}

/// Where a line holds it, in bytes, without overlap.
fn hits<'a>(line: &'a str, query: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let (line, query) = (line.as_bytes(), query.as_bytes());
    let mut at = 0;
    std::iter::from_fn(move || {
        let first = query.first()?;
        while at + query.len() <= line.len() {
            let here = at..at + query.len();
            // Both are valid UTF-8, so equal bytes begin and end on the borders of characters.
            if line[at].eq_ignore_ascii_case(first) && line[here.clone()].eq_ignore_ascii_case(query) {
                at = here.end;
                return Some(here);
            }
            at += 1;
        }
        None
    })
}

/// A part of a line that looks the same throughout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub text: String,
    pub style: Style,
    /// It is what is searched for.
    pub hit: bool,
}

/// A line cut where its look changes and where a hit begins or ends.
pub fn segments(text: &Text, query: &str) -> Vec<Segment> {
    let hits: Vec<Range<usize>> = hits(&text.plain, query).collect();
    let mut cuts: Vec<usize> =
        text.spans.iter().map(|span| &span.range).chain(&hits).flat_map(|r| [r.start, r.end]).collect();
    cuts.extend([0, text.plain.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let segment = |range: Range<usize>| Segment {
        style: text
            .spans
            .iter()
            .find(|span| span.range.contains(&range.start))
            .map(|span| span.style)
            .unwrap_or_default(),
        hit: hits.iter().any(|hit| hit.contains(&range.start)),
        text: text.plain[range].to_owned(),
    };
    cuts.windows(2).map(|pair| segment(pair[0]..pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::log::ansi;

    #[test]
    fn case_does_not_count() {
        assert!(contains("An ERROR here", "error"));
        assert!(contains("Größe: 7 ERROR", "größe"));
        assert!(!contains("fine", "error"));
        assert!(!contains("err", "error"));
        assert!(!contains("anything", ""));
    }

    #[test]
    fn hits_do_not_overlap() {
        assert_eq!(hits("aaaa", "aa").collect::<Vec<_>>(), [0..2, 2..4]);
    }

    #[test]
    fn lines_are_cut_at_colours_and_hits() {
        let text = ansi::parse("one \u{1b}[31mred\u{1b}[0m end");
        let parts = |query| {
            let segments = segments(&text, query);
            segments.into_iter().map(|part| (part.text, part.style.color, part.hit)).collect::<Vec<_>>()
        };
        let part = |text: &str, color, hit| (text.to_owned(), color, hit);
        assert_eq!(parts(""), [part("one ", None, false), part("red", Some(1), false), part(" end", None, false)]);
        assert_eq!(
            parts("e r"),
            [
                part("on", None, false),
                part("e ", None, true),
                part("r", Some(1), true),
                part("ed", Some(1), false),
                part(" end", None, false),
            ]
        );
        assert_eq!(segments(&ansi::parse(""), "x"), []);
    }
}
