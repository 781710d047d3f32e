//! Handlers, one file a resource, and what they share.

mod answer;
pub mod auth;
pub mod blueprints;
pub mod docs;
pub mod extract;
pub mod host;
pub mod jobs;
pub mod layers;
pub mod ops;
pub mod overlays;
pub mod servers;
mod shape;
pub mod spa;
pub mod streams;
pub mod users;
