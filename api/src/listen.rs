//! Takes connections and serves HTTP on them: a bounded number at once, none of which may wait for ever to say what it
//! wants, so that whoever opens many and asks for nothing keeps nobody else out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::connections::{Connections, Place};

/// Connections still open so long after the streams were ended are cut.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// How long a connection may take to say what it wants, the first time and behind each answer. Well above what browsers and
/// proxies wait between two requests that belong together.
const HEADERS_LIMIT: Duration = Duration::from_mins(1);
/// After an error that has nothing to do with one connection, such as too many open files, the next one is not at once.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until the shutdown, then for as long as the drain may take.
pub async fn serve(listener: TcpListener, router: Router, connections: Connections, shutdown: CancellationToken) {
    serve_within(HEADERS_LIMIT, listener, router, connections, shutdown).await;
}

async fn serve_within(
    headers_limit: Duration,
    listener: TcpListener,
    router: Router,
    connections: Connections,
    shutdown: CancellationToken,
) {
    let open = GracefulShutdown::new();
    while let Some((socket, peer, place)) = next(&listener, &connections, &shutdown).await {
        // A line of a log is sent when it is there and not when a packet is full.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, %peer, "a connection is gone already");
            continue;
        }
        let router = router.clone();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(headers_limit)
            .serve_connection(TokioIo::new(socket), service);
        let connection = open.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "a connection broke");
            }
            drop(place);
        });
    }
    // Who comes now is refused at once, and not left to wait for the end of the others.
    drop(listener);
    if tokio::time::timeout(DRAIN_LIMIT, open.shutdown()).await.is_err() {
        tracing::info!("some connections did not end in time");
    }
}

/// The next connection with a place for it; nothing once it is time to shut down.
async fn next(
    listener: &TcpListener,
    connections: &Connections,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, Place)> {
    loop {
        // The place comes first: while there is none, who knocks waits in the kernel, at no cost here.
        let permit = shutdown.run_until_cancelled(connections.permit()).await?;
        match shutdown.run_until_cancelled(listener.accept()).await? {
            Ok((socket, peer)) => {
                if let Some(place) = connections.place(permit, peer.ip()) {
                    return Some((socket, peer, place));
                }
            }
            Err(error) if concerns_one(&error) => {}
            Err(error) => {
                tracing::error!(%error, "could not take a connection");
                shutdown.run_until_cancelled(tokio::time::sleep(PAUSE)).await?;
            }
        }
    }
}

/// Whether it was the connection that failed, and not the taking of any.
fn concerns_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn who_does_not_say_what_it_wants_is_given_up() {
        const LIMIT: Duration = Duration::from_millis(100);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let to = listener.local_addr().expect("an address");
        let (connections, shutdown) = (Connections::new(8, Vec::new()), CancellationToken::new());
        let served = tokio::spawn(serve_within(LIMIT, listener, Router::new(), connections, shutdown.clone()));
        // Nothing, half a request, and nothing more behind a whole one.
        for sent in ["", "GET / HTTP/1.1\r\nHost: pan", "GET / HTTP/1.1\r\nHost: panel\r\n\r\n"] {
            let mut connection = TcpStream::connect(to).await.expect("connected");
            connection.write_all(sent.as_bytes()).await.expect("sent");
            let begun = Instant::now();
            let mut answers = Vec::new();
            connection.read_to_end(&mut answers).await.expect("closed in good order");
            assert!(begun.elapsed() >= LIMIT / 2, "{sent:?}");
            assert_eq!(answers.starts_with(b"HTTP/1.1 404 "), sent.ends_with("\r\n\r\n"), "{sent:?}");
        }
        shutdown.cancel();
        served.await.expect("it ends");
    }
}
