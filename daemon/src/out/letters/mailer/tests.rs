//! A mail server that answers as a test says, also not at all.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

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
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it listens").port();
        let (connections, heard) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<String>>>::default());
        let says = Arc::new(says);
        let (counted, kept) = (Arc::clone(&connections), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let nth = counted.fetch_add(1, Ordering::SeqCst) + 1;
                let (says, kept) = (Arc::clone(&says), Arc::clone(&kept));
                tokio::spawn(async move { serve(stream, nth, says.as_ref(), &kept).await });
            }
        });
        let text = format!(
            "[mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"Поддержка <desk@example.org>\""
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
    stream: TcpStream,
    nth: usize,
    says: &(impl Fn(usize, &str) -> Says + Send + Sync),
    heard: &Mutex<Vec<String>>,
) {
    let (reader, mut writer) = stream.into_split();
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
