//! Servers and daemon killed in the middle of mail: nothing is lost, and nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use andon_tests::daemon::eventually;
use andon_tests::postfix::bring;

use super::{DESK, Site, letters, mail, subjects};

/// How many mails come in; after each quarter something is killed.
const MAILS: usize = 80;

/// People who write, as far as they may, and bring a mail again until the server says that it has it.
fn people(port: u16, may: &Arc<AtomicUsize>) -> std::thread::JoinHandle<()> {
    let may = Arc::clone(may);
    std::thread::spawn(move || {
        for at in 0..MAILS {
            while at >= may.load(Ordering::SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let from = format!("user{at}@example.ru");
            let letter = mail(&from, &format!("k{at}"), &format!("Mail {at}"), "No print.");
            eventually("the server takes it", || bring(port, &from, DESK, &letter).then_some(()));
        }
    })
}

#[test]
fn nothing_is_lost_and_nothing_done_twice_when_postfix_and_the_daemon_are_killed_in_mid_delivery() {
    let Some(mut site) = Site::by_lmtp("") else { return };
    let mut daemon = site.start();
    let may = Arc::new(AtomicUsize::new(0));
    let writing = people(site.postfix.port(), &may);
    for quarter in 1..=4 {
        let before = site.postfix.count();
        may.store(MAILS * quarter / 4, Ordering::SeqCst);
        // Some are through, others are on their way, by then.
        eventually("the next letters", || (site.postfix.count() > before + 2).then_some(()));
        if quarter != 2 {
            site.postfix.kill();
        }
        if quarter != 1 {
            daemon.kill();
            daemon = site.start();
        }
        if quarter != 2 {
            site.postfix.go_on();
        }
    }
    writing.join().expect("all was taken");
    site.postfix.wait_until_empty();
    let expected: BTreeMap<String, usize> = (0..MAILS).map(|at| (format!("Mail {at}"), 1)).collect();
    eventually("every mail is a ticket", || (subjects(&daemon).len() == MAILS).then_some(()));
    assert_eq!(subjects(&daemon), expected, "each once");
    eventually("all letters are out", || letters(&daemon, "waiting").is_empty().then_some(()));
    site.postfix.wait_until_empty();
    assert!(letters(&daemon, "dead").is_empty());
    let mut ids: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for letter in site.postfix.letters() {
        ids.entry(letter.to.clone()).or_default().insert((letter.header("Message-ID"), letter.text()));
    }
    assert_eq!(ids.len(), MAILS, "everybody has their letter");
    assert!(ids.values().all(|letters| letters.len() == 1), "who has it twice has the same twice: {ids:?}");
    let all: BTreeSet<_> = ids.values().flatten().map(|(id, _)| id).collect();
    assert_eq!(all.len(), MAILS, "no two people have one letter");
}
