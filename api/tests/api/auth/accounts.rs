//! Signing up and in, and changing the password.

use l4d2_api::auth::Client;
use l4d2_api::domain;
use l4d2_contract::{Me, SessionOpened};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{another_session, me_by_bearer, try_login};
use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn signing_up_signs_in() {
    let app = TestApp::start().await;
    let body = json!({"username": "Alice.B-1_", "password": "sixsix"});
    let answer = app.anonymous().post("/auth/signup", body).await.expect_status(201);
    let opened: SessionOpened = answer.json();
    assert_eq!(opened.user.username, "Alice.B-1_");
    assert!(!opened.user.admin && !opened.user.disabled);
    let fields: Value = answer.json();
    assert_eq!(fields["token_type"], "Bearer");
    let me: Me = me_by_bearer(&app, &opened.token).await.expect_status(200).json();
    assert_eq!(me.user, opened.user);
}

#[tokio::test]
async fn names_and_passwords_follow_the_rules() {
    let app = TestApp::start().await;
    let long = "a".repeat(65);
    for name in ["", " ", "a b", "a/b", "ä", "a\u{0}", "a\n", long.as_str()] {
        let body = json!({"username": name, "password": PASSWORD});
        let problem = app.anonymous().post("/auth/signup", body).await.problem(400, "invalid_input");
        assert_eq!(problem.errors[0].field, "username", "{name:?}");
    }
    for password in ["12345".to_owned(), "ä".repeat(5), "a".repeat(1025)] {
        let body = json!({"username": "alice", "password": password});
        let problem = app.anonymous().post("/auth/signup", body).await.problem(400, "invalid_input");
        assert_eq!(problem.errors[0].field, "password");
    }
    for (index, password) in ["ä".repeat(6), "ä".repeat(1024)].into_iter().enumerate() {
        let body = json!({"username": format!("user{index}"), "password": password});
        app.anonymous().post("/auth/signup", body).await.expect_status(201);
        try_login(&app, &format!("user{index}"), &password).await.expect_status(200);
    }
    let both = json!({"username": "", "password": ""});
    assert_eq!(app.anonymous().post("/auth/signup", both).await.problem(400, "invalid_input").errors.len(), 2);
    let unknown = json!({"username": "alice", "password": PASSWORD, "admin": true});
    app.anonymous().post("/auth/signup", unknown).await.problem(400, "invalid_input");
}

#[tokio::test]
async fn names_have_no_case() {
    let app = TestApp::start().await;
    app.user("Alice").await;
    let body = json!({"username": "aLICE", "password": PASSWORD});
    let problem = app.anonymous().post("/auth/signup", body).await.problem(409, "username_taken");
    assert_eq!(problem.errors[0].field, "username");
    let opened: SessionOpened = try_login(&app, "ALICE", PASSWORD).await.expect_status(200).json();
    assert_eq!(opened.user.username, "Alice");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_sign_ups_for_one_name_one_wins() {
    let app = TestApp::start().await;
    let mut attempts = JoinSet::new();
    for number in 0..50 {
        let client = app.anonymous();
        let name = if number % 2 == 0 { "alice" } else { "ALICE" };
        let body = json!({"username": name, "password": PASSWORD});
        attempts.spawn(async move { client.post("/auth/signup", body).await });
    }
    let mut won = 0;
    while let Some(answer) = attempts.join_next().await {
        let answer = answer.expect("no panic");
        if answer.status == 201 {
            won += 1;
        } else {
            answer.problem(409, "username_taken");
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn signing_up_can_be_closed() {
    let app = TestApp::start().await;
    app.user("alice").await;
    let settings = l4d2_api::config::Settings {
        data_dir: Some(app.state.config.data_dir.clone()),
        l4d2_root: Some(app.state.config.l4d2_root.clone()),
        database_url: Some(app.state.config.database_url.0.clone()),
        signup_enabled: Some(false),
        ..Default::default()
    };
    let app = app.restart(&settings).await;
    let body = json!({"username": "bob", "password": PASSWORD});
    app.anonymous().post("/auth/signup", body).await.problem(403, "signup_disabled");
    try_login(&app, "alice", PASSWORD).await.expect_status(200);
}

#[tokio::test]
async fn nothing_tells_an_unknown_user_from_a_wrong_password() {
    let app = TestApp::start().await;
    app.user("alice").await;
    let passwords = &app.state.auth.passwords;
    let mut details = Vec::new();
    for (name, password) in [("alice", "wrong"), ("nobody", PASSWORD), ("no/name", PASSWORD), ("\u{0}", "wrong")] {
        let before = passwords.computed();
        details.push(try_login(&app, name, password).await.problem(401, "unauthorized").detail);
        assert_eq!(passwords.computed(), before + 1, "{name:?} costs one hash");
    }
    details.dedup();
    assert_eq!(details.len(), 1, "{details:?}");
}

#[tokio::test]
async fn only_who_knows_the_password_is_told_that_the_account_is_disabled() {
    let app = TestApp::start().await;
    app.user("alice").await;
    app.state.db.write().execute_unprepared("UPDATE users SET disabled = TRUE").await.expect("disabled");
    try_login(&app, "alice", "wrong password").await.problem(401, "unauthorized");
    try_login(&app, "alice", PASSWORD).await.problem(403, "account_disabled");
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_no_token() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let other = another_session(&app, "alice").await;
    let bob = app.user("bob").await;
    let token: l4d2_contract::CreatedApiToken =
        alice.post("/auth/tokens", json!({"name": "a script"})).await.expect_status(201).json();
    let mut changes = app.state.auth_changed.subscribe();

    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let problem = alice.post("/auth/password", change("wrong", "battery staple")).await.problem(400, "invalid_input");
    assert_eq!(problem.errors[0].field, "current_password");
    let problem = alice.post("/auth/password", change(PASSWORD, "short")).await.problem(400, "invalid_input");
    assert_eq!(problem.errors[0].field, "new_password");
    me_by_bearer(&app, &other.token).await.expect_status(200);
    assert!(!changes.has_changed().expect("open"));

    alice.post("/auth/password", change(PASSWORD, "battery staple")).await.expect_status(204);
    assert!(changes.has_changed().expect("open"), "streams are told");
    changes.mark_unchanged();
    me_by_bearer(&app, &other.token).await.problem(401, "unauthorized");
    alice.get("/auth/me").await.expect_status(200);
    bob.get("/auth/me").await.expect_status(200);
    me_by_bearer(&app, &token.token).await.expect_status(200);
    try_login(&app, "alice", PASSWORD).await.problem(401, "unauthorized");
    try_login(&app, "alice", "battery staple").await.expect_status(200);
}

/// What a sign-in checked may be over when it comes to opening the session.
#[tokio::test]
async fn a_sign_in_that_is_under_way_can_not_outrun_a_new_password_or_a_disabling() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let read = async || {
        let found = l4d2_api::db::users::find_by_name(app.state.db.read(), "alice").await.expect("asked");
        found.expect("there")
    };
    let client = Client { address: [127, 0, 0, 1].into(), user_agent: String::new() };
    let open = async |checked| domain::auth::open_session(&app.state, &checked, client.clone()).await;
    let checked = read().await;
    open(checked.clone()).await.expect("nothing changed");
    let change = json!({"current_password": PASSWORD, "new_password": "battery staple"});
    alice.post("/auth/password", change).await.expect_status(204);
    assert_eq!(open(checked).await.expect_err("the password changed").code(), "unauthorized");

    let checked = read().await;
    app.state.db.write().execute_unprepared("UPDATE users SET disabled = TRUE").await.expect("disabled");
    assert_eq!(open(checked).await.expect_err("disabled").code(), "account_disabled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sign_ins_at_once_hold_up_nobody_else() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let mut attempts = JoinSet::new();
    for _ in 0..80 {
        let client = app.anonymous();
        let body = json!({"username": "alice", "password": "wrong password"});
        attempts.spawn(async move { client.post("/auth/login", body).await });
    }
    for _ in 0..20 {
        alice.get("/auth/me").await.expect_status(200);
    }
    let mut pending = 0;
    while let Some(answer) = attempts.try_join_next() {
        answer.expect("no panic").problem(401, "unauthorized");
    }
    while let Some(answer) = attempts.join_next().await {
        answer.expect("no panic").problem(401, "unauthorized");
        pending += 1;
    }
    assert!(pending >= 20, "the others were answered while {pending} sign-ins still waited");
}

#[tokio::test]
async fn secrets_do_not_show() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let user = l4d2_api::db::users::find_by_name(app.state.db.read(), "alice").await.expect("asked").expect("there");
    let key = std::fs::read(app.state.config.data_dir.join("session.key")).expect("the key");
    let shown = format!("{:?} {:?} {user:?} {:?}", app.state, app.state.auth, alice.opened);
    for secret in [&alice.opened.token, &alice.opened.csrf_token, &user.password_digest, &format!("{key:?}")] {
        assert!(!shown.contains(secret.as_str()), "{shown}");
    }
    let me = alice.get("/auth/me").await.text();
    assert!(!me.contains("argon2") && !me.contains("password"), "{me}");
}
