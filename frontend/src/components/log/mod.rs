//! A log, live: of a job or of a game. Replays what was, follows what comes, and can be searched, copied and saved.

mod ansi;
mod bar;
mod buffer;
mod feed;
mod pane;
mod search;

use leptos::prelude::*;

use self::bar::LogBar;
use self::buffer::LogBuffer;
use self::feed::Feed;
pub use self::feed::LogSource;
use self::pane::{LogPane, Pane};
use crate::sse::Connection;

/// A log. Its stream is closed when it goes.
#[component]
pub fn LogView(
    /// Whose log it is.
    source: LogSource,
    /// What screen readers call it.
    #[prop(into)]
    label: Signal<String>,
    /// What an empty log means.
    empty: &'static str,
) -> impl IntoView {
    let feed = Feed::follow(source);
    let pane = Pane::new(feed.buffer, matches!(source, LogSource::Job(_)));
    let is_empty = Memo::new(move |_| feed.buffer.with(LogBuffer::is_empty));
    let earlier = move || feed.earlier.get() > 0;
    let nothing = move || is_empty.get() && matches!(feed.connection.get(), Connection::Live | Connection::Ended);
    view! {
        <section class="log" aria-label=label>
            <LogBar pane source connection=feed.connection />
            <Show when=earlier>
                <button class="button log__earlier" type="button" on:click=move |_| feed.load_earlier()>
                    "Load earlier lines"
                </button>
            </Show>
            <div class="log__frame">
                <LogPane pane label />
                <Show when=nothing>
                    <p class="log__nothing">{empty}</p>
                </Show>
                <Show when=move || !pane.following.get()>
                    <button class="button log__jump" type="button" on:click=move |_| pane.jump_to_end()>
                        "Jump to the end"
                    </button>
                </Show>
            </div>
        </section>
    }
}
