//! A button that is no larger than a sign.

use leptos::prelude::*;

/// Upwards.
pub const UP: &str = "M2 8 L6 4 L10 8";
/// Downwards.
pub const DOWN: &str = "M2 4 L6 8 L10 4";
/// Away with it.
pub const CROSS: &str = "M2 2 L10 10 M10 2 L2 10";

/// The button. It says to screen readers what it does.
#[component]
pub fn IconButton(
    /// The lines of its sign, in a box of 12 by 12.
    shape: &'static str,
    /// What it does.
    #[prop(into)]
    label: Signal<String>,
    /// For those that have to be found again.
    #[prop(optional, into)]
    id: Option<String>,
    /// There is nothing for it to do now. It keeps the focus, which a disabled one would lose.
    #[prop(optional, into)]
    idle: Signal<bool>,
    /// Does it.
    #[prop(into)]
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            class="button button--icon"
            type="button"
            id=id
            aria-label=label
            aria-disabled=move || idle.get().then_some("true")
            on:click=move |_| on_press.run(())
        >
            <svg viewBox="0 0 12 12" aria-hidden="true">
                <path d=shape />
            </svg>
        </button>
    }
}
