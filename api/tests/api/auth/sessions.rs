//! A user sees and revokes its own sessions only.

use axum::http::{Method, header};
use l4d2_api::auth::{Caller, Credential, still_valid};
use l4d2_api::domain;
use l4d2_contract::{Page, Session, SessionId};
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{another_session, me_by_bearer, request};
use crate::support::{PASSWORD, SignedIn, TestApp};

async fn sessions(user: &SignedIn) -> Vec<Session> {
    let page: Page<Session> = user.get("/auth/sessions").await.expect_status(200).json();
    page.items
}

#[tokio::test]
async fn the_list_has_the_callers_own_sessions_and_says_which_is_this_one() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    app.user("bob").await;
    let body = json!({"username": "alice", "password": PASSWORD});
    let agent = format!("<script>{}", "\u{e4}".repeat(300));
    let headers = [(header::USER_AGENT, agent.as_str())];
    app.anonymous().send(request(Method::POST, "/auth/login", &headers, Some(body))).await.expect_status(200);

    let list = sessions(&alice).await;
    assert_eq!(list.iter().map(|session| session.current).collect::<Vec<_>>(), [true, false]);
    assert_eq!(list[1].address, "127.0.0.1");
    assert!(list[1].user_agent.starts_with("<script>"));
    assert_eq!(list[1].user_agent.chars().count(), 256);

    let first: Page<Session> = alice.get("/auth/sessions?limit=1").await.expect_status(200).json();
    assert_eq!((first.items.len(), first.next.as_deref()), (1, Some(list[0].id.to_string().as_str())));
    let path = format!("/auth/sessions?limit=1&after={}", list[0].id);
    let second: Page<Session> = alice.get(&path).await.expect_status(200).json();
    assert_eq!((second.items[0].id, second.next), (list[1].id, None));
    alice.get("/auth/sessions?limit=0").await.problem(400, "invalid_input");
    alice.get("/auth/sessions?page=1").await.problem(400, "invalid_input");
}

#[tokio::test]
async fn a_revoked_session_is_over_and_gone_from_the_list() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let other = another_session(&app, "alice").await;
    let id = sessions(&alice).await[1].id;
    let mut changes = app.state.auth_changed.subscribe();
    alice.delete(&format!("/auth/sessions/{id}")).await.expect_status(204);
    assert!(changes.has_changed().expect("open"), "streams are told");
    changes.mark_unchanged();
    me_by_bearer(&app, &other.token).await.problem(401, "unauthorized");
    assert_eq!(sessions(&alice).await.len(), 1);
    alice.delete(&format!("/auth/sessions/{id}")).await.problem(404, "not_found");
    alice.post("/auth/logout", json!({})).await.expect_status(204);
    assert!(changes.has_changed().expect("open"), "streams are told");
}

#[tokio::test]
async fn somebody_elses_session_is_not_there() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let admin = app.admin("root").await;
    let id = sessions(&alice).await[0].id;
    let theirs = admin.delete(&format!("/auth/sessions/{id}")).await.problem(404, "not_found");
    let nobodys = admin.delete("/auth/sessions/999999").await.problem(404, "not_found");
    assert_eq!(theirs.detail.replace(&id.to_string(), "N"), nobodys.detail.replace("999999", "N"));
    alice.get("/auth/me").await.expect_status(200);
}

#[tokio::test]
async fn a_stream_learns_when_its_caller_may_no_longer_listen() {
    let app = TestApp::start().await;
    let alice = app.admin("alice").await;
    let id = sessions(&alice).await[0].id;
    let caller = Caller {
        user_id: alice.opened.user.id,
        username: "alice".to_owned(),
        admin: true,
        credential: Credential::Session { id, cookie: true },
    };
    let now = async || still_valid(&app.state.db, &caller).await.expect("asked");
    assert_eq!(now().await.as_ref(), Some(&caller));
    app.admin("root").await;
    l4d2_api::admin::set_admin(&app.state.db, "alice", false).await.expect("demoted");
    assert_eq!(now().await.map(|caller| caller.admin), Some(false));
    alice.post("/auth/logout", json!({})).await.expect_status(204);
    assert_eq!(now().await, None);
}

#[tokio::test]
async fn pruning_takes_what_is_over_and_nothing_else() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let revoked = another_session(&app, "alice").await;
    let expired = another_session(&app, "alice").await;
    let ids: Vec<SessionId> = sessions(&alice).await.iter().map(|session| session.id).collect();
    alice.delete(&format!("/auth/sessions/{}", ids[1])).await.expect_status(204);
    let sql = format!("UPDATE sessions SET expires_at = 1 WHERE id = {}", ids[2]);
    app.state.db.write().execute_unprepared(&sql).await.expect("expired");
    alice.post("/auth/tokens", json!({"name": "forever"})).await.expect_status(201);
    alice.post("/auth/tokens", json!({"name": "old", "expires_in_days": 1})).await.expect_status(201);
    alice.post("/auth/tokens", json!({"name": "yesterday", "expires_in_days": 1})).await.expect_status(201);
    let yesterday = l4d2_api::clock::now() - 24 * 60 * 60 * 1000;
    for (name, expires_at) in [("old", 1), ("yesterday", yesterday)] {
        let sql = format!("UPDATE api_tokens SET expires_at = {expires_at} WHERE name = '{name}'");
        app.state.db.write().execute_unprepared(&sql).await.expect("expired");
    }

    assert_eq!(domain::auth::prune(&app.state.db).await.expect("pruned"), 3);
    assert_eq!(domain::auth::prune(&app.state.db).await.expect("pruned"), 0);
    alice.get("/auth/me").await.expect_status(200);
    for over in [revoked, expired] {
        me_by_bearer(&app, &over.token).await.problem(401, "unauthorized");
    }
    let tokens: Page<l4d2_contract::ApiToken> = alice.get("/auth/tokens").await.expect_status(200).json();
    let names: Vec<&str> = tokens.items.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["forever", "yesterday"]);
}
