//! The panel: HTTP API, jobs, streams and command line, over the host crate and a database.

pub mod admin;
pub mod app;
pub mod auth;
pub mod backup;
pub mod clock;
pub mod config;
pub mod connections;
pub mod data_dir;
pub mod db;
pub mod domain;
pub mod error;
pub mod events;
pub mod facade;
pub mod http;
pub mod jobs;
pub mod listen;
pub mod metrics;
pub mod openapi;
pub mod router;
pub mod serve;
pub mod status;
pub mod stream;
pub mod systemd;
