//! The panel's texts as a person reads them.

use std::cmp::Ordering;

/// A sentence made of what the panel says in fragments: a capital first, a full stop last.
pub fn sentence(fragment: &str) -> String {
    let mut sentence = capitalized(fragment);
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

/// A size as a person reads it, in the units that the doctor's checks use: 1 GiB is 2^30 bytes.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let mut unit = 0;
    let (mut whole, mut tenths) = (count, 0);
    while whole >= 1_024 && unit + 1 < UNITS.len() {
        tenths = whole % 1_024 * 10 / 1_024;
        whole /= 1_024;
        unit += 1;
    }
    if unit == 0 || whole >= 100 {
        format!("{whole} {}", UNITS[unit])
    } else {
        format!("{whole}.{tenths} {}", UNITS[unit])
    }
}

/// Names in a sentence: `alpha`, `alpha and bravo`, `alpha, bravo and charlie`.
pub fn names(names: &[String]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// The order of names as a person counts: `srv-2` before `srv-10`.
pub fn compare_names(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(first), Some(second)) = (left.chars().next(), right.chars().next()) {
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, rest) = split_number(left);
            let (other, other_rest) = split_number(right);
            (left, right) = (rest, other_rest);
            // Without zeros before it, the longer number is the greater one.
            number.len().cmp(&other.len()).then_with(|| number.cmp(other))
        } else {
            (left, right) = (&left[first.len_utf8()..], &right[second.len_utf8()..]);
            first.cmp(&second)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    // What differs in zeros only has an order all the same.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits that a text begins with, less the zeros before them, and the rest.
fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    (number.trim_start_matches('0'), rest)
}

/// A text with a capital first.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let mut capitalized: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    capitalized.push_str(letters.as_str());
    capitalized
}

#[cfg(test)]
mod tests {
    use super::{bytes, compare_names, names, sentence};

    #[test]
    fn sizes_have_a_unit_that_suits_them() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(bytes(9_298_234_567), "8.6 GiB");
        assert_eq!(bytes(1 << 40), "1024 GiB");
    }

    #[test]
    fn names_are_joined_as_in_a_sentence() {
        let all = ["alpha", "bravo", "charlie"].map(str::to_owned);
        assert_eq!(names(&all[..0]), "");
        assert_eq!(names(&all[..1]), "alpha");
        assert_eq!(names(&all[..2]), "alpha and bravo");
        assert_eq!(names(&all), "alpha, bravo and charlie");
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut all = ["srv-10", "srv-2", "srv-1", "srv", "srv-02", "b2c3", "b2c10", "srv-18446744073709551616"];
        all.sort_by(|a, b| compare_names(a, b));
        assert_eq!(all, ["b2c3", "b2c10", "srv", "srv-1", "srv-02", "srv-2", "srv-10", "srv-18446744073709551616"]);
    }

    #[test]
    fn fragments_become_sentences() {
        assert_eq!(sentence("port 27015 is used"), "Port 27015 is used.");
        assert_eq!(sentence("Is it there?"), "Is it there?");
        assert_eq!(sentence("élan"), "Élan.");
        assert_eq!(sentence(""), "");
    }
}
