//! A finding at a glance: a shape, a word and a colour, any one of which is enough.

use leptos::prelude::*;

/// How good the finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Plain,
    Warning,
    Bad,
}

impl Tone {
    /// The class, and an outline in a box of 12 by 12.
    fn look(self) -> (&'static str, &'static str) {
        match self {
            Self::Good => ("badge badge--running", "M1 6.5 L2.5 5 L5 7.5 L9.5 2 L11 3.5 L5 10.5 Z"),
            Self::Plain => ("badge badge--stopped", "M2 2 H10 V10 H2 Z"),
            Self::Warning => ("badge badge--drift", "M6 1 L11.5 11 H0.5 Z"),
            Self::Bad => (
                "badge badge--failed",
                "M2.5 1 L6 4.5 L9.5 1 L11 2.5 L7.5 6 L11 9.5 L9.5 11 L6 7.5 L2.5 11 L1 9.5 L4.5 6 L1 2.5 Z",
            ),
        }
    }
}

/// The mark.
#[component]
pub fn Mark(
    /// How good it is.
    tone: Tone,
    /// The word.
    word: &'static str,
) -> impl IntoView {
    let (class, shape) = tone.look();
    view! {
        <span class=class>
            <svg class="badge__shape" viewBox="0 0 12 12" aria-hidden="true">
                <path d=shape />
            </svg>
            {word}
        </span>
    }
}
