//! What the kernel must offer.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::geteuid;
use tokio_util::sync::CancellationToken;

use super::{Check, commands};
use crate::command::{Command, Runner, Streams};
use crate::error::HostError;
use crate::host::HostConfig;
use crate::layout::Layout;
use crate::output::{OutputSink, OutputStream};
use crate::pty::Pty;
use crate::remove::remove_tree;

/// The first kernel with Landlock. An ordinary user may mount overlayfs since 5.11 and make mounts read-only by a call of its
/// own since 5.12.
const FIRST_WITH_ALL: (u32, u32) = (5, 13);
/// Trying takes milliseconds; a machine that needs longer hangs.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

pub(super) fn version() -> Check {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let Some(version) = parse_release(&release) else {
        return Check::warning("kernel", format!("Linux {release} is of no known version"), "");
    };
    if version < FIRST_WITH_ALL {
        let message = format!("Linux {release} can't keep a game to its own files");
        return Check::failed("kernel", message, "install a kernel of version 5.13 or newer");
    }
    Check::ok("kernel", format!("Linux {release}"))
}

fn parse_release(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Tries overlayfs and Landlock for real, in a process of its own.
pub(super) async fn tried(config: &HostConfig, layout: &Layout, runner: &Runner) -> [Check; 2] {
    match run_probe(config, layout, runner).await {
        Ok(words) => {
            let apparmor = told(&words, "apparmor");
            let mounted = overlayfs(said(&words, "overlayfs"), layout, |reason| Refusal {
                reason,
                apparmor,
                l4d2ctl: &config.l4d2ctl,
                parameter: kernel_parameter,
            });
            [mounted, landlock(said(&words, "landlock"))]
        }
        Err(error) => ["overlayfs", "landlock"]
            .map(|id| Check::failed(id, format!("it could not be tried: {error}"), "see the check of the launcher")),
    }
}

async fn run_probe(config: &HostConfig, layout: &Layout, runner: &Runner) -> Result<Vec<String>, HostError> {
    let failed = |source| HostError::io(format!("making a directory in {}", layout.root().display()), source);
    // Below the root, since the answer hangs on its file system.
    let directory = tempfile::Builder::new().prefix(".probe-").tempdir_in(layout.root()).map_err(failed)?;
    let command = Command {
        step: "probe",
        program: config.l4d2ctl.clone(),
        arguments: vec!["probe".into(), directory.path().into()],
        environment: Vec::new(),
        directory: layout.root().to_owned(),
        streams: Streams::Pipes,
        time_limit: PROBE_LIMIT,
        grace: Duration::from_secs(1),
    };
    let mut words = Vec::new();
    let mut on_line = |_: OutputStream, line: &str| {
        words.push(line.to_owned());
        None
    };
    // Nobody listens: what it says is taken by `on_line`.
    let (output, _) = OutputSink::channel(1);
    let status = runner.run(&command, &mut on_line, &output, &CancellationToken::new()).await;
    // The work directory of an overlay is closed to everybody.
    let path = directory.keep();
    let _ = tokio::task::spawn_blocking(move || remove_tree(&path)).await;
    status?;
    Ok(words)
}

/// What the probe says about one thing.
fn said<'a>(words: &'a [String], name: &str) -> &'a str {
    told(words, name).unwrap_or("the trial ended without a word")
}

fn told<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    words.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn overlayfs<'a>(said: &'a str, layout: &Layout, refusal: impl FnOnce(&'a str) -> Refusal<'a>) -> Check {
    match said {
        "ok" => Check::ok("overlayfs", format!("overlayfs works for this user below {}", layout.root().display())),
        reason => refusal(reason).check(),
    }
}

fn landlock(said: &str) -> Check {
    match said.strip_prefix("ok, ") {
        Some(abi) => Check::ok("landlock", format!("Landlock closes the file system to the game ({abi})")),
        None => Check::failed(
            "landlock",
            format!("no game can be kept from the panel's files by Landlock: {said}"),
            "use a kernel of version 5.13 or newer with Landlock, and have it in the kernel's lsm= parameter",
        ),
    }
}

/// That no overlay was mounted, and what may be behind it.
struct Refusal<'a> {
    reason: &'a str,
    /// The profile that AppArmor has given to the program.
    apparmor: Option<&'a str>,
    l4d2ctl: &'a Path,
    parameter: fn(&str) -> Option<String>,
}

impl Refusal<'_> {
    fn check(&self) -> Check {
        let failed = |remedy: &str| Check::failed("overlayfs", self.reason, remedy);
        let is = |name: &str, value: &str| (self.parameter)(name).is_some_and(|found| found == value);
        // Its restriction is for programs that have no profile.
        let without_profile = self.apparmor.is_none_or(|profile| profile == "unconfined");
        if without_profile && is("kernel/apparmor_restrict_unprivileged_userns", "1") {
            failed(&commands::allow_namespaces(self.l4d2ctl)).by_command()
        } else if is("kernel/unprivileged_userns_clone", "0") {
            failed(&set_for_good("kernel.unprivileged_userns_clone=1")).by_command()
        } else if is("user/max_user_namespaces", "0") {
            failed(&set_for_good("user.max_user_namespaces=10000")).by_command()
        } else if self.reason.contains("user namespace") {
            failed(
                "allow user namespaces; a container of Docker takes --security-opt seccomp=unconfined and --security-opt \
                 apparmor=unconfined: see \"In a container\" in README.md",
            )
        } else {
            failed(
                "put L4D2_ROOT on ext4, xfs, btrfs or tmpfs; in a container, on a volume, since its own file system is an \
                 overlay already, and with --security-opt apparmor=unconfined: see \"In a container\" in README.md",
            )
        }
    }
}

fn kernel_parameter(name: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/sys/{name}")).map(|text| text.trim().to_owned()).ok()
}

/// The command that sets a kernel parameter now and at every start of the machine.
fn set_for_good(parameter: &str) -> String {
    format!("echo {parameter} | sudo tee /etc/sysctl.d/60-l4d2-panel.conf && sudo sysctl --system")
}

pub(super) fn pty() -> Check {
    match Pty::open() {
        Ok(_) => Check::ok("pty", "games get a terminal, so their output is prompt"),
        Err(error) => {
            let message = format!("no terminal can be opened: {error}");
            Check::failed("pty", message, "mount devpts on /dev/pts")
        }
    }
}

pub(super) fn user() -> Check {
    if geteuid().is_root() {
        return Check::warning(
            "user",
            "the panel runs as root, which it needs for nothing",
            "make a user for it (useradd --system l4d2), give it L4D2_ROOT and the data directory, and run it as that",
        );
    }
    Check::ok("user", "the panel runs as an ordinary user")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read() {
        assert_eq!(parse_release("6.18.44-fc-v595"), Some((6, 18)));
        assert_eq!(parse_release("5.10-rc1"), Some((5, 10)));
        assert_eq!(parse_release("weird"), None);
    }

    fn refused(apparmor: Option<&str>, parameter: fn(&str) -> Option<String>, reason: &str) -> Check {
        Refusal { reason, apparmor, l4d2ctl: Path::new("/usr/bin/l4d2ctl"), parameter }.check()
    }

    #[test]
    fn apparmors_restriction_is_told_where_the_program_has_no_profile() {
        let ubuntu = |name: &str| (name == "kernel/apparmor_restrict_unprivileged_userns").then(|| "1".to_owned());
        for without in [Some("unconfined"), None] {
            let check = refused(without, ubuntu, "overlayfs can't be mounted: Permission denied");
            assert!(check.remedy.contains("apparmor_parser --replace") && check.remedy_is_command, "{check:?}");
        }
        // With one it is something else.
        let check = refused(Some("l4d2ctl (unconfined)"), ubuntu, "overlayfs can't be mounted: Invalid argument");
        assert!(check.remedy.contains("ext4") && !check.remedy_is_command, "{check:?}");
        let check = refused(Some("docker-default"), |_| None, "an ordinary user may make no user namespace: EPERM");
        assert!(check.remedy.contains("seccomp=unconfined") && check.remedy.contains("README.md"), "{check:?}");
    }
}
