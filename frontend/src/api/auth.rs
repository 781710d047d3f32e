//! Signing up, in and out.

use gloo_net::http::Method;
use l4d2_contract::{Credentials, Me, SessionOpened};

use super::{Api, ApiError, call};

impl Api {
    pub async fn sign_up(self, credentials: &Credentials) -> Result<SessionOpened, ApiError> {
        call(Method::POST, "/auth/signup", Some(credentials)).await
    }

    pub async fn sign_in(self, credentials: &Credentials) -> Result<SessionOpened, ApiError> {
        call(Method::POST, "/auth/login", Some(credentials)).await
    }

    pub async fn sign_out(self) -> Result<(), ApiError> {
        self.change(Method::POST, "/auth/logout", None::<&()>).await
    }

    /// Finds out who is signed in.
    pub async fn ask_who(self) {
        let asked = self.session.asking();
        self.session.resolve(&asked, self.me().await);
    }

    pub(super) async fn me(self) -> Result<Me, ApiError> {
        call(Method::GET, "/auth/me", None::<&()>).await
    }
}
