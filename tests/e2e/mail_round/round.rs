//! A requester who has nothing but a mail program: from the first mail to the mark.

use andon_tests::daemon::{Daemon, eventually};
use andon_tests::mail_server::{MailServer, Reply};
use andon_tests::postfix::Besides;
use serde_json::{Value, json};

use super::{DESK, PAGES, Site, answer, clock, events, held, letters, mail, subjects};
use crate::error_that_stops;

const ANNA: &str = "anna@example.ru";

fn ticket(daemon: &Daemon) -> Value {
    daemon.get("/v1/tickets/1").json
}

fn act(daemon: &Daemon, verb: &str, body: &Value) {
    let answer = daemon.post(&format!("/v1/tickets/1/{verb}"), body);
    assert_eq!(answer.status, 200, "{verb}: {}", answer.json);
}

/// The path of the page whose link stands in a letter's text.
fn page(text: &str) -> String {
    let (_, behind) = text.split_once(PAGES).expect("the link stands there");
    behind.split_whitespace().next().expect("it has a path").to_owned()
}

#[test]
fn a_requester_registers_answers_confirms_and_marks_by_mail_and_its_links() {
    let Some(site) = Site::by_lmtp("") else { return };
    let daemon = site.start();
    site.postfix.send(
        ANNA,
        DESK,
        &mail(&format!("Анна Петрова <{ANNA}>"), "1", "Не печатается накладная", "Со вчера."),
    );

    // GM-5.13, GM-5.14: the letter of registration says number, terms and where to look.
    let first = site.letter(ANNA, 0);
    assert_eq!(first.subject(), "[#1] Обращение принято: Не печатается накладная");
    let text = first.text();
    for said in ["Здравствуйте, Анна Петрова!", "под номером 1", "Плановые сроки:", "- решение: до ", "Мск"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(first.html().contains("<li>решение: до "), "{}", first.html());
    let link = page(&text);
    let registered = eventually("the letter's clock stops", || {
        Some(ticket(&daemon))
            .filter(|ticket| clock(ticket, "registration-letter").as_deref() == Some("stopped"))
    });
    assert_eq!(registered["requester"]["email"], ANNA);
    assert_eq!(clock(&registered, "resolution").as_deref(), Some("running"));

    // GM-5.22: the desk asks, the clock waits; the answer to that letter resumes it.
    act(&daemon, "take", &json!({}));
    act(&daemon, "ask", &json!({"text": "Какой номер у накладной?"}));
    let asked = eventually("the question", || {
        site.postfix.letters_to(ANNA).into_iter().find(|letter| letter.text().contains("Какой номер"))
    });
    assert_eq!(asked.header("In-Reply-To"), first.header("Message-ID"));
    let waiting = ticket(&daemon);
    assert_eq!(clock(&waiting, "resolution").as_deref(), Some("paused"));
    assert_eq!(clock(&waiting, "requester-answer").as_deref(), Some("running"));
    site.postfix.send(ANNA, DESK, &answer(&asked, "2", "Номер 42."));
    let answered = eventually("the answer", || {
        Some(ticket(&daemon)).filter(|ticket| clock(ticket, "resolution").as_deref() == Some("running"))
    });
    assert_eq!(clock(&answered, "requester-answer").as_deref(), Some("stopped"));
    let said =
        events(&daemon, 1).into_iter().find(|event| event["event"] == "answered").expect("it was answered");
    assert_eq!(said["text"], "Номер 42.", "what it quotes is not said again");

    // GM-5.26: the link opens what changes nothing by being opened, and its form confirms with a mark.
    act(&daemon, "resolve", &json!({"text": "Исправлено в версии 2.1"}));
    let resolved = eventually("the solution", || {
        site.postfix.letters_to(ANNA).into_iter().find(|letter| letter.text().contains("версии 2.1"))
    });
    assert_eq!(page(&resolved.text()), link);
    let before = ticket(&daemon);
    for _ in 0..3 {
        let opened = daemon.request("GET", &link, None, None, &[]);
        assert_eq!(opened.status, 200);
        assert!(String::from_utf8_lossy(&opened.bytes).contains("Подтвердить решение"));
    }
    assert_eq!(ticket(&daemon)["revision"], before["revision"]);
    let form = format!("do=confirm&revision={}&mark=satisfactory&comment=%D0%94%D0%B0", before["revision"]);
    assert_eq!(daemon.post_form(&link, &form).status, 303);
    let closed = ticket(&daemon);
    assert_eq!((&closed["stage"], &closed["mark"]), (&json!("closed"), &json!("satisfactory")));
    let last = eventually("the closing letter", || {
        site.postfix.letters_to(ANNA).into_iter().find(|letter| letter.subject().contains("закрыто"))
    });
    assert_eq!(page(&last.text()), link);
    eventually("all are out", || letters(&daemon, "waiting").is_empty().then_some(()));
    site.postfix.wait_until_empty();
    let all = site.postfix.letters_to(ANNA);
    let ids: std::collections::BTreeSet<_> = all.iter().map(|letter| letter.header("Message-ID")).collect();
    assert_eq!(ids.len(), all.len(), "each letter came once");
    for letter in &all {
        assert!(letter.subject().starts_with("[#1] "), "{}", letter.subject());
        assert_eq!(
            (letter.header("Auto-Submitted").as_str(), page(&letter.text()) == link),
            ("auto-generated", true)
        );
    }
}

#[test]
fn mail_comes_through_a_unix_socket_though_the_desk_begins_later() {
    let Some(site) = Site::by_socket() else { return };
    // Nobody listens yet: Postfix keeps it.
    site.postfix.send(ANNA, DESK, &mail(ANNA, "1", "Не печатается", "Совсем."));
    eventually("Postfix has found nobody", || site.postfix.log().contains("status=deferred").then_some(()));
    let daemon = site.start();
    let first = site.letter(ANNA, 0);
    site.postfix.send(ANNA, DESK, &answer(&first, "2", "И сегодня."));
    eventually("the answer", || {
        events(&daemon, 1)
            .into_iter()
            .find(|event| event["event"] == "answered" && event["text"] == "И сегодня.")
    });
    assert!(site.postfix.log().contains("250 2.0.0 ticket 1"), "{}", site.postfix.log());
}

#[test]
fn gm_5_27_a_reply_inside_the_window_returns_the_ticket_and_thanks_do_not() {
    let Some(site) = Site::by_lmtp("") else { return };
    let daemon = site.start();
    site.postfix.send(ANNA, DESK, &mail(ANNA, "1", "Не печатается", "Совсем."));
    site.letter(ANNA, 0);
    act(&daemon, "take", &json!({}));
    act(&daemon, "resolve", &json!({"text": "Готово"}));
    let solution = eventually("the solution", || {
        site.postfix.letters_to(ANNA).into_iter().find(|letter| letter.text().contains("Готово"))
    });
    assert_eq!(clock(&ticket(&daemon), "confirmation").as_deref(), Some("running"));
    site.postfix.send(ANNA, DESK, &answer(&solution, "2", "Спасибо!"));
    eventually("the thanks", || {
        events(&daemon, 1)
            .into_iter()
            .find(|event| event["text"].as_str().is_some_and(|text| text.contains("Спасибо")))
    });
    assert_eq!(ticket(&daemon)["stage"], "resolved");
    site.postfix.send(ANNA, DESK, &answer(&solution, "3", "Нет, печатается пустой лист."));
    let again = eventually("the return", || Some(ticket(&daemon)).filter(|ticket| ticket["stage"] == "open"));
    assert_eq!(again["status"], "in-progress");
    assert_eq!(clock(&again, "resolution").as_deref(), Some("running"));
    assert_ne!(clock(&again, "confirmation").as_deref(), Some("running"));
    let returned =
        events(&daemon, 1).into_iter().find(|event| event["event"] == "returned").expect("it was returned");
    assert_eq!(returned["reason"], "Нет, печатается пустой лист.");
}

#[test]
fn a_letter_that_another_server_sends_back_is_a_note_for_agents_and_nobody_is_written_to() {
    let gone = MailServer::saying(|_, to| if to.is_empty() { Reply::Take } else { Reply::Refuse(550) });
    let besides = Besides { other: Some(("gone.example", gone.address())), pair: None };
    let Some(site) = Site::by_lmtp_with("", &besides) else { return };
    let daemon = site.start();
    let mut body = error_that_stops("Кто это?");
    body["requester"]["email"] = json!("nobody@gone.example");
    assert_eq!(daemon.post("/v1/tickets", &body).status, 201);
    let noted = eventually("the note", || {
        events(&daemon, 1)
            .into_iter()
            .find(|event| event["text"].as_str().is_some_and(|text| text.contains("Письмо не доставлено")))
    });
    let text = noted["text"].as_str().expect("a text");
    assert!(text.contains("nobody@gone.example") && text.contains("550"), "{text}");
    assert_eq!(noted["internal"], true, "{noted}");
    let told = eventually("the wall", || {
        let alarms = daemon.get("/v1/alarms").json;
        alarms.as_array().expect("a list").iter().find(|alarm| alarm["id"] == "letter-dead-letters").cloned()
    });
    assert_eq!(
        (&told["text"], &told["state"]),
        (&json!("обращение 1: письмо не доставлено"), &json!("cleared-unacked"))
    );
    site.settle(&daemon);
    assert_eq!((subjects(&daemon).len(), held(&daemon).len(), site.postfix.count()), (1, 0, 0));
}
