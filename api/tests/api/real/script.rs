//! What a script does with a panel: calls with a token, jobs waited for, streams read until something comes.

use futures::StreamExt;
use l4d2_contract::{Blueprint, Job, JobId, JobLogLine, Page, Server, SessionOpened};
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::panel::free_port;
use crate::sse::{Event, Parser};
use crate::support::{PASSWORD, PATIENCE};

/// A signed-in script.
#[derive(Clone)]
pub(crate) struct Script {
    http: reqwest::Client,
    address: String,
    token: String,
}

impl Script {
    /// Signs up (`signup`) or in (`login`) at a panel's address.
    pub(crate) async fn enter(http: reqwest::Client, address: &str, how: &str, name: &str) -> Self {
        let body = json!({"username": name, "password": PASSWORD});
        let answer = http.post(format!("{address}/api/v1/auth/{how}")).json(&body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        let opened: SessionOpened = answer.json().await.expect("a session");
        Self { http, address: address.to_owned(), token: opened.token }
    }

    /// The same token at another address.
    pub(crate) fn moved_to(&self, http: reqwest::Client, address: &str) -> Self {
        Self { http, address: address.to_owned(), token: self.token.clone() }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.address)).bearer_auth(&self.token)
    }

    /// A call that must succeed.
    pub(crate) async fn call<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Value>) -> T {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: Value) -> T {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn status_of(&self, path: &str) -> StatusCode {
        self.request(Method::GET, path).send().await.expect("an answer").status()
    }

    pub(crate) async fn console(&self, server: &Server, line: &str) {
        let request = self.request(Method::POST, &format!("/servers/{}/console", server.id));
        let answer = request.json(&json!({"command": line})).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    }

    pub(crate) async fn operate(&self, server: &Server, operation: &str) -> Job {
        self.post(&format!("/servers/{}/jobs", server.id), json!({"operation": operation})).await
    }

    /// Waits for a job's end by its stream.
    pub(crate) async fn ended(&self, id: JobId) -> Job {
        self.stream_until(&format!("/jobs/{id}/stream?last_seq=0"), None, |event| event.name == "end").await;
        self.get(&format!("/jobs/{id}")).await
    }

    pub(crate) async fn succeed(&self, server: &Server, operation: &str) -> Job {
        let job = self.operate(server, operation).await;
        let job = self.ended(job.id).await;
        assert_eq!(job.state, l4d2_contract::JobState::Succeeded, "{job:?}");
        job
    }

    pub(crate) async fn install(&self) -> Job {
        let job: Job = self.post("/jobs", json!({"operation": "install"})).await;
        let job = self.ended(job.id).await;
        assert_eq!(job.state, l4d2_contract::JobState::Succeeded, "{job:?}");
        job
    }

    pub(crate) async fn server(&self, name: &str, arguments: &[&str]) -> Server {
        let body = json!({"name": format!("{name}'s"), "arguments": arguments, "config": [], "overlay_ids": []});
        let blueprint: Blueprint = self.post("/blueprints", body).await;
        let body = json!({"name": name, "port": free_port(), "blueprint_id": blueprint.id});
        self.post("/servers", body).await
    }

    /// The servers there are.
    pub(crate) async fn servers(&self) -> Vec<Server> {
        self.get::<Page<Server>>("/servers").await.items
    }

    /// The jobs of a server, newest first.
    pub(crate) async fn jobs_of(&self, server: &Server) -> Vec<Job> {
        self.get::<Page<Job>>(&format!("/jobs?server_id={}", server.id)).await.items
    }

    /// All lines of a job's log, by its pages.
    pub(crate) async fn log(&self, id: JobId) -> Vec<JobLogLine> {
        let mut lines: Vec<JobLogLine> = Vec::new();
        loop {
            let after = lines.last().map_or(0, |line| line.seq);
            let page: Page<JobLogLine> = self.get(&format!("/jobs/{id}/logs?after_seq={after}&limit=2000")).await;
            let last = page.next.is_none();
            lines.extend(page.items);
            if last {
                return lines;
            }
        }
    }

    /// Reads a stream until an event is the one, which is the last in the answer.
    pub(crate) async fn stream_until(
        &self,
        path: &str,
        last_event_id: Option<&str>,
        mut is_the_one: impl FnMut(&Event) -> bool,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let take = |event: Event| {
            let done = is_the_one(&event);
            events.push(event);
            done
        };
        self.read_stream(path, last_event_id, take).await;
        events
    }

    /// Hands a stream's events on until one is said to be the last that is wanted.
    pub(crate) async fn read_stream(
        &self,
        path: &str,
        last_event_id: Option<&str>,
        is_last: impl FnMut(Event) -> bool,
    ) {
        Self::read_opened(self.open_stream(path, last_event_id).await, is_last).await;
    }

    /// Opens a stream, which stands when this returns.
    pub(crate) async fn open_stream(&self, path: &str, last_event_id: Option<&str>) -> Response {
        let mut request = self.request(Method::GET, path);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer
    }

    /// Hands the events of an opened stream on until one is said to be the last that is wanted.
    pub(crate) async fn read_opened(stream: Response, mut is_last: impl FnMut(Event) -> bool) {
        let path = stream.url().path().to_owned();
        let read = async {
            let mut body = stream.bytes_stream();
            let mut parser = Parser::default();
            while let Some(chunk) = body.next().await {
                if parser.push(&chunk.expect("a chunk")).into_iter().any(&mut is_last) {
                    return;
                }
            }
            panic!("{path} ended before its time");
        };
        tokio::time::timeout(2 * PATIENCE, read).await.expect("the stream gets there");
    }
}
