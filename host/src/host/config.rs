//! What the host is told by its caller.

use std::io;
use std::path::{PathBuf, absolute};
use std::time::Duration;

use crate::limits::GameLimits;
use crate::steamcmd::Recipe;
use crate::supervisor::StopLadder;

/// Which supervisor to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SupervisorChoice {
    /// systemd where it runs the machine, else the embedded one.
    #[default]
    Auto,
    /// systemd over D-Bus.
    Systemd,
    /// The one built in.
    Embedded,
}

/// How SteamCMD is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SteamcmdConfig {
    /// The program; none: Valve's tarball is fetched into `data_dir`.
    pub program: Option<PathBuf>,
    /// Where the fetched program and SteamCMD's home live.
    pub data_dir: PathBuf,
    /// `two-runs` or `one-run`, see the game server's facts.
    pub recipe: Recipe,
    /// The Steam account; none is anonymous.
    pub account: Option<String>,
    /// A file that holds the account's password.
    pub password_file: Option<PathBuf>,
    /// How often the known transient errors are tried, the first time included.
    pub attempts: u32,
    /// The longest an install may take.
    pub time_limit: Duration,
}

/// Everything the host needs to know, resolved by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostConfig {
    /// `L4D2_ROOT`.
    pub root: PathBuf,
    /// `OVERLAY_ROOT`.
    pub overlay_root: PathBuf,
    /// Which supervisor.
    pub supervisor: SupervisorChoice,
    /// The `l4d2ctl` program, which becomes launcher and embedded supervisor.
    pub l4d2ctl: PathBuf,
    /// How SteamCMD is run.
    pub steamcmd: SteamcmdConfig,
    /// A line longer than this many characters is cut.
    pub line_max_chars: usize,
    /// How long a game may take to bind its port.
    pub start_limit: Duration,
    /// How patiently a game is stopped.
    pub stop_ladder: StopLadder,
    /// What each game may use of the machine, from its next start on.
    pub game_limits: GameLimits,
}

impl HostConfig {
    /// The same with absolute paths: programs are run in other directories than this one.
    pub(super) fn absolute(self) -> io::Result<Self> {
        let steamcmd = SteamcmdConfig {
            program: self.steamcmd.program.map(absolute).transpose()?,
            data_dir: absolute(self.steamcmd.data_dir)?,
            password_file: self.steamcmd.password_file.map(absolute).transpose()?,
            ..self.steamcmd
        };
        Ok(Self {
            root: absolute(self.root)?,
            overlay_root: absolute(self.overlay_root)?,
            l4d2ctl: absolute(self.l4d2ctl)?,
            steamcmd,
            ..self
        })
    }
}
