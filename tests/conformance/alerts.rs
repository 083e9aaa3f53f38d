//! Alerts of a monitoring system: one incident for each, and nothing said twice.

use andon::desk::alert::{COUNTED_MAX, NOTES_MAX};
use andon::desk::command::Register;
use andon::desk::{Actor, Alert, AlertsOverLimit, Command, Event, Refusal, Role, Scope, Stage, TicketNumber};
use andon_tests::time::instant;
use andon_tests::world::World;
use firmware_board::Language;
use serde_json::{Value, json};

const DISK: &str = "1a30ba71cca2921f";

fn register(more: &Value) -> Register {
    let mut body = json!({ "channel": "email", "type": "error", "subject": "DiskFull db1" });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    Register::from_json(body).expect("a registration's JSON")
}

/// An alert that fires since a local time.
fn fires(fingerprint: &str, since: &str) -> Alert {
    Alert {
        fingerprint: fingerprint.into(),
        url: Some("http://prometheus:9090/graph".to_owned()),
        firing: true,
        since: Some(instant(since)),
        content: "content".into(),
        register: register(&json!({})),
        text: "DiskFull db1".to_owned(),
        language: Language::English,
        open_at_most: 1_000,
    }
}

fn resolved(fingerprint: &str, since: &str) -> Alert {
    Alert { firing: false, ..fires(fingerprint, since) }
}

fn shows(content: &str, alert: Alert) -> Alert {
    Alert { content: content.into(), ..alert }
}

/// Takes an alert in; how many events that made, and its ticket.
#[track_caller]
fn take(world: &mut World, alert: Alert) -> (usize, Option<u64>) {
    let before = events(world);
    let ticket = world.alert(alert).unwrap_or_else(|refusal| panic!("{refusal}"));
    (events(world) - before, ticket.map(|number| number.0))
}

fn events(world: &World) -> usize {
    world.entries().iter().map(|entry| entry.facts.len()).sum()
}

/// The first lines of the notes on a ticket.
fn notes(world: &World, number: u64) -> Vec<String> {
    let said = |event: &Event| match event {
        Event::Replied { text, internal: true } => text.lines().next().map(str::to_owned),
        _ => None,
    };
    world.history(TicketNumber(number)).filter_map(|(_, event)| said(event)).collect()
}

fn world() -> World {
    World::getmark("2026-11-23 10:00")
}

#[test]
fn an_alert_opens_one_ticket_and_a_repetition_is_no_event() {
    let mut world = world();
    let (made, ticket) = take(&mut world, fires(DISK, "2026-11-23 09:58"));
    assert!(made > 0);
    assert_eq!(ticket, Some(1));
    let ticket = world.ticket(TicketNumber(1)).clone();
    assert!(ticket.facts.incomplete, "it is taken though getmark asks for more");
    let reference = ticket.facts.reference.expect("it has a reference");
    assert_eq!((reference.source.as_str(), reference.key.as_str()), ("alertmanager", DISK));
    for _ in 0..3 {
        world.run_until("2026-11-23 10:05");
        assert_eq!(take(&mut world, fires(DISK, "2026-11-23 09:58")), (0, Some(1)));
    }
    assert_eq!(take(&mut world, fires("00ff", "2026-11-23 09:58")).1, Some(2), "another alert has its own");
}

#[test]
fn what_is_new_is_noted_once() {
    let mut world = world();
    take(&mut world, fires(DISK, "2026-11-23 09:58"));
    for (alert, said) in [
        (shows("other", fires(DISK, "2026-11-23 09:58")), "The alert has changed."),
        (
            shows("other", resolved(DISK, "2026-11-23 09:58")),
            "The alert is resolved: monitoring sees the fault no more.",
        ),
        (shows("other", fires(DISK, "2026-11-23 10:30")), "The alert fires again."),
        (shows("other", fires(DISK, "2026-11-23 10:40")), "The alert fires again."),
    ] {
        let known = notes(&world, 1).len();
        assert_eq!(take(&mut world, alert.clone()), (2, Some(1)), "the note, and how it stands");
        assert_eq!(notes(&world, 1)[known..], [said]);
        assert_eq!(take(&mut world, alert), (0, Some(1)), "{said}");
    }
    assert_eq!(world.ticket(TicketNumber(1)).stage, Stage::Open, "that it is resolved closes nothing");
}

#[test]
fn whoever_tells_it_late_says_nothing_new() {
    let mut world = world();
    take(&mut world, fires(DISK, "2026-11-23 09:00"));
    take(&mut world, resolved(DISK, "2026-11-23 09:00"));
    take(&mut world, fires(DISK, "2026-11-23 09:50"));
    let known = events(&world);
    for late in [
        resolved(DISK, "2026-11-23 09:00"),
        fires(DISK, "2026-11-23 09:00"),
        shows("older", fires(DISK, "2026-11-23 09:00")),
    ] {
        assert_eq!(take(&mut world, late), (0, Some(1)));
    }
    assert_eq!(events(&world), known);
    // Whoever does not say since when is believed.
    let undated = |alert: Alert| Alert { since: None, ..alert };
    assert_eq!(take(&mut world, undated(fires(DISK, "2026-11-23 09:00"))), (0, Some(1)));
    assert_eq!(take(&mut world, undated(resolved(DISK, "2026-11-23 09:00"))).0, 2);
}

#[test]
fn a_resolved_alert_that_nobody_knows_opens_nothing() {
    let mut world = world();
    assert_eq!(take(&mut world, resolved(DISK, "2026-11-23 09:00")), (0, None));
    assert_eq!(world.desk().tickets_total(), 0);
}

#[test]
fn an_alert_whose_ticket_is_closed_opens_the_next_one_which_follows_it() {
    let mut world = world();
    for number in 1..4 {
        let (_, ticket) = take(&mut world, fires(DISK, "2026-11-23 09:58"));
        assert_eq!(ticket, Some(number));
        let links: Vec<_> =
            world.ticket(TicketNumber(number)).links.iter().map(|link| (link.to.0, link.back)).collect();
        let expected: Vec<_> = (number > 1).then_some((number - 1, false)).into_iter().collect();
        assert_eq!(links, expected);
        world.act(TicketNumber(number), "close", json!({ "reason": "restarted" }));
        assert_eq!(take(&mut world, resolved(DISK, "2026-11-23 09:58")), (0, Some(number)), "it is over");
    }
    take(&mut world, fires(DISK, "2026-11-23 09:58"));
    world.act(TicketNumber(4), "refuse", json!({ "reason": "known" }));
    assert_eq!(take(&mut world, fires(DISK, "2026-11-23 09:58")).1, Some(5));
}

#[test]
fn an_alert_that_still_fires_returns_a_ticket_that_was_answered() {
    let mut world = world();
    take(&mut world, fires(DISK, "2026-11-23 09:58"));
    world.act(TicketNumber(1), "take", json!({})).act(
        TicketNumber(1),
        "resolve",
        json!({ "text": "Освободили место" }),
    );
    assert_eq!(world.ticket(TicketNumber(1)).stage, Stage::Resolved);
    assert_eq!(take(&mut world, fires(DISK, "2026-11-23 09:58")).1, Some(1));
    assert_eq!(world.ticket(TicketNumber(1)).stage, Stage::Open);
    let returned = |event: &Event| matches!(event, Event::Returned { .. });
    assert_eq!(world.history(TicketNumber(1)).filter(|(_, event)| returned(event)).count(), 1);
    world.act(TicketNumber(1), "resolve", json!({ "text": "Освободили больше места" }));
    take(&mut world, resolved(DISK, "2026-11-23 09:58"));
    assert_eq!(world.ticket(TicketNumber(1)).stage, Stage::Resolved, "and one that is resolved leaves it so");
}

#[test]
fn an_alert_that_flaps_is_noted_so_often_and_no_further() {
    let mut world = world();
    take(&mut world, fires(DISK, "2026-11-23 09:58"));
    for n in 0..2 * NOTES_MAX {
        take(&mut world, shows(&n.to_string(), fires(DISK, "2026-11-23 09:58")));
    }
    let notes = notes(&world, 1);
    assert_eq!(notes.len(), usize::from(NOTES_MAX));
    assert_eq!(
        notes.last().map(String::as_str),
        Some("The alert changes too often; it is not noted here any further.")
    );
    assert_eq!(take(&mut world, resolved(DISK, "2026-11-23 09:58")).0, 0);
    world.act(TicketNumber(1), "close", json!({ "reason": "flaps" }));
    assert_eq!(take(&mut world, fires(DISK, "2026-11-23 09:58")).1, Some(2), "but its next ticket is opened");
}

#[test]
fn what_does_not_fit_the_regulation_is_left_out_and_the_ticket_is_taken() {
    let mut world = world();
    let odd = register(&json!({
        "priority": "p1", "requester": { "name": "Alertmanager", "inn": "7", "email": "none" },
        "fields": { "impact": "great", "process": "Отгрузка", "a.b": "x" },
    }));
    take(&mut world, Alert { register: odd, ..fires(DISK, "2026-11-23 09:58") });
    let facts = &world.ticket(TicketNumber(1)).facts;
    assert_eq!((facts.requester.name.as_deref(), &facts.requester.inn), (Some("Alertmanager"), &None));
    assert_eq!(facts.fields.keys().collect::<Vec<_>>(), ["process"]);
    let hopeless = Register { channel: Some("fax".to_owned()), ..register(&json!({})) };
    let refusal = world.alert(Alert { register: hopeless, ..fires("00ff", "2026-11-23 09:58") });
    assert!(matches!(refusal, Err(Refusal::Fields(errors)) if errors[0].field == "channel"));
}

#[test]
fn a_storm_opens_so_many_tickets_an_hour_and_counts_the_rest_on_one() {
    let mut world = world();
    let of_storm = |n: u32| Alert { open_at_most: 3, ..fires(&format!("{n:04x}"), "2026-11-23 09:58") };
    let over = |alerts: std::ops::Range<u32>| AlertsOverLimit {
        fingerprints: alerts.map(|n| format!("{n:04x}").into()).collect(),
        register: register(&json!({})),
        language: Language::English,
    };
    for n in 0..3 {
        take(&mut world, of_storm(n));
    }
    for n in 3..10 {
        let refusal = world.alert(of_storm(n)).expect_err("it is one too many");
        assert_eq!(refusal.code(), "alerts-over-limit");
    }
    assert_eq!(take(&mut world, of_storm(0)), (0, Some(1)), "those that have a ticket are taken");
    assert_eq!(world.alerts_over_limit(over(3..10)).expect("it is counted"), Some(TicketNumber(4)));
    let known = events(&world);
    for _ in 0..3 {
        let again = world.alerts_over_limit(over(5..10)).expect("they are known");
        assert_eq!((again, events(&world)), (Some(TicketNumber(4)), known), "none is counted again");
    }
    assert_eq!(world.alerts_over_limit(over(8..12)).expect("it is counted"), Some(TicketNumber(4)));
    assert_eq!(world.ticket(TicketNumber(4)).alert.as_ref().map(|alert| alert.counted), Some(9));
    assert_eq!(
        notes(&world, 4).last().map(String::as_str),
        Some("Alerts without a ticket of their own: 2 more, 9 in all.")
    );
    assert_eq!(world.alarms(), ["mass-problem-alertmanager unacked"]);
    world.run_until("2026-11-23 11:00");
    assert_eq!(take(&mut world, of_storm(5)).1, Some(5), "after an hour they open tickets again");
    assert_eq!(world.alarms(), ["mass-problem-alertmanager cleared-unacked"]);
    world.act(TicketNumber(4), "close", json!({ "reason": "over" }));
    world.alerts_over_limit(over(3..4)).expect("another hour has begun, so it is counted");
    assert_eq!(world.ticket(TicketNumber(6)).links.iter().map(|link| link.to.0).collect::<Vec<_>>(), [4]);
}

#[test]
fn of_a_storm_without_end_only_so_many_are_told_apart() {
    let mut world = world();
    take(&mut world, Alert { open_at_most: 1, ..fires("00", "2026-11-23 09:58") });
    let over = |count: usize| AlertsOverLimit {
        fingerprints: (0..count).map(|n| format!("{n:04x}").into()).collect(),
        register: register(&json!({})),
        language: Language::English,
    };
    for count in [COUNTED_MAX - 1, COUNTED_MAX + 100, 2 * COUNTED_MAX] {
        world.alerts_over_limit(over(count)).expect("it is counted");
    }
    let counted = world.ticket(TicketNumber(2)).alert.as_ref().map(|alert| alert.counted);
    assert_eq!(counted, Some(COUNTED_MAX as u64));
    assert_eq!(notes(&world, 2).len(), 2, "what changes nothing is not noted");
}

#[test]
fn a_token_has_no_say_in_an_alerts_ticket_that_it_has_nothing_to_do_with() {
    let mut world = world();
    take(&mut world, fires(DISK, "2026-11-23 09:58"));
    let by_phone = |alert: Alert| Alert { register: register(&json!({ "channel": "phone" })), ..alert };
    let over = AlertsOverLimit {
        fingerprints: vec!["00ff".into()],
        register: register(&json!({})),
        language: Language::English,
    };
    world.alerts_over_limit(over.clone()).expect("it is counted");
    let scope = Scope { regulations: Vec::new(), channels: vec!["phone".into()] };
    let phones = Actor { scope, ..Actor::named("phones", Role::Intake) };
    let desk = world.desk();
    let now = world.now();
    let decide = |command: Command| desk.decide(&command, &phones, now);
    let refused = decide(Command::Alert(Box::new(resolved(DISK, "2026-11-23 09:58"))));
    assert!(matches!(refused, Err(Refusal::OutOfScope { .. })), "{refused:?}");
    let refused = decide(Command::AlertsOverLimit(Box::new(over.clone())));
    assert!(matches!(refused, Err(Refusal::OutOfScope { .. })), "{refused:?}");
    let theirs = decide(Command::Alert(Box::new(by_phone(resolved(DISK, "2026-11-23 09:58")))));
    let theirs = theirs.expect("it is taken");
    // That alerts open tickets again is told, and of no ticket anything.
    assert!(theirs.ticket.is_none() && theirs.facts.iter().all(|fact| fact.ticket.is_none()), "{theirs:?}");
    let opened =
        decide(Command::Alert(Box::new(by_phone(fires(DISK, "2026-11-23 09:58"))))).expect("it opens");
    assert_eq!(opened.ticket, Some(TicketNumber(3)), "it is not lost either");
    let more = AlertsOverLimit {
        fingerprints: vec!["00fe".into()],
        register: register(&json!({ "channel": "phone" })),
        ..over
    };
    let counted = decide(Command::AlertsOverLimit(Box::new(more))).expect("it is counted");
    assert_eq!(counted.ticket, Some(TicketNumber(3)), "on a ticket of their own");
}

#[test]
fn the_source_of_alerts_is_for_alerts() {
    let mut world = world();
    let with = |reference: Value| json!({ "channel": "email", "type": "error", "subject": "x", "incomplete": true, "reference": reference });
    for (reference, field) in [
        (json!({ "source": "alertmanager", "key": DISK }), "reference.source"),
        (json!({ "source": "Tracker", "key": "1" }), "reference.source"),
        (json!({ "source": "x".repeat(33), "key": "1" }), "reference.source"),
        (json!({ "source": "tracker" }), "reference.key"),
        (json!({ "source": "tracker", "key": "a\nb" }), "reference.key"),
        (json!({ "source": "tracker", "key": "x".repeat(201) }), "reference.key"),
        (json!({ "source": "tracker", "key": "1", "url": "javascript:x" }), "reference.url"),
    ] {
        let refusal = world.try_register(with(reference.clone())).expect_err("it is wrong");
        assert!(
            matches!(&refusal, Refusal::Fields(errors) if errors.len() == 1 && errors[0].field == field),
            "{reference}: {refusal}"
        );
    }
    let of_tracker =
        json!({ "source": "tracker", "key": "SUP-1", "url": "https://tracker.example.ru/SUP-1" });
    let number = world.register(with(of_tracker.clone()));
    let next = world.register(with(of_tracker));
    let found: Vec<_> = world.desk().of_reference("tracker", "SUP-1").map(|ticket| ticket.number).collect();
    assert_eq!(found, [next, number], "the newest first");
    assert_eq!(world.desk().of_reference("tracker", "SUP").count(), 0);
    world.act(number, "split", json!({ "subject": "y" }));
    assert_eq!(
        world.desk().of_reference("tracker", "SUP-1").count(),
        2,
        "what is split off is no ticket of theirs"
    );
}
