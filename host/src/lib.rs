//! Drives SteamCMD, overlayfs and a supervisor for Left 4 Dead 2 servers.
//!
//! Everything slow takes an [`OutputSink`] and a cancellation token, and is idempotent: `start` of a running instance,
//! `stop` of a stopped one and `delete` of a missing one succeed and say so. Knows neither HTTP nor the database.

pub mod doctor;
pub mod error;
mod installation;
pub mod instance;
pub mod launcher;
pub mod layout;
pub mod limits;
pub mod lines;
pub mod manual;
pub mod name;
pub mod output;
pub mod overlay;
pub mod package;
pub mod probe;
pub mod spec;
pub mod steamcmd;
pub mod supervisor;
pub mod view;

mod command;
mod host;
mod locks;
mod log_mark;
mod private;
mod pty;
mod remove;
mod socket;
mod sys;
mod usage;

pub use error::HostError;
pub use host::{DiskSpace, Host, HostConfig, OverlayCheck, SteamcmdConfig, SupervisorChoice};
pub use installation::Installation;
pub use layout::Layout;
pub use name::InstanceName;
pub use output::{Output, OutputSink, OutputStream};
pub use usage::InstanceUsage;
