//! The package in a booted machine: installed with apt, used over HTTP, upgraded, rebooted, removed.
//!
//! `scripts/test booted` boots a machine and runs these in it as root, module by module in the order below; elsewhere they
//! are left out. The tests of one module run one after the other and share the one panel, so each has users, servers and
//! ports of its own and leaves no server up that another would trip over.

mod fresh;
mod installed;
mod leaving;
mod panel;
mod rebooted;
mod removed;
