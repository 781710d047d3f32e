//! A start, as far as it is this side's: its end, and that it was given up.
//!
//! Somebody who asked for a game and has none is to find it failed, and why, until the next start or stop. What supervises a
//! game says so by itself where the launcher has failed. Where the game could not even be set up, or had to be ended because
//! nothing came of it, it only knows of a stop, or of nothing. So the reason lies in a file of the instance, as it does not
//! matter which process looks.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{ActualState, InstanceStatus, Stop, StopLadder};
use crate::error::HostError;
use crate::layout::InstanceLayout;
use crate::name::InstanceName;
use crate::output::OutputSink;

/// How long the rest of the game's output may take to be handed on. To read the end of a big journal takes seconds.
const REST_LIMIT: Duration = Duration::from_secs(10);

/// Hands on what the game printed until its start was over. A reader that does not read must not keep the step from its end.
pub(super) async fn hand_on_the_rest<T>(name: &InstanceName, rest: impl Future<Output = T>) {
    if tokio::time::timeout(REST_LIMIT, rest).await.is_err() {
        tracing::warn!(%name, "the game's first output was not taken in time");
    }
}

/// Ends a start that is not wanted any more: nothing is left running but the reason.
pub(super) async fn give_up(
    supervisor: &(impl Stop + Sync),
    instance: &InstanceLayout,
    name: &InstanceName,
    error: &HostError,
) -> Result<(), HostError> {
    let ladder = StopLadder { console: Duration::ZERO, terminate: Duration::ZERO, ..StopLadder::default() };
    let (unheard, _) = OutputSink::channel(1);
    supervisor.stop(name, ladder, &unheard, &CancellationToken::new()).await?;
    Attempt::of(instance).give_up(error);
    Ok(())
}

/// What became of the last start, where that was for this side to say.
#[derive(Debug)]
pub(super) struct Attempt {
    path: PathBuf,
}

impl Attempt {
    pub(super) fn of(instance: &InstanceLayout) -> Self {
        Self { path: instance.given_up() }
    }

    /// The start was given up. A cancelled one is what somebody wanted, and no failure.
    pub(super) fn give_up(&self, error: &HostError) {
        if matches!(error, HostError::Cancelled) {
            return;
        }
        let written = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&self.path);
        if let Err(error) = written.and_then(|mut file| file.write_all(error.in_full().as_bytes())) {
            // As on a full disk. The error itself is told to whoever asked for the start.
            tracing::warn!(path = %self.path.display(), %error, "can't note why a start was given up");
        }
    }

    /// Another start or stop has begun.
    pub(super) fn forget(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// What a look found, with what it could not see.
    pub(super) fn add_to(&self, found: InstanceStatus) -> InstanceStatus {
        if !matches!(found.state, ActualState::Stopped | ActualState::Failed { .. }) {
            return found;
        }
        match fs::read_to_string(&self.path) {
            Ok(reason) if !reason.is_empty() => InstanceStatus { state: ActualState::Failed { reason }, ..found },
            _ => found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;

    fn found(state: ActualState) -> InstanceStatus {
        InstanceStatus { state, pid: None, since: None, recent_restarts: 0 }
    }

    #[test]
    fn a_start_that_was_given_up_is_a_failure_until_it_is_forgotten() {
        let root = tempfile::tempdir().expect("a directory");
        let instance = Layout::new(root.path(), root.path()).instance(&InstanceName::parse("one").expect("a name"));
        fs::create_dir_all(instance.dir()).expect("a directory");
        let attempt = Attempt::of(&instance);
        attempt.give_up(&HostError::Cancelled);
        assert_eq!(attempt.add_to(found(ActualState::Stopped)).state, ActualState::Stopped);
        attempt.give_up(&HostError::io("start it", io::Error::other("no such program")));
        let failed = ActualState::Failed { reason: "start it: no such program".to_owned() };
        assert_eq!(Attempt::of(&instance).add_to(found(ActualState::Stopped)).state, failed);
        // The newest failure is the one to be told.
        let earlier = ActualState::Failed { reason: "it crashed".to_owned() };
        assert_eq!(attempt.add_to(found(earlier)).state, failed);
        assert_eq!(attempt.add_to(found(ActualState::Running)).state, ActualState::Running, "somebody else started it");
        attempt.forget().expect("forgotten");
        attempt.forget().expect("nothing to forget");
        assert_eq!(attempt.add_to(found(ActualState::Stopped)).state, ActualState::Stopped);
    }
}
