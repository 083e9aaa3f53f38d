//! A desk out of a backup: it knows which mail it had, and holds what it held.

use std::path::PathBuf;
use std::process::Command;

use andon_tests::Site;
use andon_tests::daemon::{Daemon, binary, eventually};
use andon_tests::mailbox::{Dovecot, Lmtp};
use andon_tests::needs::skipped;

use super::{DESK, held, mail, subjects};

fn site(more: &str) -> Site {
    let site = Site::new(&format!(
        "[[mail-address]]\naddress = \"{DESK}\"\ntype = \"error\"\n\n[lmtp]\nlisten = \"lmtp.sock\"\n\n{more}"
    ));
    site.write("password", Dovecot::PASSWORD);
    site
}

fn back_up(site: &Site, daemon: &Daemon) {
    assert!(daemon.ctl(&["backup", &backup(site)]).status.success());
}

fn backup(site: &Site) -> String {
    site.dir().join("desk.tar.gz").display().to_string()
}

/// The state directory that the backup becomes.
fn restored(site: &Site) -> PathBuf {
    let state = site.dir().join("restored");
    let mut andonctl = Command::new(binary("andonctl"));
    let told = andonctl.arg("--state-dir").arg(&state).args(["restore", &backup(site)]).output();
    let told = told.expect("andonctl can be started");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    state
}

#[test]
fn a_restored_desk_takes_no_mail_again_and_holds_what_was_held() {
    let site = site("");
    let daemon = site.start();
    let mut lmtp = Lmtp::connect(&site.state().join("lmtp.sock"));
    let letter = mail("anna@example.ru", "1", "first", "No print.");
    let dropped =
        mail("anna@example.ru", "2", "dropped", "X").replace("Subject:", "X-Spam-Flag: YES\r\nSubject:");
    let spam = mail("anna@example.ru", "3", "kept", "X").replace("Subject:", "X-Spam-Flag: YES\r\nSubject:");
    assert_eq!(lmtp.bring(DESK, &letter), "250 2.0.0 ticket 1\r\n");
    assert_eq!(lmtp.bring(DESK, &dropped), "250 2.0.0 held in the quarantine\r\n");
    let id = held(&daemon)[0]["id"].as_str().expect("an id").to_owned();
    assert!(daemon.ctl(&["mail", "drop", &id]).status.success());
    assert_eq!(lmtp.bring(DESK, &spam), "250 2.0.0 held in the quarantine\r\n");
    let was_held = held(&daemon);
    back_up(&site, &daemon);
    daemon.kill();

    let state = restored(&site);
    let daemon = site.start_on(&state);
    assert_eq!(held(&daemon), was_held);
    let mut lmtp = Lmtp::connect(&state.join("lmtp.sock"));
    for old in [&letter, &dropped, &spam] {
        assert_eq!(lmtp.bring(DESK, old), "250 2.0.0 it came before\r\n");
    }
    let id = was_held[0]["id"].as_str().expect("an id");
    assert!(daemon.ctl(&["mail", "retry", id]).status.success(), "its bytes are there, too");
    assert_eq!(subjects(&daemon).len(), 2);
}

#[test]
fn a_restored_desk_reads_its_mailbox_from_where_the_backup_was_on() {
    if !Dovecot::is_there() {
        return skipped("dovecot", "there is no mailbox to fetch mail from");
    }
    let place = tempfile::tempdir().expect("a directory");
    let mut dovecot = Dovecot::start(place.path());
    // What is kept as it was looks as if nobody had read it.
    let site = site(&dovecot.imap("none", "then = \"keep\""));
    let daemon = site.start();
    let spam = mail("anna@example.ru", "1", "spam", "X").replace("Subject:", "X-Spam-Flag: YES\r\nSubject:");
    dovecot.deliver(&spam);
    dovecot.deliver(&mail("anna@example.ru", "2", "before", "X"));
    eventually("both are in", || (subjects(&daemon).len() == 1 && held(&daemon).len() == 1).then_some(()));
    let id = held(&daemon)[0]["id"].as_str().expect("an id").to_owned();
    assert!(daemon.ctl(&["mail", "drop", &id]).status.success());
    eventually("how far is kept", || std::fs::metadata(site.state().join("mail/imap")).ok());
    back_up(&site, &daemon);
    dovecot.deliver(&mail("anna@example.ru", "3", "after", "X"));
    eventually("the next is in", || (subjects(&daemon).len() == 2).then_some(()));
    daemon.kill();
    let daemon = site.start_on(&restored(&site));
    eventually("what came after the backup is in again", || (subjects(&daemon).len() == 2).then_some(()));
    assert!(subjects(&daemon).values().all(|count| *count == 1));
    assert!(held(&daemon).is_empty(), "what was dropped stays so");
}
