//! A session's token is good only as it was issued, and only as long as its row is.

use axum::http::header;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{me_by_bearer, me_by_cookie};
use crate::support::{SignedIn, TestApp};

/// A user's token, taken apart, and the key that signed it.
struct Forge {
    claims: Value,
    key: Vec<u8>,
}

impl Forge {
    fn new(app: &TestApp, user: &SignedIn) -> Self {
        let claims = user.opened.token.split('.').nth(1).expect("three parts");
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let key = std::fs::read(app.state.config.data_dir.join("session.key")).expect("the key");
        Self { claims: serde_json::from_slice(&claims).expect("JSON"), key }
    }

    fn with(&self, changes: &Value) -> Value {
        let mut claims = self.claims.clone();
        for (name, value) in changes.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims
    }

    fn sign(&self, algorithm: Algorithm, claims: &Value) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(&self.key)).expect("signed")
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_token_that_was_not_issued_so_is_none() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let bob = app.user("bob").await;
    let forge = Forge::new(&app, &alice);
    let genuine = forge.sign(Algorithm::HS256, &forge.claims);
    me_by_bearer(&app, &genuine).await.expect_status(200);

    let parts: Vec<&str> = genuine.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    let none = part(&json!({"alg": "none", "typ": "JWT"}));
    let rs256 = part(&json!({"alg": "RS256", "typ": "JWT"}));
    let bobs = part(&forge.with(&json!({"sub": bob.opened.user.id.to_string()})));
    let mut without_end = forge.claims.clone();
    without_end.as_object_mut().expect("an object").remove("exp");
    let other_key = EncodingKey::from_secret(&[7; 32]);
    let hs256 = |changes| forge.sign(Algorithm::HS256, &forge.with(&changes));
    let forged = [
        ("no algorithm, no signature", format!("{none}.{body}.")),
        ("no algorithm, the old signature", format!("{none}.{body}.{signature}")),
        ("a public-key algorithm", format!("{rs256}.{body}.{signature}")),
        ("HS384", forge.sign(Algorithm::HS384, &forge.claims)),
        ("HS512", forge.sign(Algorithm::HS512, &forge.claims)),
        ("another key", encode(&Header::new(Algorithm::HS256), &forge.claims, &other_key).expect("signed")),
        ("other claims under the old signature", format!("{head}.{bobs}.{signature}")),
        ("a cut signature", format!("{head}.{body}.{}", &signature[..20])),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("expired", hs256(json!({"exp": 1_000_000_000}))),
        ("expired a second ago", hs256(json!({"exp": l4d2_api::clock::now() / 1000 - 1}))),
        ("without an end", forge.sign(Algorithm::HS256, &without_end)),
        ("a session that is not there", hs256(json!({"sid": 1_000_000}))),
        ("somebody else's session", hs256(json!({"sub": bob.opened.user.id.to_string()}))),
        ("an earlier session of the same id", hs256(json!({"iat": 1_000_000_000}))),
        ("nothing", String::new()),
        ("nonsense", "nonsense".to_owned()),
    ];
    for (what, token) in forged {
        for answer in [me_by_bearer(&app, &token).await, me_by_cookie(&app, &token).await] {
            assert_eq!(answer.status, 401, "{what}: {}", answer.text());
            answer.problem(401, "unauthorized");
            assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer", "{what}");
        }
    }
}

#[tokio::test]
async fn the_row_decides_whatever_the_token_says() {
    let changes = [
        "UPDATE sessions SET expires_at = 1",
        "UPDATE sessions SET revoked_at = 1",
        "UPDATE users SET disabled = TRUE",
        "DELETE FROM sessions",
    ];
    for change in changes {
        let app = TestApp::start().await;
        let alice = app.user("alice").await;
        alice.get("/auth/me").await.expect_status(200);
        app.state.db.write().execute_unprepared(change).await.expect("changed");
        alice.get("/auth/me").await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn tokens_outlive_a_restart_but_not_the_key() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let token = alice.opened.token.clone();
    let settings = |app: &TestApp| l4d2_api::config::Settings {
        data_dir: Some(app.state.config.data_dir.clone()),
        l4d2_root: Some(app.state.config.l4d2_root.clone()),
        database_url: Some(app.state.config.database_url.0.clone()),
        ..Default::default()
    };
    let same = settings(&app);
    let app = app.restart(&same).await;
    me_by_bearer(&app, &token).await.expect_status(200);

    std::fs::remove_file(app.state.config.data_dir.join("session.key")).expect("removed");
    let app = app.restart(&same).await;
    me_by_bearer(&app, &token).await.problem(401, "unauthorized");
}
