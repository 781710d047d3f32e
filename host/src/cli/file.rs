//! The panel's config file as a source of `l4d2ctl`'s settings: below flags and environment, above the defaults.

use std::ffi::OsString;

use anyhow::{Context, Result};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use l4d2_host::package;

use super::Cli;

/// What says which panel is meant; where neither is given, it is the installed package's.
const NAMES_A_PANEL: [&str; 2] = ["l4d2_root", "data_dir"];

impl Cli {
    /// Reads the command line, the environment and, where they leave open which panel is meant, the package's settings.
    /// Ends the process where the command line is wrong.
    pub(crate) fn read() -> Result<Self> {
        let matches = Self::command().get_matches();
        let cli = parsed(&matches);
        if !matches!(cli.command, super::Command::Host(_)) || NAMES_A_PANEL.iter().any(|name| given(&matches, name)) {
            return Ok(cli);
        }
        let Some(file) = package::config()? else { return Ok(cli) };
        let reading = || format!("could not read {}", file.display());
        let text = std::fs::read_to_string(&file).with_context(reading)?;
        let settings = text.parse().with_context(reading)?;
        let mut words = std::env::args_os();
        let program: Vec<OsString> = words.by_ref().take(1).collect();
        let added = arguments(&Self::command(), &matches, &settings);
        let line = program.into_iter().chain(added.into_iter().map(OsString::from)).chain(words);
        Ok(parsed(&Self::command().get_matches_from(line)))
    }
}

fn parsed(matches: &ArgMatches) -> Cli {
    Cli::from_arg_matches(matches).unwrap_or_else(|error| error.exit())
}

fn given(matches: &ArgMatches, name: &str) -> bool {
    matches!(matches.value_source(name), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// Flags for those settings of the file that were not given already. What is the panel's alone is left out, and whether a key
/// is known at all is the panel's to say.
fn arguments(command: &Command, matches: &ArgMatches, settings: &toml::Table) -> Vec<String> {
    let options = command.get_arguments().filter_map(|option| {
        let key = option.get_env()?.to_str()?.to_lowercase();
        let value = settings.get(&key).filter(|_| !given(matches, option.get_id().as_str()))?;
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        Some(format!("--{}={value}", option.get_long()?))
    });
    options.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_gives_what_flags_and_environment_do_not() {
        let command = Cli::command();
        let line = ["l4d2ctl", "status", "one", "--stop-limit-seconds", "7"];
        let matches = command.clone().try_get_matches_from(line).expect("valid");
        let text = "bind = '127.0.0.1:1'\ndata_dir = '/var/lib/x'\nstop_limit_seconds = 9\ngame_cpu_weight = 200\nsupervisor = 'systemd'";
        let found = arguments(&command, &matches, &text.parse().expect("TOML"));
        assert_eq!(found, ["--data-dir=/var/lib/x", "--supervisor=systemd", "--game-cpu-weight=200"]);
        let line = std::iter::once("l4d2ctl".to_owned()).chain(found).chain(["status".to_owned(), "one".to_owned()]);
        command.try_get_matches_from(line).expect("a command line");
    }

    #[test]
    fn a_flag_behind_the_command_names_a_panel_too() {
        let matches =
            Cli::command().try_get_matches_from(["l4d2ctl", "status", "one", "--l4d2-root", "/x"]).expect("valid");
        assert!(given(&matches, "l4d2_root") && !given(&matches, "data_dir"));
    }
}
