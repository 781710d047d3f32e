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

/// When a call was made, as far as its answer can tell something of the session: it tells nothing of one that began since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    deeds: u32,
    user: Option<UserId>,
    csrf_token: Option<String>,
}

#[derive(Debug, Clone)]
struct Known {
    state: State,
    /// How often somebody signed in or out here; no news to any page.
    deeds: u32,
}

/// The session, shared by all pages through the context.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    known: RwSignal<Known>,
    /// Somebody else signed in while these pages were another's.
    taken_over: RwSignal<bool>,
}

impl Session {
    pub fn new() -> Self {
        let known = Known { state: State::Unknown, deeds: 0 };
        Self { known: RwSignal::new(known), taken_over: RwSignal::new(false) }
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
        self.known.with(|Known { state, .. }| match state {
            State::Unknown | State::Failed(_) => Whose::Unknown,
            State::SignedOut => Whose::Nobodys,
            State::SignedIn(me) => Whose::Users(me.user.id),
        })
    }

    /// Who is signed in, and whether as an admin.
    pub fn rights(self) -> Option<(UserId, bool)> {
        self.known.with(
            |Known { state, .. }| {
                if let State::SignedIn(me) = state { Some((me.user.id, me.user.admin)) } else { None }
            },
        )
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
        self.known.with(|Known { state, .. }| if let State::Failed(error) = state { Some(error.clone()) } else { None })
    }

    pub fn user(self) -> Option<User> {
        self.known
            .with(|Known { state, .. }| if let State::SignedIn(me) = state { Some(me.user.clone()) } else { None })
    }

    /// Whether the user is an admin.
    pub fn is_admin(self) -> bool {
        self.known.with(|Known { state, .. }| matches!(state, State::SignedIn(me) if me.user.admin))
    }

    /// Who is signed in; doesn't subscribe the caller.
    pub fn user_id(self) -> Option<UserId> {
        self.known
            .with_untracked(|Known { state, .. }| if let State::SignedIn(me) = state { Some(me.user.id) } else { None })
    }

    /// For the header of calls that change something; doesn't subscribe the caller.
    pub fn csrf_token(self) -> Option<String> {
        self.known.with_untracked(
            |Known { state, .. }| if let State::SignedIn(me) = state { me.csrf_token.clone() } else { None },
        )
    }

    fn deeds(self) -> u32 {
        self.known.with_untracked(|known| known.deeds)
    }

    /// To be kept with a call that is made now, and given back with its answer.
    pub fn asking(self) -> Asked {
        Asked { deeds: self.deeds(), user: self.user_id(), csrf_token: self.csrf_token() }
    }

    /// Whether whoever asked then would ask now, so that the answer is still wanted.
    pub fn goes_on(self, asked: &Asked) -> bool {
        asked.deeds == self.deeds() && asked.user == self.user_id()
    }

    /// Somebody signed in, or up, here.
    pub fn begin(self, me: Me) {
        self.known.update_untracked(|known| known.deeds += 1);
        self.set_me(me);
    }

    /// Somebody signed out here.
    pub fn sign_out(self) {
        self.known.update_untracked(|known| known.deeds += 1);
        self.set_signed_out();
    }

    /// Somebody is signed in.
    fn set_me(self, me: Me) {
        if self.user_id().is_some_and(|before| before != me.user.id) {
            self.taken_over.set(true);
        }
        self.set(State::SignedIn(me));
    }

    /// A call was refused because its session is over. One that began since the call was made goes on.
    pub fn end(self, asked: &Asked) {
        if *asked == self.asking() {
            self.set_signed_out();
        }
    }

    /// Takes over what `GET /auth/me` answered. While it can't be answered, whoever is signed in stays so: nothing that
    /// they typed may be lost because the panel is busy or away.
    pub fn resolve(self, asked: &Asked, answer: Result<Me, ApiError>) {
        match answer {
            // Whoever signed in or out meanwhile knows better.
            _ if asked.deeds != self.deeds() => {}
            Ok(me) => self.set_me(me),
            Err(error) if error.is_unauthorized() => self.end(asked),
            Err(_) if self.user_id().is_some() => {}
            Err(error) => self.set(State::Failed(error)),
        }
    }

    fn set_signed_out(self) {
        self.taken_over.set(false);
        self.set(State::SignedOut);
    }

    fn set(self, now: State) {
        self.known.maybe_update(|Known { state, .. }| {
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
        session.resolve(&session.asking(), Err(problem(503)));
        assert_eq!(session.whose(), Whose::Unknown);
        session.resolve(&session.asking(), Ok(samples::me(1)));
        for error in [problem(429), problem(500), ApiError::Unreachable, ApiError::Unreadable { status: 502 }] {
            session.resolve(&session.asking(), Err(error));
            assert_eq!(session.whose(), Whose::Users(UserId(1)));
        }
        session.resolve(&session.asking(), Err(problem(401)));
        assert_eq!(session.whose(), Whose::Nobodys);
    }

    #[test]
    fn late_answers_tell_nothing_of_a_session_that_began_since() {
        let owner = Owner::new();
        owner.set();
        let session = Session::new();
        session.begin(samples::me(1));
        let asked = session.asking();
        session.end(&asked);
        assert_eq!(session.whose(), Whose::Nobodys);
        session.begin(samples::me(1));
        session.end(&asked);
        session.resolve(&asked, Err(problem(401)));
        session.resolve(&asked, Ok(samples::me(2)));
        assert_eq!(session.whose(), Whose::Users(UserId(1)));

        let asked = session.asking();
        session.sign_out();
        session.resolve(&asked, Ok(samples::me(1)));
        assert_eq!(session.whose(), Whose::Nobodys);
    }

    #[test]
    fn a_session_that_was_renewed_elsewhere_outlives_answers_to_calls_of_the_one_before() {
        let owner = Owner::new();
        owner.set();
        let session = Session::new();
        session.set_me(samples::me(1));
        let asked = session.asking();
        session.set_me(Me { csrf_token: Some("renewed".to_owned()), ..samples::me(1) });
        session.end(&asked);
        assert_eq!(session.whose(), Whose::Users(UserId(1)));
        session.end(&session.asking());
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
