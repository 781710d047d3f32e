//! Rules for what people type, where text alone decides: the API refuses by them and the SPA says so while one types.
//!
//! Each answers what is wrong in words, a fragment such as `must be 1 to 128 characters`. What needs the database or the
//! disk is not here, nor is what the host crate holds (arguments, lines of server.cfg, servers' names): it is checked
//! there again before it is used, and one rule is not written twice.

use std::ops::RangeInclusive;

/// How many characters names of overlays, blueprints and API tokens may have.
pub const NAME_CHARS: RangeInclusive<usize> = 1..=128;
/// How many characters an overlay's path may have.
pub const OVERLAY_PATH_CHARS: RangeInclusive<usize> = 1..=512;
/// How many characters a username may have.
pub const USERNAME_CHARS: RangeInclusive<usize> = 1..=64;
/// How many characters a password may have.
pub const PASSWORD_CHARS: RangeInclusive<usize> = 6..=1024;
/// What ports a server may have. Below are those that only root may take.
pub const PORTS: RangeInclusive<u16> = 1024..=65535;
/// How many days an API token may be good for.
pub const TOKEN_DAYS: RangeInclusive<u32> = 1..=3650;
/// How many characters a line for a game's console may have.
pub const COMMAND_CHARS: RangeInclusive<usize> = 1..=1024;

/// How many bytes of UTF-8 a line for a game's console may have: what a terminal takes as one line.
pub const COMMAND_BYTES: usize = 4000;

/// What is wrong, in words for a person.
pub type Fault = String;

/// The name of an overlay, a blueprint or an API token.
pub fn check_name(name: &str) -> Result<(), Fault> {
    if name.trim().is_empty() || !NAME_CHARS.contains(&name.chars().count()) {
        return Err(format!("must be {} characters, not only blanks", span(&NAME_CHARS)));
    }
    if name.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    Ok(())
}

/// An overlay's path, by its form alone; where it leads is the host's to say.
pub fn check_overlay_path(path: &str) -> Result<(), Fault> {
    if !OVERLAY_PATH_CHARS.contains(&path.chars().count()) {
        return Err(format!("must be {} characters", span(&OVERLAY_PATH_CHARS)));
    }
    if path.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    if path.starts_with('/') {
        return Err("must be relative to the overlay root".to_owned());
    }
    if path.split('/').all(|part| matches!(part, "" | "." | "..")) {
        return Err("must name a directory below the overlay root".to_owned());
    }
    Ok(())
}

/// The name of a user.
pub fn check_username(name: &str) -> Result<(), Fault> {
    let fits = USERNAME_CHARS.contains(&name.len());
    if fits && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
        return Ok(());
    }
    Err(format!("must be {} of letters, digits, _ - .", span(&USERNAME_CHARS)))
}

/// A new password.
pub fn check_password(password: &str) -> Result<(), Fault> {
    if PASSWORD_CHARS.contains(&password.chars().count()) {
        return Ok(());
    }
    Err(format!("must be {} characters long", span(&PASSWORD_CHARS)))
}

/// A line for a game's console.
pub fn check_console_command(command: &str) -> Result<(), Fault> {
    if command.trim().is_empty() || !COMMAND_CHARS.contains(&command.chars().count()) {
        return Err(format!("must be {} characters, not only blanks", span(&COMMAND_CHARS)));
    }
    if command.len() > COMMAND_BYTES {
        return Err(format!("must be at most {COMMAND_BYTES} bytes of UTF-8"));
    }
    if command.chars().any(char::is_control) {
        return Err("must be one line without control characters".to_owned());
    }
    Ok(())
}

fn span(range: &RangeInclusive<usize>) -> String {
    format!("{} to {}", range.start(), range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exact_and_count_characters() {
        type Check = fn(&str) -> Result<(), Fault>;
        let limits: [(&str, usize, usize, Check); 5] = [
            ("\u{e4}", 1, 128, check_name),
            ("\u{e4}", 1, 512, check_overlay_path),
            ("a", 1, 64, check_username),
            ("\u{e4}", 6, 1024, check_password),
            ("\u{e4}", 1, 1024, check_console_command),
        ];
        for (letter, least, most, check) in limits {
            for (count, fits) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
                assert_eq!(check(&letter.repeat(count)).is_ok(), fits, "{count} of at most {most}");
            }
        }
    }

    #[test]
    fn names_are_text_that_can_be_read() {
        for name in [" ", "a\u{7}", "a\nb"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for name in ["a b", "alice!", "\u{e4}", ""] {
            assert!(check_username(name).is_err(), "{name:?}");
        }
        assert_eq!(check_username("A.b-c_1"), Ok(()));
    }

    #[test]
    fn overlay_paths_are_relative_and_name_something() {
        for path in ["maps", "a/b", "a,b:c\\d", "x/../y", "./a"] {
            assert_eq!(check_overlay_path(path), Ok(()), "{path:?}");
        }
        for path in ["", "/etc", "a\0b", "a\nb", ".", "..", "./.", "../"] {
            assert!(check_overlay_path(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn console_lines_are_single_lines() {
        for command in ["", " ", "status\nquit", "a\0", "a\u{3}"] {
            assert!(check_console_command(command).is_err(), "{command:?}");
        }
        assert_eq!(check_console_command("status"), Ok(()));
        assert_eq!(check_console_command(&"\u{1f600}".repeat(1000)), Ok(()));
        let fault = check_console_command(&"\u{1f600}".repeat(1001)).expect_err("more than a terminal's line");
        assert_eq!(fault, "must be at most 4000 bytes of UTF-8");
    }
}
