//! When a month ends, and what it takes no more.

use andon::desk::report::{Cause, Dimension, Month};
use andon::desk::{Desk, Event, Metric, Refusal};
use andon_tests::time::{instant, local};
use serde_json::json;

use super::{closed, confirmed, incident, question, running, slice, solved, world};

#[test]
fn a_month_is_closed_once_at_the_sites_midnight_whether_the_daemon_was_off_or_not() {
    for off in [false, true] {
        let mut world = world("zkh-services", "2026-11-30 18:00");
        confirmed(&mut world, question(), "ivanova", Some("5"));
        assert_eq!(world.desk().next_deadline().map(local).as_deref(), Some("2026-12-01 00:00"));
        let until = "2027-03-05 10:00";
        if off {
            world.sleep_until(until)
        } else {
            world.run_until(until)
        };
        let entry = world.entries().last().expect("a month was closed");
        assert_eq!(local(entry.effective_at()), "2026-12-01 00:00");
        assert_eq!(entry.by, "timer");
        // Months in which nothing happened are not told, and do not wake anybody.
        assert_eq!(closed(&world).len(), 1);
        assert_eq!(world.desk().next_deadline(), None);
        assert_eq!(world.desk().closed_month("2026-11".parse().unwrap()), Some(entry.first_seq));
        assert_eq!(world.desk().closed_month("2026-12".parse().unwrap()), None);
    }
}

#[test]
fn a_mark_after_the_month_was_closed_counts_in_the_month_it_was_given_in_and_changes_nothing_before() {
    let mut world = world("group-helpdesk", "2026-11-23 11:00");
    confirmed(&mut world, incident(), "ivanova", Some("5"));
    let silent = solved(&mut world, incident(), "ivanova");
    world.run_until("2026-12-02 10:00");
    let before = closed(&world);
    assert_eq!(before.len(), 1);
    assert_eq!(
        slice(&before[0].1, Dimension::Regulation, None).quality.closed,
        2,
        "silence closed it in November"
    );
    assert_eq!(
        world.refused(silent, "confirm", json!({})),
        Refusal::Conflict {
            code: "closed",
            message: format!("ticket {silent} is closed; register a new ticket that `follows` it"),
            ticket: Some(silent),
            status: Some("closed".into()),
        },
        "without a mark there is nothing to confirm any more"
    );
    world.act(silent, "confirm", json!({ "mark": "2", "comment": "Долго" }));
    assert_eq!(closed(&world), before, "a closed month stays what it was");
    let december = slice(&running(&world, "2026-12"), Dimension::Agent, Some("ivanova")).quality;
    assert_eq!((december.closed, december.rated, december.late_marks, december.sum), (0, 0, 1, Some(2)));
    let again = world.refused(silent, "confirm", json!({ "mark": "5" })).to_string();
    assert!(again.contains("is closed and has its mark; a mark is given once"), "{again}");
    assert_eq!(world.ticket(silent).mark.as_deref(), Some("2"));
    world.run_until("2027-01-01 10:00");
    assert_eq!(slice(&closed(&world)[1].1, Dimension::Regulation, None).quality.late_marks, 1);
}

#[test]
fn what_happened_before_midnight_and_was_noticed_after_it_is_in_the_month_it_happened_in() {
    let mut world = world("zkh-services", "2026-11-30 10:00");
    world.register(question());
    // The reaction breaks at 11:00 and the solution 24 hours later, in December; the box is off.
    world.sleep_until("2026-12-05 10:00");
    let months = closed(&world);
    let whole = slice(&months[0].1, Dimension::Regulation, None);
    assert_eq!((months[0].0.as_str(), months.len(), whole.quality.closed), ("2026-11", 1, 0));
    let causes: Vec<_> = whole.clocks.iter().map(|clock| (clock.metric, clock.causes.clone())).collect();
    assert_eq!(causes, [(Metric::Reaction, [(Cause::Untaken, 1)].into())]);
    let december = slice(&running(&world, "2026-12"), Dimension::Regulation, None);
    assert_eq!(december.clocks[0].metric, Metric::Resolution);
    assert_eq!(december.clocks[0].breaches(), 1, "a ticket that is left open hides nothing");
}

#[test]
fn a_breach_is_told_with_its_cause() {
    let mut world = world("zkh-services", "2026-11-23 11:00");
    let untaken = world.register(question());
    let in_work = world.register(question());
    let returned = solved(&mut world, question(), "petrov");
    world.act(returned, "return", json!({ "reason": "Не помогло" }));
    world.as_agent("ivanova", &[]).act(in_work, "take", json!({}));
    let shortened = world.as_lead().register(json!({ "channel": "phone", "type": "error", "subject": "Сбой",
        "priority": "high", "requester": { "name": "Анна" } }));
    world.as_agent("ivanova", &[]).act(shortened, "take", json!({}));
    world.run_until("2026-11-25 12:00");
    // 24 hours for a critical one, and 49 are gone.
    world.as_lead().act(shortened, "priority", json!({ "to": "critical", "reason": "Стоит работа" }));
    let whole = slice(&running(&world, "2026-11"), Dimension::Regulation, None);
    let resolution =
        whole.clocks.iter().find(|clock| clock.metric == Metric::Resolution).expect("they broke");
    let expected =
        [(Cause::TermChanged, 1), (Cause::Untaken, 1), (Cause::Returned, 1), (Cause::InWork, 1)].into();
    assert_eq!(resolution.causes, expected);
    assert_eq!(world.breached(untaken, Metric::Resolution), "2026-11-24 11:00");
    let reaction = whole.clocks.iter().find(|clock| clock.metric == Metric::Reaction).expect("one broke");
    assert_eq!(reaction.causes, [(Cause::Untaken, 1)].into(), "the others were taken within the hour");
}

#[test]
fn pauses_are_a_share_of_the_time_from_start_to_end() {
    let mut world = world("zkh-services", "2026-11-23 11:00");
    let ticket = world.register(question());
    world.as_agent("ivanova", &[]).act(ticket, "take", json!({}));
    world.run_until("2026-11-23 12:00").act(ticket, "ask", json!({ "text": "Какой дом?" }));
    world.run_until("2026-11-23 15:00").as_requester().act(ticket, "answer", json!({ "text": "Пятый" }));
    world.run_until("2026-11-23 17:00").as_agent("ivanova", &[]);
    world.act(ticket, "resolve", json!({ "text": "Готово" }));
    world.run_until("2026-11-23 19:00").as_requester().act(ticket, "confirm", json!({}));
    let whole = slice(&running(&world, "2026-11"), Dimension::Regulation, None);
    let resolution = whole.clocks.iter().find(|clock| clock.metric == Metric::Resolution).expect("it ran");
    // From 11 to 19: one hour, three of waiting, two of work, two with the requester.
    let hour = 3_600_000;
    assert_eq!((resolution.elapsed_ms, resolution.paused_ms), (8 * hour, 5 * hour));
    assert_eq!((resolution.met, resolution.used.expect("it was used").max_ms), (1, 3 * hour));
}

#[test]
fn what_could_not_be_kept_counts_nowhere() {
    let mut world = world("zkh-services", "2026-11-23 11:00");
    confirmed(&mut world, question(), "ivanova", Some("5"));
    let mut desk = Desk::new(world.desk().regulations().clone());
    desk.collect_scores();
    let (kept, lost) = world.entries().split_at(world.entries().len() - 1);
    for entry in kept {
        desk.apply(entry);
    }
    let before = (desk.tally().clone(), desk.next_deadline());
    desk.remember();
    for entry in lost {
        desk.apply(entry);
    }
    assert_ne!(desk.tally(), &before.0, "the last entry closes the ticket");
    desk.go_back();
    assert_eq!((desk.tally().clone(), desk.next_deadline()), before);
    assert_eq!(desk.take_scores(), [], "nor is it kept");
}

#[test]
fn a_record_of_months_that_nobody_closed_is_closed_month_by_month() {
    let mut world = world("zkh-services", "2026-09-10 11:00");
    for day in ["2026-09-10 12:00", "2026-10-10 12:00", "2026-11-10 12:00"] {
        world.run_until(day);
        confirmed(&mut world, question(), "ivanova", Some("5"));
    }
    // The record as an older version would have written it.
    let old: Vec<_> = world
        .entries()
        .iter()
        .filter(|entry| !matches!(entry.facts[0].event, Event::MonthClosed { .. }))
        .cloned()
        .collect();
    let mut desk = Desk::new(world.desk().regulations().clone());
    for entry in &old {
        desk.apply(entry);
    }
    let mut months: Vec<(Month, u32)> = Vec::new();
    let now = instant("2026-11-10 13:00");
    while let Some((effective, facts)) = desk.due(now) {
        if let Event::MonthClosed { month, figures } = &facts[0].event {
            months.push((*month, figures.regulations[0].slices[0].quality.closed));
        }
        desk.enter(facts, "timer", now, Some(effective), None, false);
    }
    assert_eq!(months, [("2026-09".parse().unwrap(), 1), ("2026-10".parse().unwrap(), 1)]);
}

#[test]
fn a_site_in_another_zone_has_months_of_its_own() {
    let regulation = andon_tests::world::shipped("zkh-services");
    let regulations = andon::desk::Regulations::new(vec![regulation.into()]);
    let mut world = andon_tests::World::side_by_side(
        regulations.in_zone(calendars::Tz::Asia__Vladivostok),
        "2026-11-30 18:00",
    );
    // In Vladivostok it is December already.
    confirmed(&mut world, question(), "ivanova", Some("5"));
    assert_eq!(slice(&running(&world, "2026-12"), Dimension::Regulation, None).quality.closed, 1);
}

#[test]
fn a_desk_that_knows_no_zone_keeps_no_months() {
    let mut world = andon_tests::World::shipped("zkh-services", "2026-11-30 18:00");
    confirmed(&mut world, question(), "ivanova", Some("5"));
    assert_eq!((world.desk().tally().first_open(), world.desk().next_deadline()), (None, None));
}
