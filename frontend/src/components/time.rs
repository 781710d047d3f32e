//! Moments on a page, told from now and growing older while one looks at them.

use std::time::Duration;

use l4d2_contract::Timestamp;
use leptos::prelude::*;

use crate::time::{ago, duration, elapsed, exact};

/// How often what is shown grows older.
const TICK: Duration = Duration::from_secs(5);

/// The time as the pages show it; a context.
#[derive(Debug, Clone, Copy)]
pub struct Clock(RwSignal<f64>);

impl Clock {
    /// Starts the one clock of all pages.
    pub fn start() -> Self {
        let now = RwSignal::new(js_sys::Date::now());
        set_interval(move || now.set(js_sys::Date::now()), TICK);
        Self(now)
    }

    /// The clock that the app provides to all pages.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Now, in milliseconds since 1970; those who ask are told every few seconds.
    pub fn now(self) -> f64 {
        self.0.get().max(js_sys::Date::now())
    }

    /// How long ago a moment is, or how long the time between two was.
    pub fn since(self, start: &str, end: Option<&str>) -> String {
        let start = milliseconds(start);
        end.map_or_else(|| elapsed(self.now() - start), |end| duration(milliseconds(end) - start))
    }
}

/// A moment, such as `3 min ago`; its exact time is the title.
#[component]
pub fn RelativeTime(
    /// The moment.
    #[prop(into)]
    at: Signal<Timestamp>,
) -> impl IntoView {
    let clock = Clock::expect();
    // The tick may be older than the moment.
    let text = move || at.with(|at| ago(clock.now(), milliseconds(at)));
    view! {
        <time datetime=at title=move || at.with(|at| exact(at))>
            {text}
        </time>
    }
}

fn milliseconds(timestamp: &str) -> f64 {
    js_sys::Date::parse(timestamp)
}
