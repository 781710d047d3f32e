//! A log, live: of a job or of a game. Replays what was, follows what comes, and can be searched, copied and saved.

mod ansi;
mod bar;
mod buffer;
mod choice;
mod columns;
mod feed;
mod line;
mod pane;
mod search;
mod times;

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
    /// What the page itself says below the lines, last; left out: nothing.
    #[prop(optional, into)]
    remark: Option<Signal<Option<String>>>,
) -> impl IntoView {
    let feed = Feed::follow(source);
    Effect::new(move |_| {
        if let Some(words) = remark.and_then(|remark| remark.get()) {
            feed.mark(&words);
        }
    });
    let pane = Pane::new(feed.buffer, matches!(source, LogSource::Job(_)));
    let is_empty = Memo::new(move |_| feed.buffer.with(LogBuffer::is_empty));
    let earlier = Memo::new(move |_| feed.can_load_earlier());
    let nothing = move || is_empty.get() && matches!(feed.connection.get(), Connection::Live | Connection::Ended);
    view! {
        <section class="log" aria-label=label>
            <LogBar pane source connection=feed.connection />
            <Show when=move || earlier.get()>
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
