//! The command line: serve | migrate | promote-admin | demote-admin | reset-password | backup | restore | openapi | doctor.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};
use l4d2_api::config::{Config, LogFormat, Settings};
use l4d2_api::db::Db;
use l4d2_api::{admin, backup, data_dir, openapi, serve};
use l4d2_host::doctor::CheckStatus;
use l4d2_host::{Host, package};
use tracing_subscriber::EnvFilter;

/// A panel for Left 4 Dead 2 servers.
#[derive(Debug, Parser)]
#[command(name = "l4d2-web", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the panel
    Serve(Common),
    /// Bring the database's schema up to date and exit
    Migrate(Common),
    /// Give a user the admin right; works beside a running panel
    PromoteAdmin(Named),
    /// Take the admin right from a user; works beside a running panel
    DemoteAdmin(Named),
    /// Give a user who has forgotten it a new password, print that, and end the user's sessions; works beside a running panel
    ResetPassword(Named),
    /// Write the database and the signing key to one file; works beside a running panel
    Backup(Archive),
    /// Put a backup in the place of the present database and key; the panel must not run
    Restore(Archive),
    /// Print the OpenAPI document
    Openapi,
    /// Check the machine and say what to mend
    Doctor(Common),
    /// Write the manual pages and shell completions; used to make packages
    #[command(hide = true)]
    Manual {
        /// The directory to write them to
        directory: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Config file (TOML) with the settings below as lower-case keys [default: the Debian package's, unless DATA_DIR or
    /// L4D2_ROOT is given]
    #[arg(long, env = "CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The user's name
    name: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Archive {
    /// The backup, such as panel-2025-01-31.tar.gz
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

fn main() -> ExitCode {
    // Whatever this process makes is for its own user: the database, the key, sockets, specifications.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("l4d2-web: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    match &cli.command {
        Command::Openapi => {
            print!("{}", openapi::document_json());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Manual { directory } => {
            l4d2_host::manual::write(&Cli::command(), directory)
                .with_context(|| format!("could not write to {}", directory.display()))?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the asynchronous runtime")?;
    runtime.block_on(dispatch(cli.command))
}

async fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Openapi | Command::Manual { .. } => Ok(ExitCode::SUCCESS),
        Command::Serve(common) => {
            let config = common.load()?;
            start_logging(&config)?;
            serve::run(config).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate(common) => {
            open_database(&common).await?.close().await?;
            println!("the database is up to date");
            Ok(ExitCode::SUCCESS)
        }
        Command::PromoteAdmin(named) => set_admin(named, true).await,
        Command::DemoteAdmin(named) => set_admin(named, false).await,
        Command::ResetPassword(named) => reset_password(named).await,
        Command::Backup(Archive { file, common }) => {
            println!("{}", backup::backup(&common.load()?, &file).await?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Restore(Archive { file, common }) => {
            println!("{}", backup::restore(&common.load()?, &file).await?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor(common) => diagnose(&common.load()?).await,
    }
}

impl Common {
    fn load(&self) -> Result<Config> {
        let named = self.config.is_some() || self.settings.data_dir.is_some() || self.settings.l4d2_root.is_some();
        let file = if named { self.config.clone() } else { package::config()? };
        Config::load(&self.settings, file.as_deref())
    }
}

/// The database of the panel that is meant, whether that runs or not.
async fn open_database(common: &Common) -> Result<Db> {
    let config = common.load()?;
    data_dir::prepare(&config.data_dir)?;
    serve::open_database(&config).await
}

async fn reset_password(named: Named) -> Result<ExitCode> {
    let db = open_database(&named.common).await?;
    let (name, password) = admin::reset_password(&db, &named.name).await?;
    println!("the password of {name} is {password} now; change it on the account's page after signing in");
    db.close().await?;
    Ok(ExitCode::SUCCESS)
}

async fn set_admin(named: Named, to: bool) -> Result<ExitCode> {
    let db = open_database(&named.common).await?;
    let message = admin::set_admin(&db, &named.name, to).await?;
    println!("{message}");
    db.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Exit status 1 when something keeps servers from running.
async fn diagnose(config: &Config) -> Result<ExitCode> {
    package::check_user(&config.l4d2_root)?;
    let host = Host::new(l4d2_api::app::host_config(config)).await.context("could not set up the host")?;
    let mut code = ExitCode::SUCCESS;
    for check in host.doctor().await {
        let mark = match check.status {
            CheckStatus::Ok => "ok     ",
            CheckStatus::Warning => "warning",
            CheckStatus::Failed => {
                code = ExitCode::FAILURE;
                "failed "
            }
        };
        println!("{mark}  {}: {}", check.id, check.message);
        if !check.remedy.is_empty() {
            println!("         {}", check.remedy.replace('\n', "\n         "));
        }
    }
    Ok(code)
}

/// The log goes to standard error: standard output is for what was asked.
fn start_logging(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log_filter).context("LOG_FILTER is no filter, such as info")?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are for a terminal; in a file or the journal they are noise.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("could not start logging: {error}"))
}
