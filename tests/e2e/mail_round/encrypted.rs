//! Mail and letters on ways that are encrypted, with a certificate that the site names.

use andon_tests::daemon::eventually;
use andon_tests::mailbox::{Dovecot, Way};
use andon_tests::needs::skipped;
use andon_tests::postfix::{Besides, Desk, Postfix};
use andon_tests::tls::Pair;

use super::{DESK, Site, answer, clock, mail, postfix, subjects};

fn imap(dovecot: &Dovecot, tls: &str, ca: &Pair) -> String {
    dovecot.imap(tls, &format!("ca-file = \"{}\"", ca.certificate.display()))
}

/// A desk with nothing but a mailbox.
fn fetcher(imap: &str) -> andon_tests::Site {
    let config = format!("[[mail-address]]\naddress = \"{DESK}\"\ntype = \"error\"\n\n{imap}");
    let site = andon_tests::Site::new(&config);
    site.write("password", &format!("{}\n", Dovecot::PASSWORD));
    site
}

#[test]
fn a_mailbox_is_read_over_tls_and_starttls_where_the_certificate_is_the_sites() {
    if !Dovecot::is_there() {
        return skipped("dovecot", "there is no mailbox to fetch mail from");
    }
    for tls in ["tls", "starttls"] {
        let place = tempfile::tempdir().expect("a directory");
        let pair = Pair::of(place.path(), "127.0.0.1", 2099);
        let way = if tls == "tls" { Way::Tls(pair.clone()) } else { Way::Starttls(pair.clone()) };
        let mut dovecot = Dovecot::start_as(place.path(), way);
        dovecot.deliver(&mail("anna@example.ru", "1", "one", "No print."));
        let desk = fetcher(&imap(&dovecot, tls, &pair));
        let daemon = desk.start();
        eventually("the mail is a ticket", || (subjects(&daemon).len() == 1).then_some(()));
        // The server tells of it over the same connection.
        dovecot.deliver(&mail("anna@example.ru", "2", "two", "No print."));
        eventually("the next is one, too", || (subjects(&daemon).len() == 2).then_some(()));
        let logged_in = dovecot.log().lines().filter(|line| line.contains("Login: user=<desk>")).count();
        let over_tls = dovecot
            .log()
            .lines()
            .filter(|line| line.contains("Login: user=<desk>") && line.contains(", TLS"))
            .count();
        assert!(logged_in == 1 && over_tls == 1, "{tls}: {}", dovecot.log());
    }
}

#[test]
fn a_mailbox_whose_certificate_is_anothers_is_not_told_the_password() {
    if !Dovecot::is_there() {
        return skipped("dovecot", "there is no mailbox to fetch mail from");
    }
    for (tls, name) in [("tls", "127.0.0.1"), ("starttls", "127.0.0.1"), ("tls", "other.example")] {
        let (place, other) =
            (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let pair = Pair::of(place.path(), name, 2099);
        // The one for another name is trusted, and is not for this server; the others nobody vouches for.
        let ca = if name == "127.0.0.1" { Pair::of(other.path(), name, 2099) } else { pair.clone() };
        let way = if tls == "tls" { Way::Tls(pair) } else { Way::Starttls(pair) };
        let mut dovecot = Dovecot::start_as(place.path(), way);
        dovecot.deliver(&mail("anna@example.ru", "1", "one", "No print."));
        let desk = fetcher(&imap(&dovecot, tls, &ca));
        let daemon = desk.start();
        eventually("the wall tells that mail is not fetched", || {
            let alarms = daemon.get("/v1/alarms").json;
            alarms.as_array()?.iter().any(|alarm| alarm["id"] == "letter-imap").then_some(())
        });
        assert!(subjects(&daemon).is_empty());
        assert!(!dovecot.log().contains("user=<desk>"), "{}", dovecot.log());
    }
}

#[test]
fn mail_goes_the_whole_round_over_encrypted_ways() {
    if !Dovecot::is_there() {
        return skipped("dovecot", "there is no mailbox to fetch mail from");
    }
    if let Some(why) = Postfix::missing() {
        return skipped("postfix", why);
    }
    let (servers, mailbox) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let pair = Pair::of(mailbox.path(), "127.0.0.1", 2099);
    let dovecot = Dovecot::start_as(mailbox.path(), Way::Tls(pair.clone()));
    // People bring their mail in the clear, the desk does not: each to a server of their own, as in life.
    std::fs::set_permissions(servers.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("it is ours");
    let maildir = Desk::Maildir(dovecot.maildir());
    let Some(peoples) = postfix(&servers.path().join("people"), &maildir, &Besides::default()) else {
        return;
    };
    let desks = Postfix::start_with(
        &servers.path().join("desk"),
        &maildir,
        &Besides { pair: Some(&pair), other: None },
    );
    let smtp =
        format!("port = {}\ntls = \"starttls\"\nca-file = \"{}\"", desks.port(), pair.certificate.display());
    let site = Site::new(servers, desks, &smtp, &imap(&dovecot, "tls", &pair));
    site.desk.write("password", Dovecot::PASSWORD);
    let daemon = site.start();
    let anna = "anna@example.ru";
    peoples.send(anna, DESK, &mail(anna, "1", "Не печатается", "Совсем."));
    let letter = site.letter(anna, 0);
    assert!(letter.subject().starts_with("[#1] "), "{}", letter.subject());
    assert!(letter.raw.contains("TLS"), "the way there was encrypted: {}", letter.raw);
    for (verb, body) in [("take", serde_json::json!({})), ("ask", serde_json::json!({"text": "Какой?"}))]
    {
        assert_eq!(daemon.post(&format!("/v1/tickets/1/{verb}"), &body).status, 200);
    }
    let asked = eventually("the question", || {
        site.postfix.letters_to(anna).into_iter().find(|letter| letter.text().contains("Какой?"))
    });
    peoples.send(anna, DESK, &answer(&asked, "2", "Этот."));
    eventually("the clock goes on", || {
        let ticket = daemon.get("/v1/tickets/1").json;
        (clock(&ticket, "resolution").as_deref() == Some("running")).then_some(())
    });
    assert_eq!(subjects(&daemon).len(), 1);
}
