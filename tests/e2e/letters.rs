//! Letters of the real binary: over SMTP, across refusals, vanished servers and kills.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};

use andon_tests::daemon::{Daemon, eventually};
use andon_tests::mail_server::{Letter, MailServer, Reply};
use andon_tests::mailbox::Lmtp;
use andon_tests::{Receiver, Site};
use serde_json::{Value, json};

use super::error_that_stops;

/// A desk whose mail server is at an address; `more` is the rest of the configuration.
fn site(server: SocketAddr, more: &str) -> Site {
    let (host, port) = (server.ip(), server.port());
    Site::new(&format!(
        "[mail]\nhost = \"{host}\"\nport = {port}\ntls = \"none\"\nper-minute = 6000\nfrom = \"Поддержка <desk@example.org>\"\n{more}\n"
    ))
}

fn register(daemon: &Daemon, subject: &str, email: &str) -> u64 {
    let mut body = error_that_stops(subject);
    body["requester"]["email"] = json!(email);
    let answer = daemon.post("/v1/tickets", &body);
    assert_eq!(answer.status, 201, "{}", answer.json);
    answer.json["number"].as_u64().expect("a number")
}

fn letters(daemon: &Daemon, state: &str) -> Vec<Value> {
    let answer = daemon.get(&format!("/v1/letters?state={state}"));
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json.as_array().expect("a list").clone()
}

fn alarm(daemon: &Daemon, id: &str) -> Option<String> {
    let alarms = daemon.get("/v1/alarms").json;
    let found = alarms.as_array().expect("a list").iter().find(|alarm| alarm["id"] == id)?;
    found["state"].as_str().map(str::to_owned)
}

fn one(server: &MailServer, address: &str) -> Letter {
    eventually("the letter", || server.letters_to(address).into_iter().next())
}

#[test]
fn a_registration_is_answered_by_letter_and_the_desk_knows_that_it_is_out() {
    let server = MailServer::new();
    let site = site(server.address(), "reply-to = \"back@example.org\"");
    let daemon = site.start();
    let number = register(&daemon, "Не открывается «форма»", "anna@example.ru");
    let letter = one(&server, "anna@example.ru");
    assert_eq!(letter.subject(), format!("[#{number}] Обращение принято: Не открывается «форма»"));
    assert_eq!(letter.header("Message-ID"), format!("<t{number}.l1@example.org>").trim_matches(['<', '>']));
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert!(letter.text().contains("Здравствуйте, Анна!"), "{}", letter.text());
    assert!(letter.html().contains("<p>Здравствуйте, Анна!</p>"), "{}", letter.html());
    eventually("the clock's end", || {
        let ticket = daemon.get(&format!("/v1/tickets/{number}")).json;
        let clocks = ticket["clocks"].as_array()?.clone();
        clocks
            .into_iter()
            .find(|clock| clock["metric"] == "registration-letter" && clock["state"] == "stopped")
    });
    assert!(letters(&daemon, "waiting").is_empty());
    let history = daemon.get(&format!("/v1/tickets/{number}/history")).json;
    let events: Vec<_> =
        history.as_array().expect("a list").iter().map(|event| event["event"].clone()).collect();
    assert!(events.contains(&json!("letter-queued")) && events.contains(&json!("letter-sent")), "{events:?}");
    // What follows belongs to the same thread.
    assert_eq!(daemon.post(&format!("/v1/tickets/{number}/reply"), &json!({"text": "Смотрим"})).status, 200);
    let second = eventually("the second letter", || server.letters_to("anna@example.ru").into_iter().nth(1));
    assert_eq!(second.header("In-Reply-To"), format!("t{number}.l1@example.org"));
}

#[test]
fn a_mail_server_that_is_away_delays_nobody_and_is_an_alarm_until_it_is_back() {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let site = site(address, "");
    let daemon = site.start();
    let number = register(&daemon, "Сервер почты далеко", "anna@example.ru");
    eventually("the alarm", || alarm(&daemon, "letter-mail").filter(|state| state == "unacked"));
    assert_eq!(letters(&daemon, "waiting").len(), 1);
    let metrics = String::from_utf8(daemon.get("/metrics").bytes).expect("text");
    assert!(metrics.contains("andon_letters_failing 1"), "{metrics}");
    let server = MailServer::at(address, |_, _| Reply::Take);
    assert_eq!(one(&server, "anna@example.ru").header("Message-ID"), format!("t{number}.l1@example.org"));
    eventually("the alarm's end", || alarm(&daemon, "letter-mail").filter(|state| state != "unacked"));
    eventually("the letter's end", || letters(&daemon, "waiting").is_empty().then_some(()));
}

#[test]
fn a_hangup_has_letters_go_by_another_server_and_mail_come_in_by_doors_that_were_not_there() {
    let dead = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let site = site(dead, "");
    let daemon = site.start();
    let number = register(&daemon, "Сервер почты сменили", "anna@example.ru");
    eventually("the alarm", || alarm(&daemon, "letter-mail").filter(|state| state == "unacked"));

    let server = MailServer::new();
    let said = std::fs::read_to_string(site.config()).expect("a configuration");
    let said =
        said.replace(&format!("port = {}", dead.port()), &format!("port = {}", server.address().port()));
    let doors = "[[mail-address]]\naddress = \"desk@example.org\"\ntype = \"error\"\n[lmtp]\nlisten = \"lmtp.sock\"\n";
    site.write("andon.toml", &format!("{said}{doors}"));
    daemon.signal("HUP");
    assert_eq!(one(&server, "anna@example.ru").header("Message-ID"), format!("t{number}.l1@example.org"));
    eventually("the alarm's end", || alarm(&daemon, "letter-mail").filter(|state| state != "unacked"));
    let socket = site.state().join("lmtp.sock");
    let bring = |id: &str, to: &str| {
        let mail = format!(
            "From: boris@example.ru\r\nTo: {to}\r\nMessage-ID: <{id}@example.ru>\r\nSubject: {id}\r\n\r\nNo print.\r\n"
        );
        Lmtp::connect(&socket).bring(to, &mail)
    };
    assert_eq!(bring("first", "desk@example.org"), format!("250 2.0.0 ticket {}\r\n", number + 1));
    one(&server, "boris@example.ru");

    // Another address, and what came is known.
    let other = doors.replace("desk@", "help@");
    site.write("andon.toml", &format!("{said}{other}"));
    daemon.signal("HUP");
    eventually("the other address", || {
        (bring("first", "help@example.org") == "250 2.0.0 it came before\r\n").then_some(())
    });
    assert_eq!(bring("second", "help@example.org"), format!("250 2.0.0 ticket {}\r\n", number + 2));

    // No mail any more: nothing is queued, and nobody listens.
    site.write("andon.toml", "[log]\nlevel = \"info\"\n");
    daemon.signal("HUP");
    eventually("nobody listens", || std::os::unix::net::UnixStream::connect(&socket).is_err().then_some(()));
    eventually("no letter is queued", || {
        register(&daemon, "Без писем", "vera@example.ru");
        letters(&daemon, "waiting").is_empty().then_some(())
    });
    assert_eq!(daemon.stop().code(), Some(0));
    assert_eq!(server.letters_to("anna@example.ru").len(), 1, "once");
}

#[test]
fn a_server_that_greets_nobody_kills_no_letter() {
    let server = MailServer::saying(|_, _| Reply::Closed);
    let site = site(server.address(), "");
    let daemon = site.start();
    register(&daemon, "554 с порога", "anna@example.ru");
    eventually("the alarm", || alarm(&daemon, "letter-mail"));
    assert!(letters(&daemon, "dead").is_empty());
    assert_eq!(letters(&daemon, "waiting").len(), 1);
}

#[test]
fn a_letter_that_is_refused_for_good_is_dead_and_goes_again_to_another_address() {
    let server =
        MailServer::saying(|_, to| if to == "nobody@example.ru" { Reply::Refuse(550) } else { Reply::Take });
    let site = site(server.address(), "");
    let daemon = site.start();
    let number = register(&daemon, "Адрес с ошибкой", "nobody@example.ru");
    let other = register(&daemon, "Адрес без ошибки", "anna@example.ru");
    // One that is refused holds back nobody.
    one(&server, "anna@example.ru");
    assert_ne!(number, other);
    let dead = eventually("the dead letter", || letters(&daemon, "dead").into_iter().next());
    assert_eq!(dead["id"], format!("{number}-1"));
    assert!(dead["reason"].as_str().expect("a reason").contains("550"), "{dead}");
    eventually("the alarm", || alarm(&daemon, "letter-dead-letters"));
    let shown = daemon.get(&format!("/v1/letters/{number}-1")).json;
    assert!(shown["subject"].as_str().expect("a subject").contains("Адрес с ошибкой"), "{shown}");
    let body = json!({"requester": {"email": "right@example.ru"}});
    assert_eq!(daemon.post(&format!("/v1/tickets/{number}/classify"), &body).status, 200);
    let resent = daemon.ctl(&["letter", "resend", &format!("{number}-1")]);
    assert!(resent.status.success(), "{}", String::from_utf8_lossy(&resent.stderr));
    assert_eq!(one(&server, "right@example.ru").header("Message-ID"), format!("t{number}.l1@example.org"));
    eventually("nothing dead", || letters(&daemon, "dead").is_empty().then_some(()));
}

#[test]
fn a_letter_that_is_put_off_goes_later_and_holds_back_nobody() {
    // The server puts it off until it has taken another one.
    let server = MailServer::saying(|taken, to| {
        if to == "later@example.ru" && taken == 0 { Reply::Refuse(451) } else { Reply::Take }
    });
    let site = site(server.address(), "");
    let daemon = site.start();
    register(&daemon, "Позже", "later@example.ru");
    register(&daemon, "Сразу", "anna@example.ru");
    one(&server, "anna@example.ru");
    one(&server, "later@example.ru");
    assert!(letters(&daemon, "dead").is_empty());
}

#[test]
fn a_letter_over_which_the_server_breaks_off_holds_back_nobody() {
    let server = MailServer::saying(|_, to| if to == "odd@example.ru" { Reply::Vanish } else { Reply::Take });
    let site = site(server.address(), "");
    let daemon = site.start();
    register(&daemon, "Странное", "odd@example.ru");
    // It has failed once when the next comes, which is behind it in the queue.
    eventually("the first try", || {
        let metrics = String::from_utf8(daemon.get("/metrics").bytes).expect("text");
        (!metrics.contains("andon_letters_failed_total 0")).then_some(())
    });
    register(&daemon, "Обычное", "anna@example.ru");
    one(&server, "anna@example.ru");
    assert!(letters(&daemon, "dead").is_empty());
    assert_eq!(letters(&daemon, "waiting").len(), 1);
}

#[test]
fn letters_that_wait_for_mail_which_is_turned_off_are_an_alarm_until_they_are_out() {
    let address = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let site = site(address, "");
    let daemon = site.start();
    let number = register(&daemon, "Почту выключили", "anna@example.ru");
    daemon.stop();
    let with_mail = std::fs::read_to_string(site.config()).expect("it is there");
    std::fs::write(site.config(), "").expect("it can be written");
    let daemon = site.start();
    eventually("the alarm", || alarm(&daemon, "letter-no-mail").filter(|state| state == "unacked"));
    assert_eq!(letters(&daemon, "waiting").len(), 1);
    daemon.stop();
    std::fs::write(site.config(), with_mail).expect("it can be written");
    let server = MailServer::at(address, |_, _| Reply::Take);
    let daemon = site.start();
    assert_eq!(one(&server, "anna@example.ru").header("Message-ID"), format!("t{number}.l1@example.org"));
    eventually("the alarm's end", || alarm(&daemon, "letter-no-mail").filter(|state| state != "unacked"));
}

#[test]
fn a_letter_of_which_nobody_heard_that_it_was_taken_goes_again_with_the_same_id() {
    let server = MailServer::saying(|taken, _| if taken == 0 { Reply::TakeAndVanish } else { Reply::Take });
    let site = site(server.address(), "");
    let daemon = site.start();
    register(&daemon, "Дважды", "anna@example.ru");
    let twice = eventually("both", || Some(server.letters()).filter(|letters| letters.len() == 2));
    assert_eq!(twice[0].header("Message-ID"), twice[1].header("Message-ID"));
    assert_eq!(twice[0].text(), twice[1].text());
    eventually("its end", || letters(&daemon, "waiting").is_empty().then_some(()));
}

#[test]
fn no_letter_is_lost_when_the_daemon_is_killed_and_each_has_one_id() {
    const TICKETS: usize = 60;
    let server = MailServer::new();
    let site = site(server.address(), "");
    let mut daemon = site.start();
    let mut numbers = BTreeSet::new();
    for at in 0..TICKETS {
        numbers.insert(register(&daemon, &format!("Обращение {at}"), &format!("user{at}@example.ru")));
        if at % 20 == 10 {
            daemon.kill();
            daemon = site.start();
        }
    }
    eventually("the last letter", || letters(&daemon, "waiting").is_empty().then_some(()));
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for letter in server.letters() {
        ids.entry(letter.to.clone()).or_default().insert(letter.header("Message-ID"));
    }
    assert_eq!(ids.len(), TICKETS, "everybody has their letter");
    let all: BTreeSet<_> = ids.values().flatten().cloned().collect();
    let expected: BTreeSet<_> = numbers.iter().map(|number| format!("t{number}.l1@example.org")).collect();
    assert_eq!(all, expected);
}

#[test]
fn the_desk_signs_in_where_the_site_says_as_whom_and_nowhere_else() {
    let (server, other) = (MailServer::new(), MailServer::new());
    let with = site(server.address(), "user = \"desk\"\npassword-file = \"mail.password\"");
    with.write("mail.password", "s3cret\n");
    for (site, server) in [(with, &server), (site(other.address(), ""), &other)] {
        let daemon = site.start();
        register(&daemon, "Вход", "anna@example.ru");
        one(server, "anna@example.ru");
    }
    // In base64: a zero byte, `desk`, a zero byte, `s3cret`.
    assert_eq!(server.signed_in().first().map(String::as_str), Some("AUTH PLAIN AGRlc2sAczNjcmV0"));
    assert!(other.signed_in().is_empty());
}

#[test]
fn what_is_urgent_is_posted_into_the_chat() {
    let (server, chat) = (MailServer::new(), Receiver::new(|_| 200));
    let site = site(
        server.address(),
        "[[chat]]\nname = \"urgent\"\nurl-file = \"urgent.url\"\nallow-private = true",
    );
    site.write("urgent.url", chat.url());
    let daemon = site.start();
    let number = register(&daemon, "Отгрузка", "anna@example.ru");
    assert_eq!(
        daemon.post(&format!("/v1/tickets/{number}/urgent"), &json!({"text": "Стоит всё"})).status,
        200
    );
    let posted = eventually("the message", || chat.deliveries().into_iter().next());
    let text = posted.event["text"].as_str().expect("Mattermost's form");
    assert!(text.contains("Срочно: Отгрузка") && text.contains("Стоит всё"), "{text}");
    assert!(!posted.request.contains("webhook-signature"), "{}", posted.request);
}

#[test]
fn a_chat_that_is_away_is_an_alarm_of_its_own_and_another_one_does_not_end_it() {
    let (server, away) = (MailServer::new(), Receiver::new(|_| 500));
    let legal = Receiver::new(|_| 200);
    let chat = |name: &str, more: &str| {
        format!("[[chat]]\nname = \"{name}\"\nurl-file = \"{name}.url\"\nallow-private = true\n{more}\n")
    };
    let chats =
        format!("{}{}", chat("it", "departments = [\"it\"]"), chat("law", "departments = [\"legal\"]"));
    let site = site(server.address(), "");
    let config = std::fs::read_to_string(site.config()).expect("it is there");
    std::fs::write(site.config(), format!("regulations = [\"zkh-services\"]\n{config}{chats}"))
        .expect("written");
    site.write("it.url", away.url());
    site.write("law.url", legal.url());
    let daemon = site.start();
    let body = json!({
        "channel": "email", "type": "error", "subject": "Не проходит платёж",
        "requester": { "name": "Анна", "email": "anna@example.ru" },
    });
    let number = daemon.post("/v1/tickets", &body).json["number"].as_u64().expect("a number");
    let ask = |topic: &str| {
        let question = json!({ "topic": topic, "channel": "mattermost", "text": "Как быть?" });
        let answer = daemon.post(&format!("/v1/tickets/{number}/escalate"), &question);
        assert_eq!(answer.status, 200, "{}", answer.json);
    };
    ask("system-errors");
    eventually("the alarm", || alarm(&daemon, "letter-chat-it").filter(|state| state == "unacked"));
    ask("legal");
    eventually("the other's message", || legal.deliveries().into_iter().next());
    eventually("one letter left", || (letters(&daemon, "waiting").len() == 1).then_some(()));
    assert_eq!(alarm(&daemon, "letter-chat-it").as_deref(), Some("unacked"));
}

#[test]
fn the_sites_words_are_used_and_a_slip_in_them_is_an_alarm_and_delays_no_letter() {
    let server = MailServer::new();
    let site = site(server.address(), "");
    let words = site.dir().join("letters/ru");
    std::fs::create_dir_all(&words).expect("a directory");
    std::fs::write(words.join("registered.txt"), "Приняли {{ ticket.number }}\n\nСвоими словами.\n")
        .expect("written");
    std::fs::write(words.join("replied.txt"), "Ответ\n\n{{ txt }}\n").expect("written");
    let checked = daemon_check(&site);
    assert!(checked.contains("ru/replied.txt: line 3: undefined value"), "{checked}");
    let daemon = site.start();
    let number = register(&daemon, "Свои слова", "anna@example.ru");
    assert_eq!(one(&server, "anna@example.ru").subject(), format!("[#{number}] Приняли {number}"));
    eventually("the alarm", || alarm(&daemon, "letter-letter-templates"));
    assert_eq!(daemon.post(&format!("/v1/tickets/{number}/reply"), &json!({"text": "Смотрим"})).status, 200);
    let second = eventually("the second letter", || server.letters_to("anna@example.ru").into_iter().nth(1));
    assert!(second.text().contains("Смотрим"), "{}", second.text());
}

/// `andonctl letter check` of the site's templates; it needs no daemon.
fn daemon_check(site: &Site) -> String {
    let dir = site.dir().join("letters");
    let checked = std::process::Command::new(andon_tests::daemon::binary("andonctl"))
        .args(["letter", "check", &dir.display().to_string()])
        .output()
        .expect("andonctl can be started");
    assert_eq!(checked.status.code(), Some(1));
    String::from_utf8_lossy(&checked.stderr).into_owned()
}
