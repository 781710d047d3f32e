//! One file a page.

pub mod account;
pub mod blueprint_editor;
pub mod blueprints;
pub mod host;
pub mod job;
pub mod jobs;
pub mod not_found;
pub mod overlays;
pub mod server;
pub mod server_new;
pub mod servers;
pub mod sign_in;
pub mod sign_up;
pub mod users;
