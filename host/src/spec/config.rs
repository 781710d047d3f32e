//! Lines of server.cfg.

/// The longest line, in characters.
pub const MAX_LINE_CHARS: usize = 1024;

/// Why a config line is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigLineError {
    /// It is too long.
    #[error("is longer than {MAX_LINE_CHARS} characters")]
    TooLong,
    /// It is more than one line, or holds NUL or another control character.
    #[error("holds a line break or another control character: one entry is one line")]
    ControlCharacter,
    /// The game is reported to crash on such bytes in a cfg file.
    #[error("holds the character {0:?}: the game crashes on anything but ASCII in server.cfg")]
    NotAscii(char),
}

/// Checks one line of server.cfg.
pub fn check_config_line(line: &str) -> Result<(), ConfigLineError> {
    if line.chars().count() > MAX_LINE_CHARS {
        return Err(ConfigLineError::TooLong);
    }
    if let Some(c) = line.chars().find(|c| !c.is_ascii()) {
        return Err(ConfigLineError::NotAscii(c));
    }
    if line.chars().any(|c| c.is_ascii_control() && c != '\t') {
        return Err(ConfigLineError::ControlCharacter);
    }
    Ok(())
}
