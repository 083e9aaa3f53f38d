//! Connections on which a test says every byte itself, from an address of its own.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How long anything is waited for. No test passes or fails by less.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kept connection.
#[derive(Debug)]
pub struct Raw {
    /// The connection itself.
    pub stream: TcpStream,
    seen: Vec<u8>,
}

impl Raw {
    /// Connects to `address` from `127.0.0.source`.
    ///
    /// # Errors
    /// Nobody listens, or nobody is let in.
    pub fn connect(address: &str, source: u8) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from(([127, 0, 0, source], 0)).into())?;
        let to: SocketAddr = address.parse().expect("an address");
        socket.connect(&to.into())?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, seen: Vec::new() })
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// The other end has hung up.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads one answer with a length; its status.
    ///
    /// # Errors
    /// The other end has hung up, or says nothing for a minute.
    pub fn status(&mut self) -> io::Result<u16> {
        let end = loop {
            if let Some(end) = self.seen.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&self.seen[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        while self.seen.len() < end + length {
            self.more()?;
        }
        self.seen.drain(..end + length);
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| io::Error::other("an answer without a status"))
    }

    fn more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 << 10];
        match self.stream.read(&mut chunk)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.seen.extend_from_slice(&chunk[..read]);
                Ok(())
            }
        }
    }
}
