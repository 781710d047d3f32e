//! The SPA's files, from a directory made for the test.

use std::path::Path;

use axum::body::Body;
use axum::http::{Request, header};

use crate::support::{Answer, TestApp};

const SCRIPT: &str = "app-7e1e701365947588.js";

async fn app_with_spa() -> (TestApp, tempfile::TempDir) {
    let outer = tempfile::tempdir().expect("a temporary directory");
    let dist = outer.path().join("dist");
    write(&outer.path().join("secret.txt"), "secret");
    write(&dist.join("index.html"), "<!DOCTYPE html><title>panel</title><script type=\"module\">boot()</script>");
    write(&dist.join(SCRIPT), "plain");
    write(&dist.join(format!("{SCRIPT}.br")), "brotli");
    write(&dist.join(format!("{SCRIPT}.gz")), "gzip");
    write(&dist.join("icon.svg"), "<svg/>");
    let app = TestApp::start_with(|settings| settings.frontend_dist = Some(dist.clone())).await;
    (app, outer)
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    std::fs::write(path, text).expect("written");
}

async fn get_with(app: &TestApp, path: &str, name: header::HeaderName, value: &str) -> Answer {
    let request = Request::builder().uri(path).header(name, value).body(Body::empty());
    app.anonymous().send(request.expect("a request")).await
}

#[tokio::test]
async fn places_of_the_spa_get_its_page_with_a_policy_for_its_script() {
    let (app, _outer) = app_with_spa().await;
    for path in ["//", "//index.html", "//servers/7", "//blueprints"] {
        let answer = app.anonymous().get(path).await.expect_status(200);
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers["cache-control"], "no-cache");
        assert!(answer.text().contains("<title>panel"), "{path}");
        let policy = answer.headers["content-security-policy"].to_str().expect("text");
        // printf 'boot()' | openssl dgst -sha256 -binary | base64
        let script = "script-src 'self' 'wasm-unsafe-eval' 'sha256-MeZS89WlF0u+o0hCvHTBt4q1WHU+U+sJKgbdRUc36mY=';";
        assert!(policy.contains(script), "{policy}");
        assert!(policy.contains("style-src 'self';") && policy.contains("object-src 'none'"), "{policy}");
    }
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let (app, outer) = app_with_spa().await;
    let tag = app.anonymous().get("//").await.headers["etag"].to_str().expect("text").to_owned();
    let answer = get_with(&app, "/", header::IF_NONE_MATCH, &tag).await.expect_status(304);
    assert!(answer.body.is_empty());
    write(&outer.path().join("dist/index.html"), "<title>newer</title>");
    get_with(&app, "/", header::IF_NONE_MATCH, &tag).await.expect_status(200);
}

#[tokio::test]
async fn hashed_files_are_kept_for_good_and_others_for_a_while() {
    let (app, _outer) = app_with_spa().await;
    let script = app.anonymous().get(&format!("//{SCRIPT}")).await.expect_status(200);
    assert_eq!(script.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(script.text(), "plain");
    let icon = app.anonymous().get("//icon.svg").await.expect_status(200);
    assert_eq!(icon.headers["cache-control"], "public, max-age=3600");
}

#[tokio::test]
async fn files_compressed_beforehand_are_used_as_the_client_takes_them() {
    let (app, _outer) = app_with_spa().await;
    let path = format!("/{SCRIPT}");
    for (accepted, encoding) in [("br, gzip", "br"), ("gzip", "gzip")] {
        let answer = get_with(&app, &path, header::ACCEPT_ENCODING, accepted).await.expect_status(200);
        assert_eq!(answer.headers["content-encoding"], encoding);
        assert_eq!(answer.headers["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(answer.text(), if encoding == "br" { "brotli" } else { "gzip" });
        assert!(answer.headers["vary"].to_str().expect("text").contains("accept-encoding"));
    }
}

#[tokio::test]
async fn nothing_outside_the_directory_is_served() {
    let (app, _outer) = app_with_spa().await;
    let paths = [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "//secret.txt",
        "/a/../../secret.txt",
        "/..\u{5c}secret.txt",
        "/.%00./secret.txt",
    ];
    for path in paths {
        let Ok(request) = Request::builder().uri(path).body(Body::empty()) else { continue };
        let answer = app.anonymous().send(request).await;
        assert!(answer.text() != "secret", "{path}");
    }
    // A file that is not there is no page: a browser would read it as a script.
    app.anonymous().get("//app-gone.js").await.problem(404, "not_found");
}

#[tokio::test]
async fn without_a_spa_the_panel_says_so() {
    let empty = tempfile::tempdir().expect("a temporary directory");
    let path = empty.path().to_owned();
    let app = TestApp::start_with(|settings| settings.frontend_dist = Some(path)).await;
    let answer = app.anonymous().get("//").await.expect_status(404);
    assert!(answer.text().contains("FRONTEND_DIST"), "{}", answer.text());
}
