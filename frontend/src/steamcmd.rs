//! What SteamCMD says it is doing, read from the lines of an install's log. Pure.
//!
//! A job's own `progress` is the share of the download and nothing else.

use crate::text::capitalized;

/// Longer than any of its words for a state, and short enough to stand beside a bar.
const LONGEST_WORDS: usize = 40;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is at this, such as `Downloading, 3.9 of 9.3 GB`.
    Doing(String),
    /// An update is over, well or not.
    Over,
}

/// Reads one line; most say nothing of either.
pub fn read(line: &str) -> Option<Said> {
    let is_over = || {
        let ends = ["Success!", "ERROR!", "Error!"];
        line.contains("pp '") && ends.iter().any(|end| line.contains(end))
    };
    update(line).map(Said::Doing).or_else(|| is_over().then_some(Said::Over))
}

/// `Update state (0x61) downloading, progress: 42.17 (3921234567 / 9298234567)`
fn update(line: &str) -> Option<String> {
    let (_, rest) = line.rsplit_once("Update state (0x")?;
    let (_, rest) = rest.split_once(") ")?;
    let (words, rest) = rest.split_once(", progress: ")?;
    let are_words = words.chars().all(|letter| letter.is_ascii_alphabetic() || matches!(letter, ' ' | '-' | '/'));
    if words.trim().is_empty() || words.len() > LONGEST_WORDS || !are_words {
        return None;
    }
    let words = capitalized(words.trim());
    Some(match counts(rest) {
        Some((done, total)) => format!("{words}, {}", amount(done, total)),
        None => words,
    })
}

/// The bytes done and all of them, where there are any: before a download there is nothing to count.
fn counts(rest: &str) -> Option<(u64, u64)> {
    let (_, counts) = rest.split_once('(')?;
    let (done, total) = counts.split_once(')')?.0.split_once('/')?;
    let (done, total) = (done.trim().parse().ok()?, total.trim().parse().ok()?);
    (total > 0 && done <= total).then_some((done, total))
}

/// In the units of downloads, in which Steam names its sizes, too: 1 GB is 10^9 bytes.
fn amount(done: u64, total: u64) -> String {
    let (unit, name) = match total {
        1_000_000_000.. => (1_000_000_000, "GB"),
        1_000_000.. => (1_000_000, "MB"),
        _ => (1_000, "kB"),
    };
    let text = |count: u64| {
        let tenths = count.saturating_add(unit / 20) / (unit / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    format!("{} of {} {name}", text(done), text(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doing(line: &str) -> Option<String> {
        match read(line) {
            Some(Said::Doing(words)) => Some(words),
            Some(Said::Over) | None => None,
        }
    }

    #[test]
    fn a_download_is_told_with_its_bytes() {
        let line = " Update state (0x61) downloading, progress: 42.17 (3921234567 / 9298234567)";
        assert_eq!(doing(line).as_deref(), Some("Downloading, 3.9 of 9.3 GB"));
        let colored = "\u{1b}[0m Update state (0x81) verifying update, progress: 0.10 (999 / 2500000)\u{1b}[0m";
        assert_eq!(doing(colored).as_deref(), Some("Verifying update, 0.0 of 2.5 MB"));
        let two = "Update state (0x5) verifying install, progress: 1 (1 / 2) Update state (0x61) downloading, progress: 5 (50 / 900)";
        assert_eq!(doing(two).as_deref(), Some("Downloading, 0.1 of 0.9 kB"));
    }

    #[test]
    fn where_nothing_is_counted_its_word_is_told() {
        let nothing = "Update state (0x3) reconfiguring, progress: 0.00 (0 / 0)";
        assert_eq!(doing(nothing).as_deref(), Some("Reconfiguring"));
        for counts in [
            "",
            "7.50",
            "7.50 (",
            "7.50 (1)",
            "7.50 (x / y)",
            "7.50 (-1 / 5)",
            "9 (2 / 1)",
            "1 (1 / 99999999999999999999)",
        ] {
            let line = format!("Update state (0x61) downloading, progress: {counts}");
            assert_eq!(doing(&line).as_deref(), Some("Downloading"), "{line}");
        }
        let most = u64::MAX;
        let line = format!("Update state (0x61) downloading, progress: 100.00 ({most} / {most})");
        assert_eq!(doing(&line).as_deref(), Some("Downloading, 18446744073.7 of 18446744073.7 GB"));
    }

    #[test]
    fn other_lines_say_nothing() {
        let long = format!("Update state (0x61) {}, progress: 1.00 (1 / 2)", "x".repeat(LONGEST_WORDS + 1));
        for line in [
            "",
            "Waiting for user info...OK",
            "Update state (0x61",
            "Update state (0x61)",
            "Update state (0x61) downloading",
            "Update state (0x61) , progress: 1.00 (1 / 2)",
            "Update state (0x61) \u{1b}[31mdown, progress: 1.00 (1 / 2)",
            "Update state (0x61) <b>, progress: 1.00 (1 / 2)",
            "Success! You are an app.",
            long.as_str(),
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn the_end_of_an_update_is_one_however_it_ended() {
        for line in [
            "Success! App '222860' fully installed.",
            "ERROR! Failed to install app '222860' (Invalid platform)",
            "Error! App '222860' state is 0x202 after update job.",
        ] {
            assert_eq!(read(line), Some(Said::Over), "{line}");
        }
    }
}
