//! A desk out of a backup: it knows which mail it had, and holds what it held.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    back_up_to(&backup(site), daemon);
}

fn back_up_to(file: &str, daemon: &Daemon) {
    let made = daemon.ctl(&["backup", file]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn backup(site: &Site) -> String {
    site.dir().join("desk.tar.gz").display().to_string()
}

/// The state directory that a backup becomes.
fn restored(site: &Site, backup: &str) -> PathBuf {
    let state = site.dir().join("restored");
    let mut andonctl = Command::new(binary("andonctl"));
    let told = andonctl.arg("--state-dir").arg(&state).args(["restore", backup]).output();
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

    let state = restored(&site, &backup(&site));
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
fn mail_that_comes_and_goes_while_a_backup_is_made_harms_neither() {
    const ROUNDS: usize = 10;
    let site = site("[mail-in]\nper-sender-per-hour = 10000\n");
    let daemon = site.start();
    let socket = site.state().join("lmtp.sock");
    let letter = |at: usize| {
        let plain =
            mail("anna@example.ru", &format!("m{at}"), &format!("Mail {at}"), &"No print. ".repeat(500));
        if at.is_multiple_of(2) { plain } else { plain.replace("Subject:", "X-Spam-Flag: YES\r\nSubject:") }
    };
    let over = Arc::new(AtomicBool::new(false));
    let traffic = {
        let (over, socket) = (Arc::clone(&over), socket.clone());
        std::thread::spawn(move || {
            let mut lmtp = Lmtp::connect(&socket);
            let mut at = 0;
            while !over.load(Ordering::SeqCst) {
                assert!(lmtp.bring(DESK, &letter(at)).starts_with("250"));
                at += 1;
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            at
        })
    };
    let files: Vec<_> =
        (0..ROUNDS).map(|round| site.dir().join(format!("{round}.tar.gz")).display().to_string()).collect();
    for file in &files {
        let waits = eventually("something is held", || Some(held(&daemon)).filter(|held| held.len() > 3));
        std::thread::scope(|scope| {
            scope.spawn(|| back_up_to(file, &daemon));
            for one in &waits {
                assert!(daemon.ctl(&["mail", "drop", one["id"].as_str().expect("an id")]).status.success());
            }
        });
    }
    over.store(true, Ordering::SeqCst);
    let sent: usize = traffic.join().expect("all was taken");
    let files_held = || std::fs::read_dir(site.state().join("mail/quarantine")).expect("a directory").count();
    eventually("what was dropped is gone", || (files_held() == 2 * held(&daemon).len()).then_some(()));
    daemon.kill();

    // Whatever the last backup has, everything that is brought again is there once.
    let state = restored(&site, &files[ROUNDS - 1]);
    let daemon = site.start_on(&state);
    let mut lmtp = Lmtp::connect(&state.join("lmtp.sock"));
    for at in 0..sent {
        assert!(lmtp.bring(DESK, &letter(at)).starts_with("250"));
    }
    let expected: BTreeMap<String, usize> =
        (0..sent).step_by(2).map(|at| (format!("Mail {at}"), 1)).collect();
    assert_eq!(subjects(&daemon), expected, "none is lost, and none is there twice");
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
    let daemon = site.start_on(&restored(&site, &backup(&site)));
    eventually("what came after the backup is in again", || (subjects(&daemon).len() == 2).then_some(()));
    assert!(subjects(&daemon).values().all(|count| *count == 1));
    assert!(held(&daemon).is_empty(), "what was dropped stays so");
}
