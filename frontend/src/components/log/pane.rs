//! The part of a log view that scrolls. Only the lines within reach are on the page, however many there are.
//!
//! It follows the end until the reader scrolls up, and then holds still, also while old lines are dropped.

use std::ops::Range;

use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;

use super::buffer::LogBuffer;
use super::choice::Choice;
use super::line::{LogLine, Look};
use super::times::{Day, Gutter, Second};
use crate::components::time::Clock;

/// How many rows beyond what is seen are on the page, above and below, for quick hands.
const ROWS_AHEAD: usize = 20;
/// The characters of the probe that is measured.
const PROBE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The columns of the numbers in front of lines; also in logs.css.
const NUMBER_COLUMNS: usize = 8;
/// From so many columns on a pane shows times if nobody chose otherwise: on a phone the lines need all there is.
const COLUMNS_FOR_TIMES: usize = 64;

/// The state of a pane, shared with the bar above it.
#[derive(Debug, Clone, Copy)]
pub struct Pane {
    pub buffer: RwSignal<LogBuffer>,
    /// Whether it follows the end.
    pub following: RwSignal<bool>,
    pub wrap: Choice,
    pub times: Choice,
    /// How times are shown, if they are.
    pub gutter: Memo<Option<Gutter>>,
    pub query: RwSignal<String>,
    searches: RwSignal<usize>,
    /// The line of the search that was gone to.
    pub current: RwSignal<Option<usize>>,
    /// Whether lines have numbers.
    pub numbered: bool,
    element: NodeRef<Div>,
    probe: NodeRef<Div>,
    geometry: RwSignal<Geometry>,
    /// All lines are put on the page, to be printed.
    printing: RwSignal<bool>,
}

/// Sizes in pixels, as the browser has them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Geometry {
    row: f64,
    column: f64,
    top: f64,
    height: f64,
    width: f64,
}

impl Geometry {
    /// The rows from a place on; nothing before the sizes are known.
    fn rows_from(self, top: f64, height: f64) -> Range<usize> {
        if self.row <= 0.0 {
            return 0..0;
        }
        whole(top / self.row)..whole((top + height) / self.row) + 1
    }

    /// The columns side by side; none before the sizes are known.
    fn columns(self) -> usize {
        if self.column > 0.0 { whole(self.width / self.column) } else { 0 }
    }
}

impl Pane {
    pub fn new(buffer: RwSignal<LogBuffer>, numbered: bool) -> Self {
        let geometry = RwSignal::new(Geometry::default());
        let times = Choice::load("log-times");
        let pane = Self {
            buffer,
            numbered,
            following: RwSignal::new(true),
            wrap: Choice::load("log-wrap"),
            times,
            gutter: time_gutter(buffer, times, geometry),
            query: RwSignal::new(String::new()),
            searches: RwSignal::new(0),
            current: RwSignal::new(None),
            element: NodeRef::new(),
            probe: NodeRef::new(),
            geometry,
            printing: RwSignal::new(false),
        };
        pane.keep_measured();
        pane.keep_at_its_place();
        pane
    }

    /// Marks every hit of a search.
    pub fn search(self, query: String) {
        self.buffer.update(|buffer| buffer.search(&query));
        self.query.set(query);
        self.current.set(None);
        self.searches.update(|searches| *searches += 1);
    }

    /// Whether lines that are too long for the pane go on below.
    pub fn wraps(self) -> bool {
        self.wrap.get_or(true)
    }

    /// The columns in front of the lines.
    fn columns_in_front(self) -> usize {
        let numbers = if self.numbered { NUMBER_COLUMNS } else { 0 };
        numbers + self.gutter.get().map_or(0, Gutter::columns)
    }

    /// Whether something is searched for.
    pub fn is_searched(self) -> bool {
        self.query.with(|query| !query.is_empty())
    }

    /// Goes to the end and stays there.
    pub fn jump_to_end(self) {
        self.following.set(true);
        self.scroll(Self::height);
    }

    /// Goes to a line and marks it.
    pub fn go_to(self, key: usize) {
        self.current.set(Some(key));
        self.following.set(false);
        self.scroll(move |pane| {
            let row = pane.buffer.with_untracked(|buffer| buffer.row_of(key)).unwrap_or_default();
            let geometry = pane.geometry.get_untracked();
            (pixels(row) * geometry.row - geometry.height / 2.0).max(0.0)
        });
    }

    /// The height of all lines.
    fn height(self) -> f64 {
        pixels(self.buffer.with_untracked(LogBuffer::rows)) * self.geometry.get_untracked().row
    }

    /// Scrolls before the next frame is drawn: by then the lines that are on their way are on the page.
    fn scroll(self, place: impl Fn(Self) -> f64 + 'static) {
        request_animation_frame(move || self.scroll_now(place));
    }

    /// Goes to the end before the next frame is drawn, unless the reader has gone elsewhere by then: the browser tells of
    /// that first.
    fn follow_end(self) {
        request_animation_frame(move || {
            if self.following.try_get_untracked() == Some(true) {
                self.scroll_now(Self::height);
            }
        });
    }

    fn scroll_now(self, place: impl Fn(Self) -> f64) {
        if let Some(element) = self.element.try_get_untracked().flatten() {
            #[expect(clippy::cast_possible_truncation, reason = "scroll places are whole pixels below 2^31")]
            element.set_scroll_top(place(self).ceil() as i32);
            self.note_scroll();
        }
    }

    fn note_scroll(self) {
        let Some(element) = self.element.get_untracked() else { return };
        let (top, height) = (f64::from(element.scroll_top()), f64::from(element.client_height()));
        let before = self.geometry.get_untracked();
        let now = Geometry { top, ..before };
        if now != before {
            self.geometry.set(now);
        }
        let at_end = f64::from(element.scroll_height()) - top - height < 2.0 * before.row.max(1.0);
        if at_end != self.following.get_untracked() && (at_end || top < before.top) {
            self.following.set(at_end);
        }
    }

    fn measure(self) {
        let (Some(element), Some(probe)) = (self.element.get_untracked(), self.probe.get_untracked()) else { return };
        let probe = probe.get_bounding_client_rect();
        let measured = Geometry {
            row: probe.height(),
            column: probe.width() / pixels(PROBE.len()),
            top: f64::from(element.scroll_top()),
            height: f64::from(element.client_height()),
            width: f64::from(element.client_width()),
        };
        self.geometry.maybe_update(|geometry| std::mem::replace(geometry, measured) != measured);
    }

    fn keep_measured(self) {
        Effect::new(move |_| {
            self.element.track();
            self.probe.track();
            self.measure();
        });
        let resized = window_event_listener(ev::resize, move |_| self.measure());
        let before = window_event_listener(ev::beforeprint, move |_| self.printing.set(true));
        let after = window_event_listener(ev::afterprint, move |_| {
            self.printing.set(false);
            // What was measured on the way to paper is of no use on the screen.
            self.measure();
        });
        on_cleanup(move || {
            resized.remove();
            before.remove();
            after.remove();
        });
        let columns = Memo::new(move |_| {
            let (columns, in_front) = (self.geometry.get().columns(), self.columns_in_front());
            (self.wraps() && columns > 0).then(|| columns.saturating_sub(in_front))
        });
        Effect::new(move |_| {
            let columns = columns.get();
            let top = self.geometry.with_untracked(|geometry| geometry.rows_from(geometry.top, 0.0));
            let first = self.buffer.with_untracked(|buffer| buffer.keys_within(top).start);
            self.buffer.update(|buffer| buffer.wrap_at(columns));
            // The line that was on top is on top again.
            if !self.following.get_untracked() {
                self.scroll(move |pane| {
                    let row = pane.buffer.with_untracked(|buffer| buffer.row_of(first)).unwrap_or_default();
                    pixels(row) * pane.geometry.get_untracked().row
                });
            }
        });
    }

    fn keep_at_its_place(self) {
        Effect::new(move |last: Option<usize>| {
            let first_row = self.buffer.with(LogBuffer::first_row);
            self.geometry.track();
            let dropped = first_row.saturating_sub(last.unwrap_or(first_row));
            if self.following.get_untracked() {
                self.follow_end();
            } else if dropped > 0 {
                let moved = pixels(dropped) * self.geometry.get_untracked().row;
                self.scroll(move |pane| (pane.geometry.get_untracked().top - moved).max(0.0));
            }
            first_row
        });
    }

    /// The keys of the lines that are on the page.
    fn shown(self) -> Range<usize> {
        let geometry = self.geometry.get();
        self.buffer.with(|buffer| {
            if self.printing.get() {
                return buffer.keys();
            }
            let seen = geometry.rows_from(geometry.top, geometry.height);
            buffer.keys_within(seen.start.saturating_sub(ROWS_AHEAD)..seen.end + ROWS_AHEAD)
        })
    }
}

fn time_gutter(buffer: RwSignal<LogBuffer>, times: Choice, geometry: RwSignal<Geometry>) -> Memo<Option<Gutter>> {
    let clock = Clock::expect();
    // The clock ticks all the time; what depends on the day is told at midnight only.
    let today = Memo::new(move |_| Day::at(clock.now()));
    let ends = Memo::new(move |_| buffer.with(LogBuffer::ends));
    let is_wide = Memo::new(move |_| geometry.get().columns() >= COLUMNS_FOR_TIMES);
    Memo::new(move |_| {
        times.get_or(is_wide.get()).then(|| {
            let [first, last] = ends.get().map(|second| second.map(Second::day));
            Gutter::new(today.get(), first, last)
        })
    })
}

/// The pane.
#[component]
pub fn LogPane(
    /// Its state.
    pane: Pane,
    /// What screen readers call it.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let shown = Memo::new(move |_| pane.shown());
    let looks = move || {
        let (searches, current, times) = (pane.searches.get(), pane.current.get(), pane.gutter.get());
        shown.get().map(move |key| Look { key, searches, is_current: current == Some(key), times })
    };
    let height = move || {
        pane.buffer.track();
        pane.geometry.track();
        // On paper the lines themselves decide.
        if pane.printing.get() { "auto".to_owned() } else { format!("{}px", pane.height()) }
    };
    // How many rows a line takes is a guess where fonts are not all alike. The end is right all the same while it is
    // followed: there the lines stand on it, and hang from their place elsewhere.
    let stands_on_end = Memo::new(move |_| {
        let (shown, all) = (shown.get(), pane.buffer.with(LogBuffer::keys));
        pane.following.get() && shown.end == all.end && shown.start > all.start
    });
    let offset = move || {
        if stands_on_end.get() {
            return "auto".to_owned();
        }
        let row = pane.buffer.with(|buffer| buffer.row_of(shown.get().start)).unwrap_or_default();
        format!("{}px", pixels(row) * pane.geometry.get().row)
    };
    let end = move || if stands_on_end.get() { "0" } else { "auto" };
    let width = move || {
        let columns = pane.buffer.with(LogBuffer::widest) + pane.columns_in_front() + 2;
        if pane.wraps() { "auto".to_owned() } else { format!("{columns}ch") }
    };
    view! {
        // It is quiet: hundreds of lines a second are not to be read aloud. Those who want to read them go there.
        <div
            class="log__pane"
            class:log__pane--wrap=move || pane.wraps()
            class:log__pane--numbered=pane.numbered
            class:log__pane--dated=move || pane.gutter.get().is_some_and(|gutter| gutter.is_dated)
            role="log"
            aria-live="off"
            aria-label=label
            tabindex="0"
            node_ref=pane.element
            on:scroll=move |_| pane.note_scroll()
        >
            <div class="log__probe" aria-hidden="true" node_ref=pane.probe>
                {PROBE}
            </div>
            <div class="log__space" style:block-size=height style:min-inline-size=width>
                <div class="log__window" style:inset-block-start=offset style:inset-block-end=end>
                    <For each=looks key=|look| *look let:look>
                        <LogLine pane look />
                    </For>
                </div>
            </div>
        </div>
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows and columns are far below 2^52")]
fn pixels(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "negative and undefined become 0")]
fn whole(number: f64) -> usize {
    number as usize
}
