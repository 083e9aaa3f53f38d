//! A mail server that answers as a test says, also not at all.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::config::Config;
use crate::desk::TicketNumber;

/// How a server answers what it reads.
enum Says {
    /// What else would be said.
    Well,
    This(&'static str),
    /// Nothing, and the connection stays.
    Nothing,
    /// Nothing, and the connection ends.
    Bye,
}

/// A server, and all that was said to it.
struct Server {
    mailer: Mailer,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `says` answers a line that is a command, `.` for the end of a letter and `hello` for a connection; it is told how many
    /// connections there were.
    async fn new(says: impl Fn(usize, &str) -> Says + Send + Sync + 'static) -> Self {
        Self::behind(None, "tls = \"none\"", says).await
    }

    /// One that is encrypted from the first byte, where it has a certificate; `more` is the rest of the configuration.
    async fn behind(
        tls: Option<TlsAcceptor>,
        more: &str,
        says: impl Fn(usize, &str) -> Says + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it listens").port();
        let (connections, heard) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<String>>>::default());
        let says = Arc::new(says);
        let (counted, kept) = (Arc::clone(&connections), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let nth = counted.fetch_add(1, Ordering::SeqCst) + 1;
                let (says, kept, tls) = (Arc::clone(&says), Arc::clone(&kept), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, nth, says.as_ref(), &kept).await,
                        // Who does not know it goes away.
                        Some(tls) => {
                            let Ok(stream) = tls.accept(stream).await else { return };
                            serve(stream, nth, says.as_ref(), &kept).await;
                        }
                    }
                });
            }
        });
        let text = format!(
            "[mail]\nhost = \"localhost\"\nport = {port}\nfrom = \"Поддержка <desk@example.org>\"\n{more}"
        );
        let mail = Config::parse(Path::new("andon.toml"), &text).unwrap().mail.unwrap();
        Self { mailer: Mailer::new(mail), connections, heard }
    }

    async fn send(&self, letter: u32, to: &str) -> Result<(), Trouble> {
        let id = MessageId { ticket: TicketNumber(1), letter, domain: self.mailer.domain().clone() };
        let rendered = Rendered {
            subject: "Тема".into(), text: "Текст".into(), html: "<p>Текст</p>".into()
        };
        let at = Timestamp::from_millis(1_800_000_000_000);
        self.mailer.send(&Outgoing { id, to: to.to_owned(), rendered, at }).await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn heard(&self, verb: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|line| line.starts_with(verb)).cloned().collect()
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite,
    nth: usize,
    says: &(impl Fn(usize, &str) -> Says + Send + Sync),
    heard: &Mutex<Vec<String>>,
) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    let mut line = "hello".to_owned();
    loop {
        heard.lock().unwrap().push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_owned();
        let well = match verb.as_str() {
            "hello" => "220 test\r\n",
            "EHLO" => "250-test\r\n250 8BITMIME\r\n",
            "DATA" => "354 go on\r\n",
            _ => "250 ok\r\n",
        };
        let answer = match says(nth, &line) {
            Says::Well => well,
            Says::This(answer) => answer,
            Says::Nothing => "",
            Says::Bye => return,
        };
        if writer.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        let Ok(Some(next)) = lines.next_line().await else { return };
        line = next;
        if answer.starts_with("354") {
            while line != "." {
                let Ok(Some(next)) = lines.next_line().await else { return };
                line = next;
            }
        }
    }
}

#[tokio::test]
async fn letters_go_over_one_connection() {
    let server = Server::new(|_, _| Says::Well).await;
    for letter in 1..=3 {
        server.send(letter, "anna@example.ru").await.unwrap();
    }
    assert_eq!((server.connections(), server.heard("DATA").len()), (1, 3));
}

#[tokio::test]
async fn who_takes_too_long_over_a_letter_has_broken_off_and_that_connection_is_not_used_again() {
    for stage in ["MAIL", "RCPT", "DATA", "."] {
        let server =
            Server::new(
                move |nth, line| {
                    if nth == 1 && line.starts_with(stage) { Says::Nothing } else { Says::Well }
                },
            )
            .await;
        let trouble = server.send(1, "anna@example.ru").await.unwrap_err();
        assert!(matches!(trouble, Trouble::Broken(Unanswered::Time { .. })), "{stage}: {trouble:?}");
        assert_eq!(trouble.of_whom(), OfWhom::LetterNow, "{stage}");
        server.send(2, "anna@example.ru").await.unwrap();
        assert_eq!(server.connections(), 2, "{stage}");
    }
}

#[tokio::test]
async fn who_greets_nobody_in_time_takes_no_letters() {
    for stage in ["hello", "EHLO"] {
        let server =
            Server::new(move |_, line| if line.starts_with(stage) { Says::Nothing } else { Says::Well })
                .await;
        let trouble = server.send(1, "anna@example.ru").await.unwrap_err();
        assert_eq!(trouble.of_whom(), OfWhom::Server, "{stage}: {trouble:?}");
    }
}

#[tokio::test]
async fn who_breaks_off_over_a_letter_may_take_the_next() {
    let server = Server::new(|nth, line| if nth == 1 && line == "." { Says::Bye } else { Says::Well }).await;
    let trouble = server.send(1, "anna@example.ru").await.unwrap_err();
    assert_eq!(trouble.of_whom(), OfWhom::LetterNow, "{trouble:?}");
    server.send(2, "anna@example.ru").await.unwrap();
}

#[tokio::test]
async fn a_connection_that_broke_while_it_was_kept_is_replaced() {
    let server =
        Server::new(|nth, line| if nth == 1 && line == "NOOP" { Says::Bye } else { Says::Well }).await;
    server.send(1, "anna@example.ru").await.unwrap();
    server.send(2, "anna@example.ru").await.unwrap();
    assert_eq!((server.connections(), server.heard("DATA").len()), (2, 2));
}

#[tokio::test]
async fn an_answer_tells_whose_fault_it_is_and_who_says_no_to_a_letter_hears_the_next() {
    for (stage, answer, whose) in [
        ("RCPT", "550 no such user\r\n", OfWhom::LetterForEver),
        ("RCPT", "451 greylisted\r\n", OfWhom::LetterNow),
        ("RCPT", "421 shutting down\r\n", OfWhom::Server),
        ("DATA", "554 no\r\n", OfWhom::LetterForEver),
        (".", "554 spam\r\n", OfWhom::LetterForEver),
        (".", "452 no room\r\n", OfWhom::LetterNow),
        ("MAIL", "530 sign in first\r\n", OfWhom::Server),
        // Who writes is the same for all: none would go, and none of them is to die of it.
        ("MAIL", "550 not from you\r\n", OfWhom::Server),
        ("hello", "554 not you\r\n", OfWhom::Server),
    ] {
        let times = AtomicUsize::new(0);
        let server = Server::new(move |_, line| {
            let is_first = line.starts_with(stage) && times.fetch_add(1, Ordering::SeqCst) == 0;
            if is_first { Says::This(answer) } else { Says::Well }
        })
        .await;
        let trouble = server.send(1, "anna@example.ru").await.unwrap_err();
        assert_eq!(trouble.of_whom(), whose, "{stage} {answer}: {trouble:?}");
        server.send(2, "anna@example.ru").await.unwrap();
        let expected = if whose == OfWhom::Server { 2 } else { 1 };
        assert_eq!(server.connections(), expected, "{stage} {answer}");
    }
}

#[tokio::test]
async fn an_address_that_the_server_cannot_read_is_its_letters_fault_and_a_host_is_written_as_all_read_it() {
    let server = Server::new(|_, _| Says::Well).await;
    let trouble = server.send(1, "анна@example.ru").await.unwrap_err();
    assert_eq!(trouble.of_whom(), OfWhom::LetterForEver, "{trouble:?}");
    assert!(trouble.to_string().contains("анна@example.ru"), "{trouble}");
    server.send(2, "anna@пример.рф").await.unwrap();
    assert_eq!(server.heard("RCPT"), ["RCPT TO:<anna@xn--e1afmkfd.xn--p1ai>"]);
    assert_eq!(server.connections(), 1);
    let able = Server::new(|_, line| match line.split(' ').next() {
        Some("EHLO") => Says::This("250-test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"),
        _ => Says::Well,
    })
    .await;
    able.send(1, "анна@example.ru").await.unwrap();
    assert_eq!(able.heard("RCPT"), ["RCPT TO:<анна@example.ru>"]);
    assert_eq!(able.heard("MAIL"), ["MAIL FROM:<desk@example.org> SMTPUTF8 BODY=8BITMIME"]);
}

#[tokio::test]
async fn what_never_came_to_a_server_says_nothing_of_it() {
    let server = Server::new(|_, _| Says::Well).await;
    let trouble = server.send(1, "anna@example.ru, boris@example.ru").await.unwrap_err();
    assert_eq!((trouble.of_whom(), server.connections()), (OfWhom::LetterUnsent, 0));
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_hears_neither_password_nor_letter() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("password");
    fs::write(&file, "geheim\n").expect("it can be written");
    let more = format!("user = \"andon\"\npassword-file = \"{}\"", file.display());
    // It says that it can, and then goes on in the clear; or does not even say so.
    for answer in
        ["250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n", "250-test\r\n250 AUTH PLAIN LOGIN\r\n"]
    {
        let server = Server::behind(None, &more, move |_, line| {
            if line.starts_with("EHLO") { Says::This(answer) } else { Says::Well }
        })
        .await;
        let trouble = server.send(1, "anna@example.ru").await.unwrap_err();
        assert_eq!(trouble.of_whom(), OfWhom::Server, "{trouble:?}");
        assert_eq!((server.heard("AUTH").len(), server.heard("MAIL").len()), (0, 0));
    }
}

#[tokio::test]
async fn a_server_is_known_by_a_certificate_that_bears_its_name_and_that_somebody_vouches_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let ca = dir.path().join("ca.pem");
    let trusted = format!("tls = \"tls\"\nca-file = \"{}\"", ca.display());
    for (name, more, is_right) in [
        ("localhost", trusted.as_str(), true),
        ("other.example", trusted.as_str(), false),
        ("localhost", "tls = \"tls\"", false),
    ] {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
        fs::write(&ca, made.cert.pem()).expect("it can be written");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("it has some")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("they belong together");
        let tls = TlsAcceptor::from(Arc::new(config));
        let server = Server::behind(Some(tls), more, |_, _| Says::Well).await;
        match server.send(1, "anna@example.ru").await {
            Ok(()) => assert!(is_right, "{name} {more}"),
            Err(trouble) => {
                assert!(!is_right, "{name} {more}: {trouble:?}");
                assert_eq!((trouble.of_whom(), server.heard("EHLO").len()), (OfWhom::Server, 0));
            }
        }
    }
}
