//! Problems: many tickets with one cause, told to the room, confirmed by an agent, closed with all of them.

use andon::desk::alike::PER_STEM;
use andon::desk::clocks::ClockState;
use andon::desk::command::{
    CloseProblem, ConfirmProblem, DismissProblem, OpenProblem, ProblemAct, TicketList,
};
use andon::desk::problem::{LOT_TICKETS, ProblemTurn};
use andon::desk::{
    Actor, AlarmKind, Event, FieldError, Metric, Problem, ProblemNumber, ProblemState, Refusal, Role, Scope,
    Stage, TicketNumber,
};
use andon_tests::World;
use serde_json::{Value, json};

use super::high;

const SUBJECT: &str = "Не открывается форма отчёта";
/// Says the same in other words.
const SAME: [&str; 6] = [
    SUBJECT,
    "Форма отчета не открывается",
    "не открывается форма отчётов!",
    "Отчёт: форма не открываеться",
    "Форма отчёта не открывается с утра",
    "НЕ ОТКРЫВАЕТСЯ ФОРМА ОТЧЕТА",
];

fn with_subject(subject: &str) -> Value {
    let mut body = high("email");
    body["subject"] = json!(subject);
    body
}

/// A world in which so many alike tickets were registered this Monday morning.
fn with_alike(count: usize) -> (World, Vec<TicketNumber>) {
    let mut world = World::getmark("2026-11-23 10:00");
    let tickets = (0..count).map(|at| world.register(with_subject(SAME[at % SAME.len()]))).collect();
    (world, tickets)
}

fn problem(world: &World, number: u64) -> Problem {
    let problem = world.desk().problem(ProblemNumber(number));
    Problem::clone(problem.unwrap_or_else(|| panic!("there is no problem {number}")))
}

/// The ticket's problem, and whether it is only suggested.
fn of(world: &World, ticket: TicketNumber) -> Option<(u64, bool)> {
    world.ticket(ticket).problem.map(|problem| (problem.number.0, problem.suggested))
}

fn turns(world: &World) -> Vec<ProblemTurn> {
    let facts = world.entries().iter().flat_map(|entry| &entry.facts);
    let turn = |event: &Event| match event {
        Event::Problem { turn, .. } => Some(turn.clone()),
        _ => None,
    };
    facts.filter_map(|fact| turn(&fact.event)).collect()
}

/// Whether requesters are to be told.
fn is_told(world: &World) -> bool {
    turns(world).contains(&ProblemTurn::Mass)
}

fn mass_alarms(world: &World) -> Vec<String> {
    world.alarms().into_iter().filter(|alarm| alarm.starts_with("mass-problem")).collect()
}

fn open(title: &str, tickets: &[TicketNumber]) -> ProblemAct {
    let (title, tickets) = (Some(title.to_owned()), tickets.to_vec());
    ProblemAct::Open(OpenProblem { title, tickets, worked_as: None })
}

fn link(number: u64, tickets: &[TicketNumber]) -> ProblemAct {
    ProblemAct::Link(ProblemNumber(number), TicketList { tickets: tickets.to_vec() })
}

fn unlink(number: u64, tickets: &[TicketNumber]) -> ProblemAct {
    ProblemAct::Unlink(ProblemNumber(number), TicketList { tickets: tickets.to_vec() })
}

fn confirm(number: u64) -> ProblemAct {
    ProblemAct::Confirm(ProblemNumber(number), ConfirmProblem::default())
}

fn dismiss(number: u64) -> ProblemAct {
    let reason = Some("Разные причины".to_owned());
    ProblemAct::Dismiss(ProblemNumber(number), DismissProblem { reason })
}

fn close(number: u64, resolve: bool) -> ProblemAct {
    let text = Some("Исправлено в версии 2.4; обновите страницу".to_owned());
    ProblemAct::Close(ProblemNumber(number), CloseProblem { text, resolve, source: None })
}

fn code(refusal: Result<(), Refusal>) -> &'static str {
    refusal.expect_err("it was to be refused").code()
}

/// GM-5.15: more than four like tickets in one day. The fifth raises one alarm, and requesters hear of nothing yet.
#[test]
fn gm_5_15_the_fifth_alike_ticket_of_a_day_is_a_suspected_problem() {
    let (mut world, mut tickets) = with_alike(4);
    assert_eq!((mass_alarms(&world), world.desk().problems().count()), (vec![], 0));
    tickets.push(world.register(with_subject(SAME[4])));
    let suspected = problem(&world, 1);
    assert_eq!((suspected.state, suspected.suggested, suspected.linked), (ProblemState::Suspected, 5, 0));
    assert_eq!(suspected.title, SUBJECT, "it is called as the first of them");
    assert_eq!(mass_alarms(&world), ["mass-problem-1 unacked"]);
    assert_eq!(
        world.alarm("mass-problem-1").text,
        format!("{SUBJECT}?"),
        "a question, until somebody says so"
    );
    assert!(tickets.iter().all(|ticket| of(&world, *ticket) == Some((1, true))));
    assert!(!is_told(&world), "suggested, an agent confirms");
    // A sixth one belongs to it, and is no other alarm.
    let sixth = world.register(with_subject(SAME[5]));
    assert_eq!((of(&world, sixth), problem(&world, 1).suggested), (Some((1, true)), 6));
    assert_eq!(mass_alarms(&world), ["mass-problem-1 unacked"]);
}

/// GM-5.15: the day is the local one. 23:59:59 and 00:00:01 are two; in UTC all five would be of one.
#[test]
fn gm_5_15_a_second_before_midnight_and_one_after_it_are_two_days() {
    let mut world = World::getmark("2026-11-23 23:59:59");
    for subject in &SAME[..4] {
        world.register(with_subject(subject));
    }
    world.sleep_until("2026-11-24 00:00:01");
    let fifth = world.register(with_subject(SAME[4]));
    assert_eq!((of(&world, fifth), mass_alarms(&world)), (None, vec![]));
    // Four more make five of the new day.
    let more: Vec<_> = SAME[..4].iter().map(|subject| world.register(with_subject(subject))).collect();
    assert_eq!(mass_alarms(&world), ["mass-problem-1 unacked"]);
    assert_eq!(of(&world, more[0]), Some((1, true)));
    assert_eq!(problem(&world, 1).suggested, 5, "those of yesterday are none of it");
}

/// GM-5.15: midnight in Moscow is what counts, where it is still the day before in UTC.
#[test]
fn gm_5_15_five_tickets_around_midnight_in_utc_are_of_one_day() {
    let mut world = World::getmark("2026-11-23 02:59:59");
    for subject in &SAME[..4] {
        world.register(with_subject(subject));
    }
    world.sleep_until("2026-11-23 03:00:01");
    world.register(with_subject(SAME[4]));
    assert_eq!(mass_alarms(&world), ["mass-problem-1 unacked"]);
}

/// GM-5.15: alike is the same process and type, and a similar subject.
#[test]
fn gm_5_15_alike_tickets_have_type_process_and_subject_in_common() {
    for (what, path, other) in [
        ("another type", "/type", "consultation"),
        ("another process", "/fields/process", "Вывод из оборота"),
        ("another subject", "/subject", "Не печатаются этикетки"),
    ] {
        let (mut world, _) = with_alike(4);
        let mut body = with_subject(SUBJECT);
        *body.pointer_mut(path).expect("a field of the registration") = json!(other);
        let fifth = world.register(body);
        assert_eq!((of(&world, fifth), mass_alarms(&world)), (None, vec![]), "{what}");
        world.register(with_subject(SUBJECT));
        assert_eq!(mass_alarms(&world), ["mass-problem-1 unacked"], "{what}: the fifth that is alike");
    }
}

/// GM-5.15: tickets that were closed meanwhile count; a problem takes the open ones.
#[test]
fn gm_5_15_a_closed_ticket_counts_and_is_not_linked() {
    let (mut world, tickets) = with_alike(4);
    world.act(tickets[1], "close", json!({ "reason": "Само прошло" }));
    assert_eq!(world.ticket(tickets[1]).stage, Stage::Closed);
    world.register(with_subject(SUBJECT));
    assert_eq!(mass_alarms(&world), ["mass-problem-1 unacked"]);
    assert_eq!((of(&world, tickets[1]), problem(&world, 1).suggested), (None, 4));
}

/// GM-5.15: an agent confirms: what is suggested is linked, requesters are to be told, and the alarm is the same one.
#[test]
fn gm_5_15_an_agent_confirms_and_then_requesters_are_told() {
    let (mut world, tickets) = with_alike(5);
    world.ack("mass-problem-1");
    let said = ConfirmProblem { title: Some("Сбой форм отчётов".to_owned()), worked_as: None };
    world.problem(ProblemAct::Confirm(ProblemNumber(1), said));
    let confirmed = problem(&world, 1);
    assert_eq!((confirmed.state, confirmed.mass), (ProblemState::Open, true));
    assert_eq!((confirmed.linked, confirmed.suggested, confirmed.is_working()), (5, 0, false));
    assert!(tickets.iter().all(|ticket| of(&world, *ticket) == Some((1, false))));
    assert!(is_told(&world));
    assert_eq!(mass_alarms(&world), ["mass-problem-1 acked"], "whoever took it has it");
    assert_eq!(world.alarm("mass-problem-1").text, "Сбой форм отчётов");
    // What comes later is suggested, and confirmed by the same word.
    let later = world.register(with_subject(SUBJECT));
    assert_eq!(of(&world, later), Some((1, true)));
    world.problem(confirm(1));
    assert_eq!(of(&world, later), Some((1, false)));
    let before = world.entries().len();
    world.problem(confirm(1));
    assert_eq!(world.entries().len(), before, "nothing is left to confirm");
}

/// GM-5.15: an agent says that it is none. The alarm ends, and the same day there is no other.
#[test]
fn gm_5_15_what_was_dismissed_is_not_suspected_again_that_day() {
    let (mut world, tickets) = with_alike(5);
    world.problem(dismiss(1));
    assert_eq!(problem(&world, 1).state, ProblemState::Dismissed);
    assert_eq!(mass_alarms(&world), ["mass-problem-1 cleared-unacked"]);
    for subject in SAME {
        let ticket = world.register(with_subject(subject));
        assert_eq!(of(&world, ticket), None);
    }
    assert_eq!(world.desk().problems().count(), 1);
    assert_eq!(code(world.try_problem(confirm(1))), "problem-over");
    // The next day they count anew.
    world.sleep_until("2026-11-24 10:00");
    for subject in &SAME[..5] {
        world.register(with_subject(subject));
    }
    assert_eq!(problem(&world, 2).state, ProblemState::Suspected);
    // A ticket that was suggested for what was dismissed may belong to another.
    world.problem(link(2, &tickets[..1]));
    assert_eq!(of(&world, tickets[0]), Some((2, false)));
}

/// GM-5.15: closing tells everybody and resolves every ticket, in one act.
#[test]
fn gm_5_15_closing_a_problem_resolves_its_tickets() {
    let (mut world, tickets) = with_alike(5);
    world.problem(confirm(1));
    world.as_agent("ivanova", &[2]);
    world.act(tickets[0], "take", json!({}));
    world.act(tickets[1], "resolve", json!({ "text": "Исправлено раньше; обновите страницу" }));
    world.problem(close(1, true));
    let closed = problem(&world, 1);
    assert_eq!((closed.state, closed.ended_by.as_deref()), (ProblemState::Closed, Some("ivanova")));
    assert_eq!((closed.resolved, closed.left_open, closed.is_working()), (4, 0, false));
    for ticket in &tickets {
        assert_eq!(world.ticket(*ticket).stage, Stage::Resolved, "{ticket}");
        assert_eq!(world.state(*ticket, Metric::Resolution), ClockState::Stopped, "{ticket}");
    }
    let answered = |(entry, event): (&andon::desk::Entry, &Event)| {
        entry.by == "ivanova"
            && matches!(event, Event::Resolved { text, .. } if text.starts_with("Исправлено в версии"))
    };
    assert!(world.history(tickets[0]).any(answered), "the closer's words are the answer to each");
    assert_eq!(mass_alarms(&world), ["mass-problem-1 cleared-unacked"]);
    assert_eq!(code(world.try_problem(link(1, &tickets[..1]))), "problem-over");
}

/// GM-5.15: without `resolve` the tickets stay as they are, and may be routed again.
#[test]
fn gm_5_15_a_problem_closes_without_its_tickets_where_that_is_wanted() {
    let (mut world, tickets) = with_alike(5);
    world.problem(confirm(1)).problem(close(1, false));
    assert!(tickets.iter().all(|ticket| world.ticket(*ticket).stage == Stage::Open));
    world.act(tickets[0], "route", json!({ "line": 3 }));
}

/// GM-5.15: what would be refused of every ticket is refused of the problem, and nothing has happened.
#[test]
fn gm_5_15_an_answer_that_no_ticket_may_have_closes_no_problem() {
    let (mut world, _) = with_alike(5);
    world.problem(confirm(1));
    let before = world.entries().len();
    let phrase = world.desk().regulations().iter().next().expect("getmark").forbidden_phrases[0].text.clone();
    let said = |text: &str| {
        let text = Some(text.to_owned());
        ProblemAct::Close(ProblemNumber(1), CloseProblem { text, resolve: true, source: None })
    };
    assert_eq!(code(world.try_problem(said(&format!("Нет, {phrase}")))), "forbidden-phrase");
    assert_eq!(world.try_problem(said(" ")), Err(Refusal::field("text", "is required")));
    assert_eq!(world.entries().len(), before);
}

/// GM-5.15: a suspected problem is confirmed or dismissed before it can be closed, and an open one is not dismissed.
#[test]
fn gm_5_15_a_problem_goes_from_suspected_to_open_to_closed() {
    let (mut world, _) = with_alike(5);
    assert_eq!(code(world.try_problem(close(1, true))), "problem-suspected");
    world.problem(confirm(1));
    assert_eq!(code(world.try_problem(dismiss(1))), "not-suspected");
    world.problem(close(1, false));
    assert_eq!(code(world.try_problem(close(1, false))), "problem-over");
    assert_eq!(code(world.try_problem(confirm(1))), "problem-over");
    assert_eq!(code(world.try_problem(confirm(2))), "not-found");
}

/// GM-5.15: alike is also what an agent linked to one problem, whatever the subjects say: the fifth of one day is mass.
#[test]
fn gm_5_15_the_fifth_linked_ticket_of_a_day_makes_a_problem_mass() {
    let subjects = ["Не печатаются этикетки", "Ошибка 504", "Долго грузится", "Пустой список", "Нет кодов"];
    let mut world = World::getmark("2026-11-23 10:00");
    let tickets: Vec<_> = subjects.map(|subject| world.register(with_subject(subject))).to_vec();
    world.problem(open("Сервер кодов не отвечает", &tickets[..3])).problem(link(1, &tickets[3..4]));
    let four = problem(&world, 1);
    assert_eq!((four.state, four.mass, four.linked), (ProblemState::Open, false, 4));
    assert_eq!((mass_alarms(&world), is_told(&world)), (vec![], false));
    // One of another day does not count …
    world.sleep_until("2026-11-24 09:00");
    let next_day = world.register(with_subject("Висит окно"));
    world.problem(link(1, &[next_day]));
    assert_eq!((problem(&world, 1).mass, mass_alarms(&world)), (false, vec![]));
    // … and the fifth of Monday does, though it is linked on Tuesday.
    world.problem(link(1, &tickets[4..]));
    assert_eq!((problem(&world, 1).mass, mass_alarms(&world)), (true, vec!["mass-problem-1 unacked".into()]));
    assert!(is_told(&world));
    assert_eq!(world.alarm("mass-problem-1").text, "Сервер кодов не отвечает");
}

/// GM-5.15: five at once are mass at once; a ticket that was taken out counts no more.
#[test]
fn gm_5_15_a_ticket_that_was_taken_out_does_not_count() {
    let (mut world, tickets) = with_alike(4);
    world.problem(open("Сбой отчётов", &tickets)).problem(unlink(1, &tickets[..1]));
    assert_eq!((of(&world, tickets[0]), problem(&world, 1).linked), (None, 3));
    let other = world.register(with_subject("Не печатаются этикетки"));
    world.problem(link(1, &[other]));
    assert!(!problem(&world, 1).mass, "four of that day are left");
    world.problem(link(1, &tickets[..1]));
    assert!(problem(&world, 1).mass);
}

/// GM-5.15: an alike ticket that arrives after the problem was closed is no part of it, and counts anew.
#[test]
fn gm_5_15_an_alike_ticket_after_the_problem_was_closed_counts_anew() {
    let (mut world, tickets) = with_alike(5);
    world.problem(confirm(1)).problem(close(1, true));
    let late: Vec<_> = SAME[..4].iter().map(|subject| world.register(with_subject(subject))).collect();
    assert!(late.iter().all(|ticket| of(&world, *ticket).is_none()));
    // It is shown as what it looks like, though, with the problem that was solved.
    let shown = world.desk().suggested(world.ticket(late[0]), 20).alike;
    assert!(shown.iter().any(|alike| alike.number == tickets[0] && alike.problem == Some(ProblemNumber(1))));
    world.register(with_subject(SUBJECT));
    assert_eq!(problem(&world, 2).state, ProblemState::Suspected, "five of them are another outbreak");
    assert_eq!(problem(&world, 2).suggested, 5);
}

/// GM-5.15: a ticket has one open problem at most, and a problem has tickets of one regulation.
#[test]
fn gm_5_15_a_ticket_belongs_to_one_open_problem() {
    let (mut world, tickets) = with_alike(3);
    world.problem(open("Первая", &tickets[..1]));
    assert_eq!(code(world.try_problem(open("Вторая", &tickets))), "in-problem");
    assert_eq!(world.desk().problems().count(), 1);
    world.problem(close(1, false)).problem(open("Вторая", &tickets));
    assert_eq!(of(&world, tickets[0]), Some((2, false)));
}

/// GM-5.15: everything that is wrong with a problem is told at once.
#[test]
fn gm_5_15_a_problem_without_title_or_with_wrong_tickets_is_refused() {
    let (mut world, tickets) = with_alike(1);
    let asked = OpenProblem {
        title: Some(" ".to_owned()),
        tickets: vec![tickets[0], TicketNumber(77), tickets[0]],
        worked_as: Some(TicketNumber(78)),
    };
    let refusal = world.try_problem(ProblemAct::Open(asked)).expect_err("four things are wrong");
    let error = |field: &str, message: &str| FieldError::new(field, message);
    assert_eq!(
        refusal,
        Refusal::Fields(vec![
            error("title", "is required"),
            error("tickets[1]", "there is no ticket 77"),
            error("tickets[2]", "names ticket 1 twice"),
            error("worked_as", "must be one of `tickets`"),
        ])
    );
    assert_eq!(
        world.try_problem(link(1, &[])).expect_err("there is none").code(),
        "not-found",
        "what is not there is told first"
    );
}

/// GM-5.15: a token for some channels has no say in a problem, which is of tickets of all of them.
#[test]
fn gm_5_15_a_problem_is_for_whoever_has_the_whole_regulation() {
    let (world, _) = with_alike(5);
    let actor = |regulations: &[&str], channels: &[&str]| {
        let ids = |ids: &[&str]| ids.iter().copied().map(Into::into).collect();
        Actor {
            scope: Scope { regulations: ids(regulations), channels: ids(channels) },
            ..Actor::named("ivanova", Role::Agent)
        }
    };
    let command = andon::desk::Command::Problem(confirm(1));
    for (actor, refused) in [
        (actor(&["getmark"], &[]), None),
        (actor(&["getmark"], &["email"]), Some("not-found")),
        (actor(&["bpmsoft-care"], &[]), Some("not-found")),
        (Actor::requester(), Some("forbidden")),
        (Actor::named("tv", Role::Viewer), Some("forbidden")),
    ] {
        let decided = world.desk().decide(&command, &actor, world.now());
        assert_eq!(decided.err().map(|refusal| refusal.code()), refused, "{actor:?}");
    }
}

/// GM-5.15: 10,000 alike tickets in a minute are one alarm, and each costs what the hundredth did.
#[test]
fn gm_5_15_ten_thousand_alike_tickets_are_one_alarm_and_bounded_work() {
    let mut world = World::getmark("2026-11-23 10:00").unproven();
    let mut most = 0;
    for n in 0..10_000 {
        let body = with_subject(SAME[n % SAME.len()]);
        let ticket = world.register(body);
        if n % 100 == 0 {
            most = most.max(world.desk().suggested(world.ticket(ticket), 5).compared);
        }
    }
    // A subject has four stems or so, and of each so many are looked at.
    assert!(most <= 6 * PER_STEM, "{most} were compared");
    assert_eq!(mass_alarms(&world), ["mass-problem-1 unacked"]);
    assert_eq!(problem(&world, 1).suggested, 10_000);
    // The problem is full: what comes now is for a look of its own, and raises no other alarm.
    let over = world.register(with_subject(SUBJECT));
    assert_eq!((of(&world, over), world.desk().problems().count()), (None, 1));
    // All of them are linked, and resolved, in lots.
    let before = world.entries().len();
    world.problem(confirm(1)).problem(close(1, true));
    let lots = 2 * (10_000 / LOT_TICKETS) + 2;
    assert_eq!(world.entries().len() - before, 2 + lots);
    let most_facts = world.entries()[before..].iter().map(|entry| entry.facts.len()).max();
    assert!(most_facts <= Some(12 * LOT_TICKETS), "an entry has {most_facts:?} facts");
    assert_eq!((problem(&world, 1).linked, problem(&world, 1).resolved), (10_000, 10_000));
}

/// GM-5.15: between two lots the desk may stop; it goes on where it was.
#[test]
fn gm_5_15_lots_go_on_after_a_restart() {
    let mut world = World::getmark("2026-11-23 10:00");
    let tickets: Vec<_> = (0..=2 * LOT_TICKETS).map(|_| world.register(with_subject(SUBJECT))).collect();
    world.problem(confirm(1));
    let closing = andon::desk::Command::Problem(close(1, true));
    world.try_command(&closing).expect("an open problem closes");
    assert!(world.lot());
    let open = |world: &World| tickets.iter().filter(|t| world.ticket(**t).stage == Stage::Open).count();
    assert_eq!(open(&world), LOT_TICKETS + 1);
    let regulations = world.desk().regulations().clone();
    world.restart_under(regulations);
    while world.lot() {}
    assert_eq!((open(&world), problem(&world, 1).resolved), (0, 2 * 100 + 1));
}

/// GM-5.10: a ticket of an open problem is not routed up, but for the one that the problem is worked on as.
#[test]
fn gm_5_10_the_tickets_of_an_open_problem_are_held_but_for_the_one_it_is_worked_on_as() {
    let (mut world, tickets) = with_alike(2);
    world.problem(open("Сбой отчётов", &tickets));
    let up = || json!({ "line": 3 });
    let refusal = world.refused(tickets[0], "route", up());
    assert_eq!(refusal.code(), "already-worked-on");
    assert_eq!(
        refusal.to_string(),
        "problem 1 is worked on already; do not route this one up (GM-5.10). If this is the ticket to work on it by, confirm the problem with `worked_as`"
    );
    let said = ConfirmProblem { title: None, worked_as: Some(tickets[0]) };
    world.problem(ProblemAct::Confirm(ProblemNumber(1), said));
    let held = world.refused(tickets[1], "route", up());
    assert!(
        matches!(held, Refusal::Conflict { code: "already-worked-on", ticket, .. } if ticket == Some(tickets[0]))
    );
    world.act(tickets[0], "route", up());
    assert_eq!(world.ticket(tickets[0]).facts.line, 3);
    // A ticket that only looks so is held by nothing.
    let third = world.register(with_subject(SUBJECT));
    assert_eq!(of(&world, third), Some((1, true)));
    world.act(third, "route", up());
}

/// GM-5.10: what looks alike is told first: open and recent tickets, those of the same process and type before others.
#[test]
fn gm_5_10_an_agent_sees_what_looks_alike() {
    let (mut world, tickets) = with_alike(2);
    let mut other = with_subject(SUBJECT);
    other["fields"]["process"] = json!("Вывод из оборота");
    let other = world.register(other);
    world.register(with_subject("Не печатаются этикетки"));
    world.act(tickets[0], "close", json!({ "reason": "Само прошло" }));
    let new = world.register(with_subject("Не открывается форма отчёта о продажах"));
    let shown = world.desk().suggested(world.ticket(new), 5).alike;
    let shown: Vec<_> = shown.iter().map(|alike| (alike.number, alike.is_kin, alike.is_closed)).collect();
    assert_eq!(shown, [(tickets[1], true, false), (tickets[0], true, true), (other, false, false)]);
}

/// GM-5.28: a duplicate is closed with its clocks settled, and the other ticket takes over its words.
#[test]
fn gm_5_28_a_duplicate_is_merged_into_the_other_ticket() {
    let (mut world, tickets) = with_alike(2);
    world.run_until("2026-11-23 12:00");
    world.act(tickets[1], "merge", json!({ "into": tickets[0], "text": "Отвечаем в № 1" }));
    let merged = world.ticket(tickets[1]);
    assert_eq!(merged.stage, Stage::Closed);
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(world.state(tickets[1], metric), ClockState::Stopped, "{metric}");
        assert_eq!(world.used(tickets[1], metric), "2h", "{metric}");
        assert_eq!(world.state(tickets[0], metric), ClockState::Running, "{metric}");
    }
    let links =
        |ticket| world.ticket(ticket).links.iter().map(|link| (link.to, link.back)).collect::<Vec<_>>();
    assert_eq!(links(tickets[1]), [(tickets[0], false)]);
    assert_eq!(links(tickets[0]), [(tickets[1], true)]);
    let note = |(_, event): (&andon::desk::Entry, &Event)| matches!(event, Event::Replied { text, internal: true } if *text == format!("№ 2, Анна Петрова: {}", SAME[1]));
    assert!(world.history(tickets[0]).any(note));
    // Nothing more comes due for it.
    world.run_until("2026-12-30 12:00");
    assert_eq!(world.breached(tickets[1], Metric::Resolution), "never");
}

/// GM-5.28: a ticket is merged into another one that is not closed.
#[test]
fn gm_5_28_a_ticket_is_not_merged_into_itself_nothing_or_a_closed_one() {
    let (mut world, tickets) = with_alike(2);
    for (into, message) in [
        (json!(tickets[1]), "a ticket is not merged into itself"),
        (json!(77), "there is no ticket 77"),
        (json!(null), "is required: the number of the other ticket"),
    ] {
        assert_eq!(
            world.refused(tickets[1], "merge", json!({ "into": into })),
            Refusal::field("into", message)
        );
    }
    world.act(tickets[0], "close", json!({ "reason": "Само прошло" }));
    assert_eq!(
        world.refused(tickets[1], "merge", json!({ "into": tickets[0] })).code(),
        "merged-into-closed"
    );
}

/// GM-5.15: the fifth is found, however many newer tickets of other processes say the same, or of another regulation.
#[test]
fn gm_5_15_the_fifth_is_found_behind_many_newer_tickets_that_cannot_count() {
    let (mut world, tickets) = with_alike(4);
    for n in 0..2 * PER_STEM {
        let mut body = with_subject(SUBJECT);
        body["fields"]["process"] = json!(format!("Процесс {n}"));
        world.register(body);
    }
    assert_eq!(mass_alarms(&world), Vec::<String>::new());
    let fifth = world.register(with_subject(SUBJECT));
    assert_eq!(of(&world, fifth), Some((1, true)));
    assert!(tickets.iter().all(|ticket| of(&world, *ticket) == Some((1, true))));
}

/// GM-5.15: a ticket that got another process is found among those of that process.
#[test]
fn gm_5_15_a_ticket_that_was_classified_anew_counts_with_its_new_kin() {
    let (mut world, tickets) = with_alike(4);
    let mut other = with_subject(SUBJECT);
    other["fields"]["process"] = json!("Вывод из оборота");
    let other = world.register(other);
    let process = world.ticket(tickets[0]).facts.fields["process"].clone();
    world.as_agent("ivanova", &[2]).act(other, "classify", json!({ "fields": { "process": process } }));
    for n in 0..2 * PER_STEM {
        let mut body = with_subject(SUBJECT);
        body["fields"]["process"] = json!(format!("Процесс {n}"));
        world.register(body);
    }
    // Four, the one that was classified, and this one are six.
    let sixth = world.register(with_subject(SUBJECT));
    assert_eq!((of(&world, sixth), problem(&world, 1).suggested), (Some((1, true)), 6));
}

/// GM-5.15: a day's routine is no mass problem: wishes, other rooms, other people, and subjects that say nothing.
#[test]
fn gm_5_15_routine_requests_are_no_mass_problem() {
    for (kind, subjects) in [
        (
            "consultation",
            [
                "Вопрос: как оформить отпуск",
                "Вопрос: как оформить больничный",
                "Вопрос: как оформить отгул",
                "Вопрос: как оформить пропуск",
                "Вопрос: как оформить командировку",
            ],
        ),
        ("consultation", ["Без темы"; 5]),
        (
            "data-correction",
            ["Замена кода 12", "Замена кода 14", "Замена кода 33", "Замена кода 47", "Замена кода 51"],
        ),
        (
            "data-correction",
            [
                "Добавить пользователя Петров",
                "Добавить пользователя Сидоров",
                "Добавить пользователя Ким",
                "Добавить пользователя Орлова",
                "Добавить пользователя Белов",
            ],
        ),
        ("change-request", ["Добавить поле в отчёт"; 5]),
    ] {
        let mut world = World::getmark("2026-11-23 10:00");
        for subject in subjects {
            let mut body = with_subject(subject);
            body["type"] = json!(kind);
            world.register(body);
        }
        assert_eq!(
            (mass_alarms(&world), world.desk().problems().count()),
            (vec![], 0),
            "{kind} {subjects:?}"
        );
    }
}

/// GM-5.15: a problem without tickets is confirmed by nobody; and what was taken out of one does not suspect another.
#[test]
fn gm_5_15_an_empty_problem_is_not_confirmed_and_what_was_taken_out_counts_no_more() {
    let (mut world, tickets) = with_alike(5);
    world.problem(unlink(1, &tickets));
    assert_eq!(code(world.try_problem(confirm(1))), "problem-empty");
    assert_eq!((problem(&world, 1).state, problem(&world, 1).mass), (ProblemState::Suspected, false));
    world.problem(link(1, &tickets[..1])).problem(confirm(1)).problem(close(1, false));
    let next = world.register(with_subject(SUBJECT));
    assert_eq!(
        (of(&world, next), world.desk().problems().count()),
        (None, 1),
        "four were said to be not alike"
    );
    // Four more with the next one are five.
    (0..4).for_each(|_| _ = world.register(with_subject(SUBJECT)));
    assert_eq!(problem(&world, 2).suggested, 5);
}

/// GM-5.16: a critical ticket does not go out by being merged into one that is not.
#[test]
fn gm_5_16_a_critical_ticket_is_not_merged_into_a_lower_one() {
    let (mut world, tickets) = with_alike(2);
    world.as_agent("ivanova", &[2]);
    world.act(tickets[1], "priority", json!({ "to": "critical", "reason": "Стоит работа" }));
    let refusal = world.refused(tickets[1], "merge", json!({ "into": tickets[0] }));
    assert_eq!(refusal.code(), "merged-into-lower");
    assert!(world.ticket(tickets[1]).alarms.iter().any(|alarm| alarm.kind == AlarmKind::Critical));
    // The other way round nothing is lost.
    world.act(tickets[0], "merge", json!({ "into": tickets[1] }));
    assert_eq!(world.ticket(tickets[0]).stage, Stage::Closed);
}

/// GM-5.28: of two tickets one is the duplicate.
#[test]
fn gm_5_28_two_tickets_are_not_duplicates_of_each_other() {
    let (mut world, tickets) = with_alike(2);
    world.act(tickets[1], "link", json!({ "to": tickets[0], "kind": "duplicate" }));
    let link = world.refused(tickets[0], "link", json!({ "to": tickets[1], "kind": "duplicate" }));
    let merge = world.refused(tickets[0], "merge", json!({ "into": tickets[1] }));
    assert_eq!((link.code(), merge.code()), ("duplicate-of-this", "duplicate-of-this"));
    world.act(tickets[0], "link", json!({ "to": tickets[1], "kind": "similar" }));
}
