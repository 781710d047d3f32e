//! The README's nginx in front of the panel, word for word.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use l4d2_contract::{Page, Session};
use reqwest::{Client, StatusCode, header};
use serde_json::json;

use crate::machine::panel::{sign_up, succeed};
use crate::real::panel::Script;
use crate::support::{PASSWORD, PATIENCE};

const README: &str = include_str!("../../../../../README.md");
const PROXY: &str = "https://panel.example";
/// Where the visitor comes from: an address of the machine's, but none of a trusted proxy.
const VISITOR: &str = "198.51.100.1";
/// Where the visitor says that it comes from.
const CLAIMED: &str = "203.0.113.7";

/// The README's example.
fn example() -> &'static str {
    let (_, rest) = README.split_once("```nginx\n").expect("an example");
    rest.split_once("```").expect("its end").0
}

fn client() -> Client {
    let address: SocketAddr = ([127, 0, 0, 1], 443).into();
    let visitor: IpAddr = VISITOR.parse().expect("an address");
    let client = Client::builder().resolve("panel.example", address).local_address(visitor);
    client.danger_accept_invalid_certs(true).build().expect("a client")
}

async fn start_proxy() {
    succeed(&["ip", "address", "add", VISITOR, "dev", "lo"]).await;
    let [certificate, key] = ["pem", "key"].map(|suffix| format!("/etc/ssl/panel.example.{suffix}"));
    let subject = "/CN=panel.example";
    succeed(&[
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        subject,
        "-keyout",
        &key,
        "-out",
        &certificate,
    ])
    .await;
    fs::write("/etc/nginx/sites-enabled/panel", example()).expect("written");
    succeed(&["nginx", "-t"]).await;
    succeed(&["systemctl", "reload-or-restart", "nginx.service"]).await;
    // A reload goes on when that has returned.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::net::TcpStream::connect(("127.0.0.1", 443)).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "nginx listens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn behind_the_readmes_nginx_cookies_are_secure_streams_prompt_and_visitors_themselves() {
    start_proxy().await;
    sign_up("proxied").await;
    let body = json!({"username": "proxied", "password": PASSWORD});
    let login = client().post(format!("{PROXY}/api/v1/auth/login")).header("x-forwarded-for", CLAIMED).json(&body);
    let answer = login.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    for word in ["Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(word), "{cookie}");
    }

    // For the machine's own monitoring alone.
    for path in ["/metrics", "//metrics", "/%6detrics"] {
        let answer = client().get(format!("{PROXY}{path}")).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let protocol = ["openssl", "s_client", "-connect", "127.0.0.1:443", "-alpn", "h2,http/1.1"];
    let said = succeed(&protocol).await;
    assert!(said.contains("ALPN protocol: h2"), "browsers open six connections to a host at most: {said}");

    let alice = Script::enter(client(), PROXY, "login", "proxied").await;
    // Two by the proxy, one without; what a visitor claims of itself counts for nothing.
    let sessions: Page<Session> = alice.get("/auth/sessions").await;
    let mut addresses: Vec<&str> = sessions.items.iter().map(|session| session.address.as_str()).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, ["127.0.0.1", VISITOR, VISITOR]);

    // What changes shows on a stream at once, though the stream goes on: nothing between holds it back.
    let (ready, listening) = tokio::sync::oneshot::channel();
    let mut ready = Some(ready);
    let listener = alice.clone();
    let heard = tokio::spawn(async move {
        let is_it = |event: &crate::sse::Event| {
            if let (true, Some(ready)) = (event.name == "ready", ready.take()) {
                ready.send(()).expect("somebody waits");
            }
            event.name == "blueprint"
        };
        listener.stream_until("/events", None, is_it).await;
        Instant::now()
    });
    listening.await.expect("the stream begins before anything has changed");
    let changed = Instant::now();
    let body = json!({"name": "behind a proxy", "arguments": [], "config": [], "overlay_ids": []});
    let _: l4d2_contract::Blueprint = alice.post("/blueprints", body).await;
    let took = heard.await.expect("heard") - changed;
    println!("an event came {took:?} after the request that caused it");
    assert!(took < Duration::from_secs(2), "{took:?}");
    fs::remove_file("/etc/nginx/sites-enabled/panel").expect("removed");
    succeed(&["systemctl", "reload", "nginx.service"]).await;
}
