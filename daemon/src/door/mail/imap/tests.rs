//! Servers that refuse, go, or tell lies: no mail is passed over for that.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::config::{ImapTls, MailIn};
use crate::door::mail::HeldWhy;
use crate::door::mail::tests::{World, mail};

/// What a server says to a command: an answer in which `TAG` stands for the command's own, or nothing, and it goes.
type Says = Box<dyn FnMut(&str) -> Option<String> + Send>;

/// A server with a mailbox of mails that never changes, each mail's number its place from 1.
struct Server {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// One that says to a command what `odd` gives, where that gives something, and else what a server says.
    async fn begin(mails: Vec<Arc<[u8]>>, mut odd: impl FnMut(&str) -> Odd + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&heard);
        let mut says: Says = Box::new(move |command| {
            noted.lock().unwrap().push(command.to_owned());
            match odd(command) {
                Odd::No => usual(&mails, command),
                Odd::Says(text) => Some(text.to_owned()),
                Odd::Goes => None,
            }
        });
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Whoever was talked to may have gone first.
                let _ = talk(stream, &mut says).await;
            }
        });
        Self { port, heard, task }
    }

    fn heard_part(&self, part: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|command| command.contains(part)).count()
    }

    fn heard(&self, begins: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|command| command.starts_with(begins)).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is odd about a server's answer.
enum Odd {
    No,
    Says(&'static str),
    Goes,
}

async fn talk(stream: TcpStream, says: &mut Says) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"* OK ready\r\n").await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let (tag, command) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        let Some(said) = says(command) else { return stream.shutdown().await };
        stream.write_all(said.replace("TAG", tag).as_bytes()).await?;
        line.clear();
    }
    Ok(())
}

fn usual(mails: &[Arc<[u8]>], command: &str) -> Option<String> {
    let words: Vec<&str> = command.splitn(4, ' ').collect();
    Some(match words[..] {
        ["CAPABILITY"] => "* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\nTAG OK done\r\n".to_owned(),
        ["SELECT", ..] => format!(
            "* {} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {}] x\r\nTAG OK [READ-WRITE] done\r\n",
            mails.len(),
            mails.len() + 1
        ),
        ["UID", "SEARCH", ..] => {
            let all: Vec<String> = (1..=mails.len()).map(|uid| uid.to_string()).collect();
            format!("* SEARCH {}\r\nTAG OK done\r\n", all.join(" "))
        }
        ["UID", "FETCH", uid, what] => {
            let mail = std::str::from_utf8(&mails[uid.parse::<usize>().unwrap() - 1]).unwrap();
            let bytes = mail.len();
            if what.contains("SIZE") {
                format!("* {uid} FETCH (UID {uid} RFC822.SIZE {bytes})\r\nTAG OK done\r\n")
            } else {
                format!("* {uid} FETCH (UID {uid} BODY[] {{{bytes}}}\r\n{mail})\r\nTAG OK done\r\n")
            }
        }
        // Nobody waits for what never changes.
        ["IDLE"] => return None,
        _ => "TAG OK done\r\n".to_owned(),
    })
}

/// A desk that fetches from that server, with its directory.
fn fetcher(server: &Server, dir: &tempfile::TempDir) -> (Fetcher, World) {
    let world = World::open(dir.path(), MailIn::default());
    let password_file = dir.path().join("password");
    std::fs::write(&password_file, "secret\n").unwrap();
    let config = Imap {
        host: "127.0.0.1".to_owned(),
        port: Some(server.port),
        tls: ImapTls::None,
        ca_file: None,
        user: "desk".to_owned(),
        password_file,
        mailbox: "INBOX".to_owned(),
        then: Then::MarkRead,
        poll_s: 30,
    };
    let place_file = dir.path().join("place");
    (Fetcher { config, room: world.room.clone(), place_file }, world)
}

/// One session: whether mail was looked for with success, and how it ended.
async fn session(fetcher: &Fetcher) -> (bool, ImapError) {
    let mut worked = false;
    match fetcher.session(&mut worked).await {
        Ok(never) => match never {},
        Err(error) => (worked, error),
    }
}

fn two() -> Vec<Arc<[u8]>> {
    ["1", "2"].map(|id| mail(id, "anna@example.ru", id, "", "No print.")).into()
}

/// Mails are tickets, each once and in order, though the server answered once to `command` in an odd way.
async fn survives(command: &'static str, mut odd: impl FnMut() -> Odd + Send + 'static) {
    let mut is_odd = true;
    let server = Server::begin(two(), move |said| {
        let now = is_odd && said.starts_with(command);
        is_odd &= !now;
        if now { odd() } else { Odd::No }
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let (fetcher, world) = fetcher(&server, &dir);
    let (worked, error) = session(&fetcher).await;
    assert!(!worked, "{command}: {error}");
    let (worked, _) = session(&fetcher).await;
    assert!(worked, "{command}");
    let subjects = [1, 2].map(|number| world.ticket(number).facts.subject.clone());
    assert_eq!((world.tickets(), subjects), (2, ["1".to_owned(), "2".to_owned()]), "{command}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refuses_for_now_is_asked_for_again() {
    for command in
        ["UID SEARCH", "UID FETCH 1 (UID RFC822.SIZE)", "UID FETCH 1 (UID BODY", "UID FETCH 2 (UID BODY"]
    {
        survives(command, || Odd::Says("TAG NO [SERVERBUG] later\r\n")).await;
        survives(command, || Odd::Says("TAG BAD what\r\n")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_in_the_middle_of_it_takes_no_mail_with_it() {
    for command in [
        "CAPABILITY",
        "SELECT",
        "UID SEARCH",
        "UID FETCH 1 (UID RFC822.SIZE)",
        "UID FETCH 1 (UID BODY",
        "UID FETCH 2 (UID BODY",
        "UID STORE 1",
    ] {
        survives(command, || Odd::Goes).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_which_nothing_comes_is_asked_for_again_and_one_that_is_gone_is_passed_over() {
    survives("UID FETCH 1 (UID BODY", || Odd::Says("* 1 FETCH (UID 1 BODY[] NIL)\r\nTAG OK done\r\n")).await;
    // The first was deleted by somebody else meanwhile; a word of another mail is none of it.
    let gone = "* 2 FETCH (UID 2 FLAGS (\\Seen))\r\nTAG OK done\r\n";
    for command in ["UID FETCH 1 (UID RFC822.SIZE)", "UID FETCH 1 (UID BODY"] {
        let server = Server::begin(
            two(),
            move |said| {
                if said.starts_with(command) { Odd::Says(gone) } else { Odd::No }
            },
        )
        .await;
        let dir = tempfile::tempdir().unwrap();
        let (fetcher, world) = fetcher(&server, &dir);
        let (worked, _) = session(&fetcher).await;
        assert!(worked, "{command}");
        assert_eq!((world.tickets(), world.ticket(1).facts.subject.as_str()), (1, "2"), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_marks_nothing_has_given_its_mail_all_the_same() {
    let server = Server::begin(two(), |said| {
        if said.starts_with("UID STORE") { Odd::Says("TAG NO [READ-ONLY] no\r\n") } else { Odd::No }
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let (fetcher, world) = fetcher(&server, &dir);
    let (worked, _) = session(&fetcher).await;
    assert_eq!((worked, world.tickets(), server.heard("UID STORE")), (true, 2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_marked_before_it_is_durable() {
    let server = Server::begin(two(), |_| Odd::No).await;
    let dir = tempfile::tempdir().unwrap();
    let (fetcher, world) = fetcher(&server, &dir);
    // The desk takes no more, so neither is any mail taken.
    world.stop();
    let (worked, error) = session(&fetcher).await;
    assert!(!worked && matches!(error, ImapError::Later(_)), "{error:?}");
    assert_eq!(server.heard("UID STORE"), 0);
    assert!(!fetcher.place_file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_was_made_anew_is_read_again_as_far_as_mails_are_remembered_and_none_is_taken_twice() {
    let mut selected = 0;
    let server = Server::begin(two(), move |said| {
        selected += usize::from(said.starts_with("SELECT"));
        match selected {
            3 if said.starts_with("SELECT") => Odd::Says("* OK [UIDVALIDITY 8] x\r\nTAG OK done\r\n"),
            _ => Odd::No,
        }
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let (fetcher, world) = fetcher(&server, &dir);
    // The first time what is unread, then what is new, then all that was not forgotten.
    for (searches, fetched) in
        [(("UID SEARCH UNSEEN", 1), 2), (("UID SEARCH UID 3:*", 2), 2), (("UID SEARCH SINCE ", 1), 4)]
    {
        let (worked, error) = session(&fetcher).await;
        assert!(worked, "{error}");
        let (search, times) = searches;
        assert_eq!((server.heard(search), server.heard_part("BODY.PEEK[]")), (times, fetched), "{search}");
    }
    assert_eq!(world.tickets(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_longer_than_the_site_takes_is_not_fetched_and_stays_there() {
    let server = Server::begin(two(), |said| match said {
        "UID FETCH 1 (UID RFC822.SIZE)" => {
            Odd::Says("* 1 FETCH (UID 1 RFC822.SIZE 2000000000)\r\nTAG OK done\r\n")
        }
        "UID FETCH 1 (UID BODY.PEEK[HEADER])" => Odd::Says(
            "* 1 FETCH (UID 1 BODY[HEADER] {30}\r\nFrom: a@b.example\r\nX: long\r\n\r\n)\r\nTAG OK done\r\n",
        ),
        _ => Odd::No,
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let (fetcher, world) = fetcher(&server, &dir);
    let (worked, error) = session(&fetcher).await;
    assert!(worked, "{error}");
    let held = world.room.held();
    assert_eq!((held.len(), held[0].why, held[0].from.as_str()), (1, HeldWhy::TooLong, "a@b.example"));
    assert_eq!((world.tickets(), server.heard("UID STORE 1"), server.heard("UID STORE 2")), (1, 0, 1));
    assert_eq!(server.heard("UID FETCH 1 (UID BODY.PEEK[])"), 0);
}
