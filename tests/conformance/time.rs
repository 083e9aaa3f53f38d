//! Time that can be trusted, and time that cannot: the daemon's own loop over its own books, under clocks that the test
//! sets. What must come out is worked out by hand, under GetMark: line 1 works 09:00–21:00, line 2 09:00–18:00; an
//! error that stops the user's operations has 12 h in all and 4 h on line 1, where calls come in.

use andon::desk::explain::explain;
use andon::desk::{Clock, Event, Metric, TicketNumber};
use andon::run::Failure;
use andon::run::time::Proof;
use andon_tests::SimulatedBox;
use andon_tests::time::{instant, local};
use calendars::Tz;
use serde_json::json;

use crate::getmark::high;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn clock(desk: &SimulatedBox, ticket: TicketNumber, metric: Metric) -> Clock {
    desk.desk().ticket(ticket).unwrap().clock(metric).unwrap().clone()
}

fn deadline(desk: &SimulatedBox, ticket: TicketNumber, metric: Metric) -> String {
    clock(desk, ticket, metric).due().map_or_else(|| "none".to_owned(), local)
}

fn breached(desk: &SimulatedBox, ticket: TicketNumber, metric: Metric) -> String {
    clock(desk, ticket, metric).breached_at.map_or_else(|| "never".to_owned(), local)
}

/// Why the time is not trusted, and what the wall says of it.
fn distrust(desk: &SimulatedBox) -> (Option<&'static str>, Option<String>) {
    let board = desk.running().view().board();
    let alarm = board.alarms.iter().find(|(alarm, _)| alarm.id == "clock-time");
    let why = board.view(desk.now()).distrust;
    assert_eq!(board.time.is_trusted(), why.is_none());
    (why, alarm.map(|(alarm, _)| alarm.text.clone()))
}

/// The alarms that flash and sound.
fn unacked(desk: &SimulatedBox) -> Vec<String> {
    desk.wall().into_iter().filter_map(|line| Some(line.strip_suffix(" unacked")?.to_owned())).collect()
}

/// What holds of every record: numbers without a hole, its own time never back, nothing effective after it.
fn check_record(desk: &SimulatedBox) {
    let (mut next_seq, mut last_at) = (1, instant("2026-01-01 00:00"));
    for entry in desk.entries() {
        assert_eq!(entry.first_seq, next_seq);
        assert!(entry.at >= last_at && entry.effective_at() <= entry.at, "{entry:?}");
        (next_seq, last_at) = (entry.next_seq(), entry.at);
    }
}

fn events(desk: &SimulatedBox, is: impl Fn(&Event) -> bool) -> usize {
    desk.entries().iter().flat_map(|entry| &entry.facts).filter(|fact| is(&fact.event)).count()
}

#[test]
fn the_loop_asks_for_its_turn_when_a_deadline_passes() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    let ticket = desk.register(high("phone"));
    // Four hours are over at 14:00, and one is late a millisecond after that (R4).
    assert_eq!(deadline(&desk, ticket, Metric::Line), "2026-11-23 14:00");
    desk.pass_until("2026-11-23 14:00");
    assert_eq!(breached(&desk, ticket, Metric::Line), "never");
    desk.pass_ms(1);
    assert_eq!(breached(&desk, ticket, Metric::Line), "2026-11-23 14:00");
    // In time, so it is an alarm of its own.
    assert!(unacked(&desk).contains(&format!("{ticket}-breach-line-1")), "{:?}", desk.wall());
}

#[test]
fn a_box_that_boots_in_1970_takes_updates_and_raises_nothing_until_it_knows_the_time() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    let before = desk.register(high("phone"));
    desk.pass_until("2026-11-23 11:00").switch_off();

    desk.clock().synchronise(Some(false));
    desk.clock().set(instant("1970-01-01T00:00:07Z"));
    desk.switch_on();
    assert_eq!(distrust(&desk), (Some("never-set"), Some("часы не установлены".to_owned())));
    // The newest event is of 10:00; held time runs on from there, past the deadline of 14:00.
    desk.pass_ms(7 * HOUR_MS);
    let ticket = desk.register(high("phone"));
    let entry = desk.entries().pop().unwrap();
    assert!(entry.unsynced && local(entry.at) == "2026-11-23 17:00", "{entry:?}");
    assert_eq!(deadline(&desk, ticket, Metric::Line), "2026-11-23 21:00");
    desk.pass_ms(4 * HOUR_MS);
    for ticket in [before, ticket] {
        assert_eq!(breached(&desk, ticket, Metric::Line), "never");
    }
    assert!(!desk.wall().iter().any(|alarm| alarm.contains("breach")), "{:?}", desk.wall());

    // It is Wednesday 12:00, so the second ticket came in four hours before: before the hours begin. Its 4 h end at 13:00.
    desk.clock().set(instant("2026-11-25 11:59:50"));
    desk.turn(None);
    assert_eq!(distrust(&desk), (Some("unsynchronised"), Some("часы не синхронизированы".to_owned())));
    desk.clock().synchronise(Some(true));
    desk.pass_ms(10_000);
    assert_eq!(distrust(&desk), (None, None));
    assert_eq!(deadline(&desk, ticket, Metric::Line), "2026-11-25 13:00");
    let corrected = clock(&desk, ticket, Metric::Line);
    assert_eq!(
        (local(corrected.started_at), corrected.used_ms),
        ("2026-11-25 07:59:50.000".to_owned(), 3 * HOUR_MS)
    );
    // The first one's deadlines are instants, and both are over: Monday 14:00, and 11 h on Monday with 1 h on Tuesday.
    assert_eq!(breached(&desk, before, Metric::Line), "2026-11-23 14:00");
    assert_eq!(breached(&desk, before, Metric::Resolution), "2026-11-24 10:00");
    assert_eq!(breached(&desk, ticket, Metric::Line), "never");
    desk.pass_until("2026-11-25 13:00").pass_ms(1);
    assert_eq!(breached(&desk, ticket, Metric::Line), "2026-11-25 13:00");

    let entries = desk.running().history().of(ticket).unwrap();
    let proofs = explain(ticket, &entries, desk.desk().regulations(), desk.now());
    let proof = proofs.iter().find(|proof| proof.metric == Metric::Line).unwrap();
    let told: Vec<_> = proof.steps.iter().flat_map(|step| &step.why).collect();
    assert!(told.iter().any(|why| why.contains("could not be trusted: stamped")), "{told:?}");
    assert!(told.iter().any(|why| why.contains("counts from the true time")), "{told:?}");
    let counted: f64 =
        proof.steps.iter().skip(1).flat_map(|step| &step.counted).map(|part| part.seconds).sum();
    assert!((counted - proof.used_seconds).abs() < 0.01, "the stretches add up: {proof:#?}");
    check_record(&desk);
}

#[test]
fn last_year_and_yesterday_are_behind_the_record_by_either_proof() {
    for proof in [Proof::Plausible, Proof::Synchronised] {
        let mut desk = SimulatedBox::at("2027-11-23 10:00");
        let ticket = desk.register(high("phone"));
        desk.switch_off().settings().proof = proof;
        for wrong in ["2026-11-25 10:00", "2027-11-22 10:00"] {
            desk.clock().set(instant(wrong));
            desk.switch_on();
            assert_eq!(
                distrust(&desk),
                (Some("behind"), Some("часы отстают от последней записи".to_owned()))
            );
            desk.pass_ms(24 * HOUR_MS - 1_000);
            assert_eq!(breached(&desk, ticket, Metric::Line), "never");
            desk.switch_off();
        }
        // As soon as the box has caught up with its record, its time is plausible, and the kernel says so, too.
        desk.switch_on().pass_ms(10_000);
        assert_eq!(distrust(&desk), (None, None));
        check_record(&desk);
    }
}

/// A plausible box ran a day ahead from the morning on, and somebody sets it right.
fn a_day_ahead() -> (SimulatedBox, TicketNumber) {
    let mut desk = SimulatedBox::at("2026-11-24 10:00");
    desk.switch_off().settings().proof = Proof::Plausible;
    desk.clock().synchronise(None);
    desk.switch_on();
    let ticket = desk.register(high("phone"));
    assert_eq!(deadline(&desk, ticket, Metric::Line), "2026-11-24 14:00");
    desk.pass_ms(30 * MINUTE_MS);
    desk.clock().set(instant("2026-11-23 10:30"));
    desk.turn(None);
    (desk, ticket)
}

#[test]
fn a_box_that_ran_a_day_ahead_asks_an_admin_and_says_by_how_much() {
    let (mut desk, _) = a_day_ahead();
    assert_eq!(distrust(&desk).0, Some("behind"));
    let Err(Failure::Refused(refusal)) = desk.trust(false) else { panic!("it is to be refused") };
    assert!(refusal.to_string().contains("23h 30m behind the newest event"), "{refusal}");
    assert_eq!(distrust(&desk).0, Some("behind"), "a refusal changes nothing");
    assert!(desk.trust(true).unwrap());
    assert_eq!(distrust(&desk), (None, None));
    assert!(!desk.trust(false).unwrap(), "it is trusted already");
}

#[test]
fn after_an_admins_word_terms_are_reckoned_by_the_true_time_and_the_record_goes_forward() {
    let (mut desk, before) = a_day_ahead();
    desk.trust(true).unwrap();
    // Half an hour of the ticket is used, whichever day it is: it came in on Monday at 10:00.
    assert_eq!(deadline(&desk, before, Metric::Line), "2026-11-23 14:00");
    assert_eq!(clock(&desk, before, Metric::Line).used_ms, 30 * MINUTE_MS);
    let ticket = desk.register(high("phone"));
    let entry = desk.entries().pop().unwrap();
    assert_eq!(
        (local(entry.at), local(entry.effective_at())),
        ("2026-11-24 10:00".into(), "2026-11-23 10:30".into())
    );
    assert_eq!(deadline(&desk, ticket, Metric::Line), "2026-11-23 14:30");
    desk.pass_ms(HOUR_MS);
    desk.act(ticket, "ask", json!({ "text": "Какая у вас версия?" }));
    let paused = clock(&desk, ticket, Metric::Line);
    assert_eq!((paused.used_ms, local(paused.turned_at)), (HOUR_MS, "2026-11-23 11:30".to_owned()));

    // The word is in the record: a restart trusts the time, and what runs out does so at its own time.
    desk.switch_off().switch_on();
    assert_eq!(distrust(&desk), (None, None));
    desk.pass_until("2026-11-23 14:00").pass_ms(1);
    assert_eq!(breached(&desk, before, Metric::Line), "2026-11-23 14:00");
    assert!(unacked(&desk).contains(&format!("{before}-breach-line-1")), "{:?}", desk.wall());
    // A day later the record's own time is the true one again.
    desk.pass_until("2026-11-24 12:00").act(ticket, "answer", json!({ "text": "Третья" }));
    let entry = desk.entries().pop().unwrap();
    assert_eq!((local(entry.at), entry.effective), ("2026-11-24 12:00".to_owned(), None));
    check_record(&desk);
}

#[test]
fn an_admin_cannot_trust_a_clock_that_was_never_set() {
    let mut desk = SimulatedBox::at("1970-01-01T00:00:00Z");
    let Err(Failure::Refused(refusal)) = desk.trust(true) else { panic!("it is to be refused") };
    assert!(refusal.to_string().contains("set it first"), "{refusal}");
}

#[test]
fn a_step_forward_that_nobody_vouches_for_breaches_nothing() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    let ticket = desk.register(high("phone"));
    desk.clock().synchronise(Some(false));
    desk.clock().set(instant("2026-11-26 10:00"));
    desk.pass_ms(HOUR_MS);
    assert_eq!(distrust(&desk), (Some("stepped"), Some("часы переведены".to_owned())));
    assert_eq!(breached(&desk, ticket, Metric::Line), "never");
    // Held time is right, since the box ran: it is 11:00, and a ticket of now ends at 15:00.
    let held = desk.register(high("phone"));
    assert_eq!(deadline(&desk, held, Metric::Line), "2026-11-23 15:00");
    // The time service sets it right. Nothing was late.
    desk.clock().set(instant("2026-11-23 11:00"));
    desk.clock().synchronise(Some(true));
    desk.pass_ms(10_000);
    assert_eq!(distrust(&desk), (None, None));
    assert_eq!(
        (breached(&desk, ticket, Metric::Line), deadline(&desk, held, Metric::Line)),
        ("never".into(), "2026-11-23 15:00".into())
    );
    assert!(!desk.wall().iter().any(|alarm| alarm.contains("breach")), "{:?}", desk.wall());
    check_record(&desk);
}

#[test]
fn steps_that_the_kernel_vouches_for_are_followed_both_ways() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    let ticket = desk.register(high("phone"));
    desk.pass_until("2026-11-23 12:00");
    desk.clock().set(instant("2026-11-23 11:00"));
    desk.turn(None).pass_until("2026-11-23 13:59");
    assert_eq!((distrust(&desk).0, breached(&desk, ticket, Metric::Line)), (None, "never".to_owned()));
    desk.clock().set(instant("2026-11-23 14:00:00.001"));
    desk.turn(None);
    assert_eq!(breached(&desk, ticket, Metric::Line), "2026-11-23 14:00");
    check_record(&desk);
}

#[test]
fn what_ran_out_while_the_box_slept_is_one_alarm() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    let tickets = [desk.register(high("phone")), desk.register(high("phone"))];
    desk.turn(None);
    // The monotonic clock stands still in suspend.
    desk.clock().set(instant("2026-11-23 18:00"));
    desk.turn(None);
    assert_eq!(distrust(&desk), (None, None));
    for ticket in tickets {
        assert_eq!(breached(&desk, ticket, Metric::Line), "2026-11-23 14:00");
    }
    let breaches: Vec<_> = unacked(&desk).into_iter().filter(|alarm| alarm.contains("breach")).collect();
    assert_eq!(breaches, ["breach-late"]);
}

#[test]
fn thirty_deadlines_of_a_weekend_are_one_alarm_and_stay_so_over_restarts() {
    let mut desk = SimulatedBox::at("2026-11-27 18:00");
    let tickets: Vec<_> = (0..30).map(|_| desk.register(high("phone"))).collect();
    desk.pass_ms(MINUTE_MS).switch_off();
    // 3 h on Friday and 1 h on Monday: 10:00. The box comes back at 10:30.
    desk.clock().set(instant("2026-11-30 10:30"));
    desk.switch_on();
    for ticket in &tickets {
        assert_eq!(breached(&desk, *ticket, Metric::Line), "2026-11-30 10:00");
        let alarm = desk.desk().alarm(&format!("{ticket}-breach-line-1")).unwrap();
        assert_eq!(alarm.acked_by.as_deref(), Some("breach-late"));
    }
    let breaches = |desk: &SimulatedBox| {
        unacked(desk).into_iter().filter(|alarm| alarm.contains("breach")).collect::<Vec<_>>()
    };
    assert_eq!(breaches(&desk), ["breach-late"]);
    let board = desk.running().view().board();
    let (_, about) = board.alarms.iter().find(|(alarm, _)| alarm.id == "breach-late").unwrap();
    assert_eq!(about.subject, "истекли без присмотра: 30 (с 30.11 10:00 по 30.11 10:00)");

    let written = desk.entries().len();
    desk.switch_off().switch_on();
    assert_eq!((breaches(&desk), desk.entries().len()), (vec!["breach-late".to_owned()], written));
    desk.ack("breach-late");
    assert_eq!(breaches(&desk), Vec::<String>::new());
    desk.switch_off().switch_on();
    assert_eq!(breaches(&desk), Vec::<String>::new());
    assert!(desk.desk().alarm("breach-late").is_none(), "it is over when somebody has seen it");
    check_record(&desk);
}

#[test]
fn one_late_breach_is_an_alarm_of_its_own() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    let ticket = desk.register(high("phone"));
    desk.switch_off().clock().set(instant("2026-11-23 15:00"));
    desk.switch_on();
    assert!(unacked(&desk).contains(&format!("{ticket}-breach-line-1")), "{:?}", desk.wall());
    assert!(desk.desk().alarm("breach-late").is_none());
}

#[test]
fn a_pause_by_held_time_is_reckoned_by_the_true_time_too() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    desk.register(high("phone"));
    desk.switch_off().clock().synchronise(Some(false));
    // Held from Monday 10:00, in working hours; truly it is night.
    desk.clock().set(instant("2026-11-25 02:00"));
    desk.switch_on();
    let ticket = desk.register(high("phone"));
    desk.pass_ms(5 * HOUR_MS).act(ticket, "ask", json!({ "text": "Какая у вас версия?" }));
    assert_eq!(clock(&desk, ticket, Metric::Line).used_ms, 5 * HOUR_MS, "by held time it would be late");
    desk.clock().synchronise(Some(true));
    desk.pass_ms(10_000);
    let paused = clock(&desk, ticket, Metric::Line);
    assert_eq!((paused.used_ms, paused.due()), (0, None), "02:00 to 07:00 is no working time");
    desk.pass_until("2026-11-25 10:00").act(ticket, "answer", json!({ "text": "Третья" }));
    assert_eq!(deadline(&desk, ticket, Metric::Line), "2026-11-25 14:00");
    assert_eq!(breached(&desk, ticket, Metric::Line), "never");
}

#[test]
fn held_stamps_of_a_daemon_that_ended_are_corrected_by_the_next() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    desk.register(high("phone"));
    desk.switch_off().clock().synchronise(Some(false));
    desk.switch_on();
    desk.pass_ms(HOUR_MS);
    let ticket = desk.register(high("phone"));
    desk.pass_ms(2 * HOUR_MS).switch_off();
    // How long it was off nobody knows. It came in before the daemon started again, on Wednesday at 12:00.
    desk.clock().set(instant("2026-11-25 12:00"));
    desk.clock().synchronise(Some(true));
    desk.switch_on();
    assert_eq!(deadline(&desk, ticket, Metric::Line), "2026-11-25 16:00");
    let corrections = |desk: &SimulatedBox| events(desk, |event| matches!(event, Event::TimeTrusted { .. }));
    assert_eq!(corrections(&desk), 1);
    desk.switch_off().switch_on();
    assert_eq!(corrections(&desk), 1, "once");
    check_record(&desk);
}

#[test]
fn a_change_to_summer_time_is_no_step() {
    let mut desk = SimulatedBox::at("2027-03-28T00:30:00Z");
    desk.switch_off().settings().zone = Tz::Europe__Berlin;
    desk.switch_on();
    let at = |desk: &SimulatedBox| desk.running().view().board().view(desk.now()).at;
    assert_eq!(at(&desk), "2027-03-28T01:30:00.000+01:00");
    let written = desk.entries().len();
    desk.pass_ms(HOUR_MS);
    assert_eq!(at(&desk), "2027-03-28T03:30:00.000+02:00");
    assert_eq!((distrust(&desk), desk.entries().len()), ((None, None), written));
}

#[test]
fn another_zone_of_the_site_changes_what_is_shown_and_no_deadline() {
    let mut desk = SimulatedBox::at("2026-11-23 10:00");
    let ticket = desk.register(high("phone"));
    let next = |desk: &SimulatedBox| desk.running().view().board().view(desk.now()).next[0].deadline.clone();
    assert_eq!(next(&desk), "2026-11-23T14:00:00.000+03:00");
    desk.switch_off().settings().zone = Tz::Asia__Vladivostok;
    desk.switch_on();
    assert_eq!(next(&desk), "2026-11-23T21:00:00.000+10:00");
    assert_eq!(deadline(&desk, ticket, Metric::Line), "2026-11-23 14:00", "the calendar is the regulation's");
    desk.pass_until("2026-11-23 14:00").pass_ms(1);
    assert_eq!(breached(&desk, ticket, Metric::Line), "2026-11-23 14:00");
}

#[test]
fn an_idle_box_writes_nothing_whether_it_knows_the_time_or_not() {
    for synchronised in [Some(true), Some(false), None] {
        let mut desk = SimulatedBox::at("2026-11-23 10:00");
        desk.clock().synchronise(synchronised);
        desk.switch_off().switch_on();
        desk.pass_ms(24 * HOUR_MS);
        assert_eq!(desk.entries().len(), 0);
    }
}
