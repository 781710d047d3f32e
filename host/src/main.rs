//! `l4d2ctl`: everything the host does, without the panel.
//!
//! What changes the process itself (its namespaces, its rights) runs here, before any thread or async runtime exists.

mod cli;

use std::process::ExitCode;

use clap::CommandFactory;
use l4d2_host::HostConfig;

use cli::{Cli, Command, ProcessCommand};

fn main() -> ExitCode {
    let read = Cli::read().and_then(|Cli { settings, command }| Ok((settings.host_config()?, command)));
    let (config, command) = match read {
        Ok(read) => read,
        Err(error) => {
            eprintln!("l4d2ctl: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    match command {
        Command::Host(command) => cli::run(config, command),
        Command::Process(command) => become_process(command, &config),
    }
}

fn become_process(command: ProcessCommand, config: &HostConfig) -> ExitCode {
    match command {
        ProcessCommand::Probe { directory } => {
            print!("{}", l4d2_host::probe::probe(&directory));
            ExitCode::SUCCESS
        }
        ProcessCommand::Launch(named) => {
            let launch = named.launch_config(config);
            // SAFETY: nothing before this line starts a thread, and the status goes straight to the process's end.
            ExitCode::from(unsafe { l4d2_host::launcher::launch(&launch) })
        }
        ProcessCommand::View { at } => {
            // SAFETY: nothing before this line starts a thread.
            finish(unsafe { l4d2_host::view::show(&config.root, &at) })
        }
        ProcessCommand::Manual { directory } => finish(l4d2_host::manual::write(&Cli::command(), &directory)),
        ProcessCommand::Supervise(named) => {
            let launch = named.launch_config(config);
            l4d2_host::supervisor::embedded::supervise(launch, &config.l4d2ctl, config.line_max_chars)
        }
    }
}

fn finish(result: Result<(), impl std::error::Error + Send + Sync + 'static>) -> ExitCode {
    let Err(error) = result.map_err(anyhow::Error::new) else { return ExitCode::SUCCESS };
    eprintln!("l4d2ctl: {error:#}");
    ExitCode::FAILURE
}
