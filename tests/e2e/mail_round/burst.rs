//! Much mail at once, much mail of one, and mail that would go round for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use andon_tests::daemon::eventually;
use andon_tests::postfix::bring;
use serde_json::{Value, json};

use super::{DESK, Site, answer, events, held, letters, mail, subjects};
use crate::error_that_stops;

/// How many mails come in a burst; with `ANDON_TESTS_LONG` as many as a mail server may have kept over a weekend.
fn burst() -> usize {
    if std::env::var_os("ANDON_TESTS_LONG").is_some() { 1_000 } else { 200 }
}
/// How many people write at once.
const WRITERS: usize = 8;

#[test]
fn every_mail_of_a_burst_is_a_ticket_once_with_a_letter_and_the_desk_answers_meanwhile() {
    let Some(site) = Site::by_lmtp("") else { return };
    let daemon = Arc::new(site.start());
    let mails = burst();
    let port = site.postfix.port();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            std::thread::spawn(move || {
                for at in (writer..mails).step_by(WRITERS) {
                    let from = format!("user{at}@example.ru");
                    let letter = mail(&from, &format!("b{at}"), &format!("Burst {at}"), "No print.");
                    assert!(bring(port, &from, DESK, &letter), "Postfix takes it");
                }
            })
        })
        .collect();
    let over = Arc::new(AtomicBool::new(false));
    let agent = {
        let (daemon, over) = (Arc::clone(&daemon), Arc::clone(&over));
        std::thread::spawn(move || {
            let mut answered = 0_usize;
            while !over.load(Ordering::SeqCst) {
                assert_eq!(daemon.get("/v1/tickets?limit=20").status, 200);
                let mut body = error_that_stops(&format!("Called {answered}"));
                body["requester"]["email"] = Value::Null;
                assert_eq!(daemon.post("/v1/tickets", &body).status, 201);
                answered += 1;
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            answered
        })
    };
    for writer in writers {
        writer.join().expect("all was taken");
    }
    site.settle(&daemon);
    over.store(true, Ordering::SeqCst);
    let answered = agent.join().expect("the desk answers meanwhile");
    assert!(answered > 0);
    let mut expected: BTreeMap<String, usize> = (0..mails).map(|at| (format!("Burst {at}"), 1)).collect();
    expected.extend((0..answered).map(|at| (format!("Called {at}"), 1)));
    assert_eq!(subjects(&daemon), expected);
    assert!(held(&daemon).is_empty() && letters(&daemon, "dead").is_empty());
    let written = site.postfix.letters();
    let people: BTreeSet<_> = written.iter().map(|letter| letter.to.clone()).collect();
    assert_eq!((written.len(), people.len()), (mails, mails), "a letter each");
}

#[test]
fn one_who_sends_too_much_waits_in_the_quarantine_until_an_admin_lets_it_out() {
    const ALL: usize = 100;
    const TAKEN: usize = 30;
    let Some(site) = Site::by_lmtp(&format!("per-sender-per-hour = {TAKEN}")) else { return };
    let daemon = site.start();
    for at in 0..ALL {
        site.postfix.send(
            "busy@example.ru",
            DESK,
            &mail("busy@example.ru", &format!("m{at}"), &format!("Busy {at}"), "Again."),
        );
    }
    site.settle(&daemon);
    let waits = held(&daemon);
    assert_eq!((subjects(&daemon).len(), waits.len()), (TAKEN, ALL - TAKEN));
    assert!(
        waits.iter().all(|one| one["why"] == "too-many" && one["from"] == "busy@example.ru"),
        "{waits:?}"
    );
    assert_eq!(site.postfix.count(), TAKEN);
    let alarms = daemon.get("/v1/alarms").json;
    assert!(
        alarms.as_array().expect("a list").iter().any(|alarm| alarm["id"] == "letter-mail-quarantine"),
        "{alarms}"
    );
    for one in &waits {
        let out = daemon.ctl(&["mail", "retry", one["id"].as_str().expect("an id")]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    assert!(held(&daemon).is_empty());
    site.settle(&daemon);
    let expected: BTreeMap<String, usize> = (0..ALL).map(|at| (format!("Busy {at}"), 1)).collect();
    assert_eq!(subjects(&daemon), expected);
    assert_eq!(site.postfix.count(), ALL);
}

#[test]
fn what_the_desk_writes_to_itself_goes_round_once() {
    let Some(site) = Site::by_lmtp("") else { return };
    let daemon = site.start();
    let mut body = error_that_stops("To myself");
    body["requester"]["email"] = json!(DESK);
    assert_eq!(daemon.post("/v1/tickets", &body).status, 201);
    let round = eventually("the letter is back", || held(&daemon).into_iter().next());
    site.settle(&daemon);
    assert_eq!(round["why"], "loop");
    assert_eq!((held(&daemon).len(), subjects(&daemon).len(), site.postfix.count()), (1, 1, 0));
}

#[test]
fn programs_that_answer_every_letter_come_to_an_end() {
    const TAKEN: usize = 10;
    let Some(site) = Site::by_lmtp(&format!("per-sender-per-hour = {TAKEN}")) else { return };
    let daemon = site.start();
    let (polite, rude) = ("away@example.ru", "rude@example.ru");
    for (id, address) in [("first-polite", polite), ("first-rude", rude)] {
        site.postfix.send(address, DESK, &mail(address, id, "First", "Help."));
    }
    let mut said = 0;
    let mut seen = BTreeSet::new();
    loop {
        site.settle(&daemon);
        let new: Vec<_> = site
            .postfix
            .letters()
            .into_iter()
            .filter(|letter| seen.insert(letter.header("Message-ID")))
            .collect();
        if new.is_empty() {
            break;
        }
        assert!(seen.len() < 5 * TAKEN, "it does not end: {seen:?}");
        for letter in new {
            said += 1;
            let id = format!("auto{said}");
            let by_itself = if letter.to == polite {
                // As RFC 3834 has it.
                answer(&letter, &id, "I am away.").replacen(
                    "Subject:",
                    "Auto-Submitted: auto-replied\r\nSubject:",
                    1,
                )
            } else {
                // It says neither what it answers nor that nobody wrote it.
                mail(rude, &id, "I am away", "Write to somebody else.")
            };
            site.postfix.send(&letter.to, DESK, &by_itself);
        }
    }
    let counts = subjects(&daemon);
    assert_eq!((counts["First"], counts["I am away"]), (2, TAKEN - 1), "{counts:?}");
    assert_eq!(site.postfix.letters_to(polite).len(), 1, "no letter for what no person wrote");
    assert_eq!(site.postfix.letters_to(rude).len(), TAKEN);
    let waits = held(&daemon);
    assert_eq!(waits.iter().map(|one| one["why"].clone()).collect::<Vec<_>>(), [json!("too-many")]);
    let noted = (1..=2)
        .flat_map(|number| events(&daemon, number))
        .any(|event| event["text"].as_str().is_some_and(|text| text.contains("I am away.")));
    assert!(noted, "agents see that the requester is away");
}
