//! A host in a directory of its own, with the stand-in for SteamCMD and a supervisor without processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use l4d2_host::limits::GameLimits;
use l4d2_host::steamcmd::Recipe;
use l4d2_host::supervisor::StopLadder;
use l4d2_host::supervisor::fake::FakeSupervisor;
use l4d2_host::{
    Host, HostConfig, HostError, InstanceName, Output, OutputSink, OutputStream, SteamcmdConfig, SupervisorChoice,
};
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

/// The program under test.
pub(crate) const L4D2CTL: &str = env!("CARGO_BIN_EXE_l4d2ctl");

/// A stand-in; built beside the program under test.
pub(crate) fn standin(name: &str) -> PathBuf {
    let path = Path::new(L4D2CTL).with_file_name(name);
    assert!(path.is_file(), "{} is missing: build it with `cargo build -p l4d2-standins`", path.display());
    path
}

pub(crate) struct World {
    directory: tempfile::TempDir,
    pub(crate) config: HostConfig,
    pub(crate) supervisor: FakeSupervisor,
}

/// What a step said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) lines: Vec<(OutputStream, String)>,
    pub(crate) progress: Vec<f64>,
}

impl Said {
    pub(crate) fn has(&self, words: &str) -> bool {
        self.lines.iter().any(|(_, text)| text.contains(words))
    }

    pub(crate) fn count(&self, words: &str) -> usize {
        self.lines.iter().filter(|(_, text)| text.contains(words)).count()
    }
}

pub(crate) fn world() -> World {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("l4d2");
    let config = HostConfig {
        overlay_root: root.join("overlays"),
        root,
        supervisor: SupervisorChoice::Embedded,
        l4d2ctl: L4D2CTL.into(),
        steamcmd: SteamcmdConfig {
            program: Some(standin("standin-steamcmd")),
            data_dir: directory.path().join("data"),
            recipe: Recipe::TwoRuns,
            account: None,
            password_file: None,
            attempts: 4,
            time_limit: Duration::from_mins(1),
        },
        line_max_chars: 500,
        start_limit: Duration::from_secs(20),
        stop_ladder: StopLadder::default(),
        game_limits: GameLimits::default(),
    };
    fs::create_dir_all(&config.overlay_root).unwrap();
    let world = World { directory, config, supervisor: FakeSupervisor::new() };
    world.steamcmd("MS=0");
    world
}

impl World {
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn host(&self) -> Host {
        Host::with_supervisor(self.config.clone(), Arc::new(self.supervisor.clone()))
    }

    /// Tells the stand-in how to behave.
    pub(crate) fn steamcmd(&self, settings: &str) {
        fs::write(self.config.root.join("standin-steamcmd.conf"), settings).unwrap();
    }

    pub(crate) async fn install(&self) -> (Result<Option<i32>, HostError>, Said) {
        let host = self.host();
        listen(|output| async move { host.install(&output, &CancellationToken::new()).await }).await
    }
}

/// Runs a step and collects what it says.
pub(crate) async fn listen<F, T>(begin: impl FnOnce(OutputSink) -> F) -> (T, Said)
where
    F: Future<Output = T>,
{
    let (output, mut receiver) = OutputSink::channel(16);
    let collecting = tokio::spawn(async move {
        let mut said = Said::default();
        while let Some(item) = receiver.recv().await {
            match item {
                Output::Line { stream, text } => said.lines.push((stream, text)),
                Output::Progress(fraction) => said.progress.push(fraction),
            }
        }
        said
    });
    let result = begin(output).await;
    (result, collecting.await.unwrap())
}

/// Reads a step's output until a line holds these words.
pub(crate) async fn until_said(receiver: &mut Receiver<Output>, words: &str) -> String {
    loop {
        match receiver.recv().await {
            Some(Output::Line { text, .. }) if text.contains(words) => return text,
            Some(_) => {}
            None => panic!("the step ended without saying {words:?}"),
        }
    }
}

/// Whether a process runs; one that only waits to be reaped does not.
pub(crate) fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < deadline, "it never happened: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn name(text: &str) -> InstanceName {
    InstanceName::parse(text).unwrap()
}
