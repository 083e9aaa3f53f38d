//! What holds for every command: revisions, roles, repetition, and time that does not go back.

use andon::desk::{Act, Metric, Refusal, Regulation, Role, Stage, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use andon_tests::world::shipped_text;
use calendars::Timestamp;
use serde_json::json;

use crate::getmark::{high, medium, request};

/// `If-Match`: a ticket that has changed since the caller saw it is not changed blindly.
#[test]
fn a_command_for_another_revision_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    assert_eq!(world.ticket(ticket).revision, 1);
    world.try_act_if(ticket, Some(1), "take", json!({})).unwrap();
    assert_eq!(world.ticket(ticket).revision, 2);
    let refusal = world.try_act_if(ticket, Some(1), "resolve", json!({ "text": "Сделано" })).unwrap_err();
    assert_eq!(refusal, Refusal::Revision { asked: 1, now: 2 });
    assert_eq!(refusal.to_string(), "the ticket is at revision 2, not 1; read it again");
    assert_eq!(world.ticket(ticket).stage, Stage::Open);
    // Time changes tickets as well: a breach that nobody has seen yet is a change.
    world.run_until("2026-11-25 12:00");
    let now = world.ticket(ticket).revision;
    assert!(now > 2);
    world.try_act_if(ticket, Some(now), "resolve", json!({ "text": "Сделано" })).unwrap();
}

/// A ticket that is not there.
#[test]
fn a_command_for_no_ticket_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    assert_eq!(
        world.refused(TicketNumber(7), "take", json!({})),
        Refusal::NotFound { what: "ticket", id: "7".to_owned() }
    );
}

/// A refusal changes nothing, not even the number of the next event.
#[test]
fn a_refused_command_leaves_no_trace() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("phone"));
    let (before, seq) = (world.ticket(ticket).clone(), world.desk().next_seq());
    world.refused(ticket, "route", json!({ "line": 3 }));
    world.refused(ticket, "resolve", json!({}));
    world.refused(ticket, "priority", json!({ "to": "critical" }));
    assert_eq!((world.ticket(ticket), world.desk().next_seq()), (&before, seq));
}

/// A viewer looks.
#[test]
fn a_viewer_changes_nothing() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("phone"));
    world.as_role("wall", Role::Viewer, &[]);
    assert_eq!(world.try_register(high("phone")).unwrap_err().code(), "forbidden");
    for verb in Act::VERBS {
        let body = match verb {
            "assign" => json!({ "agent": "x" }),
            "link" => json!({ "to": 1, "kind": "similar" }),
            _ => json!({}),
        };
        assert_eq!(world.refused(ticket, verb, body).code(), "forbidden", "{verb}");
    }
}

/// A closed ticket changes only by what belongs beside it: a note, a link.
#[test]
fn a_closed_ticket_is_closed() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("phone"));
    let other = world.register(medium("phone"));
    world.act(ticket, "close", json!({ "reason": "Дубликат" }));
    for (verb, body) in [
        ("reply", json!({ "text": "Ещё" })),
        ("ask", json!({ "text": "Ещё?" })),
        ("answer", json!({ "text": "Ещё" })),
        ("classify", json!({ "type": "error" })),
        ("priority", json!({ "to": "high", "reason": "Ещё" })),
        ("take", json!({})),
        ("assign", json!({ "agent": "ivanova" })),
        ("transfer", json!({ "agent": "ivanova", "reason": "Ещё" })),
        ("route", json!({ "line": 2 })),
        ("extend", json!({})),
        ("resolve", json!({ "text": "Ещё" })),
        ("confirm", json!({})),
        ("refuse", json!({ "reason": "Ещё" })),
        ("close", json!({ "reason": "Ещё" })),
        ("split", json!({ "subject": "Ещё" })),
        ("urgent", json!({ "text": "Ещё" })),
        ("escalate", json!({})),
        ("escalation-answer", json!({})),
        ("prefer", json!({ "reason": "Ещё" })),
        ("merge", json!({ "into": other })),
        ("issue", json!({})),
        ("ask-lead", json!({ "text": "Ещё" })),
        ("cite", json!({ "url": "https://kb.example.ru/x" })),
    ] {
        assert_eq!(world.refused(ticket, verb, body).code(), "closed", "{verb}");
    }
    world.act(ticket, "reply", json!({ "text": "Для памяти", "internal": true }));
    world.act(ticket, "complain", json!({ "text": "Закрыли, а не работает" }));
    world.act(ticket, "link", json!({ "to": other, "kind": "duplicate" }));
    assert_eq!(world.ticket(ticket).stage, Stage::Closed);
}

/// A clock of the system that steps back does not take the record back with it.
#[test]
fn a_command_at_an_earlier_time_is_stamped_with_the_newest() {
    let mut world = World::getmark("2026-11-23 10:00");
    world.register(high("email"));
    let earlier = Timestamp::from_millis(world.now().millis() - 3_600_000);
    assert_eq!(local(world.desk().stamp(earlier)), "2026-11-23 10:00");
}

/// An entry that could not be kept is undone as if it had never been.
#[test]
fn going_back_leaves_the_desk_as_it_was() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 19:00");
    let mut desk = andon::desk::Desk::new(world.desk().regulations().clone());
    for entry in world.entries() {
        desk.apply(entry);
    }
    let look = |desk: &andon::desk::Desk| {
        let alarms: Vec<_> = desk.alarms().cloned().collect();
        let ticket = serde_json::to_string(desk.ticket(ticket).unwrap().as_ref()).unwrap();
        (ticket, desk.rest().clone(), desk.counts(), alarms, desk.next_deadline(), desk.tickets().count())
    };
    let before = look(&desk);
    desk.remember();
    let kept = world.entries().len();
    world.act(ticket, "priority", json!({ "to": "critical", "reason": "Не работает ничего" }));
    world.register(medium("phone"));
    world.run_until("2026-11-25 12:00");
    for entry in &world.entries()[kept..] {
        desk.apply(entry);
    }
    assert_ne!(look(&desk), before);
    desk.go_back();
    assert_eq!(look(&desk), before);
}

/// GM-5.16 for a desk whose requesters name priorities: one that is for agents of some lines is not theirs to name.
#[test]
fn a_priority_of_some_lines_is_not_the_requesters_to_name() {
    let text =
        shipped_text("getmark").replace("priority-source = \"rules\"", "priority-source = \"requester\"");
    let regulation = Regulation::parse("getmark.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let mut world = World::under(regulation, "2026-11-23 10:00");
    let mut body = request("email", "error", "hinders");
    body["priority"] = json!("critical");
    world.as_role("form", Role::Intake, &[]);
    let refusal = world.try_register(body.clone()).expect_err("it is not for a form to say");
    assert_eq!(
        refusal.to_string(),
        "priority: priority `critical` is set by agents of line 1 or 2 only (GM-5.16)"
    );
    world.as_agent("ivanova", &[3]);
    assert!(world.try_register(body.clone()).is_err(), "nor for line 3");
    world.as_agent("ivanova", &[2]);
    let ticket = world.register(body);
    assert_eq!(world.priority(ticket), "critical");
}

/// What was missing comes with `classify`, so that an incomplete ticket can be completed (GM-5.12, GM-5.21).
#[test]
fn classify_brings_what_was_missing_of_the_requester() {
    let mut world = World::getmark("2026-11-23 10:00");
    let mut body = request("email", "error", "hinders");
    body["requester"] = json!({ "name": "Анна Петрова" });
    body["incomplete"] = json!(true);
    let ticket = world.register(body);
    assert!(world.ticket(ticket).facts.incomplete);
    let refusal = world.refused(ticket, "classify", json!({ "requester": { "inn": "7707083894" } }));
    assert!(refusal.to_string().starts_with("requester.inn: `7707083894` is no INN"), "{refusal}");
    let refusal = world.refused(ticket, "classify", json!({ "fields": { "requester.inn": "7707083893" } }));
    assert_eq!(
        refusal.to_string(),
        "fields.requester.inn: no field has a dot in its name; `requester.inn` stands beside `fields`, not in it"
    );
    world.act(ticket, "classify", json!({ "requester": { "inn": "7707083893" }, "description": "С утра" }));
    let facts = &world.ticket(ticket).facts;
    assert!(!facts.incomplete);
    assert_eq!(facts.requester.name.as_deref(), Some("Анна Петрова"), "what was known stays");
    assert_eq!(facts.description.as_deref(), Some("С утра"));
}

/// HD-4: the urgency decides the terms, so one that turns out to be another re-derives them (R6). An incident of the
/// office, Monday 10:00: 4 h to answer; found to be urgent at 10:20, 30 min from the registration, 10:30.
#[test]
fn hd_4_an_urgency_that_turns_out_to_be_another_gives_other_terms() {
    let mut world = World::shipped("group-helpdesk", "2026-11-23 10:00");
    let ticket = world.register(json!({ "channel": "hm", "type": "incident", "subject": "Почта" }));
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 14:00");
    world.run_until("2026-11-23 10:20").act(ticket, "classify", json!({ "urgency": "urgent" }));
    assert_eq!(world.deadline(ticket, Metric::Reaction), "2026-11-23 10:30");
}

/// R4: a term that was broken stays broken at its own time, however often it stands still afterwards. High on line 2,
/// Friday 2026-11-20 10:00: the line's 8 h end at 18:00 that day. Asked on Monday, answered on Tuesday.
#[test]
fn r4_a_broken_term_that_resumes_keeps_the_deadline_it_missed() {
    let mut world = World::getmark("2026-11-20 10:00");
    let ticket = world.register(request("email", "error", "stops-operations"));
    world.run_until("2026-11-23 10:00").act(ticket, "ask", json!({ "text": "Какая версия?" }));
    assert_eq!(world.deadline(ticket, Metric::Line), "none");
    world.run_until("2026-11-24 10:00").as_requester().act(ticket, "answer", json!({ "text": "2.3" }));
    assert_eq!(world.breached(ticket, Metric::Line), "2026-11-20 18:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-20 18:00");
}

/// Marks are figures, and come as such; so do versions and lists.
#[test]
fn zs_6b_a_mark_may_come_as_a_number() {
    let mut world = World::shipped("zkh-services", "2026-11-23 10:00");
    let ticket = world.register(json!({ "channel": "email", "type": "error", "subject": "Квитанция" }));
    world.act(ticket, "resolve", json!({ "text": "Исправлено" })).as_requester();
    assert_eq!(world.refused(ticket, "confirm", json!({ "mark": 6 })).code(), "invalid-fields");
    world.act(ticket, "confirm", json!({ "mark": 5 }));
    assert_eq!(world.ticket(ticket).mark.as_deref(), Some("5"));
}

/// A rule that looks at a number sees it, whether it comes with quotes or without.
#[test]
fn a_rule_sees_a_number_as_it_sees_a_word() {
    let text = shipped_text("bpmsoft-care").replace(
        "[[priority-rule]]\npriority = \"medium\"",
        "[[priority-rule]]\nwhen = { fields = { nodes = 12 } }\npriority = \"high\"\n\n[[priority-rule]]\npriority = \"medium\"",
    );
    let regulation = Regulation::parse("care.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let mut world = World::under(regulation, "2026-11-23 10:00");
    for (nodes, priority) in [(json!(12), "high"), (json!("12"), "high"), (json!(2), "medium")] {
        let ticket = world.register(json!({
            "channel": "portal", "type": "incident", "subject": "Вход", "fields": { "nodes": nodes }, "incomplete": true,
        }));
        assert_eq!(world.priority(ticket), priority, "{nodes}");
    }
}

/// Nothing is recorded where nothing changed, also on a ticket that is still incomplete.
#[test]
fn classify_with_nothing_but_blanks_changes_nothing() {
    let mut world = World::shipped("bpmsoft-care", "2026-11-23 10:00");
    let ticket = world.register(json!({
        "channel": "portal", "type": "incident", "subject": "Вход", "incomplete": true,
    }));
    let before = world.entries().len();
    world.act(ticket, "classify", json!({ "client": "  " }));
    assert_eq!(world.entries().len(), before);
}

/// Links are told with each answer, so a ticket has so many and no more, on either side.
#[test]
fn a_ticket_has_a_thousand_links_and_no_more() {
    let mut world = World::getmark("2026-11-23 10:00");
    let hub = world.register(medium("phone"));
    for _ in 0..1_000 {
        let other = world.register(medium("phone"));
        world.act(other, "link", json!({ "to": hub, "kind": "similar" }));
    }
    let one_more = world.register(medium("phone"));
    let link = |to| json!({ "to": to, "kind": "similar" });
    for (ticket, other) in [(one_more, hub), (hub, one_more)] {
        let refusal = world.refused(ticket, "link", link(other));
        assert_eq!(refusal.code(), "too-many-links");
        assert!(refusal.to_string().contains(&format!("ticket {hub} has 1000 links")), "{refusal}");
    }
    assert_eq!(world.refused(one_more, "merge", json!({ "into": hub })).code(), "too-many-links");
    assert_eq!(world.refused(hub, "split", json!({ "subject": "Ещё" })).code(), "too-many-links");
    let mut follows = medium("phone");
    follows["follows"] = json!(hub);
    assert_eq!(world.try_register(follows).expect_err("there is no room").code(), "too-many-links");
    world.act(one_more, "link", link(TicketNumber(2)));
    world.act(hub, "reply", json!({ "text": "Смотрим" }));
}
