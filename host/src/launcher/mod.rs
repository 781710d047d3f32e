//! Becomes the game server: namespaces, mounts, sandbox, terminal, console socket.
//!
//! The same under every supervisor. It needs no privilege, runs in the foreground, prints the game's output, passes
//! signals on, ends with the game's exit status, and leaves nothing behind whichever way it ends. It must begin while
//! its process has one thread, so before any async runtime.

mod console;
mod failure;
mod init;
mod journal;
mod namespace;
mod notify;
mod past;
mod printed;
mod readiness;
mod relay;
mod root;
mod sandbox;
mod seen;

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

pub use console::{ConsoleError, MAX_LINE_BYTES, check_line, send_line};
pub use failure::{Failure, FailureKind, end_in_words};
pub use notify::{Notification, VARIABLE as NOTIFY_VARIABLE};
pub(crate) use past::Past;
pub use seen::seen_by_games;

use crate::layout::{InstanceLayout, Layout};
use crate::log_mark::LogMark;
use crate::name::InstanceName;
use crate::private::create_private;
use crate::pty::Pty;
use crate::spec::Specification;
use crate::sys::{self, Cloned, SignalFd};
use console::Console;
use init::World;
use notify::Notifier;
use readiness::Watch;
use relay::Relay;

/// Ends the game at once, with all its processes. Sent to the launcher, which then reports the end as usual.
pub const KILL_SIGNAL: Signal = Signal::USR1;
/// What the launcher and the first process of the namespace handle.
const SIGNALS: [Signal; 6] = [Signal::CHILD, Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, KILL_SIGNAL];

/// What to launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchConfig {
    /// Where everything lies.
    pub layout: Layout,
    /// Which instance.
    pub name: InstanceName,
    /// How long the game may take to bind its port, where whoever initialized the instance did not say.
    pub start_limit: Duration,
}

/// Launches the game and stays until it has ended. Gives the exit status for this process.
///
/// # Safety
///
/// The process must have one thread, and must end with the status that this returns: it has given up rights and may be
/// either of two processes.
pub unsafe fn launch(config: &LaunchConfig) -> u8 {
    let notifier = match Notifier::from_environment() {
        Ok(notifier) => notifier,
        Err(error) => {
            eprintln!("l4d2ctl: can't reach the supervisor: {error}");
            return FailureKind::System.exit_code();
        }
    };
    let instance = config.layout.instance(&config.name);
    // A start that a person asked systemd for is another one, too. Mostly there is none that was given up before.
    let _ = std::fs::remove_file(instance.given_up());
    let past = Past::of(&instance);
    let was_up = past.was_up();
    // SAFETY: the caller's promise is the same.
    let failure = match unsafe { prepare_and_run(config, &notifier, &past) } {
        Ok(code) => match Failure::crashed(code) {
            Some(failure) => failure,
            None => return code,
        },
        Err(failure) if was_up => failure.behind_a_crash(),
        Err(failure) => failure,
    };
    eprintln!("l4d2ctl: {failure}");
    notifier.send(&Notification::Failed(failure.clone()));
    failure.kind.exit_code()
}

/// # Safety
///
/// The process must have one thread.
unsafe fn prepare_and_run(config: &LaunchConfig, notifier: &Notifier, past: &Past) -> Result<u8, Failure> {
    let system = |context: &'static str| move |error: io::Error| Failure::because(FailureKind::System, context, error);
    let instance = config.layout.instance(&config.name);
    if let Some(mark) = LogMark::of(&instance) {
        journal::mark_output(&mark).map_err(system("can't print to the journal under the instance's mark"))?;
    }
    sys::reset_signal_dispositions();
    sys::close_on_exec_from(3).map_err(system("can't close what was inherited"))?;
    let signals = SignalFd::block(&SIGNALS).map_err(system("can't watch signals"))?;
    let specification = read_specification(&instance.spec())?;
    let plan = crate::instance::generate(&specification)
        .map_err(|error| Failure::because(FailureKind::Specification, "the specification is invalid", error))?;
    check_port(specification.port)?;
    prepare_directories(&instance).map_err(system("can't prepare the instance's directories"))?;
    let console = Console::listen(&instance.console_socket()).map_err(system("can't open the console's socket"))?;
    let pty = Pty::open().map_err(system("can't open a terminal"))?;
    let (report, report_writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map_err(|errno| system("can't open a pipe")(errno.into()))?;
    let outside = namespace::current_ids();
    // SAFETY: the caller promises one thread.
    match unsafe { namespace::enter() }? {
        Cloned::Child => {
            drop((report, console, pty.master));
            let world = World {
                layout: &config.layout,
                instance: &instance,
                overlays: &specification.overlays,
                command: &plan.command,
                outside,
            };
            let terminal = init::Terminal { end: pty.slave, path: &pty.path };
            std::process::exit(init::run(&world, &terminal, &signals, File::from(report_writer)).into());
        }
        Cloned::Parent(init) => {
            drop((report_writer, pty.slave));
            sandbox::drop_privileges().map_err(system("can't give up privileges"))?;
            let watch = Watch::new(specification.port, init, start_limit(&instance).unwrap_or(config.start_limit));
            let relay = Relay::new(init, pty.master, console, signals, File::from(report), watch);
            relay.map_err(system("can't watch the game"))?.run(notifier, past)
        }
    }
}

fn read_specification(path: &Path) -> Result<Specification, Failure> {
    let fail = |error: &dyn std::fmt::Display| {
        Failure::new(FailureKind::Specification, format!("can't read {}: {error}", path.display()))
    };
    let yaml = std::fs::read_to_string(path).map_err(|error| fail(&error))?;
    Specification::from_yaml(&yaml).map_err(|error| fail(&error))
}

/// What whoever initialized the instance allows.
fn start_limit(instance: &InstanceLayout) -> Option<Duration> {
    let text = std::fs::read_to_string(instance.start_limit()).ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn check_port(port: u16) -> Result<(), Failure> {
    match readiness::taken_protocol(port) {
        Ok(None) => Ok(()),
        Ok(Some(protocol)) => Err(port_taken(port, protocol)),
        Err(error) => Err(Failure::because(FailureKind::System, format!("can't look at port {port}"), error)),
    }
}

fn port_taken(port: u16, protocol: &str) -> Failure {
    let message = format!("port {port} ({protocol}) is taken by another program: stop it or choose another port");
    Failure::new(FailureKind::PortTaken, message)
}

fn prepare_directories(instance: &InstanceLayout) -> io::Result<()> {
    let directories = [instance.upper(), instance.work(), instance.merged(), instance.generated()];
    directories.iter().try_for_each(|directory| create_private(directory))
}
