//! Where the user is signed in.

use l4d2_contract::Session;
use leptos::prelude::*;

use crate::api::Api;
use crate::components::confirm::Question;
use crate::components::form::SendError;
use crate::components::loaded::Loaded;
use crate::components::mark::{Mark, Tone};
use crate::components::sending::Sending;
use crate::components::time::RelativeTime;

/// The list of sessions, each of which can be ended.
#[component]
pub fn Sessions(
    /// Changes when a new password has ended other sessions.
    #[prop(into)]
    password_changed: Signal<u32>,
    /// The page's dialog.
    question: RwSignal<Option<Question>>,
) -> impl IntoView {
    let api: Api = expect_context();
    let revoking = Sending::new();
    let sessions = LocalResource::new(move || {
        password_changed.track();
        api.list_sessions()
    });
    let ask = Callback::new(move |session: Session| {
        let id = session.id;
        let mut text = "Whoever uses it has to sign in again.".to_owned();
        if !session.user_agent.is_empty() {
            text = format!("{text} It calls itself “{}”.", session.user_agent);
        }
        question.set(Some(Question {
            title: format!("Sign out the session from {}?", session.address),
            text,
            button: "Sign it out",
            keep: "Keep it",
            then: Callback::new(move |()| {
                revoking.start(async move { api.revoke_session(id).await }, move |()| sessions.refetch());
            }),
        }));
    });
    view! {
        <section class="card" aria-labelledby="sessions-title">
            <h2 class="section-title" id="sessions-title">
                "Sessions"
            </h2>
            <SendError sending=revoking />
            <Loaded
                resource=sessions
                view=move |mut list| {
                    // The own session first, then the newest.
                    list.sort_by(|a, b| b.current.cmp(&a.current).then_with(|| b.created_at.cmp(&a.created_at)));
                    view! {
                        <ul class="rows rows--plain" aria-label="Sessions">
                            {list.into_iter().map(|session| view! { <Row session ask /> }).collect_view()}
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
    /// Asks whether to end it.
    ask: Callback<Session>,
) -> impl IntoView {
    let this = session.clone();
    view! {
        <li class="row">
            <span class="row__main">
                <span class="row__name">{session.address.clone()}</span>
                <span class="row__detail">"signed in " <RelativeTime at=session.created_at /></span>
                // What a client calls itself is its own claim: shown as text, like all that comes from outside.
                <span class="row__detail">{session.user_agent}</span>
            </span>
            {if session.current {
                view! { <Mark tone=Tone::Good word="this one" /> }.into_any()
            } else {
                view! {
                    <button class="button button--danger" type="button" on:click=move |_| ask.run(this.clone())>
                        "Sign out"
                        <span class="visually-hidden">" the session from "{session.address}</span>
                    </button>
                }
                    .into_any()
            }}
        </li>
    }
}
