//! The real binaries: panel, supervisor, launcher, and the stand-ins for SteamCMD and the game.

mod backup;
mod command_line;
mod connections;
mod crash;
mod flood;
mod main_job;
pub(crate) mod panel;
mod script;
mod systemd;
