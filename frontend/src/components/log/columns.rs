//! How wide text is in a monospace font. Pure.

/// Joins the emoji on both sides into one.
const JOINER: char = '\u{200d}';

/// How many columns a text takes in the monospace fonts at hand, as nearly as can be told without drawing it.
pub fn columns(text: &str) -> usize {
    let mut is_joined = false;
    let mut columns = 0;
    for letter in text.chars() {
        if !is_joined {
            columns += width(letter);
        }
        is_joined = letter == JOINER;
    }
    columns
}

/// East Asian characters and emoji take two columns; marks on others, and what says how emoji look, none.
fn width(letter: char) -> usize {
    match u32::from(letter) {
        0x0300..=0x036f
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0x200b..=0x200f
        | 0x20d0..=0x20ff
        | 0xfe00..=0xfe0f
        | 0xfe20..=0xfe2f
        | 0x1f3fb..=0x1f3ff
        | 0xe0100..=0xe01ef => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_no_room_counts_for_nothing() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        for (text, expected) in
            [("cafe\u{301}", 4), (family, 2), ("\u{2764}\u{fe0f}", 1), ("\u{1f44d}\u{1f3fd}!", 3), ("漢字", 4)]
        {
            assert_eq!(columns(text), expected, "{text}");
        }
    }
}
