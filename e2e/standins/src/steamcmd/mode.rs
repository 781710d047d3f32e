//! How a run is told to take its time and to misbehave.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a run is told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How long the download takes.
    pub(crate) duration: Duration,
    /// The mode, and the number behind its colon.
    pub(crate) mode: Mode,
    /// Where the number of runs so far is kept, for modes that go away after some.
    pub(crate) counter: PathBuf,
}

/// One way to misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Not at all.
    Fine,
    /// `error:WORDS[:TIMES]`: `ERROR! Failed to install app '222860' (WORDS)`, for the first so many updates.
    Error(String, Option<u64>),
    /// `state:0x202`: an update that ends in that state.
    State(String),
    /// `lie`: no `Success!` line, yet exit status 0.
    Lie,
    /// `exit:N`: exit status N in spite of success.
    Exit(u8),
    /// `crash`: killed by a signal.
    Crash,
    /// `hang`: no end.
    Hang,
    /// `stubborn`: no end, and deaf to SIGTERM.
    Stubborn,
    /// `flood:N`: so many lines, then success.
    Flood(u64),
    /// `longline:BYTES`: one line of that length, then success.
    LongLine(usize),
    /// `binary`: bytes that are no UTF-8, then success.
    Binary,
    /// `child`: leaves a process behind that holds the output open and is deaf to SIGTERM, then hangs.
    Child,
}

impl Settings {
    /// Reads the settings for an installation directory.
    pub(crate) fn read(directory: &Path) -> Self {
        let parent = directory.parent().unwrap_or(directory);
        let file = fs::read_to_string(parent.join("standin-steamcmd.conf")).unwrap_or_default();
        let value = |name: &str| {
            let from_file = file.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            from_file.map(str::to_owned).or_else(|| std::env::var(format!("STANDIN_STEAMCMD_{name}")).ok())
        };
        Self {
            duration: Duration::from_millis(value("MS").and_then(|text| text.parse().ok()).unwrap_or(4000)),
            mode: value("MODE").map_or(Mode::Fine, |text| Mode::parse(&text)),
            counter: parent.join("standin-steamcmd.count"),
        }
    }
}

impl Mode {
    fn parse(text: &str) -> Self {
        let (name, rest) = text.trim().split_once(':').unwrap_or((text.trim(), ""));
        match name {
            "error" => match rest.split_once(':') {
                Some((words, times)) => Self::Error(words.to_owned(), times.parse().ok()),
                None => Self::Error(rest.to_owned(), None),
            },
            "state" => Self::State(rest.to_owned()),
            "lie" => Self::Lie,
            "exit" => Self::Exit(rest.parse().unwrap_or(1)),
            "crash" => Self::Crash,
            "hang" => Self::Hang,
            "stubborn" => Self::Stubborn,
            "flood" => Self::Flood(rest.parse().unwrap_or(10_000)),
            "longline" => Self::LongLine(rest.parse().unwrap_or(1_000_000)),
            "binary" => Self::Binary,
            "child" => Self::Child,
            _ => Self::Fine,
        }
    }
}

/// Counts a failure; says whether it is still among the first `times`.
pub(crate) fn count_failure(counter: &Path, times: Option<u64>) -> bool {
    let Some(times) = times else { return true };
    let so_far = fs::read_to_string(counter).ok().and_then(|text| text.parse().ok()).unwrap_or(0_u64);
    let _ = fs::write(counter, (so_far + 1).to_string());
    so_far < times
}
