//! A client that costs as little as can be.

use std::io::{Read, Write};
use std::net::TcpStream;

use andon_tests::daemon::Daemon;

/// A request as bytes, so that the client costs as little as can be.
pub(crate) fn raw_post(daemon: &Daemon, path: &str, body: &str) -> Vec<u8> {
    let host = daemon.base().trim_start_matches("http://");
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        daemon.token(),
        body.len(),
    )
    .into_bytes()
}

/// A GET as bytes, with the first agent's token.
pub(crate) fn raw_get(daemon: &Daemon, path: &str) -> Vec<u8> {
    let host = daemon.base().trim_start_matches("http://");
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n", daemon.token())
        .into_bytes()
}

/// A kept-alive connection that reads no more of an answer than it must.
pub(crate) struct RawDoor {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where a registration's ticket is.
    pub(crate) location: Option<String>,
}

impl RawDoor {
    pub(crate) fn open(daemon: &Daemon) -> Self {
        Self::open_at(daemon.base())
    }

    /// A connection to `http://ADDRESS`.
    pub(crate) fn open_at(base: &str) -> Self {
        let stream = TcpStream::connect(base.trim_start_matches("http://")).expect("somebody listens");
        stream.set_nodelay(true).expect("TCP has it");
        Self { stream, buffer: Vec::new(), location: None }
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> u16 {
        self.stream.write_all(request).expect("the daemon reads");
        self.buffer.clear();
        let mut chunk = [0_u8; 8192];
        loop {
            let read = self.stream.read(&mut chunk).expect("the daemon answers");
            assert!(read > 0, "the daemon closed the connection");
            self.buffer.extend_from_slice(&chunk[..read]);
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&self.buffer[..end]).to_lowercase();
            let value = |name: &str| {
                head.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned())
            };
            let length: usize = value("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
            if self.buffer.len() >= end + 4 + length {
                self.location = value("location:");
                return head
                    .split_whitespace()
                    .nth(1)
                    .and_then(|status| status.parse().ok())
                    .expect("a status");
            }
        }
    }
}
