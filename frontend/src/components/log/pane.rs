//! The part of a log view that scrolls. Only the lines within reach are on the page, however many there are.
//!
//! It follows the end until the reader scrolls up, and then holds still, also while old lines are dropped.

use std::ops::Range;

use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;

use super::ansi::Style;
use super::buffer::{Kind, LogBuffer};
use super::search::{Segment, segments};

/// How many rows beyond what is seen are on the page, above and below, for quick hands.
const ROWS_AHEAD: usize = 20;
/// The characters of the probe that is measured.
const PROBE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The columns of the numbers in front of lines; also in logs.css.
const GUTTER_COLUMNS: usize = 8;

/// The state of a pane, shared with the bar above it.
#[derive(Debug, Clone, Copy)]
pub struct Pane {
    pub buffer: RwSignal<LogBuffer>,
    /// Whether it follows the end.
    pub following: RwSignal<bool>,
    pub wrap: RwSignal<bool>,
    query: RwSignal<String>,
    searches: RwSignal<usize>,
    /// The line of the search that was gone to.
    pub current: RwSignal<Option<usize>>,
    /// Whether lines have numbers.
    numbered: bool,
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
}

impl Pane {
    pub fn new(buffer: RwSignal<LogBuffer>, numbered: bool) -> Self {
        let pane = Self {
            buffer,
            numbered,
            following: RwSignal::new(true),
            wrap: RwSignal::new(true),
            query: RwSignal::new(String::new()),
            searches: RwSignal::new(0),
            current: RwSignal::new(None),
            element: NodeRef::new(),
            probe: NodeRef::new(),
            geometry: RwSignal::new(Geometry::default()),
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
        request_animation_frame(move || {
            if let Some(element) = self.element.try_get_untracked().flatten() {
                #[expect(clippy::cast_possible_truncation, reason = "scroll places are whole pixels below 2^31")]
                element.set_scroll_top(place(self).ceil() as i32);
                self.note_scroll();
            }
        });
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
            let (geometry, wrap) = (self.geometry.get(), self.wrap.get());
            let gutter = if self.numbered { GUTTER_COLUMNS } else { 0 };
            (wrap && geometry.column > 0.0).then(|| whole(geometry.width / geometry.column).saturating_sub(gutter + 2))
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
                self.scroll(Self::height);
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
        let (searches, current) = (pane.searches.get(), pane.current.get());
        shown.get().map(move |key| Look { key, searches, is_current: current == Some(key) })
    };
    let height = move || {
        pane.buffer.track();
        pane.geometry.track();
        // On paper the lines themselves decide.
        if pane.printing.get() { "auto".to_owned() } else { format!("{}px", pane.height()) }
    };
    let offset = move || {
        let row = pane.buffer.with(|buffer| buffer.row_of(shown.get().start)).unwrap_or_default();
        format!("{}px", pixels(row) * pane.geometry.get().row)
    };
    let width = move || {
        let columns = pane.buffer.with(LogBuffer::widest) + GUTTER_COLUMNS + 2;
        if pane.wrap.get() { "auto".to_owned() } else { format!("{columns}ch") }
    };
    view! {
        // It is quiet: hundreds of lines a second are not to be read aloud. Those who want to read them go there.
        <div
            class="log__pane"
            class:log__pane--wrap=pane.wrap
            class:log__pane--numbered=pane.numbered
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
                <div class="log__window" style:inset-block-start=offset>
                    <For each=looks key=|look| *look let:look>
                        <LogLine pane look />
                    </For>
                </div>
            </div>
        </div>
    }
}

/// What a line looks like now. A line that comes to look otherwise is drawn anew, so that those that are drawn need to
/// watch nothing: while one scrolls, thousands come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Look {
    key: usize,
    /// How often something else was searched for by then.
    searches: usize,
    /// It is the hit that was gone to.
    is_current: bool,
}

#[component]
fn LogLine(
    /// Where it is shown.
    pane: Pane,
    /// Which one, and how it looks.
    look: Look,
) -> impl IntoView {
    let line = pane.buffer.with_untracked(|buffer| buffer.get(look.key).cloned())?;
    let kind = match line.kind {
        Kind::Stdout => "",
        Kind::Stderr => " log__line--stderr",
        Kind::System => " log__line--system",
        Kind::Mark => " log__line--mark",
    };
    let current = if look.is_current { " log__line--current" } else { "" };
    let number = line.number.map(|number| number.to_string());
    let segments = pane.query.with_untracked(|query| segments(&line.text, query));
    Some(view! {
        <div class=format!("log__line{kind}{current}")>
            {pane.numbered.then(|| view! { <span class="log__number">{number}</span> })}
            <span class="log__text">{segments.into_iter().map(part).collect_view()}</span>
        </div>
    })
}

fn part(segment: Segment) -> AnyView {
    let class = class(segment.style);
    match (segment.hit, class.is_empty()) {
        (true, _) => view! { <mark class=class>{segment.text}</mark> }.into_any(),
        (false, false) => view! { <span class=class>{segment.text}</span> }.into_any(),
        (false, true) => segment.text.into_any(),
    }
}

fn class(style: Style) -> String {
    let mut classes = Vec::new();
    if let Some(color) = style.color {
        classes.push(format!("ansi-{color}"));
    }
    if style.bold {
        classes.push("ansi-bold".to_owned());
    }
    if style.underline {
        classes.push("ansi-underline".to_owned());
    }
    classes.join(" ")
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows and columns are far below 2^52")]
fn pixels(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "negative and undefined become 0")]
fn whole(number: f64) -> usize {
    number as usize
}
