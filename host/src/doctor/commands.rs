//! The commands that remedies are: complete, and such that they work as they stand in any shell of the machine.

use std::path::Path;

use rustix::process::{getegid, geteuid};

use crate::host::{HostConfig, SupervisorChoice};
use crate::package;

/// Where the package has it, which every shell finds by its name alone.
const INSTALLED: &str = "/usr/bin/l4d2ctl";
/// The package's AppArmor profile.
const PROFILE: &str = include_str!("../../../packaging/l4d2ctl.apparmor");
/// Where AppArmor finds profiles at a boot.
const PROFILE_AT: &str = "/etc/apparmor.d/l4d2ctl";

/// A path as a word of a command.
pub(super) fn quoted(path: &Path) -> String {
    words(&[&path.to_string_lossy()])
}

fn words(words: &[&str]) -> String {
    // No path and no word of ours holds a NUL, which is all that can't be quoted.
    shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" "))
}

/// The user whom this process runs as, whoever types the command.
fn user() -> String {
    let number = geteuid().as_raw();
    package::user_name(number).unwrap_or_else(|| number.to_string())
}

fn group() -> String {
    let number = getegid().as_raw();
    package::group_name(number).unwrap_or_else(|| number.to_string())
}

/// Makes a directory for this user.
pub(super) fn make_directory(path: &Path) -> String {
    format!("sudo install -d -m 0700 -o {} -g {} {}", user(), group(), quoted(path))
}

/// Gives a directory to this user.
pub(super) fn take_over(path: &Path) -> String {
    format!("sudo chown -R {}:{} {}", user(), group(), quoted(path))
}

/// Installs the game as this user, for `l4d2ctl` refuses any other, with these settings.
pub(super) fn install(config: &HostConfig) -> String {
    let as_user = if geteuid().is_root() { String::new() } else { format!("sudo runuser -u {} -- ", user()) };
    as_user + &install_here(config, package::names_root(&config.root))
}

/// `found`: whether the program finds the settings by itself.
fn install_here(config: &HostConfig, found: bool) -> String {
    let program = config.l4d2ctl.to_string_lossy();
    let program = if program == INSTALLED { "l4d2ctl" } else { program.as_ref() };
    if found {
        return words(&[program, "install"]);
    }
    // SteamCMD lies in the data directory.
    let data = config.steamcmd.data_dir.parent().unwrap_or(Path::new("/"));
    let settings = [
        ("--l4d2-root", Some(config.root.as_path())),
        ("--overlay-root", Some(config.overlay_root.as_path()).filter(|path| *path != config.root.join("overlays"))),
        ("--data-dir", Some(data)),
        ("--steamcmd", config.steamcmd.program.as_deref()),
    ];
    let settings = settings.into_iter().filter_map(|(name, path)| Some([name.to_owned(), path?.display().to_string()]));
    // Which tells whether servers run: it refuses to install beside them.
    let supervisor = match config.supervisor {
        SupervisorChoice::Auto => None,
        SupervisorChoice::Systemd => Some("--supervisor=systemd".to_owned()),
        SupervisorChoice::Embedded => Some("--supervisor=embedded".to_owned()),
    };
    let line = [program.to_owned(), "install".to_owned()].into_iter().chain(settings.flatten()).chain(supervisor);
    words(&line.collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>())
}

/// Gives the program an AppArmor profile with which it may make user namespaces, at once and from the next boot on.
pub(super) fn allow_namespaces(l4d2ctl: &Path) -> String {
    let path = format!("\"{}\"", l4d2ctl.display());
    let lines = PROFILE.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<String> = lines.map(|line| line.replace(INSTALLED, &path)).collect();
    let profile = words(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    format!("printf '%s\\n' {profile} | sudo tee {PROFILE_AT} && sudo apparmor_parser --replace {PROFILE_AT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_written_for_the_very_program() {
        let command = allow_namespaces(Path::new("/home/it's me/l4d2ctl"));
        let (print, rest) = command.split_once(" | sudo tee ").expect("a pipe");
        assert_eq!(rest, "/etc/apparmor.d/l4d2ctl && sudo apparmor_parser --replace /etc/apparmor.d/l4d2ctl");
        let words = shlex::split(print).expect("words");
        let ["printf", "%s\\n", lines @ ..] = &words.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
            panic!("{words:?}")
        };
        let profile = ["profile l4d2ctl \"/home/it's me/l4d2ctl\" flags=(unconfined) {", "userns,"];
        assert_eq!(lines[..2], ["abi <abi/4.0>,", "include <tunables/global>"]);
        assert_eq!((&lines[2..4], lines.last()), (&profile[..], Some(&"}")));
    }

    #[test]
    fn a_directory_is_made_and_taken_over_for_a_user_with_a_name() {
        let (user, group) = (user(), group());
        let path = Path::new("/srv/two words");
        assert_eq!(make_directory(path), format!("sudo install -d -m 0700 -o {user} -g {group} '/srv/two words'"));
        assert_eq!(take_over(path), format!("sudo chown -R {user}:{group} '/srv/two words'"));
        assert!(!user.contains('$') && (user == "root" || !geteuid().is_root()));
    }
}
