//! Webhooks of the real binary: signed, in order, across kills, dead letters and all.

use std::collections::{BTreeMap, BTreeSet};

use andon_tests::daemon::{Daemon, eventually};
use andon_tests::{Receiver, Site};
use serde_json::{Value, json};

use super::error_that_stops;

/// A desk that posts to these: name, receiver and the rest of the table.
fn site(webhooks: &[(&str, &Receiver, &str)]) -> Site {
    let tables = webhooks.iter().map(|(name, receiver, more)| {
        let url = receiver.url();
        format!("[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\nsecret-file = \"secret\"\nallow-private = true\n{more}\n")
    });
    let site = Site::new(&tables.collect::<String>());
    site.write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    site
}

fn webhook(daemon: &Daemon, name: &str) -> Value {
    let listed = daemon.ctl(&["--json", "webhook", "list"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON on stdout");
    listed
        .as_array()
        .and_then(|all| all.iter().find(|one| one["name"] == name).cloned())
        .expect("it is listed")
}

fn text(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_event_arrives_and_those_of_a_ticket_in_order_though_the_receiver_fails_and_the_daemon_is_killed() {
    let receiver = Receiver::new(|number| if number % 40 == 7 { 500 } else { 204 });
    let site = site(&[("crm", &receiver, "")]);
    let before = {
        let daemon = site.start();
        let newest = newest(&daemon);
        daemon.kill();
        newest
    };
    let mut tickets = 0;
    for round in 0..3 {
        let daemon = site.start();
        // Before anything is asked for: a quick daemon has delivered all of it when the last is answered.
        let came = receiver.deliveries().len();
        for n in 0..15 {
            let answer = daemon.post("/v1/tickets", &error_that_stops(&format!("{round}-{n}")));
            assert_eq!(answer.status, 201, "{}", answer.json);
            tickets += 1;
            let reply = json!({"text": "Смотрим"});
            assert_eq!(daemon.post(&format!("/v1/tickets/{tickets}/reply"), &reply).status, 200);
        }
        eventually("a delivery", || (receiver.deliveries().len() > came + 5).then_some(()));
        daemon.kill();
    }
    let daemon = site.start();
    eventually("the rest", || (webhook(&daemon, "crm")["lag_events"] == 0).then_some(()));
    let end = newest(&daemon);
    let deliveries = receiver.deliveries();
    let taken = deliveries.iter().filter(|delivery| delivery.status == 204);
    let mut first: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut ids: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for delivery in taken {
        let seq = delivery.event["seq"].as_u64().expect("a number");
        let of_ticket = first.entry(delivery.event["ticket"].as_u64().unwrap_or(0)).or_default();
        if !of_ticket.contains(&seq) {
            of_ticket.push(seq);
        }
        ids.entry(seq).or_default().insert(&delivery.id);
    }
    let came: BTreeSet<u64> = first.values().flatten().copied().collect();
    assert_eq!(came, (before + 1..=end).collect::<BTreeSet<_>>(), "every event, and no other");
    assert!(first.values().all(|seqs| seqs.is_sorted()), "{first:?}");
    assert!(ids.values().all(|ids| ids.len() == 1), "a repetition has the id of the first");
    assert!(deliveries.iter().any(|delivery| delivery.status == 500), "some failed");
}

#[test]
fn dead_letters_are_listed_and_delivered_again_by_andonctl() {
    let receiver = Receiver::new(|_| 204);
    let site = site(&[("crm", &receiver, "events = [\"registered\"]")]);
    let daemon = site.start();
    daemon.post("/v1/tickets", &error_that_stops("Первая"));
    eventually("the first", || (receiver.deliveries().len() == 1).then_some(()));
    let seq = receiver.deliveries()[0].event["seq"].as_u64().expect("a number");
    assert!(daemon.stop().success());
    // As if it had been tried for a day.
    let file = site.state().join("webhooks/crm.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&file).expect("it is kept")).expect("JSON");
    kept["outbox"]["dead"] = json!([{"seq": seq, "ticket": 1, "event": "registered", "at": 1_795_400_000_000_i64,
        "died_at": 1_795_486_400_000_i64, "tries": 33, "error": "the receiver answered 503"}]);
    std::fs::write(&file, kept.to_string()).expect("it can be written");
    let daemon = site.start();
    let listed = text(&daemon.ctl(&["webhook", "dead", "crm"]));
    assert!(listed.contains("registered") && listed.contains("the receiver answered 503"), "{listed}");
    let unknown = daemon.ctl(&["webhook", "replay", "crm", "999999"]);
    assert!(unknown.status.code() == Some(1) && text(&unknown).contains("999999"), "{}", text(&unknown));
    let replayed = daemon.ctl(&["webhook", "replay", "crm", &seq.to_string()]);
    assert!(replayed.status.success(), "{}", text(&replayed));
    eventually("it again", || (receiver.deliveries().len() == 2).then_some(()));
    let deliveries = receiver.deliveries();
    assert_eq!((&deliveries[0].id, &deliveries[0].event), (&deliveries[1].id, &deliveries[1].event));
    assert_eq!(webhook(&daemon, "crm")["dead_letters"], 0);
    assert!(daemon.ctl(&["webhook", "replay", "crm", "--all"]).status.success(), "none is fine, too");
}

#[test]
fn a_receiver_can_be_tried_and_what_it_says_is_told() {
    let well = Receiver::new(|_| 200);
    let moved = Receiver::new(|_| 301);
    let site = site(&[("well", &well, ""), ("moved", &moved, "")]);
    let daemon = site.start();
    let tested = daemon.ctl(&["webhook", "test", "well"]);
    assert!(tested.status.success() && text(&tested).contains("took it (200)"), "{}", text(&tested));
    let delivery = well.deliveries().into_iter().find(|one| one.event["event"] == "test").expect("it came");
    assert!(delivery.request.contains("\r\nwebhook-signature: v1,"), "{}", delivery.request);
    let tested = daemon.ctl(&["webhook", "test", "moved"]);
    assert_eq!(tested.status.code(), Some(1));
    assert!(text(&tested).contains("a redirect; it is not followed"), "{}", text(&tested));
    assert_eq!(daemon.ctl(&["webhook", "test", "nobody"]).status.code(), Some(1));
}

#[test]
fn a_webhook_that_left_the_configuration_is_forgotten_and_begins_anew_when_it_comes_back() {
    let receiver = Receiver::new(|_| 204);
    let site = site(&[("crm", &receiver, "events = [\"registered\"]")]);
    let with = std::fs::read_to_string(site.config()).expect("the configuration");
    let register = |subject: &str| {
        let daemon = site.start();
        assert_eq!(daemon.post("/v1/tickets", &error_that_stops(subject)).status, 201);
        daemon
    };
    let daemon = register("с вебхуком");
    eventually("it", || (receiver.deliveries().len() == 1).then_some(()));
    daemon.stop();
    site.write("andon.toml", "");
    register("без вебхука").stop();
    assert!(!site.state().join("webhooks/crm.json").exists());
    site.write("andon.toml", &with);
    let daemon = register("снова с вебхуком");
    eventually("what is new", || (receiver.deliveries().len() == 2).then_some(()));
    eventually("no more", || (webhook(&daemon, "crm")["lag_events"] == 0).then_some(()));
    let subjects: Vec<_> = receiver.deliveries().iter().map(|one| one.event["subject"].clone()).collect();
    assert_eq!(subjects, ["с вебхуком", "снова с вебхуком"]);
}

/// The number of the newest event.
fn newest(daemon: &Daemon) -> u64 {
    let text = String::from_utf8(daemon.get("/metrics").bytes).expect("it is text");
    let newest = text.lines().find_map(|line| line.strip_prefix("andon_events_total "));
    newest.expect("it is counted").parse().expect("a number")
}
