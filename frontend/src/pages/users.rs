//! All users and their rights, for admins.

use l4d2_contract::{UpdateUser, User};
use leptos::prelude::*;

use crate::api::Api;
use crate::components::admin_only::AdminOnly;
use crate::components::confirm::{Confirm, Question};
use crate::components::form::SendError;
use crate::components::loaded::{Fetched, Loaded};
use crate::components::mark::{Mark, Tone};
use crate::components::page_title::PageTitle;
use crate::components::sending::Sending;
use crate::components::time::RelativeTime;
use crate::session::Session;

/// The page.
#[component]
pub fn UsersPage() -> impl IntoView {
    view! {
        <AdminOnly>
            <Users />
        </AdminOnly>
    }
}

/// What the rows of the list share.
#[derive(Clone, Copy)]
struct Shared {
    users: Fetched<Vec<User>>,
    question: RwSignal<Option<Question>>,
    changing: Sending,
}

#[component]
fn Users() -> impl IntoView {
    let api: Api = expect_context();
    let shared = Shared {
        users: LocalResource::new(move || api.list_users()),
        question: RwSignal::new(None),
        changing: Sending::new(),
    };
    view! {
        <PageTitle text="Users" />
        <p class="muted">"Admins keep the catalog of overlays, install the game, and see and run everybody's servers."</p>
        <SendError sending=shared.changing />
        <Loaded
            resource=shared.users
            view=move |users| {
                view! {
                    <ul class="rows" aria-label="Users">
                        {users.into_iter().map(|user| view! { <Row user shared /> }).collect_view()}
                    </ul>
                }
                    .into_any()
            }
        />
        <Confirm question=shared.question />
    }
}

#[component]
fn Row(
    /// The user.
    user: User,
    /// What the rows share.
    shared: Shared,
) -> impl IntoView {
    let own = Session::expect().user_id() == Some(user.id);
    let tone = if user.disabled {
        (Tone::Bad, "disabled")
    } else if user.admin {
        (Tone::Good, "admin")
    } else {
        (Tone::Plain, "user")
    };
    let created_at = user.created_at.clone();
    view! {
        <li class="row">
            <span class="row__main">
                <span class="row__name">{user.username.clone()} {own.then_some(" (you)")}</span>
                <span class="row__detail">"signed up " <RelativeTime at=created_at /></span>
            </span>
            <Mark tone=tone.0 word=tone.1 />
            <span class="row__actions">
                <AdminButton user=user.clone() shared />
                <DisableButton user shared />
            </span>
        </li>
    }
}

#[component]
fn AdminButton(
    /// The user.
    user: User,
    /// What the rows share.
    shared: Shared,
) -> impl IntoView {
    let api: Api = expect_context();
    let session = Session::expect();
    let change = UpdateUser { admin: Some(!user.admin), disabled: None };
    let label = if user.admin { "Remove admin right…" } else { "Make admin" };
    let name = user.username.clone();
    let press = move |_| {
        let (user, change) = (user.clone(), change.clone());
        if !user.admin {
            set_rights(api, session, shared, &user, change);
            return;
        }
        shared.question.set(Some(Question {
            title: format!("Remove the admin right of {}?", user.username),
            text: "The account then sees and runs its own servers only. Another admin can give the right back."
                .to_owned(),
            button: "Remove the right",
            keep: "Keep it",
            then: Callback::new(move |()| set_rights(api, session, shared, &user, change.clone())),
        }));
    };
    view! {
        <button class="button" type="button" on:click=press>
            {label}
            <span class="visually-hidden">" "{name}</span>
        </button>
    }
}

#[component]
fn DisableButton(
    /// The user.
    user: User,
    /// What the rows share.
    shared: Shared,
) -> impl IntoView {
    let api: Api = expect_context();
    let session = Session::expect();
    let name = user.username.clone();
    if user.disabled {
        let change = UpdateUser { admin: None, disabled: Some(false) };
        let press = move |_| set_rights(api, session, shared, &user, change.clone());
        return view! {
            <button class="button" type="button" on:click=press>
                "Enable"
                <span class="visually-hidden">" "{name}</span>
            </button>
        }
        .into_any();
    }
    let ask = move |_| {
        let user = user.clone();
        shared.question.set(Some(Question {
            title: format!("Disable {}?", user.username),
            text: "All sessions and API tokens of this account end at once. Its servers stay as they are.".to_owned(),
            button: "Disable the account",
            keep: "Keep it",
            then: Callback::new(move |()| {
                let change = UpdateUser { admin: None, disabled: Some(true) };
                set_rights(api, session, shared, &user, change);
            }),
        }));
    };
    view! {
        <button class="button button--danger" type="button" on:click=ask>
            "Disable"
            <span class="visually-hidden">" "{name}</span>
        </button>
    }
    .into_any()
}

fn set_rights(api: Api, session: Session, shared: Shared, user: &User, change: UpdateUser) {
    let id = user.id;
    shared.changing.start(async move { api.update_user(id, &change).await }, move |changed| {
        if session.user_id() == Some(changed.id) {
            // One's own rights decide what these pages show.
            leptos::task::spawn_local(api.ask_who());
        } else {
            shared.users.refetch();
        }
    });
}
