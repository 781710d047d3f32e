//! Where the user is signed in.

use l4d2_contract::Session;
use leptos::prelude::*;

use crate::api::Api;
use crate::components::loaded::{Fetched, Loaded};
use crate::components::mark::{Mark, Tone};
use crate::components::notice::Notice;
use crate::components::sending::Sending;
use crate::components::time::RelativeTime;

/// The list of sessions, each of which can be ended.
#[component]
pub fn Sessions(
    /// Changes when a new password has ended other sessions.
    #[prop(into)]
    password_changed: Signal<u32>,
) -> impl IntoView {
    let api: Api = expect_context();
    let revoking = Sending::new();
    let sessions = LocalResource::new(move || {
        password_changed.track();
        api.list_sessions()
    });
    view! {
        <section class="card" aria-labelledby="sessions-title">
            <h2 class="section-title" id="sessions-title">
                "Sessions"
            </h2>
            {move || revoking.other_than(&[]).map(|text| view! { <Notice>{text}</Notice> })}
            <Loaded
                resource=sessions
                view=move |mut list| {
                    // The own session first, then the newest.
                    list.sort_by(|a, b| b.current.cmp(&a.current).then_with(|| b.created_at.cmp(&a.created_at)));
                    view! {
                        <ul class="rows rows--plain" aria-label="Sessions">
                            {list
                                .into_iter()
                                .map(|session| view! { <Row session sessions revoking /> })
                                .collect_view()}
                        </ul>
                    }
                        .into_any()
                }
            />
        </section>
    }
}

#[component]
fn Row(
    /// The session.
    session: Session,
    /// All of them, to be read anew.
    sessions: Fetched<Vec<Session>>,
    /// How a revocation stands.
    revoking: Sending,
) -> impl IntoView {
    let api: Api = expect_context();
    let id = session.id;
    let address = session.address.clone();
    let revoke = move |_| revoking.start(async move { api.revoke_session(id).await }, move |()| sessions.refetch());
    view! {
        <li class="row">
            <span class="row__main">
                <span class="row__name">{session.address}</span>
                <span class="row__detail">"signed in " <RelativeTime at=session.created_at /></span>
                // What a client calls itself is its own claim: shown as text, like all that comes from outside.
                <span class="row__detail">{session.user_agent}</span>
            </span>
            {if session.current {
                view! { <Mark tone=Tone::Good word="this one" /> }.into_any()
            } else {
                view! {
                    <button class="button button--danger" type="button" on:click=revoke>
                        "Sign out"
                        <span class="visually-hidden">" the session from "{address}</span>
                    </button>
                }
                    .into_any()
            }}
        </li>
    }
}
