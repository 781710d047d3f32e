//! API tokens: for scripts, shown once, stored as a digest, revocable.

use axum::http::{Method, header};
use l4d2_api::clock;
use l4d2_contract::{ApiToken, CreatedApiToken, Me, Page};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;

use super::{me_by_bearer, me_by_cookie, request};
use crate::support::{Answer, SignedIn, TestApp};

async fn create(user: &SignedIn, name: &str) -> CreatedApiToken {
    user.post("/auth/tokens", json!({"name": name})).await.expect_status(201).json()
}

async fn with_token(app: &TestApp, token: &str, method: Method, path: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [(header::AUTHORIZATION, bearer.as_str())];
    let body = (method == Method::POST).then(|| json!({"name": "an heir"}));
    app.anonymous().send(request(method, path, &headers, body)).await
}

async fn execute(app: &TestApp, sql: &str) {
    app.state.db.write().execute_unprepared(sql).await.expect("executed");
}

async fn last_used(app: &TestApp) -> Option<i64> {
    let row = l4d2_api::db::entity::api_tokens::Entity::find().one(app.state.db.read()).await.expect("asked");
    row.expect("there").last_used_at
}

#[tokio::test]
async fn a_token_stands_for_its_user_without_cookie_or_csrf() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let answer = alice.post("/auth/tokens", json!({"name": "a script", "expires_in_days": 90})).await;
    let answer = answer.expect_status(201);
    let created: CreatedApiToken = answer.json();
    let location = answer.headers[header::LOCATION].to_str().expect("text");
    assert_eq!(location, format!("/api/v1/auth/tokens/{}", created.api_token.id));
    assert!(created.token.starts_with("l4d2_"));
    assert!(created.api_token.expires_at.is_some());

    let me: Me = me_by_bearer(&app, &created.token).await.expect_status(200).json();
    assert_eq!((me.user.username.as_str(), me.csrf_token), ("alice", None));
    // A browser never sends one in the cookie, so there it would only dodge the CSRF token.
    me_by_cookie(&app, &created.token).await.problem(401, "unauthorized");
    with_token(&app, &created.token, Method::POST, "/auth/logout").await.problem(400, "no_session");
    for wrong in ["l4d2_", "l4d2_nonsense", &created.token[..created.token.len() - 1], &format!("{}A", created.token)] {
        me_by_bearer(&app, wrong).await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn the_secret_is_shown_once_and_stored_nowhere() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let created = create(&alice, "a script").await;
    let list = alice.get("/auth/tokens").await.expect_status(200);
    let page: Page<ApiToken> = list.json();
    assert_eq!(page.items, std::slice::from_ref(&created.api_token));
    assert!(!list.text().contains(&created.token));
    let rows = l4d2_api::db::entity::api_tokens::Entity::find().all(app.state.db.read()).await.expect("asked");
    let secret = created.token.trim_start_matches("l4d2_");
    assert!(!format!("{rows:?}").contains(secret));
    assert!(!format!("{created:?}").contains(secret));
}

#[tokio::test]
async fn names_are_unique_to_a_user_and_follow_the_rules() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    create(&alice, "a script").await;
    create(&bob, "a script").await;
    alice.post("/auth/tokens", json!({"name": "a script"})).await.problem(409, "token_name_taken");
    for body in [json!({"name": ""}), json!({"name": "a\u{0}b"}), json!({"name": "a".repeat(129)})] {
        let problem = alice.post("/auth/tokens", body).await.problem(400, "invalid_input");
        assert_eq!(problem.errors[0].field, "name");
    }
    for days in [0, 3651] {
        let body = json!({"name": "another", "expires_in_days": days});
        let problem = alice.post("/auth/tokens", body).await.problem(400, "invalid_input");
        assert_eq!(problem.errors[0].field, "expires_in_days");
    }
}

#[tokio::test]
async fn revoked_and_expired_tokens_are_refused() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let (one, two) = (create(&alice, "one").await, create(&alice, "two").await);
    let path = format!("/auth/tokens/{}", one.api_token.id);
    bob.delete(&path).await.problem(404, "not_found");
    me_by_bearer(&app, &one.token).await.expect_status(200);
    let changes = app.state.auth_changed.subscribe();
    alice.delete(&path).await.expect_status(204);
    assert!(changes.has_changed().expect("open"), "streams are told");
    me_by_bearer(&app, &one.token).await.problem(401, "unauthorized");
    alice.delete(&path).await.problem(404, "not_found");

    me_by_bearer(&app, &two.token).await.expect_status(200);
    execute(&app, "UPDATE api_tokens SET expires_at = 1").await;
    me_by_bearer(&app, &two.token).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn a_token_can_not_make_itself_an_heir() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let created = create(&alice, "a script").await;
    with_token(&app, &created.token, Method::POST, "/auth/tokens").await.problem(403, "session_required");
}

#[tokio::test]
async fn use_is_noted_once_a_minute_whatever_the_clock_does() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let created = create(&alice, "a script").await;
    assert_eq!(last_used(&app).await, None);
    me_by_bearer(&app, &created.token).await.expect_status(200);
    let first = last_used(&app).await.expect("noted");

    let recent = first - 30_000;
    for (noted, stays) in [(recent, true), (clock::now() - 61_000, false), (clock::now() + 3_600_000, false)] {
        execute(&app, &format!("UPDATE api_tokens SET last_used_at = {noted}")).await;
        me_by_bearer(&app, &created.token).await.expect_status(200);
        assert_eq!(last_used(&app).await == Some(noted), stays);
    }
}
