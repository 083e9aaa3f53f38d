//! What is said over LMTP.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{DESK, World};
use crate::config::MailIn;
use crate::door::mail::HeldWhy;
use crate::door::mail::lmtp::{Listener, serve};

/// A desk that listens, and one who talks to it.
struct Talk {
    world: World,
    door: JoinHandle<()>,
    stream: TcpStream,
    _dir: tempfile::TempDir,
}

impl Talk {
    async fn begin(limits: MailIn) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World::open(dir.path(), limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let door = tokio::spawn(serve(Listener::Tcp(listener), world.room.clone()));
        let stream = TcpStream::connect(at).await.unwrap();
        let mut talk = Self { world, door, stream, _dir: dir };
        assert_eq!(talk.hear(1).await, ["220"]);
        talk
    }

    /// Says something, and gives the codes of so many lines that come back.
    async fn say(&mut self, text: &str, lines: usize) -> Vec<String> {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.hear(lines).await
    }

    async fn hear(&mut self, lines: usize) -> Vec<String> {
        let mut heard = String::new();
        while heard.matches('\n').count() < lines {
            let mut byte = [0];
            assert_eq!(self.stream.read(&mut byte).await.unwrap(), 1, "it goes on: {heard:?}");
            heard.push(byte[0].into());
        }
        heard.lines().map(|line| line[..3].to_owned()).collect()
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.door.abort();
    }
}

fn data(id: &str) -> String {
    format!(
        "From: anna@example.ru\r\nDate: Fri, 20 Nov 2026 14:02:11 +0300\r\nMessage-ID: <{id}@example.ru>\r\nSubject: x\r\n\r\nText.\r\n..dot\r\n.\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_acknowledged_for_each_recipient_and_a_stranger_is_refused() {
    let mut talk = Talk::begin(MailIn::default()).await;
    assert_eq!(talk.say("LHLO mx.example\r\n", 6).await, ["250"; 6]);
    let rcpt = format!(
        "MAIL FROM:<anna@example.ru>\r\nRCPT TO:<{DESK}>\r\nRCPT TO:<support+x@desk.example>\r\nRCPT TO:<boss@desk.example>\r\nDATA\r\n"
    );
    assert_eq!(talk.say(&rcpt, 5).await, ["250", "250", "250", "550", "354"]);
    assert_eq!(talk.say(&data("1"), 2).await, ["250", "250"]);
    assert_eq!(talk.world.tickets(), 1);
    assert_eq!(talk.world.ticket(1).facts.description.as_deref(), Some("Text.\n.dot"));
    let again = format!("MAIL FROM:<anna@example.ru>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n");
    assert_eq!(talk.say(&again, 3).await, ["250", "250", "354"]);
    assert_eq!(talk.say(&data("1"), 1).await, ["250"]);
    assert_eq!((talk.world.tickets(), talk.say("QUIT\r\n", 1).await), (1, vec!["221".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_out_of_turn_is_refused_and_too_much_nonsense_ends_it() {
    let mut talk = Talk::begin(MailIn::default()).await;
    for (said, code) in [
        ("MAIL FROM:<a@b.example>\r\n", "503"),
        ("EHLO mx.example\r\n", "500"),
        ("RCPT TO:<support@desk.example>\r\n", "503"),
        ("DATA\r\n", "503"),
        ("NOOP\r\n", "250"),
        ("RSET\r\n", "250"),
        ("STARTTLS\r\n", "502"),
        ("NONSENSE\r\n", "500"),
    ] {
        assert_eq!(talk.say(said, 1).await, [code], "{said}");
    }
    let mut last = String::new();
    for _ in 0..9 {
        last = talk.say("NONSENSE\r\n", 1).await.remove(0);
    }
    assert_eq!(last, "421");
    assert_eq!(talk.world.tickets(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_too_long_is_refused_before_or_after_it_came() {
    let mut talk = Talk::begin(MailIn { max_mail: 1_000, ..MailIn::default() }).await;
    talk.say("LHLO mx.example\r\n", 6).await;
    assert_eq!(talk.say("MAIL FROM:<a@b.example> SIZE=1001\r\n", 1).await, ["552"]);
    let rcpt = format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n");
    assert_eq!(talk.say(&rcpt, 3).await, ["250", "250", "354"]);
    let long = data("1").replace("Text.", &"x".repeat(70).repeat(20));
    assert_eq!(talk.say(&long, 1).await, ["552"]);
    assert_eq!(talk.say(&rcpt, 3).await, ["250", "250", "354"]);
    assert_eq!(talk.say(&data("2"), 1).await, ["250"]);
    assert_eq!(talk.world.tickets(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_line_feed_smuggles_no_second_mail() {
    let mut talk = Talk::begin(MailIn::default()).await;
    talk.say("LHLO mx.example\r\n", 6).await;
    let rcpt = format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n");
    talk.say(&rcpt, 3).await;
    let smuggled = format!(
        "From: a@b.example\r\nSubject: x\r\n\r\nText.\n.\nMAIL FROM:<x@y.example>\nRCPT TO:<{DESK}>\nDATA\n\r\n.\r\n"
    );
    assert_eq!(talk.say(&smuggled, 1).await, ["250"]);
    assert_eq!((talk.say("NOOP\r\n", 1).await, talk.world.tickets()), (vec!["250".to_owned()], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_breaks_off_is_none() {
    let mut talk = Talk::begin(MailIn::default()).await;
    talk.say("LHLO mx.example\r\n", 6).await;
    let rcpt = format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n");
    talk.say(&rcpt, 3).await;
    talk.stream.write_all(b"From: a@b.example\r\nSubject: x\r\n\r\nText.\r\n").await.unwrap();
    talk.stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    talk.stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!((rest.len(), talk.world.tickets()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_sent_is_no_persons_letter_however_it_looks() {
    let mut talk = Talk::begin(MailIn::default()).await;
    talk.say("LHLO mx.example\r\n", 6).await;
    let rcpt = format!("MAIL FROM:<>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n");
    assert_eq!(talk.say(&rcpt, 3).await, ["250", "250", "354"]);
    assert_eq!(talk.say(&data("1"), 1).await, ["250"]);
    assert_eq!(talk.world.tickets(), 0);
    let held = talk.world.room.held().remove(0);
    assert_eq!(held.why, HeldWhy::Automatic);
    let (_, raw) = talk.world.room.held_mail_of(&held.id).unwrap().unwrap();
    assert!(raw.starts_with(b"Return-Path: <>\r\nFrom: anna@example.ru\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_nobody_offered_are_not_read_as_commands() {
    let mut talk = Talk::begin(MailIn::default()).await;
    talk.say("LHLO mx.example\r\n", 6).await;
    let chunk = format!(
        "MAIL FROM:<a@b.example>\r\nRCPT TO:<{DESK}>\r\nDATA\r\nFrom: a@b.example\r\n\r\nText.\r\n.\r\n"
    );
    let said = format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{DESK}>\r\nBDAT {} LAST\r\n{chunk}", chunk.len());
    assert_eq!(talk.say(&said, 3).await, ["250", "250", "521"]);
    let mut rest = Vec::new();
    // Whoever goes while something is on its way may be heard to break off.
    let _ = talk.stream.read_to_end(&mut rest).await;
    assert_eq!((rest.len(), talk.world.tickets()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_and_mails_may_come_all_at_once() {
    let mut talk = Talk::begin(MailIn::default()).await;
    let one = |id: &str| format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n{}", data(id));
    let said = format!("LHLO mx.example\r\n{}{}QUIT\r\n", one("1"), one("2"));
    let heard = talk.say(&said, 15).await;
    assert_eq!(heard[6..], ["250", "250", "354", "250", "250", "250", "354", "250", "221"]);
    assert_eq!(talk.world.tickets(), 2);
}
