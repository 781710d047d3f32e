//! Named tokens with which scripts act as the user.

use l4d2_contract::rules;
use l4d2_contract::{ApiToken, CreateApiToken, CreatedApiToken};
use leptos::prelude::*;

use crate::api::Api;
use crate::components::confirm::Question;
use crate::components::copy::CopyText;
use crate::components::field::{Field, Rule};
use crate::components::form::{Form, SendError};
use crate::components::loaded::{Fetched, Loaded};
use crate::components::sending::Sending;
use crate::components::time::RelativeTime;

/// How long a token may last, in days; zero is for ever.
const LIFETIMES: [(u32, &str); 4] = [(0, "never"), (30, "in 30 days"), (90, "in 90 days"), (365, "in a year")];

/// What the parts share.
#[derive(Clone, Copy)]
struct Shared {
    tokens: Fetched<Vec<ApiToken>>,
    question: RwSignal<Option<Question>>,
    revoking: Sending,
}

/// The list of tokens, and the form for a new one.
#[component]
pub fn ApiTokens(
    /// The page's dialog.
    question: RwSignal<Option<Question>>,
) -> impl IntoView {
    let api: Api = expect_context();
    let shared =
        Shared { tokens: LocalResource::new(move || api.list_api_tokens()), question, revoking: Sending::new() };
    view! {
        <section class="card" aria-labelledby="tokens-title">
            <h2 class="section-title" id="tokens-title">
                "API tokens"
            </h2>
            <p class="muted">
                "A script that sends one as its bearer token acts as you, with all your rights except that of making tokens. "
                // Another application: not for the router.
                <a class="link" href="/api/v1/docs" rel="external">
                    "How the API works"
                </a>
            </p>
            <SendError sending=shared.revoking />
            <Loaded
                resource=shared.tokens
                view=move |list| {
                    if list.is_empty() {
                        return view! { <p>"No tokens yet."</p> }.into_any();
                    }
                    view! {
                        <ul class="rows rows--plain" aria-label="API tokens">
                            {list.into_iter().map(|token| view! { <Row token shared /> }).collect_view()}
                        </ul>
                    }
                        .into_any()
                }
            />
            <NewToken shared />
        </section>
    }
}

#[component]
fn Row(
    /// The token.
    token: ApiToken,
    /// What the parts share.
    shared: Shared,
) -> impl IntoView {
    let api: Api = expect_context();
    let (id, name) = (token.id, token.name.clone());
    let ask = move |_| {
        shared.question.set(Some(Question {
            title: format!("Revoke the token “{name}”?"),
            text: "Scripts that use it are refused from now on.".to_owned(),
            button: "Revoke the token",
            keep: "Keep it",
            then: Callback::new(move |()| {
                shared.revoking.start(async move { api.revoke_api_token(id).await }, move |()| shared.tokens.refetch());
            }),
        }));
    };
    view! {
        <li class="row">
            <span class="row__main">
                <span class="row__name">{token.name.clone()}</span>
                <span class="row__detail">
                    "made " <RelativeTime at=token.created_at />
                    {match token.last_used_at {
                        Some(at) => view! { ", last used " <RelativeTime at /> }.into_any(),
                        None => ", never used".into_any(),
                    }}
                    {match token.expires_at {
                        Some(at) => format!(", expires on {}", at.get(..10).unwrap_or(&at)),
                        None => ", never expires".to_owned(),
                    }}
                </span>
            </span>
            <button class="button button--danger" type="button" on:click=ask>
                "Revoke"
                <span class="visually-hidden">" "{token.name}</span>
            </button>
        </li>
    }
}

#[component]
fn NewToken(
    /// What the parts share.
    shared: Shared,
) -> impl IntoView {
    let api: Api = expect_context();
    let sending = Sending::new();
    let name = RwSignal::new(String::new());
    let days = RwSignal::new(0_u32);
    let created = RwSignal::new(None::<CreatedApiToken>);
    let make = move |()| {
        let expires_in_days = Some(days.get_untracked()).filter(|days| *days > 0);
        let token = CreateApiToken { name: name.get_untracked(), expires_in_days };
        sending.start(async move { api.create_api_token(&token).await }, move |token| {
            name.try_set(String::new());
            created.try_set(Some(token));
            shared.tokens.refetch();
        });
    };
    view! {
        {move || created.get().map(|created| view! { <Secret created /> })}
        <Form sending fields=&["name", "expires_in_days"] button="Create token" row=true on_submit=make>
            <Field
                name="name"
                id="token-name"
                label="Name of a new token"
                kind="text"
                autocomplete="off"
                hint="What it is for."
                rule=Some(rules::check_name as Rule)
                value=name
                error=sending.field("name")
            />
            <Lifetime days error=sending.field("expires_in_days") />
        </Form>
    }
}

/// A token just made.
#[component]
fn Secret(
    /// The token.
    created: CreatedApiToken,
) -> impl IntoView {
    view! {
        <div class="secret" role="status">
            <p>
                "This is the token “" {created.api_token.name}
                "”. Copy it now: it is shown this once and can't be read again."
            </p>
            <CopyText label="Token" text=created.token />
        </div>
    }
}

#[component]
fn Lifetime(
    /// The days chosen; zero is for ever.
    days: RwSignal<u32>,
    /// What is wrong with it.
    error: Signal<Option<String>>,
) -> impl IntoView {
    let option = |(days, words): (u32, &'static str)| view! { <option value=days.to_string()>{words}</option> };
    view! {
        <div class="field">
            <label class="field__label" for="token-expiry">
                "Expires"
            </label>
            <select
                class="field__input"
                id="token-expiry"
                aria-describedby="token-expiry-error"
                on:change:target=move |event| days.set(event.target().value().parse().unwrap_or_default())
            >
                {LIFETIMES.into_iter().map(option).collect_view()}
            </select>
            <p class="field__error" id="token-expiry-error" role="alert">
                {error}
            </p>
        </div>
    }
}
