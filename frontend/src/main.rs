//! The panel's pages, compiled to WebAssembly.
//!
//! They know the API only through `l4d2-contract` and never poll: what changes arrives on one event stream.

#![expect(unreachable_pub, reason = "a program has no outside; the component macro makes its props public anyway")]

mod api;
mod app;
mod blueprint_form;
mod chunks;
mod components;
mod destination;
mod draft;
mod job_pages;
mod job_words;
mod kept_drafts;
mod lines;
mod pages;
#[cfg(test)]
mod samples;
mod save;
mod server_form;
mod server_list;
mod session;
mod sse;
mod steamcmd;
mod store;
mod text;
mod time;
mod wake;

fn main() {
    if let Some(loading) = leptos::prelude::document().get_element_by_id("loading") {
        loading.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
