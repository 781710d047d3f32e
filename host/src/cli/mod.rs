//! The command line of `l4d2ctl`: what can be asked, and the settings, which are the panel's own.

mod file;
mod output;
mod run;
mod settings;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use l4d2_host::launcher::LaunchConfig;
use l4d2_host::{HostConfig, InstanceName, Layout};

pub(crate) use run::run;
use settings::Settings;

/// Installs and runs Left 4 Dead 2 game servers, with or without the panel.
///
/// Uses the panel's settings: give both the same environment. Where neither DATA_DIR nor L4D2_ROOT is given, those of the
/// Debian package are read (/etc/l4d2-web/config.toml). Runs as the user whom L4D2_ROOT belongs to. Exits with 0 when what was asked is so, 1 when it failed,
/// 2 when the command line is wrong and 130 when it was interrupted.
#[derive(Debug, Parser)]
#[command(name = "l4d2ctl", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Host(HostCommand),
    #[command(flatten)]
    Process(ProcessCommand),
}

/// Calls of the host.
#[derive(Debug, Subcommand)]
pub(crate) enum HostCommand {
    /// Install or update the game with SteamCMD; refused while servers run
    Install,
    /// Write an instance's files from a specification; refused while it runs
    Initialize {
        /// The specification, a YAML file
        file: PathBuf,
    },
    /// Start an initialized instance and wait until its port is bound
    Start(Named),
    /// Stop an instance: quit on its console, then SIGTERM, then SIGKILL
    Stop(Named),
    /// Stop an instance and remove everything that is kept for it
    Delete(Named),
    /// Tell what an instance does; exits with 0 running, 3 stopped, 1 failed or unknown
    Status(Named),
    /// Print the last lines of a game's output
    Logs {
        #[command(flatten)]
        named: Named,
        /// How many lines
        #[arg(short = 'n', long, default_value_t = 200, value_name = "COUNT")]
        lines: usize,
        /// Go on with new lines as they come
        #[arg(short, long)]
        follow: bool,
    },
    /// Type a line on a running game's console
    Console {
        #[command(flatten)]
        named: Named,
        /// The line; its words are joined by blanks
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        line: Vec<String>,
    },
    /// Check the machine, and say what to do where something lacks; exits with 1 when servers can't run
    Doctor,
}

/// What this process becomes. These run before it has a second thread, for they change its namespaces and rights.
#[derive(Debug, Subcommand)]
pub(crate) enum ProcessCommand {
    /// Try overlayfs and Landlock in an empty directory; used by doctor
    #[command(hide = true)]
    Probe {
        /// The directory
        directory: PathBuf,
    },
    /// Become a game server and stay until it ends; run by a supervisor
    #[command(hide = true)]
    Launch(Named),
    /// Keep a game server running until it is stopped; run by the panel
    #[command(hide = true)]
    Supervise(Named),
    /// Mount L4D2_ROOT so that it belongs to whoever owns a directory; run by systemd, as root
    #[command(hide = true)]
    View {
        /// The directory to mount it on
        at: PathBuf,
    },
    /// Write the manual pages and shell completions; used to make packages
    #[command(hide = true)]
    Manual {
        /// The directory to write them to
        directory: PathBuf,
    },
}

impl Named {
    /// With the settings.
    pub(crate) fn launch_config(self, settings: &HostConfig) -> LaunchConfig {
        LaunchConfig {
            layout: Layout::new(settings.root.clone(), settings.overlay_root.clone()),
            name: self.name,
            start_limit: settings.start_limit,
        }
    }
}

/// Which instance.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// The instance's name
    #[arg(value_parser = InstanceName::parse)]
    pub(crate) name: InstanceName,
}
