//! How far a job is.

use leptos::prelude::*;

/// A bar with per cent. It is there as soon as something is known.
#[component]
pub fn Progress(
    /// 0 to 1, while it is known.
    #[prop(into)]
    value: Signal<Option<f64>>,
    /// What is under way.
    #[prop(into)]
    label: Signal<String>,
) -> impl IntoView {
    let is_known = Memo::new(move |_| value.get().is_some());
    let share = move || value.get().unwrap_or_default().clamp(0.0, 1.0);
    view! {
        <Show when=move || is_known.get()>
            <span class="progress">
                <progress class="progress__bar" max="1" aria-label=label prop:value=share value=share></progress>
                <span class="progress__text">{move || format!("{:.0} %", (share() * 100.0).floor())}</span>
            </span>
        </Show>
    }
}
