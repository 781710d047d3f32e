//! Stopping an instance, as the panel sees it: ask the supervising process, hand on what it says, and see it end.

use std::os::fd::OwnedFd;
use std::time::Duration;

use async_trait::async_trait;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::control::{self, Answer};
use super::process::ProcessIdentity;
use super::{EmbeddedSupervisor, Look, process_end, process_end_in_time};
use crate::error::HostError;
use crate::locks::try_lock;
use crate::name::InstanceName;
use crate::output::OutputSink;
use crate::supervisor::attempt::Attempt;
use crate::supervisor::{Outcome, Stop, StopLadder};

/// How much longer than the whole ladder the supervising process may take before it is ended itself.
const MARGIN: Duration = Duration::from_secs(5);

#[async_trait]
impl Stop for EmbeddedSupervisor {
    async fn stop(
        &self,
        name: &InstanceName,
        ladder: StopLadder,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        let forgotten = Attempt::of(&self.instance(name)).forget();
        forgotten.map_err(|source| HostError::io(format!("forget the last start of {name}"), source))?;
        let Some(look) = self.look(name)? else {
            output.system(format!("{name} does not run")).await;
            return Ok(Outcome::Already);
        };
        if !look.is_active() {
            self.clear(name, look).await?;
            output.system(format!("{name} does not run")).await;
            return Ok(Outcome::Already);
        }
        output.system(format!("stopping {name}")).await;
        tokio::select! {
            result = self.climb(name, look, ladder, output) => result.map(|()| Outcome::Done),
            () = cancel.cancelled() => Err(HostError::Cancelled),
        }
    }
}

impl EmbeddedSupervisor {
    /// A stopped instance has no failure any more: its record goes.
    async fn clear(&self, name: &InstanceName, look: Look) -> Result<(), HostError> {
        if let Some(process) = look.process {
            process_end_in_time(process).await?;
        }
        // Somebody else may have waited for the same end and started it anew: then the record is theirs.
        let held = try_lock(&self.instance(name).lock(), FlockOperation::NonBlockingLockExclusive)?;
        if held.is_none() || self.look(name)?.is_some_and(|look| look.is_active()) {
            return Ok(());
        }
        match std::fs::remove_file(self.instance(name).state()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(HostError::io(format!("remove the record of {name}"), error))
            }
            _ => Ok(()),
        }
    }

    async fn climb(
        &self,
        name: &InstanceName,
        look: Look,
        ladder: StopLadder,
        output: &OutputSink,
    ) -> Result<(), HostError> {
        let Some(process) = look.process else { return Ok(()) };
        let patience = ladder.console + ladder.terminate + ladder.kill + MARGIN;
        let killer = process.try_clone().map_err(|source| HostError::io("watch the supervisor", source))?;
        let mut failure = None;
        let talk_and_end = async {
            failure = self.talk(name, ladder, patience, output).await;
            process_end(process).await
        };
        if let Ok(ended) = tokio::time::timeout(patience, talk_and_end).await {
            ended?;
        } else {
            output.system("the supervisor does not answer: ended it and the game by SIGKILL").await;
            kill(killer, look.state.launcher.as_ref()).await?;
            // It could not note itself that this is no failure.
            self.clear(name, Look { process: None, state: look.state }).await?;
            failure = None;
        }
        if let Some(words) = failure {
            return Err(HostError::Step { message: format!("{name} could not be stopped: {words}"), exit_code: None });
        }
        output.system(format!("{name} is stopped")).await;
        Ok(())
    }

    /// Asks for the stop and hands on what is said about it, until there is nothing more to say. Gives why it failed.
    async fn talk(
        &self,
        name: &InstanceName,
        ladder: StopLadder,
        patience: Duration,
        output: &OutputSink,
    ) -> Option<String> {
        let (answers, mut said) = mpsc::channel(16);
        let path = self.instance(name).control_socket();
        // Not waited for: it ends with the connection, and a connection that can't be made is seen as a supervisor that
        // does not end.
        tokio::task::spawn_blocking(move || {
            control::ask(&path, ladder.into(), patience, |answer| answers.blocking_send(answer).is_ok())
        });
        let mut failure = None;
        while let Some(answer) = said.recv().await {
            match answer {
                Answer::Said(words) => output.system(words).await,
                Answer::Failed(words) => failure = Some(words),
                Answer::Done => failure = None,
            }
        }
        failure
    }
}

/// Ends a supervisor that hangs. With it the kernel ends the launcher and the game.
async fn kill(shim: OwnedFd, launcher: Option<&ProcessIdentity>) -> Result<(), HostError> {
    // Taken before, for they can't be found after: the first process of a namespace ends last of all in it. While the launcher
    // is open its number is nobody else's.
    let opened = launcher.and_then(ProcessIdentity::open);
    let first_processes = launcher.filter(|_| opened.is_some()).map(first_processes_of).unwrap_or_default();
    match pidfd_send_signal(&shim, Signal::KILL) {
        // It has just ended by itself.
        Ok(()) | Err(Errno::SRCH) => {}
        Err(errno) => return Err(HostError::io("end the supervisor", errno.into())),
    }
    process_end_in_time(shim).await?;
    for process in opened.into_iter().chain(first_processes) {
        process_end_in_time(process).await?;
    }
    Ok(())
}

/// The launcher's children: each is the first process of a game's namespace.
fn first_processes_of(launcher: &ProcessIdentity) -> Vec<OwnedFd> {
    let pid = launcher.pid;
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok()).filter_map(Pid::from_raw);
    pids.filter_map(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()).collect()
}
