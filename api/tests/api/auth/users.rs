//! Rights: who gives them, that they count at once, and that an admin is always left.

use l4d2_api::admin::{AdminError, set_admin};
use l4d2_api::auth::{Caller, Credential};
use l4d2_api::domain;
use l4d2_contract::{CreatedApiToken, Page, SessionId, UpdateUser, User, UserId};
use serde_json::json;
use tokio::task::JoinSet;

use super::{me_by_bearer, try_login};
use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn only_admins_see_and_change_users() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let path = format!("/users/{}", alice.opened.user.id);
    app.anonymous().get("/users").await.problem(401, "unauthorized");
    alice.get("/users").await.problem(403, "admin_required");
    alice.patch(&path, json!({"admin": true})).await.problem(403, "admin_required");

    let admin = app.admin("root").await;
    let page: Page<User> = admin.get("/users?limit=1").await.expect_status(200).json();
    assert_eq!(page.items[0].username, "alice");
    let next = page.next.expect("one more");
    let page: Page<User> = admin.get(&format!("/users?after={next}")).await.expect_status(200).json();
    assert_eq!((page.items[0].username.as_str(), page.next), ("root", None));

    let promoted: User = admin.patch(&path, json!({"admin": true})).await.expect_status(200).json();
    assert!(promoted.admin && !promoted.disabled);
    let unchanged: User = admin.patch(&path, json!({})).await.expect_status(200).json();
    assert_eq!(unchanged, promoted);
    admin.patch("/users/999999", json!({"admin": true})).await.problem(404, "not_found");
    admin.patch(&path, json!({"username": "bob"})).await.problem(400, "invalid_input");
}

#[tokio::test]
async fn rights_count_from_the_next_request_whatever_token_is_shown() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    alice.get("/users").await.problem(403, "admin_required");
    set_admin(&app.state.db, "alice", true).await.expect("promoted");
    alice.get("/users").await.expect_status(200);
    app.admin("root").await;
    set_admin(&app.state.db, "alice", false).await.expect("demoted");
    alice.get("/users").await.problem(403, "admin_required");
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_its_tokens_do_not_come_back() {
    let app = TestApp::start().await;
    let admin = app.admin("root").await;
    let alice = app.user("alice").await;
    let token: CreatedApiToken =
        alice.post("/auth/tokens", json!({"name": "a script"})).await.expect_status(201).json();
    let path = format!("/users/{}", alice.opened.user.id);
    let changes = app.state.auth_changed.subscribe();

    let disabled: User = admin.patch(&path, json!({"disabled": true})).await.expect_status(200).json();
    assert!(disabled.disabled);
    assert!(changes.has_changed().expect("open"), "streams are told");
    alice.get("/auth/me").await.problem(401, "unauthorized");
    me_by_bearer(&app, &token.token).await.problem(401, "unauthorized");
    try_login(&app, "alice", PASSWORD).await.problem(403, "account_disabled");

    admin.patch(&path, json!({"disabled": false})).await.expect_status(200);
    alice.get("/auth/me").await.problem(401, "unauthorized");
    me_by_bearer(&app, &token.token).await.problem(401, "unauthorized");
    try_login(&app, "alice", PASSWORD).await.expect_status(200);
}

#[tokio::test]
async fn the_last_admin_who_can_sign_in_stays() {
    let app = TestApp::start().await;
    let admin = app.admin("root").await;
    let other = app.admin("other").await;
    let path = |id: UserId| format!("/users/{id}");
    let (root, other) = (path(admin.opened.user.id), path(other.opened.user.id));
    admin.patch(&other, json!({"disabled": true})).await.expect_status(200);
    admin.patch(&root, json!({"admin": false})).await.problem(409, "last_admin");
    admin.patch(&root, json!({"disabled": true})).await.problem(409, "last_admin");
    admin.patch(&other, json!({"admin": false})).await.expect_status(200);
    admin.get("/users").await.expect_status(200);
}

/// Both are admins when their requests are let in; what must hold is behind that.
#[tokio::test(flavor = "multi_thread")]
async fn two_admins_can_not_demote_each_other_at_once() {
    for _ in 0..5 {
        let app = TestApp::start().await;
        let (one, two) = (app.admin("one").await, app.admin("two").await);
        let mut demotions = JoinSet::new();
        for (by, of) in [(&one, &two), (&two, &one)] {
            let (state, of) = (app.state.clone(), of.opened.user.id);
            let caller = Caller {
                user_id: by.opened.user.id,
                username: by.opened.user.username.clone(),
                admin: true,
                credential: Credential::Session { id: SessionId(1), cookie: false },
            };
            let change = UpdateUser { admin: Some(false), disabled: None };
            demotions.spawn(async move { domain::users::update(&state, &caller, of, change).await });
        }
        let (done, refused): (Vec<_>, Vec<_>) = demotions.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), refused.len()), (1, 1));
        assert_eq!(refused[0].as_ref().expect_err("refused").code(), "last_admin");
        let left = if one.get("/users").await.status == 200 { one } else { two };
        left.get("/users").await.expect_status(200);
    }
}

#[tokio::test]
async fn the_command_line_says_what_happened() {
    let app = TestApp::start().await;
    app.user("Alice").await;
    app.user("bob").await;
    let set = async |name: &str, admin: bool| match set_admin(&app.state.db, name, admin).await {
        Ok(said) => said,
        Err(error) => format!("error: {error}"),
    };
    assert_eq!(set("nobody", true).await, "error: user not found");
    assert_eq!(set("nobody", false).await, "error: user not found");
    assert_eq!(set("no\u{0}name", true).await, "error: user not found");
    assert_eq!(set("alice", true).await, "Alice is now an admin");
    assert_eq!(set("ALICE", true).await, "Alice is already an admin");
    assert_eq!(set("bob", false).await, "bob is not an admin");
    let last = set_admin(&app.state.db, "alice", false).await.expect_err("the last");
    assert!(matches!(last, AdminError::LastAdmin(_)), "{last:?}");
    assert_eq!(set("bob", true).await, "bob is now an admin");
    assert_eq!(set("alice", false).await, "Alice is no longer an admin");
}
