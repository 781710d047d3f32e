//! Installs and updates the game: makes the planned runs, tries known transient errors again, and judges by what
//! SteamCMD says, never by its exit status.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::fetch;
use super::parse::{Failure, Transcript};
use super::plan::{self, Run};
use crate::command::{Command, Runner, Streams};
use crate::error::HostError;
use crate::host::SteamcmdConfig;
use crate::installation;
use crate::output::{OutputSink, OutputStream};
use crate::private::make_private;

/// How long SteamCMD may take to end when asked.
const GRACE: Duration = Duration::from_secs(5);
/// What is handed on from the panel's own environment; the rest may hold secrets.
const INHERITED: [&str; 8] =
    ["PATH", "LANG", "TZ", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "SSL_CERT_FILE"];

/// Everything an install needs.
#[derive(Debug)]
pub(crate) struct Installer<'a> {
    pub(crate) config: &'a SteamcmdConfig,
    /// Where the game goes.
    pub(crate) directory: PathBuf,
    pub(crate) runner: &'a Runner,
}

/// A run that SteamCMD itself called failed, or said nothing about.
#[derive(Debug)]
struct Failed {
    failure: Failure,
    exit_code: Option<i32>,
}

impl Installer<'_> {
    /// Installs or updates the game; answers the exit status of the last run, whatever it means.
    pub(crate) async fn install(
        &self,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Option<i32>, HostError> {
        let deadline = Instant::now() + self.config.time_limit;
        make_private(&self.config.data_dir)?;
        make_private(&home(&self.config.data_dir))?;
        let program = self.program(output, cancel).await?;
        let mut installed = installation::read(&self.directory).is_some();
        let attempts = self.config.attempts.max(1);
        for attempt in 1..=attempts {
            match self.attempt(&program, installed, deadline, output, cancel).await? {
                Ok(exit_code) => return self.finish(&program, output).await.map(|()| exit_code),
                Err(failed) if failed.failure.is_transient() && attempt < attempts => {
                    let reason = failed.failure.sentence();
                    output.system(format!("{reason}; trying again ({} of {attempts})", attempt + 1)).await;
                    // The short way did not do: the next attempt takes the whole recipe.
                    installed = false;
                }
                Err(failed) => return Err(self.explain(&failed)),
            }
        }
        Err(HostError::Step { message: "SteamCMD was not run".to_owned(), exit_code: None })
    }

    /// The configured program, or Valve's own in the data directory.
    async fn program(&self, output: &OutputSink, cancel: &CancellationToken) -> Result<PathBuf, HostError> {
        match &self.config.program {
            // Its scripts look for their files beside `$0`, so they must not be called through a symbolic link.
            Some(program) => fs::canonicalize(program).map_err(|source| {
                HostError::io(format!("STEAMCMD names {}, which is not there", program.display()), source)
            }),
            None => fetch::ensure(&self.config.data_dir, fetch::TARBALL_URL, output, cancel).await,
        }
    }

    /// Makes all runs once; answers the exit status of the last one.
    async fn attempt(
        &self,
        program: &Path,
        installed: bool,
        deadline: Instant,
        output: &OutputSink,
        cancel: &CancellationToken,
    ) -> Result<Result<Option<i32>, Failed>, HostError> {
        let runs = plan::runs(self.config.recipe, installed, self.config.account.as_deref(), &self.directory);
        let updates: usize = runs.iter().map(Run::updates).sum();
        let mut done = 0;
        let mut exit_code = None;
        for run in &runs {
            let script = self.script(run)?;
            let arguments = match &script {
                Some(script) => vec!["+runscript".into(), script.0.clone().into_os_string()],
                None => run.arguments().into_iter().map(OsString::from).collect(),
            };
            output.system(format!("running {} {}", program.display(), describe(run, script.is_some()))).await;
            let command = self.command(program, arguments, deadline);
            let mut transcript = Transcript::default();
            let mut on_line = |_: OutputStream, line: &str| {
                let fraction = transcript.observe(line)?;
                Some(overall(done + transcript.successes(), fraction, updates))
            };
            let status = self.runner.run(&command, &mut on_line, output, cancel).await;
            let status = status.map_err(|error| self.with_whole_limit(error))?;
            if let Err(failure) = transcript.end().unwrap_or_else(|| Err(silent_end(status))) {
                return Ok(Err(Failed { failure, exit_code: status.code() }));
            }
            done += run.updates();
            exit_code = status.code();
        }
        Ok(Ok(exit_code))
    }

    fn command(&self, program: &Path, arguments: Vec<OsString>, deadline: Instant) -> Command {
        Command {
            step: "steamcmd",
            program: program.to_owned(),
            arguments,
            environment: environment(&home(&self.config.data_dir)),
            directory: home(&self.config.data_dir),
            streams: Streams::Terminal,
            time_limit: deadline.saturating_duration_since(Instant::now()),
            grace: GRACE,
        }
    }

    /// Writes the run's script when there is a password to keep out of the process list.
    fn script(&self, run: &Run) -> Result<Option<Script>, HostError> {
        let Some(path) = &self.config.password_file else { return Ok(None) };
        let read = |source| HostError::io(format!("reading the Steam password from {}", path.display()), source);
        let password = fs::read_to_string(path).map_err(read)?;
        let password = password.trim_end_matches(['\n', '\r']);
        let text =
            run.script(password).map_err(|error| HostError::Step { message: error.to_string(), exit_code: None })?;
        Script::write(&self.config.data_dir, &text).map(Some)
    }

    /// A run's limit is what is left of the install's; a person knows the latter.
    fn with_whole_limit(&self, error: HostError) -> HostError {
        match error {
            HostError::TimedOut { step, .. } => {
                HostError::TimedOut { step, limit_seconds: self.config.time_limit.as_secs() }
            }
            other => other,
        }
    }

    fn explain(&self, failed: &Failed) -> HostError {
        match failed.failure {
            Failure::DiskFull => HostError::DiskFull { path: format!("installing to {}", self.directory.display()) },
            _ => HostError::Step { message: failed.failure.sentence(), exit_code: failed.exit_code },
        }
    }

    /// Checks that what SteamCMD calls installed is there, and puts its client library where the game looks for it.
    async fn finish(&self, program: &Path, output: &OutputSink) -> Result<(), HostError> {
        if installation::read(&self.directory).is_none() {
            let message =
                format!("SteamCMD reports success, but {} holds no whole installation", self.directory.display());
            return Err(HostError::Step { message, exit_code: None });
        }
        match find_client_library(program, &home(&self.config.data_dir)) {
            Some(library) => place_client_library(&library, &self.directory)?,
            None => {
                output
                    .system("SteamCMD's linux32/steamclient.so was not found: servers stay out of the public list")
                    .await;
            }
        }
        output.progress(1.0).await;
        Ok(())
    }
}

/// Where the game, whose home is its merged tree, finds the client library.
pub(crate) fn client_library(installation: &Path) -> PathBuf {
    installation.join(".steam/sdk32/steamclient.so")
}

/// Removes a script with a password that a killed panel left.
pub(crate) fn remove_leftovers(data_dir: &Path) {
    let _ = fs::remove_file(script_path(data_dir));
}

/// SteamCMD's home, kept between runs: it holds its caches and the account's session.
fn home(data_dir: &Path) -> PathBuf {
    data_dir.join("steam-home")
}

fn script_path(data_dir: &Path) -> PathBuf {
    data_dir.join("steamcmd-script.txt")
}

/// A script with a secret; removed when dropped.
struct Script(PathBuf);

impl Script {
    fn write(data_dir: &Path, text: &str) -> Result<Self, HostError> {
        let path = script_path(data_dir);
        remove_leftovers(data_dir);
        let script = Self(path);
        let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&script.0);
        written
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|source| HostError::io(format!("writing {}", script.0.display()), source))?;
        Ok(script)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn describe(run: &Run, secret: bool) -> String {
    if secret { "with a script that holds the account".to_owned() } else { run.arguments().join(" ") }
}

/// How far the whole install is, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "an install makes two updates")]
fn overall(done: usize, fraction: f64, updates: usize) -> f64 {
    (done as f64 + fraction) / updates.max(1) as f64
}

fn silent_end(status: ExitStatus) -> Failure {
    Failure::Other(match status.code() {
        Some(code) => format!("it ended with status {code} and never said that the game is installed"),
        None => "it was ended by a signal".to_owned(),
    })
}

fn environment(home: &Path) -> Vec<(OsString, OsString)> {
    let mut environment = vec![("HOME".into(), home.into()), ("TERM".into(), "dumb".into())];
    for name in INHERITED {
        environment.extend(std::env::var_os(name).map(|value| (name.into(), value)));
    }
    environment
}

/// Looks where SteamCMD keeps its own libraries: beside Valve's script, or in the home where Debian's copies it to.
fn find_client_library(program: &Path, home: &Path) -> Option<PathBuf> {
    let beside = program.parent().map(Path::to_owned);
    let in_home =
        [".local/share/Steam/steamcmd", ".steam/steamcmd", ".steam/steam/steamcmd", "Steam/steamcmd", "Steam"];
    let directories = beside.into_iter().chain(in_home.iter().map(|folder| home.join(folder)));
    directories.map(|directory| directory.join("linux32/steamclient.so")).find(|path| path.is_file())
}

/// Copies the library into the installation. A link would lead out of what the game may read.
fn place_client_library(library: &Path, installation: &Path) -> Result<(), HostError> {
    let place = client_library(installation);
    let copy = || -> io::Result<()> {
        let directory = place.parent().unwrap_or(installation);
        fs::create_dir_all(directory)?;
        let mut new = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(directory)?;
        io::copy(&mut fs::File::open(library)?, &mut new)?;
        new.persist(&place)?;
        Ok(())
    };
    copy().map_err(|source| HostError::io(format!("copying {} to {}", library.display(), place.display()), source))
}
