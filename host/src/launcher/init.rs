//! The first process of the game's namespaces: builds the game's world, starts the game in it, and ends with it.
//!
//! When this process ends, for whatever reason, the kernel ends every process of the game.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use landlock::RulesetCreated;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};

use super::failure::{Failure, FailureKind};
use super::namespace::{self, Ids};
use super::root::{self, Tree};
use super::sandbox::{self, Fence};
use crate::layout::{InstanceLayout, Layout};
use crate::overlay::mount::Stack;
use crate::overlay::open_layers;
use crate::sys::{self, SignalFd};

/// All that the game's environment holds.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("HOME", root::GAME),
    ("LANG", "C.UTF-8"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"),
    ("TERM", "xterm"),
    ("USER", "game"),
];

/// Everything the game's world is made of.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) instance: &'a InstanceLayout,
    pub(crate) overlays: &'a [String],
    pub(crate) command: &'a [String],
    /// Who runs this outside.
    pub(crate) outside: Ids,
}

/// The game's end of its terminal.
#[derive(Debug)]
pub(crate) struct Terminal<'a> {
    pub(crate) end: OwnedFd,
    pub(crate) path: &'a Path,
}

/// Runs as the first process; returns its exit status. `report` takes a failure, and is closed when the game runs.
pub(crate) fn run(world: &World<'_>, terminal: &Terminal<'_>, signals: &SignalFd, mut report: File) -> u8 {
    match start(world, terminal, &report) {
        Ok(game) => {
            drop(report);
            // The terminal stays open here until the end: were the game to close it, the launcher would see it hang up.
            wait_for(game, signals)
        }
        Err(failure) => {
            // A launcher that is gone can't be told.
            let _ = report.write_all(&serde_json::to_vec(&failure).unwrap_or_default());
            failure.kind.exit_code()
        }
    }
}

fn start(world: &World<'_>, terminal: &Terminal<'_>, report: &File) -> Result<Pid, Failure> {
    let sandbox = |error: std::io::Error| Failure::because(FailureKind::Sandbox, "can't set up the namespace", error);
    // The game must not outlive a launcher that was killed.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(|errno| sandbox(errno.into()))?;
    if is_abandoned(report) {
        return Err(Failure::new(FailureKind::System, "the launcher was killed"));
    }
    // AppArmor on Ubuntu lets the namespace be made and then refuses what it is for.
    let refused = "can't set up the namespace (l4d2ctl doctor says what to do)";
    let ids =
        namespace::map_ids(world.outside).map_err(|error| Failure::because(FailureKind::Sandbox, refused, error))?;
    // Opened inside the new mount namespace, for the kernel mounts no directory of another.
    let layers = open_layers(world.layout, world.instance, world.overlays)
        .map_err(|error| Failure::because(FailureKind::Overlay, "can't use the layers", error))?;
    let upper = open_own(&world.instance.upper())?;
    let work = open_own(&world.instance.work())?;
    let tree = Tree {
        base: &world.instance.merged(),
        stack: Stack {
            lower: layers.iter().map(|layer| layer.fd.as_fd()).collect(),
            upper: upper.as_fd(),
            work: work.as_fd(),
        },
        terminal: terminal.path,
        ids,
    };
    tree.enter()?;
    let fence = Fence::for_game(terminal.path)
        .build()
        .map_err(|error| Failure::because(FailureKind::Sandbox, "can't fence the game in", error))?;
    let end = terminal.end.try_clone().map_err(sandbox)?;
    spawn(world.command, end, fence)
}

/// Whether the launcher died before its death could be noticed by signal.
fn is_abandoned(report: &File) -> bool {
    let mut fds = [PollFd::new(report, PollFlags::empty())];
    poll(&mut fds, Some(&Timespec::default())).is_ok() && fds[0].revents().contains(PollFlags::ERR)
}

fn open_own(path: &Path) -> Result<OwnedFd, Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty())
        .map_err(|error| Failure::because(FailureKind::System, format!("can't open {}", path.display()), error))
}

/// Executes the game on its terminal, in a session of its own, fenced in, with an environment that says nothing of the
/// panel's.
fn spawn(command: &[String], terminal: OwnedFd, fence: RulesetCreated) -> Result<Pid, Failure> {
    let [program, arguments @ ..] = command else {
        return Err(Failure::new(FailureKind::Specification, "the command line is empty"));
    };
    let fail =
        |error: io::Error| Failure::because(FailureKind::Program, format!("can't run the game's {program}"), error);
    #[expect(
        clippy::disallowed_methods,
        reason = "becomes the game: no output to drain, and its limits are the supervisor's"
    )]
    let mut game = Command::new(program);
    game.args(arguments).env_clear().envs(ENVIRONMENT);
    game.stdin(terminal.try_clone().map_err(fail)?).stdout(terminal.try_clone().map_err(fail)?).stderr(terminal);
    let mut fence = Some(fence);
    let prepare = move || {
        sys::unblock_signals()?;
        rustix::process::setsid()?;
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
        sandbox::drop_privileges()?;
        // The standard library hands the mask on, and a game that blocks SIGTERM could not be ended politely.
        sys::unblock_signals()?;
        match fence.take().map(RulesetCreated::restrict_self) {
            Some(Ok(_)) => sys::close_on_exec_from(3),
            _ => Err(Errno::PERM.into()),
        }
    };
    // SAFETY: this process has one thread, so that whatever the closure needs, memory included, is not locked.
    unsafe { game.pre_exec(prepare) };
    let game = game.spawn().map_err(fail)?;
    i32::try_from(game.id()).ok().and_then(Pid::from_raw).ok_or_else(|| fail(io::ErrorKind::InvalidData.into()))
}

/// Reaps whatever ends, passes signals on to the game's group, and ends when the game does.
fn wait_for(game: Pid, signals: &SignalFd) -> u8 {
    loop {
        match signals.read() {
            Ok(Some(Signal::CHILD)) => {
                if let Some(status) = reap(game) {
                    return status;
                }
            }
            // A group that is gone is about to be reaped.
            Ok(Some(signal)) => drop(rustix::process::kill_process_group(game, signal)),
            Ok(None) => {}
            Err(_) => return FailureKind::System.exit_code(),
        }
    }
}

/// Reaps everything that has ended; gives the game's exit status when it is among it.
fn reap(game: Pid) -> Option<u8> {
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if pid == game {
            return Some(exit_code(status));
        }
    }
    None
}

/// The exit status as a shell says it: 128 and the signal's number for what was ended by one.
pub(crate) fn exit_code(status: WaitStatus) -> u8 {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
