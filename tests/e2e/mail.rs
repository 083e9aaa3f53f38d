//! Mail by the real binary: brought by LMTP and fetched by IMAP, across kills.

use andon_tests::Site;
use andon_tests::daemon::{Daemon, eventually};
use andon_tests::mailbox::{Dovecot, Lmtp};
use andon_tests::needs::skipped;
use serde_json::Value;

const DESK: &str = "support@desk.example";

/// A desk that takes mail by LMTP.
fn site(more: &str) -> Site {
    let site = Site::new(&format!(
        "[[mail-address]]\naddress = \"{DESK}\"\ntype = \"error\"\n\n[lmtp]\nlisten = \"lmtp.sock\"\n\n[mail-in]\nper-sender-per-hour = 1000\n\n{more}"
    ));
    site.write("password", &format!("{}\n", Dovecot::PASSWORD));
    site
}

fn mail_server(site: &Site) -> Lmtp {
    Lmtp::connect(&site.state().join("lmtp.sock"))
}

fn mail(id: &str, subject: &str) -> String {
    format!(
        "From: anna@example.ru\r\nTo: {DESK}\r\nDate: Fri, 20 Nov 2026 14:02:11 +0300\r\nMessage-ID: <{id}@example.ru>\r\n\
         Subject: {subject}\r\n\r\nNo print.\r\n"
    )
}

/// The subjects of all tickets, the newest first.
fn subjects(daemon: &Daemon) -> Vec<String> {
    let listed = daemon.get("/v1/tickets?limit=200");
    let tickets = listed.json.as_array().expect("a list");
    tickets.iter().map(|ticket| ticket["subject"].as_str().expect("a subject").to_owned()).collect()
}

#[test]
fn a_mail_is_one_ticket_though_it_is_brought_twice_and_the_daemon_is_killed_in_between() {
    let site = site("");
    let daemon = site.start();
    let mut lmtp = mail_server(&site);
    assert_eq!(lmtp.bring(DESK, &mail("1", "first")), "250 2.0.0 ticket 1\r\n");
    assert_eq!(lmtp.bring(DESK, &mail("1", "first")), "250 2.0.0 it came before\r\n");
    daemon.kill();
    let mut daemon = site.start();
    assert_eq!(mail_server(&site).bring(DESK, &mail("1", "first")), "250 2.0.0 it came before\r\n");
    for round in 0..5 {
        let letter = mail(&format!("r{round}"), &format!("round {round}"));
        mail_server(&site).bring_and_go(DESK, &letter);
        daemon.kill();
        daemon = site.start();
        // The mail server was not answered, so it brings it again.
        assert!(mail_server(&site).bring(DESK, &letter).starts_with("250"));
    }
    let mut expected: Vec<String> = (0..5).rev().map(|round| format!("round {round}")).collect();
    expected.push("first".to_owned());
    assert_eq!(subjects(&daemon), expected);
}

#[test]
fn an_admin_decides_what_becomes_of_the_mail_that_is_held() {
    let site = site("");
    let daemon = site.start();
    let mut lmtp = mail_server(&site);
    let spam = mail("1", "spam").replace("Subject:", "X-Spam-Flag: YES\r\nSubject:");
    let nobody = mail("2", "nobody").replace("anna@example.ru\r\nTo", "nobody\r\nTo");
    for letter in [&spam, &nobody] {
        assert_eq!(lmtp.bring(DESK, letter), "250 2.0.0 held in the quarantine\r\n");
    }
    let ctl = |args: &[&str]| {
        let out = daemon.ctl(args);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let listed: Value = serde_json::from_str(&ctl(&["--json", "mail", "list"])).expect("JSON");
    let why: Vec<&str> =
        listed.as_array().expect("a list").iter().map(|held| held["why"].as_str().expect("why")).collect();
    assert_eq!(why, ["spam", "no-sender"]);
    let id = |place: usize| listed[place]["id"].as_str().expect("an id");
    assert!(ctl(&["mail", "show", id(0)]).contains("X-Spam-Flag: YES"));
    let alarms = daemon.get("/v1/alarms").json;
    assert_eq!(alarms[0]["id"], "letter-mail-quarantine", "{alarms}");
    ctl(&["mail", "retry", id(0)]);
    assert_eq!(subjects(&daemon), ["spam"]);
    let again = daemon.ctl(&["mail", "retry", id(1)]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("mail-not-taken"), "{again:?}");
    ctl(&["mail", "drop", id(1)]);
    assert_eq!(ctl(&["--json", "mail", "list"]).trim(), "[]");
    assert_eq!(lmtp.bring(DESK, &nobody), "250 2.0.0 it came before\r\n", "what was dropped stays so");
}

#[test]
fn a_real_mailbox_is_read_once_across_kills_failures_and_being_made_anew() {
    if !Dovecot::is_there() {
        return skipped("dovecot", "there is no mailbox to fetch mail from");
    }
    let place = tempfile::tempdir().expect("a directory");
    let mut dovecot = Dovecot::start(place.path());
    dovecot.deliver(&mail("1", "one"));
    dovecot.deliver(&mail("2", "two"));
    let site = site(&dovecot.imap("none", ""));
    let daemon = site.start();
    eventually("both are tickets", || (subjects(&daemon).len() == 2).then_some(()));
    eventually("both are marked as read", || (dovecot.mails() == (2, 2)).then_some(()));
    dovecot.deliver(&mail("3", "three"));
    eventually("the server tells of the third", || (subjects(&daemon).len() == 3).then_some(()));
    daemon.kill();
    dovecot.deliver(&mail("4", "four"));
    let daemon = site.start();
    eventually("the fourth is a ticket", || (subjects(&daemon).len() == 4).then_some(()));
    dovecot.stop();
    let is_told = |daemon: &Daemon| {
        let alarms = daemon.get("/v1/alarms").json;
        alarms
            .as_array()
            .expect("a list")
            .iter()
            .any(|alarm| alarm["id"] == "letter-imap" && alarm["state"] == "unacked")
    };
    eventually("the wall tells that mail is not fetched", || is_told(&daemon).then_some(()));
    dovecot.forget_numbers();
    dovecot.deliver(&mail("5", "five"));
    eventually("the fifth is a ticket", || (subjects(&daemon).len() >= 5).then_some(()));
    eventually("the wall is told that it works", || (!is_told(&daemon)).then_some(()));
    assert_eq!(subjects(&daemon), ["five", "four", "three", "two", "one"], "nothing twice");
}

#[test]
fn a_mailbox_that_is_named_is_read_and_emptied_and_the_inbox_is_left_alone() {
    if !Dovecot::is_there() {
        return skipped("dovecot", "there is no mailbox to fetch mail from");
    }
    let place = tempfile::tempdir().expect("a directory");
    let mut dovecot = Dovecot::start(place.path());
    dovecot.deliver(&mail("1", "in the inbox"));
    dovecot.lay_aside(&mail("2", "laid aside"));
    let site = site(&dovecot.imap("none", "mailbox = \"Old\"\nthen = \"delete\""));
    let daemon = site.start();
    eventually("it is a ticket", || (subjects(&daemon) == ["laid aside"]).then_some(()));
    eventually("it is deleted", || (dovecot.laid_aside() == (0, 0)).then_some(()));
    assert_eq!(dovecot.mails(), (1, 0));
    assert_eq!(subjects(&daemon), ["laid aside"]);
}
