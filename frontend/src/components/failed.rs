//! What stands where something could not be fetched, or isn't there yet.

use leptos::prelude::*;

use crate::store::Store;

/// Why it could not be fetched, and the button that asks again.
#[component]
pub fn Failed(
    /// Why, in words for a person.
    #[prop(into)]
    why: String,
    /// Asks again.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="notice" role="alert">
            <p class="notice__text">{why}</p>
            <button class="button" type="button" on:click=move |_| retry.run(())>
                "Try again"
            </button>
        </div>
    }
}

/// Stands where what is on its way will be, in its size.
#[component]
pub fn Loading() -> impl IntoView {
    view! { <div class="card skeleton" role="status" aria-label="Loading"></div> }
}

/// The same for what the store fetches; when that failed, the frame says so.
#[component]
pub fn StoreLoading() -> impl IntoView {
    let store = Store::expect();
    move || store.error.with(Option::is_none).then(|| view! { <Loading /> })
}
