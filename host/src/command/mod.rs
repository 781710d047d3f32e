//! The only place that runs other programs to their end.
//!
//! A child gets a session, and so a process group, of its own, an environment that was written out for it, and either
//! a terminal or pipes. What it prints goes line by line, bounded and in order, to the caller's sink; a sink that is
//! behind slows the child down. However a run ends (by itself, cancelled, out of time, its future dropped, the panel
//! killed and recovered), no process of the child's group stays behind.

mod child;
mod record;

use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{Fuse, FusedFuture, FutureExt};
use tokio_util::sync::CancellationToken;

use crate::error::HostError;
use crate::output::{OutputSink, OutputStream};
use child::{Child, Lines};

/// How long a killed process may take to be gone; longer means it hangs in the kernel.
const KILL_LIMIT: Duration = Duration::from_secs(5);
/// How long the output of an ended group may stay silent before it is given up: something that left the group may
/// hold it open for ever.
const SILENCE: Duration = Duration::from_secs(1);
/// How long the sink of a cancelled run may take for what is left.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// How a child's output is connected. Its input is always empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Output and errors are one terminal, whose lines count as standard output.
    Terminal,
    /// Output and errors are a pipe each.
    Pipes,
}

/// One program run: a vector of arguments, never a shell's line.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    /// What the step is called in errors.
    pub(crate) step: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// The whole environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) directory: PathBuf,
    pub(crate) streams: Streams,
    /// Past it the run fails.
    pub(crate) time_limit: Duration,
    /// The time between SIGTERM and SIGKILL.
    pub(crate) grace: Duration,
}

/// Looks at each line before it goes out, and says what progress it tells, if any.
pub(crate) type OnLine<'a> = &'a mut (dyn FnMut(OutputStream, &str) -> Option<f64> + Send);

/// Runs commands and remembers them on disk until they ended.
#[derive(Debug, Clone)]
pub(crate) struct Runner {
    /// Where the records of running commands lie.
    pub(crate) steps: PathBuf,
    /// A line longer than this is cut.
    pub(crate) line_max_chars: usize,
}

/// Why waiting for a child ended.
enum Verdict {
    Exited(Result<(), HostError>),
    Cancelled,
    OutOfTime,
}

impl Runner {
    /// Runs a command to its end. Its exit status is the answer, whatever it is; an error means it could not be
    /// started, was cancelled or took too long.
    pub(crate) async fn run(
        &self,
        command: &Command,
        on_line: OnLine<'_>,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<ExitStatus, HostError> {
        if cancel.is_cancelled() {
            return Err(HostError::Cancelled);
        }
        let (mut child, lines) = child::spawn(command, &self.steps, self.line_max_chars)?;
        let ended = CancellationToken::new();
        let mut pump = pin!(pump(lines, on_line, output, &ended).fuse());

        let verdict = beside(pump.as_mut(), wait(&child, command.time_limit, cancel)).await;
        if !matches!(verdict, Verdict::Exited(_)) {
            child.terminate();
            let gone = beside(pump.as_mut(), tokio::time::timeout(command.grace, child.exited())).await;
            if gone.is_err() {
                child.kill();
                let _ = beside(pump.as_mut(), tokio::time::timeout(KILL_LIMIT, child.exited())).await;
            }
        }
        beside(pump.as_mut(), child.end_rest(command.step)).await;
        ended.cancel();
        let outcome = match verdict {
            Verdict::Exited(result) => result,
            Verdict::Cancelled => Err(HostError::Cancelled),
            Verdict::OutOfTime => {
                Err(HostError::TimedOut { step: command.step, limit_seconds: command.time_limit.as_secs() })
            }
        };
        let drained = match &outcome {
            // Every line counts, however slow the sink is.
            Ok(()) => cancel.run_until_cancelled(drain(pump)).await.is_some(),
            Err(_) => tokio::time::timeout(DRAIN_LIMIT, drain(pump)).await.is_ok(),
        };
        let status = child.reap(command.step)?;
        outcome?;
        if drained { Ok(status) } else { Err(HostError::Cancelled) }
    }

    /// Ends what the commands of a panel that was killed left behind; says how many processes that were.
    pub(crate) async fn recover(&self) -> Result<usize, HostError> {
        let steps = self.steps.clone();
        let recovered = tokio::task::spawn_blocking(move || record::recover(&steps)).await;
        recovered.map_err(|error| HostError::Supervisor(format!("recovery failed: {error}")))?
    }
}

async fn wait(child: &Child, limit: Duration, cancel: &CancellationToken) -> Verdict {
    tokio::select! {
        biased;
        result = child.exited() => Verdict::Exited(result),
        () = cancel.cancelled() => Verdict::Cancelled,
        () = tokio::time::sleep(limit) => Verdict::OutOfTime,
    }
}

/// Hands the child's lines on until its output ends, or stays silent after the child `ended`.
async fn pump(mut lines: Lines, on_line: OnLine<'_>, output: &OutputSink, ended: &CancellationToken) {
    loop {
        let silence = async {
            ended.cancelled().await;
            tokio::time::sleep(SILENCE).await;
        };
        let (stream, batch) = tokio::select! {
            // What is there is no silence, however late anybody comes to look.
            biased;
            batch = lines.next() => match batch {
                Some(batch) => batch,
                None => return,
            },
            () = silence => return,
        };
        for text in batch {
            if let Some(fraction) = on_line(stream, &text) {
                output.progress(fraction).await;
            }
            output.line(stream, text).await;
        }
    }
}

/// Waits for `future` while the pump goes on; a sink that is behind holds up the pump only.
async fn beside<P, F>(mut pump: Pin<&mut Fuse<P>>, future: F) -> F::Output
where
    P: Future<Output = ()>,
    F: Future,
{
    let mut future = pin!(future);
    loop {
        tokio::select! {
            biased;
            output = &mut future => return output,
            () = pump.as_mut(), if !pump.is_terminated() => {}
        }
    }
}

async fn drain<P: Future<Output = ()>>(pump: Pin<&mut Fuse<P>>) {
    if !pump.is_terminated() {
        pump.await;
    }
}

#[cfg(test)]
mod tests;
