//! One entity a table, named as the tables are. Enumerations are text; see the contract's `from_text`.

pub mod api_tokens;
pub mod blueprint_overlays;
pub mod blueprints;
pub mod job_logs;
pub mod jobs;
pub mod overlays;
pub mod servers;
pub mod sessions;
pub mod users;
