//! What agents ask most, beside a handler that does nothing in the same run; and memory over a million requests.

use std::sync::atomic::{AtomicU64, Ordering};

use andon_tests::daemon::Daemon;

use super::door::{RawDoor, raw_get};
use super::rate::{Asked, Bare, CLIENTS, rate, registrations};
use super::resident_mib;

/// How many tickets there are before anything is measured.
const TICKETS: usize = 1_000;
/// How many are on a page of the list.
const PAGE: u64 = 50;
/// How many ask at once while memory is looked at.
const ASKING: usize = 8;

/// The flag that says how many requests memory is looked at over.
pub(crate) const REQUESTS: &str = "--requests";

/// Requests per second, p50 and p99 for each of what agents ask most; then memory over as many requests as
/// `--requests N` says.
pub(crate) fn door() {
    let mut words = std::env::args().skip_while(|word| word != REQUESTS).skip(1);
    let requests = words.next().map(|count| count.parse::<u64>().expect("a number of requests"));
    let dir = tempfile::tempdir_in(".").expect("a directory on the disk of the project");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    let register = registrations(&daemon);
    let mut door = RawDoor::open(&daemon);
    for (request, expected) in register.iter().take(TICKETS) {
        assert_eq!(door.send(request), *expected);
    }
    let list = (raw_get(&daemon, &format!("/v1/tickets?limit={PAGE}")), 200);
    let ticket = (raw_get(&daemon, "/v1/tickets/500"), 200);
    let ten =
        |register| [&ticket, &ticket, &list, &ticket, &ticket, register, &ticket, &list, &ticket, &ticket];
    let mixed: Vec<Asked> = register.iter().flat_map(ten).cloned().collect();
    if let Some(requests) = requests {
        // Reads leave nothing behind, so what grows is a leak.
        memory(
            &daemon,
            &[list.clone(), ticket.clone(), (raw_get(&daemon, "/v1/tickets/999999"), 404)],
            requests,
        );
        return;
    }
    let mut bare = Bare::start();
    for clients in CLIENTS {
        let nothing = bare.rate(clients);
        println!(
            "{clients:>2} clients, a bare handler: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {:.0} us of its CPU each",
            nothing.per_s, nothing.p50_ms, nothing.p99_ms, nothing.cpu_us
        );
        for (name, requests) in [
            ("list of 50", std::slice::from_ref(&list)),
            ("ticket", std::slice::from_ref(&ticket)),
            ("register", &register[..]),
            ("mixed", &mixed[..]),
        ] {
            let seen = rate(daemon.base(), daemon.pid(), requests, clients);
            println!(
                "{clients:>2} clients, {name:10}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {:.0} us of the daemon's CPU each: {:.0} % of the bare handler",
                seen.per_s,
                seen.p50_ms,
                seen.p99_ms,
                seen.cpu_us,
                seen.per_s / nothing.per_s * 100.0
            );
        }
    }
    println!("mixed is 7 tickets, 2 lists, 1 registration of 10");
    bare.stop();
}

/// Resident memory before and after so many requests, in ten looks.
fn memory(daemon: &Daemon, asked: &[Asked], requests: u64) {
    let each_look = requests / 10;
    println!("before: {} MiB resident", resident_mib(daemon.pid()));
    for look in 1..=10 {
        let left = AtomicU64::new(each_look);
        std::thread::scope(|scope| {
            for _ in 0..ASKING {
                scope.spawn(|| {
                    let mut door = RawDoor::open(daemon);
                    let mut turn = asked.iter().cycle();
                    let take = |left: u64| left.checked_sub(1);
                    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                        let (request, expected) = turn.next().expect("a cycle goes on");
                        assert_eq!(door.send(request), *expected);
                    }
                });
            }
        });
        println!("after {}: {} MiB resident", each_look * look, resident_mib(daemon.pid()));
    }
}
