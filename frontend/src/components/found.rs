//! What stands in the place of a page whose subject isn't there, or not yet.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::ApiError;
use crate::components::failed::{Failed, Loading};
use crate::components::focus::{hand_on, heading};
use crate::components::page_title::PageTitle;
use crate::sse::Connection;
use crate::store::{Found, Store};

/// The page for each way in which the search for its subject can stand.
#[component]
pub fn FoundPage(
    /// How it stands.
    found: Memo<Found>,
    /// What it is, with its article, such as `this server`.
    what: &'static str,
    /// Where all of its kind are: an address and the words of the link.
    all: (&'static str, &'static str),
    /// Asks again.
    #[prop(into)]
    retry: Callback<()>,
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    let (address, words) = all;
    let back = move || {
        view! {
            <p>
                <A href=address attr:class="link">
                    {words}
                </A>
            </p>
        }
    };
    let store = Store::expect();
    // The panel can be reached again.
    Effect::new(move |_| {
        if store.connection.get() == Connection::Live
            && found.with_untracked(|found| matches!(found, Found::Failed(ApiError::Unreachable)))
        {
            retry.run(());
        }
    });
    move || {
        let found = found.get();
        // What is in view may go, and the focus with it.
        hand_on(heading);
        match found {
            Found::Here => children().into_any(),
            Found::Loading => view! { <Loading /> }.into_any(),
            Found::Gone => view! {
                <PageTitle text="Deleted" />
                <p role="status">{format!("{} is gone: it was deleted.", crate::text::capitalized(what))}</p>
                {back()}
            }
            .into_any(),
            Found::Failed(error) if error.is_not_found() => view! {
                <PageTitle text="Not found" />
                <p>{error.to_string()}</p>
                {back()}
            }
            .into_any(),
            Found::Failed(error) if error.is_forbidden() => view! {
                <PageTitle text="Not allowed" />
                <p>"It belongs to somebody else."</p>
                {back()}
            }
            .into_any(),
            Found::Failed(error) => view! { <Failed why=error.to_string() retry /> }.into_any(),
        }
    }
}
