//! A mail server on loopback: takes letters by SMTP, remembers them, and refuses what it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mail_parser::{HeaderValue, Message, MessageParser};

/// What the server does with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It takes it.
    Take,
    /// It answers so when it hears to whom the letter is.
    Refuse(u16),
    /// It takes it and is gone before it says so.
    TakeAndVanish,
    /// It reads it, is gone, and has it not.
    Vanish,
    /// It greets nobody: `554`.
    Closed,
}

/// A letter that came.
#[derive(Clone, Debug)]
pub struct Letter {
    /// To whom, by the envelope.
    pub to: String,
    /// As it came, without the dots that SMTP adds.
    pub raw: String,
}

impl Letter {
    /// A header's value, decoded; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let message = self.parsed();
        match message.header(name) {
            Some(HeaderValue::Text(text)) => text.to_string(),
            Some(_) => message.header_raw(name).unwrap_or_default().trim().to_owned(),
            None => String::new(),
        }
    }

    /// The subject, decoded.
    pub fn subject(&self) -> String {
        self.parsed().subject().unwrap_or_default().to_owned()
    }

    /// The plain text, decoded.
    pub fn text(&self) -> String {
        self.parsed().body_text(0).unwrap_or_default().into_owned()
    }

    /// The HTML, decoded.
    pub fn html(&self) -> String {
        self.parsed().body_html(0).unwrap_or_default().into_owned()
    }

    /// The names of its headers, in order.
    pub fn header_names(&self) -> Vec<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.lines().filter(|line| !line.starts_with([' ', '\t']));
        lines.filter_map(|line| line.split_once(':')).map(|(name, _)| name.to_owned()).collect()
    }

    fn parsed(&self) -> Message<'_> {
        MessageParser::default().parse(self.raw.as_bytes()).expect("what came is a letter")
    }
}

type Says = Arc<dyn Fn(usize, &str) -> Reply + Send + Sync>;

/// A mail server; its threads end with the process, or stop taking when it is dropped.
pub struct MailServer {
    address: SocketAddr,
    letters: Arc<Mutex<Vec<Letter>>>,
    signed_in: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
}

impl MailServer {
    /// One that takes everything.
    pub fn new() -> Self {
        Self::saying(|_, _| Reply::Take)
    }

    /// One that does what `says` tells of how many it has taken and to whom the next is.
    pub fn saying(says: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address"), says)
    }

    /// One at this address, where another may have been.
    ///
    /// # Panics
    /// Where the address is taken.
    pub fn at(address: SocketAddr, says: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).expect("the address is free");
        let address = listener.local_addr().expect("it listens");
        let server =
            Self { address, letters: Arc::default(), signed_in: Arc::default(), stopped: Arc::default() };
        let (letters, stopped) = (Arc::clone(&server.letters), Arc::clone(&server.stopped));
        let signed_in = Arc::clone(&server.signed_in);
        let says: Says = Arc::new(says);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (letters, signed_in, says) =
                    (Arc::clone(&letters), Arc::clone(&signed_in), Arc::clone(&says));
                // Who breaks off has said all they had to say.
                std::thread::spawn(move || drop(serve(&stream, &letters, &signed_in, &says)));
            }
        });
        server
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has taken, in order.
    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What those said who signed in, in base64: `AUTH PLAIN …`.
    pub fn signed_in(&self) -> Vec<String> {
        self.signed_in.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has taken for somebody, in order.
    pub fn letters_to(&self, address: &str) -> Vec<Letter> {
        self.letters().into_iter().filter(|letter| letter.to == address).collect()
    }
}

impl Default for MailServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // It looks up when somebody comes.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(
    stream: &TcpStream,
    letters: &Mutex<Vec<Letter>>,
    signed_in: &Mutex<Vec<String>>,
    says: &Says,
) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    let taken = || letters.lock().unwrap_or_else(PoisonError::into_inner).len();
    if says(taken(), "") == Reply::Closed {
        return writer.write_all(b"554 no service here\r\n");
    }
    writer.write_all(b"220 test ESMTP\r\n")?;
    let mut to = String::new();
    while let Some(line) = lines.next().transpose()? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => writer.write_all(
                b"250-test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n",
            )?,
            "AUTH" => {
                signed_in.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                writer.write_all(b"235 you are in\r\n")?;
            }
            "RCPT" => {
                let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                inside.map_or("", |(inside, _)| inside).clone_into(&mut to);
                match says(taken(), &to) {
                    Reply::Refuse(code) => writer.write_all(format!("{code} not here\r\n").as_bytes())?,
                    Reply::Take | Reply::TakeAndVanish | Reply::Vanish | Reply::Closed => {
                        writer.write_all(b"250 ok\r\n")?;
                    }
                }
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n")?;
                let mut raw = String::new();
                while let Some(line) = lines.next().transpose()?.filter(|line| line != ".") {
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push_str("\r\n");
                }
                let reply = says(taken(), &to);
                if reply == Reply::Vanish {
                    return Ok(());
                }
                let letter = Letter { to: to.clone(), raw };
                letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
                if reply == Reply::TakeAndVanish {
                    return Ok(());
                }
                writer.write_all(b"250 taken\r\n")?;
            }
            "QUIT" => return writer.write_all(b"221 bye\r\n"),
            "MAIL" | "RSET" | "NOOP" => writer.write_all(b"250 ok\r\n")?,
            _ => writer.write_all(b"502 what\r\n")?,
        }
    }
    Ok(())
}
