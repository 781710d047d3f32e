//! Lines as programs print them for a terminal, turned into plain text and the colours of its parts. Pure.
//!
//! Colours and weights are kept; whatever else would move a cursor, set a title or ring a bell is dropped, so no line
//! can do more than look odd. Each line stands alone: a colour that a program forgot to end doesn't run on.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';
const TAB_WIDTH: usize = 8;

/// How a part of a line looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// One of the sixteen colours.
    pub color: Option<u8>,
    pub bold: bool,
    pub underline: bool,
}

/// A part of a line that looks otherwise than plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// In bytes of the plain text.
    pub range: Range<usize>,
    pub style: Style,
}

/// A line without its escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    pub plain: String,
    /// In order, without overlap; what lies between is plain.
    pub spans: Vec<Span>,
}

/// Reads a line.
pub fn parse(raw: &str) -> Text {
    let mut text = Text { plain: String::with_capacity(raw.len()), spans: Vec::new() };
    let mut style = Style::default();
    let mut begin = 0;
    let mut letters = raw.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            ESCAPE => {
                if let Some(codes) = escape(raw, at, &mut letters) {
                    text.end_span(begin, style);
                    begin = text.plain.len();
                    apply(&mut style, codes);
                }
            }
            '\t' => {
                let columns = text.plain.chars().count();
                let spaces = TAB_WIDTH - columns % TAB_WIDTH;
                text.plain.extend(std::iter::repeat_n(' ', spaces));
            }
            // A line end inside a line: what a program wrote over itself.
            '\n' | '\r' => text.plain.push(' '),
            letter if letter.is_control() => {}
            letter => text.plain.push(letter),
        }
    }
    text.end_span(begin, style);
    text
}

impl Text {
    fn end_span(&mut self, begin: usize, style: Style) {
        let end = self.plain.len();
        if begin < end && style != Style::default() {
            self.spans.push(Span { range: begin..end, style });
        }
    }
}

/// Passes over the rest of an escape sequence; gives the codes if it is one that sets colours.
fn escape<'a>(raw: &'a str, at: usize, letters: &mut Peekable<CharIndices<'_>>) -> Option<&'a str> {
    match letters.next()?.1 {
        '[' => {
            let first = at + 2;
            let (end, last) = letters.find(|(_, letter)| ('@'..='~').contains(letter))?;
            (last == 'm').then(|| &raw[first..end])
        }
        // A title and the like: up to the bell, or to an escape and a backslash.
        ']' | 'P' | '^' | '_' => {
            while let Some((_, letter)) = letters.next() {
                if letter == BELL {
                    break;
                }
                if letter == ESCAPE {
                    letters.next_if(|(_, letter)| *letter == '\\');
                    break;
                }
            }
            None
        }
        _ => None,
    }
}

fn apply(style: &mut Style, codes: &str) {
    let mut codes = codes.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
    while let Some(code) = codes.next() {
        match code {
            0 => *style = Style::default(),
            1 => style.bold = true,
            4 => style.underline = true,
            22 => style.bold = false,
            24 => style.underline = false,
            30..=37 => style.color = u8::try_from(code - 30).ok(),
            90..=97 => style.color = u8::try_from(code - 90 + 8).ok(),
            38 => style.color = extended(&mut codes),
            // The ground stays as it is: only so can the contrast be promised.
            48 => drop(extended(&mut codes)),
            39 => style.color = None,
            _ => {}
        }
    }
}

/// The rest of a colour out of more than sixteen; those beyond the sixteen are shown as plain text.
fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<u8> {
    match codes.next()? {
        5 => codes.next().and_then(|color| u8::try_from(color).ok()).filter(|color| *color < 16),
        2 => {
            codes.by_ref().take(3).for_each(drop);
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colored(color: u8) -> Style {
        Style { color: Some(color), ..Style::default() }
    }

    fn spans(raw: &str) -> Vec<(Range<usize>, Style)> {
        parse(raw).spans.into_iter().map(|span| (span.range, span.style)).collect()
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(parse("Host_NewGame on c1m1 – ü"), Text { plain: "Host_NewGame on c1m1 – ü".into(), spans: vec![] });
        assert_eq!(parse(""), Text::default());
    }

    #[test]
    fn colours_become_spans() {
        let text = parse("a \u{1b}[31mred\u{1b}[0m b");
        assert_eq!(text.plain, "a red b");
        assert_eq!(text.spans, [Span { range: 2..5, style: colored(1) }]);
        assert_eq!(spans("\u{1b}[1;92mx"), [(0..1, Style { bold: true, ..colored(10) })]);
        assert_eq!(spans("\u{1b}[4mx\u{1b}[24my"), [(0..1, Style { underline: true, ..Style::default() })]);
        assert_eq!(spans("\u{1b}[31ma\u{1b}[mb"), [(0..1, colored(1))]);
    }

    #[test]
    fn of_many_colours_the_sixteen_are_kept() {
        assert_eq!(spans("\u{1b}[38;5;9mx"), [(0..1, colored(9))]);
        assert_eq!(spans("\u{1b}[38;5;200mx"), []);
        assert_eq!(spans("\u{1b}[38;2;1;2;3;31mx"), [(0..1, colored(1))]);
        assert_eq!(spans("\u{1b}[41mx"), []);
        assert_eq!(spans("\u{1b}[48;5;1;32mx"), [(0..1, colored(2))]);
    }

    #[test]
    fn what_moves_the_cursor_or_rings_is_dropped() {
        assert_eq!(parse("a\u{1b}[2Kb\u{1b}[10;20Hc").plain, "abc");
        assert_eq!(parse("\u{1b}]0;title\u{7}x\u{1b}]0;t\u{1b}\\y").plain, "xy");
        assert_eq!(parse("a\u{7}\u{8}\0b").plain, "ab");
        assert_eq!(parse("a\nb").plain, "a b");
    }

    #[test]
    fn unfinished_escapes_end_with_the_line() {
        for raw in ["x\u{1b}", "x\u{1b}[", "x\u{1b}[31", "x\u{1b}]0;title"] {
            assert_eq!(parse(raw).plain, "x", "{raw:?}");
        }
    }

    #[test]
    fn tabs_reach_to_the_next_stop() {
        assert_eq!(parse("ab\tc").plain, "ab      c");
        assert_eq!(parse("\tc").plain, "        c");
    }

    /// Relative luminance, as WCAG 2.1 defines it.
    fn luminance(hex: &str) -> f64 {
        let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("two hex digits")) / 255.0;
        let linear = |part: f64| if part <= 0.039_28 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5))
    }

    #[test]
    fn every_colour_can_be_read_on_the_dark_ground() {
        let tokens = include_str!("../../../css/tokens.css");
        let token = |name: &str| {
            let (_, rest) = tokens.split_once(&format!("{name}: ")).expect("a token");
            rest.split(';').next().expect("a value")
        };
        let ground = luminance(token("--color-log-bg"));
        for color in 0..16 {
            let contrast = (luminance(token(&format!("--ansi-{color}"))) + 0.05) / (ground + 0.05);
            assert!(contrast >= 4.5, "colour {color} has {contrast:.1}");
        }
    }
}
