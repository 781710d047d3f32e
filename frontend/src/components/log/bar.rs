//! The bar above a log: how the connection stands, searching, wrapping, times, copying and saving.

use leptos::ev::KeyboardEvent;
use leptos::html::Input;
use leptos::prelude::*;

use super::feed::LogSource;
use super::pane::Pane;
use crate::components::copy::CopyButton;
use crate::components::icon_button::{DOWN, IconButton, UP};
use crate::save;
use crate::sse::Connection;

/// The bar.
#[component]
pub fn LogBar(
    /// The pane below it.
    pane: Pane,
    /// Whose log it is.
    source: LogSource,
    /// How the stream stands.
    connection: RwSignal<Connection>,
) -> impl IntoView {
    let text = Signal::derive(move || pane.buffer.with_untracked(super::buffer::LogBuffer::to_text));
    let save = match source {
        // The panel has more of it than the page.
        LogSource::Job(job) => view! {
            <a class="button" href=format!("/api/v1/jobs/{job}/log.txt") rel="external" download="">
                "Download"
            </a>
        }
        .into_any(),
        LogSource::Server(_) => view! {
            <button class="button" type="button" on:click=move |_| save::text("game.log", &text.get_untracked())>
                "Download"
            </button>
        }
        .into_any(),
    };
    view! {
        <div class="log__bar">
            <ConnectionState source connection />
            <Search pane />
            <label class="check log__wrap">
                <input
                    type="checkbox"
                    prop:checked=move || pane.wraps()
                    on:change:target=move |event| pane.wrap.set(event.target().checked())
                />
                "Wrap lines"
            </label>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || pane.gutter.get().is_some()
                    on:change:target=move |event| pane.times.set(event.target().checked())
                />
                "Times"
            </label>
            <div class="log__take">
                <CopyButton text />
                {save}
            </div>
        </div>
    }
}

/// Said aloud when it changes, unlike the lines.
#[component]
fn ConnectionState(
    /// Whose log it is.
    source: LogSource,
    /// How its stream stands.
    connection: RwSignal<Connection>,
) -> impl IntoView {
    let text = move || match (connection.get(), source) {
        (Connection::Connecting, _) => "Connecting…",
        (Connection::Live, _) => "Live",
        (Connection::Lost, _) => "Lost, trying again…",
        (Connection::Ended, LogSource::Job(_)) => "Complete",
        (Connection::Ended, LogSource::Server(_)) => "Closed",
    };
    let class = move || match connection.get() {
        Connection::Live => "log__state log__state--live",
        Connection::Lost => "log__state log__state--lost",
        Connection::Connecting | Connection::Ended => "log__state",
    };
    view! {
        <span class=class role="status">
            {text}
        </span>
    }
}

#[component]
fn Search(
    /// The pane that is searched.
    pane: Pane,
) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let next = move || {
        let current = pane.current.get_untracked();
        if let Some(key) = pane.buffer.with_untracked(|buffer| buffer.next_match(current)) {
            pane.go_to(key);
        }
    };
    let previous = move || {
        let current = pane.current.get_untracked();
        if let Some(key) = pane.buffer.with_untracked(|buffer| buffer.previous_match(current)) {
            pane.go_to(key);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            if event.shift_key() { previous() } else { next() }
        }
    };
    let count = move || {
        if !pane.is_searched() {
            return String::new();
        }
        pane.buffer.with(|buffer| match (buffer.match_count(), pane.current.get()) {
            (0, _) => "Nothing found".to_owned(),
            (1, None) => "1 line".to_owned(),
            (count, None) => format!("{count} lines"),
            (count, Some(key)) => format!("{} of {count}", buffer.match_position(key).unwrap_or_default()),
        })
    };
    view! {
        <div class="log__search" role="search">
            <input
                class="field__input log__query"
                type="search"
                aria-label="Search the log"
                placeholder="Search"
                spellcheck="false"
                autocapitalize="none"
                node_ref=input
                on:input:target=move |event| pane.search(event.target().value())
                on:keydown=on_key
            />
            <IconButton shape=UP label="Previous hit" on_press=move |()| previous() />
            <IconButton shape=DOWN label="Next hit" on_press=move |()| next() />
            <span class="log__count" role="status">
                {count}
            </span>
        </div>
    }
}
