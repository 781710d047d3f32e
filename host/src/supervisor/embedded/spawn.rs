//! Starts the supervising process so that it outlives this one.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::shim::STANDING;
use crate::launcher::LaunchConfig;
use crate::sys;

/// Taking an instance over is a lock and some small files; longer means that the disk hangs.
const STANDING_LIMIT: Duration = Duration::from_secs(15);

/// The arguments that `l4d2ctl launch` and `l4d2ctl supervise` share. The environment says nothing, so that nothing of the
/// panel's, secrets included, gets as far as the game.
pub(super) fn add_arguments(command: &mut Command, what: &str, launch: &LaunchConfig) {
    let start_limit = launch.start_limit.as_millis().div_ceil(1000).max(1);
    command.arg(what).arg(launch.name.as_str());
    command.arg("--l4d2-root").arg(launch.layout.root());
    command.arg("--overlay-root").arg(launch.layout.overlay_root());
    command.arg("--start-limit-seconds").arg(start_limit.to_string());
    // Not quite empty: no environment at all is also what a process shows in the middle of an exec.
    command.env_clear().env("LANG", "C.UTF-8");
}

/// Starts `l4d2ctl supervise` in a session of its own and waits until it has taken the instance over. Its end is noticed
/// through its identity; the runtime reaps it while this process lives.
pub(super) async fn supervisor(launch: &LaunchConfig, l4d2ctl: &Path, line_max_chars: usize) -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the one process that must not end with its starter")]
    let mut command = Command::new(l4d2ctl);
    add_arguments(&mut command, "supervise", launch);
    command.arg("--line-max-chars").arg(line_max_chars.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir("/");
    let mut command = tokio::process::Command::from(command);
    let prepare = || {
        // Neither the panel's terminal nor its process group reaches it.
        rustix::process::setsid()?;
        sys::lower_open_files()?;
        sys::unblock_signals()
    };
    // SAFETY: the closure makes system calls only.
    unsafe { command.pre_exec(prepare) };
    let mut child = command.spawn()?;
    let Ok(stands) = tokio::time::timeout(STANDING_LIMIT, stands(&mut child)).await else {
        child.kill().await?;
        return Err(io::Error::other(format!("it said nothing for {} s", STANDING_LIMIT.as_secs())));
    };
    let mut words = stands?;
    if words == STANDING {
        return Ok(());
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut words).await?;
    }
    child.wait().await?;
    Err(io::Error::other(words.trim().to_owned()))
}

/// What it says when it has taken the instance over, or nothing when it could not.
async fn stands(child: &mut tokio::process::Child) -> io::Result<String> {
    let mut words = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut words).await?;
    }
    Ok(words)
}
