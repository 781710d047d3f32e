//! Every path below the root, in one place.

use std::path::{Path, PathBuf};

use crate::name::InstanceName;

/// The directories the host works in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
    overlay_root: PathBuf,
}

impl Layout {
    /// A layout below `root`, with the overlays in `overlay_root`.
    pub fn new(root: impl Into<PathBuf>, overlay_root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), overlay_root: overlay_root.into() }
    }

    /// `L4D2_ROOT`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `OVERLAY_ROOT`.
    pub fn overlay_root(&self) -> &Path {
        &self.overlay_root
    }

    /// The one shared copy of the game.
    pub fn installation(&self) -> PathBuf {
        self.root.join("installation")
    }

    /// Records of the processes that a step of the host started, to end what a crash left behind.
    pub fn steps(&self) -> PathBuf {
        self.root.join("steps")
    }

    /// Locked while an install runs, and shared by starts: nothing begins to run from files that are being rewritten.
    pub fn install_lock(&self) -> PathBuf {
        self.root.join("install.lock")
    }

    /// Instances that are being deleted. No instance has such a name.
    pub fn deleted(&self) -> PathBuf {
        self.instances().join(".deleted")
    }

    /// All instances.
    pub fn instances(&self) -> PathBuf {
        self.root.join("instances")
    }

    /// What the host keeps for one server.
    pub fn instance(&self, name: &InstanceName) -> InstanceLayout {
        InstanceLayout { dir: self.instances().join(name.as_str()) }
    }
}

/// The paths of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceLayout {
    dir: PathBuf,
}

impl InstanceLayout {
    /// The instance's own directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Locked by whoever runs the instance, or changes its files.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// The specification last applied.
    pub fn spec(&self) -> PathBuf {
        self.dir.join("spec.yaml")
    }

    /// How long the game may take to bind its port, in seconds. The launcher need not share the settings of whoever
    /// initializes.
    pub fn start_limit(&self) -> PathBuf {
        self.dir.join("start-limit")
    }

    /// What the panel writes for the game; replaced as a whole.
    pub fn generated(&self) -> PathBuf {
        self.dir.join("generated")
    }

    /// What the game writes.
    pub fn upper(&self) -> PathBuf {
        self.dir.join("upper")
    }

    /// overlayfs' own scratch directory.
    pub fn work(&self) -> PathBuf {
        self.dir.join("work")
    }

    /// Where the game sees all layers as one; mounted in the launcher's own mount namespace only.
    pub fn merged(&self) -> PathBuf {
        self.dir.join("merged")
    }

    /// Takes console lines.
    pub fn console_socket(&self) -> PathBuf {
        self.dir.join("console.sock")
    }

    /// Takes requests to the embedded supervisor.
    pub fn control_socket(&self) -> PathBuf {
        self.dir.join("control.sock")
    }

    /// Takes what the launcher tells the embedded supervisor.
    pub fn notify_socket(&self) -> PathBuf {
        self.dir.join("notify.sock")
    }

    /// There while the game has been up since it was asked for.
    pub fn was_up(&self) -> PathBuf {
        self.dir.join("was-up")
    }

    /// Why the last start was given up, if it was.
    pub fn given_up(&self) -> PathBuf {
        self.dir.join("given-up")
    }

    /// The embedded supervisor's log segments.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// What marks the instance's lines in systemd's journal.
    pub fn log_mark(&self) -> PathBuf {
        self.dir.join("log-mark")
    }

    /// The embedded supervisor's record of what runs: pids, start times, restarts, the reason of a failure.
    pub fn state(&self) -> PathBuf {
        self.dir.join("state.json")
    }
}
