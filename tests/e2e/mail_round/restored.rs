//! A desk out of a backup: it knows which mail it had, and holds what it held.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use andon_tests::daemon::{Daemon, eventually};
use andon_tests::mailbox::{Dovecot, Lmtp};
use andon_tests::needs::skipped;

use super::{DESK, held, mail, subjects};

/// A configuration beside a state directory.
fn site(dir: &std::path::Path, more: &str) -> String {
    let config = format!(
        "[[mail-address]]\naddress = \"{DESK}\"\ntype = \"error\"\n\n[lmtp]\nlisten = \"lmtp.sock\"\n\n{more}"
    );
    std::fs::write(dir.join("andon.toml"), config).expect("a configuration");
    std::fs::write(dir.join("password"), Dovecot::PASSWORD).expect("a password");
    dir.join("andon.toml").display().to_string()
}

fn token(state: &std::path::Path) -> String {
    let daemon = Daemon::start(state, &[]);
    let token = daemon.token().to_owned();
    daemon.stop();
    token
}

#[test]
fn a_restored_desk_takes_no_mail_again_and_holds_what_was_held() {
    let dir = tempfile::tempdir().expect("a directory");
    let (old, new, file) = (dir.path().join("old"), dir.path().join("new"), dir.path().join("desk.tar.gz"));
    let token = token(&old);
    let config = site(dir.path(), "");
    let daemon = Daemon::start_with_config(&old, &config, &token);
    let mut lmtp = Lmtp::connect(&old.join("lmtp.sock"));
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
    assert!(daemon.ctl(&["backup", &file.display().to_string()]).status.success());
    daemon.kill();

    let restored = std::process::Command::new(andon_tests::daemon::binary("andonctl"))
        .arg("--state-dir")
        .arg(&new)
        .args(["restore", &file.display().to_string()])
        .output()
        .expect("andonctl can be started");
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let daemon = Daemon::start_with_config(&new, &config, &token);
    assert_eq!(held(&daemon), was_held);
    let mut lmtp = Lmtp::connect(&new.join("lmtp.sock"));
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
    let dir = tempfile::tempdir().expect("a directory");
    let old = dir.path().join("old");
    let token = token(&old);
    let config = site(dir.path(), "[mail-in]\nper-sender-per-hour = 10000\n");
    let daemon = Daemon::start_with_config(&old, &config, &token);
    let socket = old.join("lmtp.sock");
    let letter = |at: usize| {
        let plain =
            mail("anna@example.ru", &format!("m{at}"), &format!("Mail {at}"), &"No print. ".repeat(500));
        if at % 2 == 0 { plain } else { plain.replace("Subject:", "X-Spam-Flag: YES\r\nSubject:") }
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
    let files: Vec<_> = (0..ROUNDS).map(|round| dir.path().join(format!("{round}.tar.gz"))).collect();
    for file in &files {
        let waits = eventually("something is held", || Some(held(&daemon)).filter(|held| held.len() > 3));
        std::thread::scope(|scope| {
            let backup = scope.spawn(|| daemon.ctl(&["backup", &file.display().to_string()]));
            for one in &waits {
                assert!(daemon.ctl(&["mail", "drop", one["id"].as_str().expect("an id")]).status.success());
            }
            let made = backup.join().expect("it ends");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        });
    }
    over.store(true, Ordering::SeqCst);
    let sent: usize = traffic.join().expect("all was taken");
    let files_held = || std::fs::read_dir(old.join("mail/quarantine")).expect("a directory").count();
    eventually("what was dropped is gone", || (files_held() == 2 * held(&daemon).len()).then_some(()));
    daemon.kill();

    // Whatever the last backup has, everything that is brought again is there once.
    let new = dir.path().join("new");
    let restored = std::process::Command::new(andon_tests::daemon::binary("andonctl"))
        .arg("--state-dir")
        .arg(&new)
        .args(["restore", &files[ROUNDS - 1].display().to_string()])
        .output()
        .expect("andonctl can be started");
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let daemon = Daemon::start_with_config(&new, &config, &token);
    let mut lmtp = Lmtp::connect(&new.join("lmtp.sock"));
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
    let dir = tempfile::tempdir().expect("a directory");
    let (old, new, file) = (dir.path().join("old"), dir.path().join("new"), dir.path().join("desk.tar.gz"));
    let token = token(&old);
    // What is kept as it was looks as if nobody had read it.
    let imap = format!(
        "[imap]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = \"desk\"\npassword-file = \"password\"\nthen = \"keep\"\n",
        dovecot.port()
    );
    let config = site(dir.path(), &imap);
    let daemon = Daemon::start_with_config(&old, &config, &token);
    let spam = mail("anna@example.ru", "1", "spam", "X").replace("Subject:", "X-Spam-Flag: YES\r\nSubject:");
    dovecot.deliver(&spam);
    dovecot.deliver(&mail("anna@example.ru", "2", "before", "X"));
    eventually("both are in", || (subjects(&daemon).len() == 1 && held(&daemon).len() == 1).then_some(()));
    let id = held(&daemon)[0]["id"].as_str().expect("an id").to_owned();
    assert!(daemon.ctl(&["mail", "drop", &id]).status.success());
    eventually("how far is kept", || std::fs::metadata(old.join("mail/imap")).ok());
    assert!(daemon.ctl(&["backup", &file.display().to_string()]).status.success());
    dovecot.deliver(&mail("anna@example.ru", "3", "after", "X"));
    eventually("the next is in", || (subjects(&daemon).len() == 2).then_some(()));
    daemon.kill();
    let restored = std::process::Command::new(andon_tests::daemon::binary("andonctl"))
        .arg("--state-dir")
        .arg(&new)
        .args(["restore", &file.display().to_string()])
        .output()
        .expect("andonctl can be started");
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let daemon = Daemon::start_with_config(&new, &config, &token);
    eventually("what came after the backup is in again", || (subjects(&daemon).len() == 2).then_some(()));
    assert!(subjects(&daemon).values().all(|count| *count == 1));
    assert!(held(&daemon).is_empty(), "what was dropped stays so");
}
