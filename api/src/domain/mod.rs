//! Use cases and rules. Knows no HTTP and writes no SQL.

pub mod access;
pub mod auth;
pub mod blueprints;
pub mod digests;
pub mod host;
pub mod jobs;
pub mod logs;
pub mod overlays;
pub mod paging;
pub mod publish;
pub mod servers;
pub mod strangers;
mod taken;
pub mod usage;
pub mod users;
pub mod validate;
