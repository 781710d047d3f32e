//! The API's tests: the router without a socket through typed clients, streams over a socket of their own.
//!
//! Every test has its own data directory and database. With `TEST_DATABASE_URL=postgres://…` the same tests run on
//! PostgreSQL, each in a schema of its own.

mod access;
mod auth;
mod blueprints;
mod changes;
mod follow;
mod input;
mod job_ends;
mod job_log;
mod job_streams;
mod jobs;
mod machine;
mod openapi;
mod ops;
mod overlays;
mod pruning;
mod real;
mod router;
mod server_streams;
mod servers;
mod spa;
mod sse;
#[path = "../../../host/tests/host/standstill.rs"]
mod standstill;
mod stream_ends;
mod stream_times;
mod stuck;
mod support;
