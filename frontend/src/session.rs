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

/// Whose pages these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// It isn't known.
    Unknown,
    /// Nobody is signed in.
    Nobodys,
    Users(UserId),
}

/// The session, shared by all pages through the context.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    state: RwSignal<State>,
    /// Somebody else signed in while these pages were another's.
    taken_over: RwSignal<bool>,
}

impl Session {
    pub fn new() -> Self {
        Self { state: RwSignal::new(State::Unknown), taken_over: RwSignal::new(false) }
    }

    /// The session that the app provides to all pages.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Whether someone is signed in; `None` while that isn't known.
    pub fn is_signed_in(self) -> Option<bool> {
        match self.whose() {
            Whose::Unknown => None,
            Whose::Nobodys => Some(false),
            Whose::Users(_) => Some(true),
        }
    }

    pub fn whose(self) -> Whose {
        self.state.with(|state| match state {
            State::Unknown | State::Failed(_) => Whose::Unknown,
            State::SignedOut => Whose::Nobodys,
            State::SignedIn(me) => Whose::Users(me.user.id),
        })
    }

    /// Who is signed in, and whether as an admin.
    pub fn rights(self) -> Option<(UserId, bool)> {
        self.state.with(|state| if let State::SignedIn(me) = state { Some((me.user.id, me.user.admin)) } else { None })
    }

    /// Whether somebody else's session took the place of the one before, and nobody has read that yet.
    pub fn is_taken_over(self) -> bool {
        self.taken_over.get()
    }

    /// It was read.
    pub fn dismiss_taken_over(self) {
        self.taken_over.set(false);
    }

    /// Why it isn't known who is signed in.
    pub fn error(self) -> Option<ApiError> {
        self.state.with(|state| if let State::Failed(error) = state { Some(error.clone()) } else { None })
    }

    pub fn user(self) -> Option<User> {
        self.state.with(|state| if let State::SignedIn(me) = state { Some(me.user.clone()) } else { None })
    }

    /// Whether the user is an admin.
    pub fn is_admin(self) -> bool {
        self.state.with(|state| matches!(state, State::SignedIn(me) if me.user.admin))
    }

    /// Who is signed in; doesn't subscribe the caller.
    pub fn user_id(self) -> Option<UserId> {
        self.state.with_untracked(|state| if let State::SignedIn(me) = state { Some(me.user.id) } else { None })
    }

    /// For the header of calls that change something; doesn't subscribe the caller.
    pub fn csrf_token(self) -> Option<String> {
        self.state.with_untracked(|state| if let State::SignedIn(me) = state { me.csrf_token.clone() } else { None })
    }

    /// Somebody is signed in.
    pub fn set_me(self, me: Me) {
        if self.user_id().is_some_and(|before| before != me.user.id) {
            self.taken_over.set(true);
        }
        self.set(State::SignedIn(me));
    }

    pub fn set_signed_out(self) {
        self.taken_over.set(false);
        self.set(State::SignedOut);
    }

    /// Takes over what `GET /auth/me` answered. While it can't be answered, whoever is signed in stays so: nothing that
    /// they typed may be lost because the panel is busy or away.
    pub fn resolve(self, answer: Result<Me, ApiError>) {
        match answer {
            Ok(me) => self.set_me(me),
            Err(error) if error.is_unauthorized() => self.set_signed_out(),
            Err(_) if self.user_id().is_some() => {}
            Err(error) => self.set(State::Failed(error)),
        }
    }

    fn set(self, now: State) {
        self.state.maybe_update(|state| {
            let changed = *state != now;
            *state = now;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use l4d2_contract::Problem;

    use super::*;
    use crate::samples;

    fn problem(status: u16) -> ApiError {
        ApiError::Problem(Box::new(Problem {
            kind: String::new(),
            title: String::new(),
            status,
            detail: String::new(),
            code: String::new(),
            errors: Vec::new(),
        }))
    }

    #[test]
    fn who_is_signed_in_stays_so_unless_the_panel_says_otherwise() {
        let owner = Owner::new();
        owner.set();
        let session = Session::new();
        session.resolve(Err(problem(503)));
        assert_eq!(session.whose(), Whose::Unknown);
        session.resolve(Ok(samples::me(1)));
        for error in [problem(429), problem(500), ApiError::Unreachable, ApiError::Unreadable { status: 502 }] {
            session.resolve(Err(error));
            assert_eq!(session.whose(), Whose::Users(UserId(1)));
        }
        session.resolve(Err(problem(401)));
        assert_eq!(session.whose(), Whose::Nobodys);
    }

    #[test]
    fn another_persons_session_is_told_and_ones_own_new_one_is_not() {
        let owner = Owner::new();
        owner.set();
        let session = Session::new();
        session.set_me(samples::me(1));
        session.set_me(samples::me(1));
        assert!(!session.is_taken_over());
        session.set_me(samples::me(2));
        session.set_me(samples::me(2));
        assert!(session.is_taken_over());
        session.set_signed_out();
        session.set_me(samples::me(1));
        assert!(!session.is_taken_over());
    }
}
