//! A process that is left behind: it holds the output open and is deaf to every polite signal.

use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use rustix::process::setsid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// The first argument of such a process.
const ARGUMENT: &str = "--standin-background";
/// Asks it for a session of its own.
const OWN_SESSION: &str = "setsid";

/// Makes this process deaf to polite signals.
pub fn ignore_signals() {
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        // Registering a flag that nobody looks at is ignoring the signal.
        let _ = signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
}

/// Starts one from this program, in a session of its own when `how` is `setsid`; gives its number once it is deaf.
#[expect(clippy::disallowed_methods, reason = "the child is left behind on purpose")]
pub fn leave_behind(how: &str) -> io::Result<u32> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    let mut child = command.args([ARGUMENT, how]).stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    if let Some(ready) = &mut child.stderr {
        ready.read_exact(&mut [0])?;
    }
    Ok(child.id())
}

/// What such a process does, until it is killed; none in any other process.
pub fn run_if_left_behind() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    ignore_signals();
    if arguments.next().as_deref() == Some(OWN_SESSION) {
        let _ = setsid();
    }
    let _ = io::stderr().write_all(b"!");
    hang()
}

/// Never returns.
pub fn hang() -> ! {
    loop {
        thread::park();
    }
}
