//! The three lines: who may route where, when not to, and what a line owes.

use andon::desk::clocks::ClockState;
use andon::desk::command::LinkKind;
use andon::desk::view;
use andon::desk::{FieldError, Metric, Refusal, TicketNumber};
use andon_tests::World;
use serde_json::{Value, json};

use super::{high, medium};

/// A world with a ticket that stands on a line.
fn on_line(line: u8) -> (World, TicketNumber) {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium(if line == 1 { "phone" } else { "email" }));
    if line == 3 {
        world.act(ticket, "route", json!({ "line": 3 }));
    }
    assert_eq!(world.ticket(ticket).facts.line, line);
    (world, ticket)
}

/// The conflict's code, and the ticket it names.
fn conflict(refusal: Refusal) -> (&'static str, Option<TicketNumber>) {
    match refusal {
        Refusal::Conflict { code, ticket, .. } => (code, ticket),
        other => panic!("was to be a conflict: {other:?}"),
    }
}

/// GM-4.1, GM-4.2, GM-4.3: line 1 routes to 2, 2 to 3, 3 may send back for details; and back down 2→1, 3→1.
/// There is no way from 1 to 3.
#[test]
fn gm_4_1_2_3_every_route_but_from_1_to_3() {
    for (from, to) in [(1, 2), (2, 3), (3, 2), (2, 1), (3, 1)] {
        let (mut world, ticket) = on_line(from);
        world.act(ticket, "route", json!({ "line": to }));
        assert_eq!(world.ticket(ticket).facts.line, to, "{from} to {to}");
    }
    let (mut world, ticket) = on_line(1);
    let refusal = world.refused(ticket, "route", json!({ "line": 3 }));
    assert_eq!(refusal.to_string(), "line 1 routes to line 2, not to line 3");
    assert_eq!(refusal.code(), "no-route");
    assert_eq!(world.ticket(ticket).facts.line, 1);
}

/// GM-4.1: there are three lines.
#[test]
fn gm_4_1_a_fourth_line_is_refused_with_the_list() {
    let (mut world, ticket) = on_line(2);
    assert_eq!(
        world.refused(ticket, "route", json!({ "line": 4 })),
        Refusal::field("line", "unknown 4; one of 1, 2, 3")
    );
}

/// GM-4.1, GM-4.2, GM-4.3: each line may classify and reclassify.
#[test]
fn gm_4_3_an_agent_of_any_line_reclassifies() {
    for line in [1, 2, 3] {
        let (mut world, ticket) = on_line(line);
        world.as_agent("ivanova", &[line]);
        world.act(ticket, "classify", json!({ "type": "consultation", "reason": "Программа работает" }));
        assert_eq!(world.ticket(ticket).facts.kind, "consultation", "line {line}");
        world.act(ticket, "classify", json!({ "type": "change-request" }));
        assert_eq!(world.ticket(ticket).facts.kind, "change-request", "line {line}");
    }
}

/// GM-4: classifying is the lines' work, not the requester's.
#[test]
fn gm_4_3_the_requester_does_not_classify_or_route() {
    let (mut world, ticket) = on_line(1);
    world.as_requester();
    for (verb, body) in [("classify", json!({ "type": "error" })), ("route", json!({ "line": 2 }))] {
        assert_eq!(world.refused(ticket, verb, body).code(), "forbidden", "{verb}");
    }
}

/// GM-4.2: who routes a ticket does not work on it any more; the next line has it to take.
#[test]
fn gm_4_2_routing_frees_the_ticket_for_the_next_line() {
    let (mut world, ticket) = on_line(1);
    world.as_agent("ivanova", &[1]).act(ticket, "take", json!({}));
    world.act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.ticket(ticket).assignee, None);
    world.as_agent("sidorov", &[2]).act(ticket, "take", json!({}));
    assert_eq!(world.ticket(ticket).assignee.as_deref(), Some("sidorov"));
}

/// GM-5.10: before routing up, check whether the same problem is being worked on already; if so, do not route.
#[test]
fn gm_5_10_a_ticket_of_an_open_problem_is_not_routed_up() {
    let (mut world, ticket) = on_line(1);
    let problem = world.register(high("email"));
    world.act(ticket, "link", json!({ "to": problem, "kind": "problem" }));
    let refusal = world.refused(ticket, "route", json!({ "line": 2 }));
    assert_eq!(
        refusal.to_string(),
        "the problem is worked on as ticket 2 already; do not route this one up (GM-5.10)"
    );
    assert_eq!(conflict(refusal), ("already-worked-on", Some(problem)));
    assert_eq!(world.ticket(ticket).facts.line, 1);
    // The problem itself goes its way, and so does the ticket once nobody works on the problem.
    world.act(problem, "route", json!({ "line": 3 }));
    world.act(problem, "resolve", json!({ "text": "Исправлено в версии 2.4; обновите страницу" }));
    world.act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.ticket(ticket).facts.line, 2);
}

/// GM-5.10: the clause is about routing up. Back down for details is no second work on the problem.
#[test]
fn gm_5_10_a_ticket_of_an_open_problem_may_go_back_for_details() {
    let (mut world, ticket) = on_line(3);
    let problem = world.register(high("email"));
    world.act(ticket, "link", json!({ "to": problem, "kind": "problem" }));
    world.act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(
        conflict(world.refused(ticket, "route", json!({ "line": 3 }))),
        ("already-worked-on", Some(problem))
    );
}

/// GM-5.10: only a link to the problem itself holds a ticket back.
#[test]
fn gm_5_10_other_links_do_not_hold_a_ticket_back() {
    for kind in ["similar", "duplicate", "follow-up"] {
        let (mut world, ticket) = on_line(2);
        let other = world.register(medium("email"));
        world.act(ticket, "link", json!({ "to": other, "kind": kind }));
        world.act(ticket, "route", json!({ "line": 3 }));
        assert_eq!(world.ticket(ticket).facts.line, 3, "{kind}");
    }
}

/// GM-5.28: like open tickets on line 3 are linked to one another.
#[test]
fn gm_5_28_similar_tickets_are_linked_both_ways() {
    let (mut world, first) = on_line(3);
    let second = world.register(medium("email"));
    world.act(second, "route", json!({ "line": 3 }));
    world.act(first, "link", json!({ "to": second, "kind": "similar" }));
    let links = |world: &World, ticket| {
        world.ticket(ticket).links.iter().map(|link| (link.to, link.kind)).collect::<Vec<_>>()
    };
    assert_eq!(links(&world, first), [(second, LinkKind::Similar)]);
    assert_eq!(links(&world, second), [(first, LinkKind::Similar)]);
    // Said again, from either side, it is one link still, and nothing happened.
    let before = world.entries().len();
    world.act(first, "link", json!({ "to": second, "kind": "similar" }));
    world.act(second, "link", json!({ "to": first, "kind": "similar" }));
    assert_eq!(world.entries().len(), before);
    assert_eq!(links(&world, second), [(first, LinkKind::Similar)]);
}

/// GM-5.28: a link leads to a ticket, and to another one.
#[test]
fn gm_5_28_a_link_to_itself_or_to_nothing_is_refused() {
    let (mut world, ticket) = on_line(3);
    assert_eq!(
        world.refused(ticket, "link", json!({ "to": ticket, "kind": "similar" })),
        Refusal::field("to", "a ticket is not linked to itself")
    );
    assert_eq!(
        world.refused(ticket, "link", json!({ "to": 77, "kind": "similar" })),
        Refusal::field("to", "there is no ticket 77")
    );
}

/// GM-5.17: what line 1 has broken stays to be seen when line 2 has the ticket and a term of its own.
#[test]
fn gm_5_17_a_term_broken_on_line_1_is_seen_on_line_2() {
    let mut world = World::getmark("2026-11-20 10:00");
    let ticket = world.register(high("phone"));
    let seen = |world: &World| view::ticket(world.ticket(ticket), world.desk().regulations(), world.now());
    assert!(seen(&world).past_clocks.is_empty());
    // Line 1 has 4 h, from Friday 10:00 to 14:00.
    world.run_until("2026-11-20 15:00").act(ticket, "route", json!({ "line": 2 }));
    let ticket = seen(&world);
    let [past] = ticket.past_clocks.as_slice() else { panic!("one cycle is past: {:?}", ticket.past_clocks) };
    assert_eq!((past.metric, past.cycle, past.state), (Metric::Line, 1, ClockState::Stopped));
    assert_eq!((past.calendar.as_str(), past.target_seconds), ("getmark/line-1", Some(4 * 3_600)));
    assert_eq!(past.used_seconds, 5 * 3_600);
    assert_eq!(past.breached_at.as_deref(), Some("2026-11-20T14:00:00.000+03:00"));
    assert_eq!(past.stopped_at.as_deref(), Some("2026-11-20T15:00:00.000+03:00"));
    // Line 2 has 8 h of its own: three on Friday, five on Monday. Clients find it as before, once.
    let line: Vec<_> = ticket.clocks.iter().filter(|clock| clock.metric == Metric::Line).collect();
    assert_eq!(line.len(), 1);
    assert_eq!((line[0].cycle, line[0].breached), (2, false));
    assert_eq!(line[0].deadline.as_deref(), Some("2026-11-23T14:00:00.000+03:00"));
}

/// GM-5.29: line 3 works within the terms of 5.17 from registration; it has no term of its own.
#[test]
fn gm_5_29_line_3_has_the_total_term_alone() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 14:00").act(ticket, "route", json!({ "line": 3 }));
    assert_eq!(world.state(ticket, Metric::Line), ClockState::Stopped);
    assert_eq!(world.used(ticket, Metric::Line), "4h");
    assert_eq!(world.clock(ticket, Metric::Line).cycle, 1, "no clock of its own was started on line 3");
    // From registration: Monday 10:00–18:00 is 8 h, 4 h more on Tuesday; the same hours hold on line 3.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 13:00");
    world.run_until("2026-11-25 12:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-24 13:00");
    assert_eq!(world.breached(ticket, Metric::Line), "never");
}

/// GM-5.29: also when the requester returns to line 3 what line 3 has answered.
#[test]
fn gm_5_29_a_ticket_returned_to_line_3_has_no_term_of_a_line() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 14:00").act(ticket, "route", json!({ "line": 3 }));
    world.run_until("2026-11-23 16:00").act(ticket, "resolve", json!({ "text": "Исправлено" }));
    world.run_until("2026-11-23 17:00").as_requester();
    world.act(ticket, "return", json!({ "reason": "Ошибка осталась" }));
    assert_eq!(world.state(ticket, Metric::Line), ClockState::Stopped);
    // 6 h are used, 6 h are left: 1 h on Monday, 5 h on Tuesday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 14:00");
    world.run_until("2026-11-30 18:00");
    assert_eq!(world.breached(ticket, Metric::Line), "never");
}

/// GM-5.17, GM-5.29: a ticket that comes back from line 3 has line 2's term anew, from its arrival.
#[test]
fn gm_5_17_the_term_of_a_line_counts_from_each_arrival() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 14:00").act(ticket, "route", json!({ "line": 3 }));
    world.run_until("2026-11-23 17:00").act(ticket, "route", json!({ "line": 2 }));
    // 8 h from Monday 17:00: 1 h on Monday, 7 h on Tuesday.
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-24 16:00");
    assert_eq!(world.clock(ticket, Metric::Line).cycle, 2);
}

fn report() -> Value {
    json!({
        "title": "Отчёт не открывается после обновления",
        "description": "Форма отчёта пуста",
        "client": "ООО «Ромашка», https://crm.example.ru/42",
        "document": "Отчёт о нанесении № 7",
        "expected": "Форма с данными",
        "actual": "Пустая форма",
        "steps": ["Открыть отчёт"],
        "attachments": [],
    })
}

/// GM-A2: a bug report has a title of 4–8 words, short description, client with a link, document, expected, actual,
/// steps. Attachments may be none: not every error leaves a picture.
#[test]
fn gm_a2_a_bug_report_goes_with_the_ticket_to_line_3() {
    let (mut world, ticket) = on_line(2);
    world.act(ticket, "route", json!({ "line": 3, "bug_report": report() }));
    assert_eq!(world.ticket(ticket).facts.line, 3);
    let kept = world.history(ticket).find_map(|(_, event)| match event {
        andon::desk::Event::Routed { bug_report, .. } => bug_report.clone(),
        _ => None,
    });
    assert_eq!(kept.unwrap().title.as_deref(), Some("Отчёт не открывается после обновления"));
}

/// GM-A2: everything that is missing comes back by name, at once.
#[test]
fn gm_a2_a_bug_report_with_things_missing_is_refused() {
    let (mut world, ticket) = on_line(2);
    let refusal = world.refused(ticket, "route", json!({ "line": 3, "bug_report": {} }));
    let Refusal::Fields(faults) = refusal else { panic!("was to be refused for its fields: {refusal:?}") };
    assert_eq!(faults[0], FieldError::new("bug_report.title", "has 0 words; 4 to 8"));
    let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(
        fields,
        ["title", "description", "client", "document", "expected", "actual", "steps"]
            .map(|name| format!("bug_report.{name}"))
    );
    assert_eq!(world.ticket(ticket).facts.line, 2, "a ticket with a bad report stays where it is");
}

/// GM-A2: a title of 4–8 words, both ends included.
#[test]
fn gm_a2_a_title_has_four_to_eight_words() {
    for (title, good) in [
        ("Отчёт не открывается", false),
        ("Отчёт совсем не открывается", true),
        ("Отчёт о нанесении не открывается после обновления вчера", true),
        ("Отчёт о нанесении не открывается после вчерашнего обновления программы здесь", false),
    ] {
        let (mut world, ticket) = on_line(2);
        let mut report = report();
        report["title"] = json!(title);
        let routed = world.try_act(ticket, "route", json!({ "line": 3, "bug_report": report }));
        assert_eq!(routed.is_ok(), good, "{title}: {routed:?}");
    }
}
