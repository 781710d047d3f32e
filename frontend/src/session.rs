//! Who is signed in, as far as this page knows.
//!
//! The token itself is in a cookie that no script can read. What is here is the user's public side and the CSRF token.

use l4d2_contract::{Me, User, UserId};
use leptos::prelude::*;

use crate::api::ApiError;

/// What is known of the session.
#[derive(Debug, Clone, PartialEq)]
enum State {
    /// Not asked yet.
    Unknown,
    /// The panel could not say.
    Failed(ApiError),
    SignedOut,
    SignedIn(Me),
}

/// The session, shared by all pages through the context.
#[derive(Debug, Clone, Copy)]
pub struct Session(RwSignal<State>);

impl Session {
    pub fn new() -> Self {
        Self(RwSignal::new(State::Unknown))
    }

    /// The session that the app provides to all pages.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Whether someone is signed in; `None` while that isn't known.
    pub fn is_signed_in(self) -> Option<bool> {
        self.0.with(|state| match state {
            State::Unknown | State::Failed(_) => None,
            State::SignedOut => Some(false),
            State::SignedIn(_) => Some(true),
        })
    }

    /// Why it isn't known who is signed in.
    pub fn error(self) -> Option<ApiError> {
        self.0.with(|state| if let State::Failed(error) = state { Some(error.clone()) } else { None })
    }

    pub fn user(self) -> Option<User> {
        self.0.with(|state| if let State::SignedIn(me) = state { Some(me.user.clone()) } else { None })
    }

    /// Whether the user is an admin.
    pub fn is_admin(self) -> bool {
        self.0.with(|state| matches!(state, State::SignedIn(me) if me.user.admin))
    }

    /// Who is signed in; doesn't subscribe the caller.
    pub fn user_id(self) -> Option<UserId> {
        self.0.with_untracked(|state| if let State::SignedIn(me) = state { Some(me.user.id) } else { None })
    }

    /// For the header of calls that change something; doesn't subscribe the caller.
    pub fn csrf_token(self) -> Option<String> {
        self.0.with_untracked(|state| if let State::SignedIn(me) = state { me.csrf_token.clone() } else { None })
    }

    pub fn set_me(self, me: Me) {
        self.0.set(State::SignedIn(me));
    }

    pub fn set_signed_out(self) {
        self.0.set(State::SignedOut);
    }

    /// Takes over what `GET /auth/me` answered.
    pub fn resolve(self, answer: Result<Me, ApiError>) {
        self.0.set(match answer {
            Ok(me) => State::SignedIn(me),
            Err(error) if error.is_unauthorized() => State::SignedOut,
            Err(error) => State::Failed(error),
        });
    }
}
