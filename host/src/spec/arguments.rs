//! Launch arguments: how an entry becomes words, and which words are refused.
//!
//! Between a word given here and the engine lie two more parsers. Valve's `srcds_run` is a shell script that expands
//! its arguments unquoted, so words are split at blanks and matched against file names once more; the engine then
//! joins what it gets into one string in which a double quote groups words, `@FILE` is replaced by the file's text,
//! and names are compared without regard to case. A reserved argument is refused however it is wrapped for these.

/// The longest entry, in characters.
pub const MAX_ENTRY_CHARS: usize = 1024;

/// Names that belong to the panel, without their `-` or `+` and in lower case.
///
/// All but the last are the reserved arguments of the game server's facts; `-binary` would make `srcds_run` start
/// another program than the game.
const RESERVED: [&str; 14] = [
    "game",
    "port",
    "hostport",
    "ip",
    "console",
    "norestart",
    "autoupdate",
    "steam_dir",
    "steamcmd_script",
    "pidfile",
    "debug",
    "condebug",
    "servercfgfile",
    "binary",
];

/// Why an entry of launch arguments is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// It is too long.
    #[error("is longer than {MAX_ENTRY_CHARS} characters")]
    TooLong,
    /// It holds a newline, NUL or another control character.
    #[error("holds a control character: an argument is one line of plain text")]
    ControlCharacter,
    /// A quote is not closed, or a backslash ends the entry.
    #[error("has an unclosed quote or ends in a backslash")]
    Unbalanced,
    /// The argument belongs to the panel.
    #[error("{0} is reserved: the panel sets it itself")]
    Reserved(String),
    /// A word would be read from a file by the engine.
    #[error("{0} would read further arguments from a file: write them out")]
    ResponseFile(String),
    /// A literal double quote would be taken apart once more by the engine.
    #[error("holds a double quote inside a word, which the game's start script can't pass on")]
    LiteralQuote,
    /// The game's start script would replace the word by names of files.
    #[error("{0} could be replaced by names of files: leave out the *, ?, [ or backslash")]
    Pattern(String),
}

/// Splits an entry like a shell word list, without any expansion: blanks separate, quotes and backslashes group.
pub fn split_arguments(entry: &str) -> Result<Vec<String>, ArgumentError> {
    if entry.chars().count() > MAX_ENTRY_CHARS {
        return Err(ArgumentError::TooLong);
    }
    if entry.chars().any(|c| c.is_control() && c != '\t') {
        return Err(ArgumentError::ControlCharacter);
    }
    // A shell's word list has no comments, but the library's has: a stand-in that can't occur hides the number signs.
    let words = shlex::split(&entry.replace('#', "\u{1}")).ok_or(ArgumentError::Unbalanced)?;
    Ok(words.into_iter().map(|word| word.replace('\u{1}', "#")).collect())
}

/// Checks one entry of a blueprint's arguments.
pub fn check_argument(entry: &str) -> Result<(), ArgumentError> {
    for word in split_arguments(entry)? {
        if word.contains('"') {
            return Err(ArgumentError::LiteralQuote);
        }
        word.split([' ', '\t']).try_for_each(check_word)?;
    }
    Ok(())
}

/// Whether the words name a map to start with.
pub(crate) fn names_a_map(words: &[String]) -> bool {
    words.iter().flat_map(|word| word.split([' ', '\t'])).any(|word| word.eq_ignore_ascii_case("+map"))
}

fn check_word(word: &str) -> Result<(), ArgumentError> {
    if word.starts_with('@') {
        return Err(ArgumentError::ResponseFile(word.to_owned()));
    }
    if could_become_an_option(word) {
        return Err(ArgumentError::Pattern(word.to_owned()));
    }
    let Some(name) = word.strip_prefix(['-', '+']) else { return Ok(()) };
    if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        return Err(ArgumentError::Reserved(word.to_owned()));
    }
    Ok(())
}

/// Whether the word is a file name pattern that can match a file named like an option, such as `-port`.
fn could_become_an_option(word: &str) -> bool {
    // In the value of a variable a backslash is part of the pattern: `\-*` matches what `-*` does.
    let plain = word.replace('\\', "");
    match plain.chars().next() {
        Some('-' | '+' | '@') => word.contains(['*', '?', '[', '\\']),
        Some('*' | '?') => true,
        // `[EU]` is a common name of a server; it matches no `-`.
        Some('[') => plain.find(']').is_some_and(|end| !plain[1..end].chars().all(char::is_alphanumeric)),
        _ => false,
    }
}
