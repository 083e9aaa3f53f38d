//! LMTP (RFC 2033): the site's own mail server brings mail, over a Unix socket or a loopback address.
//!
//! Small and strict: one transaction after another, no authentication, no TLS, since nobody from afar can reach it. A mail is
//! acknowledged when it is durable, for each recipient; what cannot be kept now is refused for now, and the mail server
//! brings it again. A recipient that is none of the desk's addresses is refused for good, so that its sender is told.
//! Commands and the end of data are read by smtp-proto: a dot ends a mail only between two whole line ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use smtp_proto::request::receiver::{DataReceiver, RequestReceiver};
use smtp_proto::{Error, Request};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;

use super::{Later, Mailroom, QuarantineError, Taken};
use crate::chain::chain;

/// How many mail servers may be connected at once; one more is told to come back later.
pub const CONNECTIONS_MAX: usize = 20;
/// How many mails are in memory at once; the next waits.
pub const MAILS_AT_ONCE: usize = 2;
/// How many recipients a mail has at most.
pub const RECIPIENTS_MAX: usize = 100;
/// How long a mail server may be silent, in seconds.
const SILENT_MAX_S: u64 = 300;
/// How many commands that are none end the connection.
const WRONG_MAX: u32 = 10;
/// How much is read at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;
/// How long to wait after no connection could be taken, in milliseconds.
const ACCEPT_AGAIN_MS: u64 = 500;

/// Where mail servers come in.
pub enum Listener {
    /// A Unix socket.
    Unix(UnixListener),
    /// A loopback address.
    Tcp(TcpListener),
}

/// What all connections have in common.
#[derive(Clone)]
struct Desk {
    room: Mailroom,
    connections: Arc<Semaphore>,
    mails: Arc<Semaphore>,
}

/// Takes mail in until it is dropped.
pub async fn serve(listener: Listener, room: Mailroom) {
    let desk = Desk {
        room,
        connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        mails: Arc::new(Semaphore::new(MAILS_AT_ONCE)),
    };
    loop {
        let accepted = match &listener {
            Listener::Unix(listener) => {
                listener.accept().await.map(|(stream, _)| drop(tokio::spawn(desk.clone().meet(stream))))
            }
            Listener::Tcp(listener) => {
                listener.accept().await.map(|(stream, _)| drop(tokio::spawn(desk.clone().meet(stream))))
            }
        };
        if let Err(error) = accepted {
            log::warn!("no connection of a mail server can be taken: {error}");
            tokio::time::sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await;
        }
    }
}

impl Desk {
    async fn meet<S: AsyncRead + AsyncWrite + Unpin>(self, mut stream: S) {
        let Ok(_place) = Arc::clone(&self.connections).try_acquire_owned() else {
            // Whoever is turned away may have gone already.
            let _ = stream.write_all(b"421 4.3.2 too many connections, come back later\r\n").await;
            return;
        };
        let talk = Talk { stream, desk: self, greeted: false, from: None, to: Vec::new(), wrong: 0 };
        if let Err(error) = talk.run().await {
            log::debug!("a mail server's connection ended: {error}");
        }
    }
}

/// One connection.
struct Talk<S> {
    stream: S,
    desk: Desk,
    greeted: bool,
    /// Who the sender of the transaction is that has begun. Only that it is nobody counts: anybody can say anything.
    from: Option<String>,
    to: Vec<String>,
    wrong: u32,
}

/// What follows a command.
enum Then {
    Go,
    Data,
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    async fn run(mut self) -> io::Result<()> {
        self.say("220 andon LMTP ready").await?;
        let mut receiver = RequestReceiver::default();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = self.read(&mut piece).await?;
            if length == 0 {
                return Ok(());
            }
            let mut bytes = piece[..length].to_vec();
            loop {
                let mut rest = bytes.iter();
                let asked = match receiver.ingest(&mut rest) {
                    Ok(request) => Ok(request.into_owned()),
                    Err(Error::NeedsMoreData { .. }) => break,
                    Err(error) => Err(error),
                };
                let left = rest.as_slice().to_vec();
                match self.answer(asked).await? {
                    Then::Go => bytes = left,
                    Then::End => return Ok(()),
                    Then::Data => match self.data(left).await? {
                        Some(left) => bytes = left,
                        None => return Ok(()),
                    },
                }
            }
        }
    }

    /// Reads what comes; nothing where it is over, or nothing came for long.
    async fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let silent = Duration::from_secs(SILENT_MAX_S);
        if let Ok(read) = tokio::time::timeout(silent, self.stream.read(piece)).await {
            return read;
        }
        self.say("421 4.4.2 nothing came for too long").await?;
        Ok(0)
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    async fn answer(&mut self, asked: Result<Request<String>, Error>) -> io::Result<Then> {
        let max = self.desk.room.settings().limits.max_mail;
        let line = match asked {
            Ok(Request::Lhlo { .. }) => {
                self.greeted = true;
                self.reset();
                format!(
                    "250-andon\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {max}"
                )
            }
            Ok(Request::Helo { .. } | Request::Ehlo { .. }) => "500 5.5.1 this is LMTP; say LHLO".to_owned(),
            Ok(Request::Mail { .. }) if !self.greeted => "503 5.5.1 say LHLO first".to_owned(),
            Ok(Request::Mail { .. }) if self.from.is_some() => "503 5.5.1 one mail after another".to_owned(),
            Ok(Request::Mail { from }) if from.size as u64 > max => {
                format!("552 5.3.4 a mail is at most {max} bytes")
            }
            Ok(Request::Mail { from }) => {
                self.from = Some(from.address);
                "250 2.1.0 sender taken".to_owned()
            }
            Ok(Request::Rcpt { .. }) if self.from.is_none() => "503 5.5.1 say MAIL first".to_owned(),
            Ok(Request::Rcpt { .. }) if self.to.len() >= RECIPIENTS_MAX => {
                "452 4.5.3 too many recipients".to_owned()
            }
            Ok(Request::Rcpt { to }) if self.desk.room.address(&to.address).is_none() => {
                "550 5.1.1 this is none of the desk's addresses".to_owned()
            }
            Ok(Request::Rcpt { to }) => {
                self.to.push(to.address);
                "250 2.1.5 recipient taken".to_owned()
            }
            Ok(Request::Data) if self.to.is_empty() => "503 5.5.1 say RCPT first".to_owned(),
            Ok(Request::Data) => return Ok(Then::Data),
            Ok(Request::Rset) => {
                self.reset();
                "250 2.0.0 begun anew".to_owned()
            }
            Ok(Request::Noop { .. }) => "250 2.0.0 still here".to_owned(),
            Ok(Request::Vrfy { .. }) => "252 2.5.1 send a mail and see".to_owned(),
            Ok(Request::Quit) => {
                self.say("221 2.0.0 good bye").await?;
                return Ok(Then::End);
            }
            // What follows is no command, whatever it looks like.
            Ok(Request::Bdat { .. }) => {
                self.say("521 5.5.1 say DATA instead").await?;
                return Ok(Then::End);
            }
            Ok(_) => return self.complain("502 5.5.1 this is not known here").await,
            Err(Error::ResponseTooLong) => {
                self.say("500 5.5.6 the line is too long").await?;
                return Ok(Then::End);
            }
            Err(_) => return self.complain("500 5.5.2 this is no command").await,
        };
        self.say(&line).await?;
        Ok(Then::Go)
    }

    /// Whoever says nothing but nonsense is no mail server.
    async fn complain(&mut self, line: &str) -> io::Result<Then> {
        self.wrong += 1;
        if self.wrong > WRONG_MAX {
            self.say("421 4.7.0 too many commands that are none").await?;
            return Ok(Then::End);
        }
        self.say(line).await?;
        Ok(Then::Go)
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    /// Takes in the data and answers for each recipient. Gives what came behind it; none where it broke off, and then nothing
    /// has happened.
    async fn data(&mut self, mut left: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        let mails = Arc::clone(&self.desk.mails);
        let _place = mails.acquire_owned().await.map_err(io::Error::other)?;
        self.say("354 go on").await?;
        let max = usize::try_from(self.desk.room.settings().limits.max_mail).unwrap_or(usize::MAX);
        let mut receiver = DataReceiver::new();
        let mut mail = Vec::new();
        // A dot at the very beginning ends it as well; to the receiver it is to stand behind a line's end.
        receiver.ingest(&mut b"\r\n".iter(), &mut mail);
        let mut is_too_long = false;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let mut rest = left.iter();
            let is_over = receiver.ingest(&mut rest, &mut mail);
            is_too_long |= mail.len() > max.saturating_add(2);
            if is_too_long {
                mail.clear();
                // What ends it takes a byte away.
                mail.push(0);
            }
            if is_over {
                left = rest.as_slice().to_vec();
                break;
            }
            let length = self.read(&mut piece).await?;
            if length == 0 {
                return Ok(None);
            }
            left = piece[..length].to_vec();
        }
        let line = if is_too_long {
            format!("552 5.3.4 a mail is at most {max} bytes")
        } else {
            let whole = std::mem::take(&mut mail);
            // Whoever delivers last notes whom it came from (RFC 5321, 4.4): what nobody sent is answered by nobody.
            let nobody: &[u8] = if self.from.as_deref() == Some("") { b"Return-Path: <>\r\n" } else { b"" };
            let mail: Arc<[u8]> = [nobody, &whole[2..]].concat().into();
            drop(whole);
            line_of(&self.desk.room.take(mail, self.to.first().map(String::as_str)).await)
        };
        for _ in 0..self.to.len() {
            self.say(&line).await?;
        }
        self.reset();
        Ok(Some(left))
    }
}

fn line_of(taken: &Result<Taken, Later>) -> String {
    match taken {
        Ok(Taken::Ticket(number)) => format!("250 2.0.0 ticket {number}"),
        Ok(Taken::Held(_)) => "250 2.0.0 held in the quarantine".to_owned(),
        Ok(Taken::Before) => "250 2.0.0 it came before".to_owned(),
        Err(error) => {
            log::warn!("a mail stays with its mail server for now: {}", chain(error));
            match error {
                Later::Quarantine(QuarantineError::Full { .. }) => {
                    "452 4.3.1 the quarantine is full".to_owned()
                }
                _ => "451 4.3.0 it cannot be kept now, bring it again".to_owned(),
            }
        }
    }
}
