//! The frame around all pages: who is signed in, the bar on top, the routes.

use l4d2_contract::{JobId, ServerId};
use leptos::prelude::*;
use leptos_router::components::{Outlet, ProtectedParentRoute, ProtectedRoute, Route, Router, Routes};
use leptos_router::path;

use crate::api::Api;
use crate::components::frame::Frame;
use crate::components::notice::Notice;
use crate::components::time::Clock;
use crate::components::unsaved::Unsaved;
use crate::pages::account::AccountPage;
use crate::pages::blueprint_editor::{BlueprintPage, NewBlueprintPage};
use crate::pages::blueprints::BlueprintsPage;
use crate::pages::host::HostPage;
use crate::pages::job::JobPage;
use crate::pages::jobs::JobsPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::overlays::OverlaysPage;
use crate::pages::server::ServerPage;
use crate::pages::server_new::NewServerPage;
use crate::pages::servers::ServersPage;
use crate::pages::sign_in::SignInPage;
use crate::pages::sign_up::SignUpPage;
use crate::pages::users::UsersPage;
use crate::session::Session;
use crate::store::Store;

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

/// Where a job's page is.
pub fn job_address(job: JobId) -> String {
    format!("/jobs/{job}")
}

/// The whole application.
#[component]
pub fn App() -> impl IntoView {
    let session = Session::new();
    let api = Api::new(session);
    provide_context(session);
    provide_context(api);
    provide_context(Store::new(session, api));
    provide_context(Clock::start());
    provide_context(Unsaved::start());
    ask_who(session, api);

    let is_signed_in = move || session.is_signed_in();
    let is_signed_out = move || session.is_signed_in().map(|signed_in| !signed_in);
    view! {
        <Router>
            <Frame>
                <Routes fallback=NotFoundPage>
                    <ProtectedParentRoute
                        path=path!("")
                        view=Outlet
                        condition=is_signed_in
                        redirect_path=|| SIGN_IN
                        fallback=Unresolved
                    >
                        <Route path=path!("/") view=ServersPage />
                        <Route path=path!("/blueprints") view=BlueprintsPage />
                        <Route path=path!("/blueprints/new") view=NewBlueprintPage />
                        <Route path=path!("/blueprints/:id") view=BlueprintPage />
                        <Route path=path!("/overlays") view=OverlaysPage />
                        <Route path=path!("/host") view=HostPage />
                        <Route path=path!("/users") view=UsersPage />
                        <Route path=path!("/account") view=AccountPage />
                        <Route path=path!("/servers/new") view=NewServerPage />
                        <Route path=path!("/servers/:id") view=ServerPage />
                        <Route path=path!("/jobs") view=JobsPage />
                        <Route path=path!("/jobs/:id") view=JobPage />
                    </ProtectedParentRoute>
                    <ProtectedRoute
                        path=path!("/sign-in")
                        view=SignInPage
                        condition=is_signed_out
                        redirect_path=|| HOME
                        fallback=Unresolved
                    />
                    <ProtectedRoute
                        path=path!("/sign-up")
                        view=SignUpPage
                        condition=is_signed_out
                        redirect_path=|| HOME
                        fallback=Unresolved
                    />
                    <Route path=path!("/*any") view=NotFoundPage />
                </Routes>
            </Frame>
        </Router>
    }
}

fn ask_who(session: Session, api: Api) {
    leptos::task::spawn_local(async move { session.resolve(api.me().await) });
}

/// Stands where a page will be until it is known who is signed in.
#[component]
fn Unresolved() -> impl IntoView {
    let session = Session::expect();
    let api: Api = expect_context();
    move || match session.error() {
        Some(error) => view! {
            <Notice>{error.to_string()}</Notice>
            <button class="button" type="button" on:click=move |_| ask_who(session, api)>
                "Try again"
            </button>
        }
        .into_any(),
        None => view! { <p class="muted" role="status">"One moment…"</p> }.into_any(),
    }
}
