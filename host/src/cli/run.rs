//! Does what was asked, on an async runtime of its own.

use std::future::Future;
use std::io;
use std::process::ExitCode;

use anyhow::{Context, Result};
use futures::StreamExt;
use l4d2_host::supervisor::{ActualState, LogEvent, LogStart, Outcome};
use l4d2_host::{Host, HostConfig, HostError, InstanceName, OutputSink, package};
use tokio_util::sync::CancellationToken;

use super::output::{describe, print, print_checks, print_step};
use super::{HostCommand, Named};

/// Lines that a step may be ahead of the printing.
const OUTPUT_CAPACITY: usize = 256;
/// systemctl's status for a unit that does not run.
const STOPPED: u8 = 3;
/// The shell's status for a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Runs one command to its end. Errors are printed with their causes, here and nowhere else.
pub(crate) fn run(config: HostConfig, command: HostCommand) -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(filter()).init();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the async runtime")
        .and_then(|runtime| runtime.block_on(execute(config, command)));
    match result {
        Ok(code) => code,
        Err(error) if matches!(error.downcast_ref(), Some(HostError::Cancelled)) => {
            eprintln!("l4d2ctl: interrupted");
            ExitCode::from(INTERRUPTED)
        }
        // Whoever read the output has had enough.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("l4d2ctl: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn filter() -> tracing_subscriber::EnvFilter {
    tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into())
}

async fn execute(config: HostConfig, command: HostCommand) -> Result<ExitCode> {
    package::check_user(&config.root)?;
    let host = Host::new(config).await?;
    let cancel = CancellationToken::new();
    cancel_on_interrupt(cancel.clone());
    match command {
        HostCommand::Install => step(|output| async move { host.install(&output, &cancel).await }).await,
        HostCommand::Initialize { file } => {
            step(|output| async move { host.initialize(&file, &output, &cancel).await }).await
        }
        HostCommand::Start(Named { name }) => {
            step(|output| async move { say(host.start(&name, &output, &cancel).await, &name, "runs already") }).await
        }
        HostCommand::Stop(Named { name }) => {
            step(|output| async move { say(host.stop(&name, &output, &cancel).await, &name, "does not run") }).await
        }
        HostCommand::Delete(Named { name }) => {
            step(|output| async move { say(host.delete(&name, &output, &cancel).await, &name, "is not there") }).await
        }
        HostCommand::Status(Named { name }) => status(&host, &name).await,
        HostCommand::Logs { named: Named { name }, lines, follow } => {
            logs(&host, &name, lines, follow, &cancel).await?;
            Ok(ExitCode::SUCCESS)
        }
        HostCommand::Console { named: Named { name }, line } => {
            host.console(&name, &line.join(" ")).await?;
            Ok(ExitCode::SUCCESS)
        }
        HostCommand::Doctor => {
            let fine = print_checks(&host.doctor().await)?;
            Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// The first interrupt asks the step to end, the second ends this program.
fn cancel_on_interrupt(cancel: CancellationToken) {
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if cancel.is_cancelled() {
                std::process::exit(i32::from(INTERRUPTED));
            }
            cancel.cancel();
        }
    });
}

/// Runs a step and prints its lines while it runs.
async fn step<F, T>(begin: impl FnOnce(OutputSink) -> F) -> Result<ExitCode>
where
    F: Future<Output = Result<T, HostError>>,
{
    let (sink, receiver) = OutputSink::channel(OUTPUT_CAPACITY);
    let printing = tokio::spawn(print_step(receiver));
    let result = begin(sink).await;
    printing.await.context("could not print the output")?;
    result?;
    Ok(ExitCode::SUCCESS)
}

/// Says when there was nothing to do.
fn say(result: Result<Outcome, HostError>, name: &InstanceName, already: &str) -> Result<(), HostError> {
    if result? == Outcome::Already {
        eprintln!("l4d2ctl: {name} {already}");
    }
    Ok(())
}

async fn status(host: &Host, name: &InstanceName) -> Result<ExitCode> {
    if !host.layout().instance(name).dir().exists() {
        return Err(HostError::NoInstance(name.to_string()).into());
    }
    let status = host.status(name).await?;
    print(describe(name, &status))?;
    Ok(match status.state {
        ActualState::Running => ExitCode::SUCCESS,
        ActualState::Stopped => ExitCode::from(STOPPED),
        ActualState::Failed { .. } | ActualState::Unknown { .. } => ExitCode::FAILURE,
    })
}

async fn logs(host: &Host, name: &InstanceName, lines: usize, follow: bool, cancel: &CancellationToken) -> Result<()> {
    if !follow {
        for line in host.logs(name, lines).await? {
            print(line.text)?;
        }
        return Ok(());
    }
    let mut events = host.follow(name, LogStart::Last(lines)).await?;
    while let Some(event) = cancel.run_until_cancelled(events.next()).await.flatten() {
        match event? {
            LogEvent::Line(line) => print(line.text)?,
            LogEvent::Skipped { lines: Some(lines) } => eprintln!("l4d2ctl: {lines} lines are gone"),
            LogEvent::Skipped { lines: None } => eprintln!("l4d2ctl: some lines are gone"),
        }
    }
    Ok(())
}
