//! Reading a stream event by event, through the router without a socket.

use std::collections::VecDeque;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::sse::{Event, Parser};
use crate::support::{PATIENCE, SignedIn, TestApp};

/// An open stream. Nothing is made for it but what is asked for here.
pub(crate) struct Stream {
    body: Body,
    parser: Parser,
    ready: VecDeque<Event>,
    pub(crate) headers: HeaderMap,
}

/// The answer's head and body.
pub(crate) async fn request(
    app: &TestApp,
    user: &SignedIn,
    path: &str,
    last_event_id: Option<&str>,
) -> axum::response::Response {
    let mut request =
        Request::get(format!("/api/v1{path}")).header(header::AUTHORIZATION, format!("Bearer {}", user.opened.token));
    if let Some(id) = last_event_id {
        request = request.header("Last-Event-ID", id);
    }
    let request = request.body(Body::empty()).expect("a request");
    app.router().oneshot(request).await.expect("the router never fails")
}

impl Stream {
    pub(crate) async fn open(app: &TestApp, user: &SignedIn, path: &str) -> Self {
        Self::open_behind(app, user, path, None).await
    }

    pub(crate) async fn open_behind(app: &TestApp, user: &SignedIn, path: &str, last: Option<&str>) -> Self {
        let response = request(app, user, path, last).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let (head, body) = response.into_parts();
        Self { body, parser: Parser::default(), ready: VecDeque::new(), headers: head.headers }
    }

    /// The next bytes, as they are; none at the end.
    pub(crate) async fn bytes(&mut self) -> Option<Vec<u8>> {
        let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("something comes");
        Some(frame?.expect("the stream is whole").into_data().expect("data").to_vec())
    }

    /// The next event; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let event = async {
            while self.ready.is_empty() {
                let bytes = self.bytes().await?;
                self.ready.extend(self.parser.push(&bytes));
            }
            self.ready.pop_front()
        };
        // Comments come all the time and are no event.
        tokio::time::timeout(PATIENCE, event).await.expect("an event comes")
    }

    /// The next event of a name, whatever comes before it.
    pub(crate) async fn named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event.name == name {
                return event;
            }
        }
    }

    /// The next so many events that have an id.
    pub(crate) async fn lines(&mut self, count: usize) -> Vec<Event> {
        let mut lines = Vec::with_capacity(count);
        while lines.len() < count {
            let event = self.next().await.expect("the stream goes on");
            if !event.id.is_empty() {
                lines.push(event);
            }
        }
        lines
    }

    /// Everything up to the end.
    pub(crate) async fn rest(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

/// The ids of events as seqs.
pub(crate) fn seqs<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<i64> {
    let ids = events.into_iter().filter(|event| !event.id.is_empty());
    ids.map(|event| event.id.parse().expect("a seq")).collect()
}
