//! Tests of the host against real processes.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking, as the tests do")]
#![expect(clippy::disallowed_methods, reason = "tests run programs as a person would")]

mod bench;
mod cli;
mod doctor;
mod embedded;
mod install;
mod instances;
mod lines;
mod package;
mod processes;
mod spec;
mod standstill;
mod supervisor_contract;
mod support;
mod systemd;
