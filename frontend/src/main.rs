//! The panel's pages, compiled to WebAssembly.
//!
//! They know the API only through `l4d2-contract` and never poll: what changes arrives on one event stream.

#![expect(unreachable_pub, reason = "a program has no outside; the component macro makes its props public anyway")]

mod api;
mod app;
mod components;
mod pages;
#[cfg(test)]
mod samples;
mod server_list;
mod session;
mod sse;
mod store;
mod text;

fn main() {
    leptos::mount::mount_to_body(app::App);
}
