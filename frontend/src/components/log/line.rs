//! One line of a log as it is drawn.

use leptos::prelude::*;

use super::ansi::Style;
use super::buffer::Kind;
use super::pane::Pane;
use super::search::{Segment, segments};
use super::times::{Gutter, Second};

/// What a line looks like now. A line that comes to look otherwise is drawn anew, so that those that are drawn need to
/// watch nothing: while one scrolls, thousands come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Look {
    pub key: usize,
    /// How often something else was searched for by then.
    pub searches: usize,
    /// It is the hit that was gone to.
    pub is_current: bool,
    /// How times are shown, if they are.
    pub times: Option<Gutter>,
}

/// A line.
#[component]
pub fn LogLine(
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
    let time = look.times.map(|gutter| time(pane, look.key, line.second, gutter));
    // This page's own words are not searched.
    let is_mark = line.kind == Kind::Mark;
    let segments = pane.query.with_untracked(|query| segments(&line.text, if is_mark { "" } else { query }));
    Some(view! {
        <div class=format!("log__line{kind}{current}")>
            {pane.numbered.then(|| view! { <span class="log__number">{number}</span> })}
            {time}
            <span class="log__text">{segments.into_iter().map(part).collect_view()}</span>
        </div>
    })
}

/// Seen beside each line, but read aloud once a minute: with a time before each, a short line would take twice as long
/// to hear, and most times say no more than the one before.
fn time(pane: Pane, key: usize, second: Option<Second>, gutter: Gutter) -> impl IntoView {
    let before = pane.buffer.with_untracked(|buffer| buffer.get(key.checked_sub(1)?)?.second);
    let is_quiet = second.is_some_and(|second| !second.begins_minute(before));
    view! {
        <span class="log__time" title=second.map(Second::exact) aria-hidden=is_quiet.then_some("true")>
            {second.map(|second| gutter.label(second))}
        </span>
    }
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
