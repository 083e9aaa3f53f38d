//! TLS before HTTP: the handshake, in bounded time, and a word to whoever speaks plain HTTP to a door of TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse;
use http_body_util::BodyExt;
use rustls::ServerConfig;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::super::problem::Problem;
use super::Connection;
use super::steady::Steady;
use super::traffic::Why;

/// How long a handshake may take, in seconds. Tests of it do not wait that long.
const HANDSHAKE_WITHIN_S: u64 = if cfg!(test) { 1 } else { 10 };

/// What a handshake came to.
enum Shaken {
    Hands(Box<TlsStream<Steady<TcpStream>>>),
    PlainHttp(TcpStream),
}

impl Connection {
    /// Serves it to its end, if the other end speaks TLS.
    pub(super) async fn run_tls(self, stream: TcpStream, config: Arc<ServerConfig>) {
        let within = Duration::from_secs(HANDSHAKE_WITHIN_S);
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(within, shake(stream, config)) => shaken,
            () = self.hang_up.told() => return,
            () = self.stopping.clone().wait() => return,
        };
        match shaken {
            Ok(Ok(Shaken::Hands(stream))) => self.run(*stream).await,
            Ok(Ok(Shaken::PlainHttp(stream))) => {
                self.traffic.turned_away(Why::PlainHttp, self.peer);
                // Whoever has gone needs no word.
                let _ = tokio::time::timeout(within, tell_of_tls(stream)).await;
            }
            Ok(Err(error)) => {
                log::debug!("a handshake with {} failed: {error}", self.peer);
                self.traffic.turned_away(Why::Handshake, self.peer);
            }
            Err(_) => self.traffic.turned_away(Why::Handshake, self.peer),
        }
    }
}

async fn shake(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<Shaken> {
    let mut first = [0];
    // TLS begins with the type of its record, which is no letter; HTTP with its method, which is.
    if stream.peek(&mut first).await? == 1 && first[0].is_ascii_alphabetic() {
        return Ok(Shaken::PlainHttp(stream));
    }
    let stream = TlsAcceptor::from(config).accept(Steady::new(stream)).await?;
    Ok(Shaken::Hands(Box::new(stream)))
}

/// Says in plain HTTP that the door speaks TLS.
async fn tell_of_tls(mut stream: TcpStream) -> io::Result<()> {
    let (parts, body) = Problem::needs_tls().into_response().into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        parts.status,
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await?;
    // What was sent and not read would make the system take the answer back.
    let mut rest = tokio::io::sink();
    tokio::io::copy(&mut tokio::io::AsyncReadExt::take(stream, 64 << 10), &mut rest).await.map(drop)
}
