//! The frame around all pages: who is signed in, the bar on top, the routes.

use l4d2_contract::{BlueprintId, JobId, ServerId};
use leptos::prelude::*;
use leptos_router::components::{Outlet, ParentRoute, Redirect, Route, Router, Routes};
use leptos_router::hooks::{use_location, use_query_map};
use leptos_router::{NavigateOptions, path};

use crate::api::Api;
use crate::chunks;
use crate::components::failed::Failed;
use crate::components::frame::Frame;
use crate::components::press::Press;
use crate::components::time::Clock;
use crate::components::unsaved::Unsaved;
use crate::destination::{PARAMETER, own_address};
use crate::kept_drafts::KeptDrafts;
use crate::pages::not_found::NotFoundPage;
use crate::pages::servers::ServersPage;
use crate::pages::sign_in::SignInPage;
use crate::pages::sign_up::SignUpPage;
use crate::session::{Session, Whose};
use crate::store::{Collection, Store};

pub const HOME: &str = "/";
pub const SERVER_NEW: &str = "/servers/new";
pub const BLUEPRINTS: &str = "/blueprints";
pub const NEW_BLUEPRINT: &str = "/blueprints/new";
pub const JOBS: &str = "/jobs";
pub const OVERLAYS: &str = "/overlays";
pub const HOST: &str = "/host";
pub const USERS: &str = "/users";
pub const ACCOUNT: &str = "/account";
pub const SIGN_IN: &str = "/sign-in";
pub const SIGN_UP: &str = "/sign-up";

/// Where a server's page is.
pub fn server_address(server: ServerId) -> String {
    format!("/servers/{server}")
}

/// Where a blueprint's editor is.
pub fn blueprint_address(blueprint: BlueprintId) -> String {
    format!("{BLUEPRINTS}/{blueprint}")
}

/// Where a job's page is.
pub fn job_address(job: JobId) -> String {
    format!("/jobs/{job}")
}

/// The address of a page for those who are signed out, from another one of them: where they wanted to go is not lost.
pub fn keeping_destination(page: &'static str) -> Signal<String> {
    let search = use_location().search;
    Signal::derive(move || {
        search.with(|search| if search.is_empty() { page.to_owned() } else { format!("{page}?{search}") })
    })
}

/// The whole application.
#[component]
pub fn App() -> impl IntoView {
    let session = Session::new();
    let api = Api::new(session);
    provide_context(session);
    provide_context(api);
    let store = Store::new(session, api);
    provide_context(store);
    provide_context(Clock::start());
    provide_context(Press::start());
    provide_context(Unsaved::start());
    provide_context(KeptDrafts::new());
    ask_who(api);
    // Not before the first page has what it needs.
    let is_first_page_there = Memo::new(move |_| store.servers.with(Collection::is_known));
    Effect::new(move |_| {
        if is_first_page_there.get() {
            chunks::fetch_when_idle(session.is_admin());
        }
    });

    view! {
        <Router>
            <Frame>
                <Routes fallback=NotFoundPage>
                    <ParentRoute path=path!("") view=SignedIn>
                        <Route path=path!("/") view=ServersPage />
                        <Route path=path!("/blueprints") view=chunks::page(chunks::blueprints) />
                        <Route path=path!("/blueprints/new") view=chunks::page(chunks::new_blueprint) />
                        <Route path=path!("/blueprints/:id") view=chunks::page(chunks::blueprint) />
                        <Route path=path!("/overlays") view=chunks::page(chunks::overlays) />
                        <Route path=path!("/host") view=chunks::page(chunks::host) />
                        <Route path=path!("/users") view=chunks::page(chunks::users) />
                        <Route path=path!("/account") view=chunks::page(chunks::account) />
                        <Route path=path!("/servers/new") view=chunks::page(chunks::new_server) />
                        <Route path=path!("/servers/:id") view=chunks::page(chunks::server) />
                        <Route path=path!("/jobs") view=chunks::page(chunks::jobs) />
                        <Route path=path!("/jobs/:id") view=chunks::page(chunks::job) />
                    </ParentRoute>
                    <Route path=path!("/sign-in") view=|| signed_out(|| SignInPage().into_any()) />
                    <Route path=path!("/sign-up") view=|| signed_out(|| SignUpPage().into_any()) />
                    <Route path=path!("/*any") view=NotFoundPage />
                </Routes>
            </Frame>
        </Router>
    }
}

fn ask_who(api: Api) {
    leptos::task::spawn_local(api.ask_who());
}

/// The pages of those who are signed in. Others are asked to sign in first, and come back afterwards.
#[component]
fn SignedIn() -> impl IntoView {
    let location = use_location();
    let whose = whose_page();
    move || match whose.get() {
        Whose::Users(_) => Outlet().into_any(),
        Whose::Nobodys => {
            let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
            let address = if search.is_empty() { path } else { format!("{path}?{search}") };
            let sign_in = match address.as_str() {
                HOME => SIGN_IN.to_owned(),
                address => {
                    // A slash means nothing in a query, and an address is easier to read with it.
                    let address = String::from(js_sys::encode_uri_component(address)).replace("%2F", "/");
                    format!("{SIGN_IN}?{PARAMETER}={address}")
                }
            };
            lead_to(sign_in)
        }
        Whose::Unknown => view! { <Unresolved /> }.into_any(),
    }
}

/// A page for those who are signed out. Who signs in is led to where they wanted to go.
fn signed_out(page: fn() -> AnyView) -> impl IntoView {
    let query = use_query_map();
    let whose = whose_page();
    move || match whose.get() {
        Whose::Nobodys => page(),
        Whose::Users(_) => {
            let wanted = query.with_untracked(|query| query.get(PARAMETER)).unwrap_or_default();
            lead_to(own_address(&wanted).unwrap_or(HOME).to_owned())
        }
        Whose::Unknown => view! { <Unresolved /> }.into_any(),
    }
}

/// A page is made anew only when this changes, not whenever something else of the session does. What one person typed
/// must not be sent as another.
fn whose_page() -> Memo<Whose> {
    let session = Session::expect();
    Memo::new(move |_| session.whose())
}

/// The browser's way back must not lead to a page that only leads on.
fn lead_to(path: String) -> AnyView {
    let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
    view! { <Redirect path options /> }.into_any()
}

/// Stands where a page will be until it is known who is signed in.
#[component]
fn Unresolved() -> impl IntoView {
    let session = Session::expect();
    let api: Api = expect_context();
    move || match session.error() {
        Some(error) => view! { <Failed why=error.to_string() retry=move |()| ask_who(api) /> }.into_any(),
        None => view! { <p class="muted" role="status">"One moment…"</p> }.into_any(),
    }
}
