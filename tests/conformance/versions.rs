//! Versions: a ticket keeps the one it was opened under; applying another derives its terms anew, and says so.
//!
//! The office of `versions.toml` is open Monday to Friday, 09:00 to 18:00; high errors have 8 h, others 16 h. Version 2
//! holds from 2026-11-24, a Tuesday.

use std::sync::Arc;

use andon::desk::clocks::ClockState;
use andon::desk::event::{TermReason, Turn};
use andon::desk::explain::explain;
use andon::desk::impact::ChangeReason;
use andon::desk::{Event, Metric, Outcome, Refusal, Regulation, Regulations, TicketNumber};
use andon_tests::World;
use andon_tests::time::local;
use serde_json::{Value, json};

const VERSION_1: &str = include_str!("versions.toml");
/// High errors have 4 h.
const SHORTER: (&str, &str) = ("term = \"8h\"", "term = \"4h\"");
/// High errors have 16 h.
const LONGER: (&str, &str) = ("term = \"8h\"", "term = \"16h\"");
/// The office keeps the state's holidays; without it, 2026-11-04 is a day like any other.
const HOLIDAYS: (&str, &str) = ("id = \"office\"\n", "id = \"office\"\nproduction = \"ru\"\n");
/// The office opens an hour later.
const LATER_HOURS: (&str, &str) = ("open = \"09:00\"", "open = \"10:00\"");

/// A version from a day on, with changes to version 1.
fn version(name: &str, holds_from: &str, changes: &[(&str, &str)]) -> Arc<Regulation> {
    let text = VERSION_1
        .replace("version = \"1\"", &format!("version = \"{name}\""))
        .replace("holds-from = \"2026-01-01\"", &format!("holds-from = \"{holds_from}\""));
    let text = changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is in the text");
        text.replace(from, to)
    });
    Arc::new(Regulation::parse("care.toml", &text).unwrap_or_else(|problems| panic!("{problems}")))
}

fn one() -> Arc<Regulation> {
    version("1", "2026-01-01", &[])
}

fn two(changes: &[(&str, &str)]) -> Arc<Regulation> {
    version("2", "2026-11-24", changes)
}

/// A desk that runs version 1, and version 2 with these changes.
fn world(changes: &[(&str, &str)], now: &str) -> World {
    World::side_by_side(Regulations::new(vec![one(), two(changes)]), now)
}

fn ticket(kind: &str, priority: &str) -> Value {
    json!({"channel": "email", "type": kind, "priority": priority, "subject": "Не печатает"})
}

fn high() -> Value {
    ticket("error", "high")
}

fn version_of(world: &World, number: TicketNumber) -> &str {
    &world.ticket(number).facts.version
}

/// Applies a version, which must change something the first time and nothing the second.
fn apply(world: &mut World, number: TicketNumber, version: &str) {
    assert!(world.try_apply(number, version).expect("it fits"), "something changes");
    assert!(!world.try_apply(number, version).expect("it fits"), "applied twice, nothing changes");
}

/// The events of the last thing that an admin did; a warning may have been due at once.
fn last(world: &World) -> Vec<&Event> {
    let entry = world.entries().iter().rev().find(|entry| entry.by == "keeper").expect("they did something");
    entry.facts.iter().map(|fact| &fact.event).collect()
}

/// What the events say of versions and terms: `1 -> 2`, `resolution regulation`, `resolution breached 15:00`.
fn why(events: &[&Event]) -> Vec<String> {
    let word =
        |why: &TermReason| serde_json::to_value(why).expect("a word").as_str().expect("a word").to_owned();
    let told = events.iter().filter_map(|event| match event {
        Event::RegulationApplied { from, to } => Some(format!("{from} -> {to}")),
        Event::Clock { metric, turn: Turn::Retargeted { why, .. }, .. } => {
            Some(format!("{metric} {}", word(why)))
        }
        Event::Clock { metric, turn: Turn::Breached { at, .. }, .. } => {
            Some(format!("{metric} breached {}", local(*at)))
        }
        Event::Clock { metric, turn: Turn::Stopped { .. }, .. } => Some(format!("{metric} stopped")),
        Event::Clock { metric, turn: Turn::Paused { .. }, .. } => Some(format!("{metric} paused")),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_ticket_keeps_its_version_and_the_next_one_takes_the_new_from_its_first_midnight() {
    let mut world = world(&[SHORTER], "2026-11-23 10:00");
    let before = world.register(high());
    assert_eq!(world.deadline(before, Metric::Resolution), "2026-11-23 18:00", "8 h of Monday");
    world.run_until("2026-11-23 23:59:59.999");
    let on_the_eve = world.register(high());
    assert_eq!(world.deadline(on_the_eve, Metric::Resolution), "2026-11-24 17:00", "8 h of Tuesday");
    world.run_until("2026-11-24 00:00");
    let on_the_day = world.register(high());
    assert_eq!(world.deadline(on_the_day, Metric::Resolution), "2026-11-24 13:00", "4 h of Tuesday");
    let versions = [before, on_the_eve, on_the_day].map(|number| version_of(&world, number));
    assert_eq!(versions, ["1", "1", "2"]);
    // What is done to it later goes by its own version, too: 8 h for a high one, 16 h for a normal one.
    world.act(on_the_eve, "priority", json!({"to": "normal", "reason": "терпит"}));
    assert_eq!(world.deadline(on_the_eve, Metric::Resolution), "2026-11-25 16:00");
    world.act(on_the_eve, "priority", json!({"to": "high", "reason": "не терпит"}));
    assert_eq!(world.deadline(on_the_eve, Metric::Resolution), "2026-11-24 17:00");
}

#[test]
fn a_shorter_term_that_is_used_up_breaks_at_the_time_of_the_change() {
    let mut world = world(&[SHORTER], "2026-11-23 10:00");
    let ticket = world.register(high());
    // 5 h used of 8, and version 2 gives 4 (R6).
    world.run_until("2026-11-23 15:00");
    apply(&mut world, ticket, "2");
    assert_eq!(version_of(&world, ticket), "2");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-23 15:00");
    assert_eq!(
        why(&last(&world)),
        ["1 -> 2", "resolution regulation", "resolution breached 2026-11-23 15:00"]
    );
    assert_eq!(world.alarms(), ["1-breach-resolution-1 unacked"]);
    world.run_until("2026-11-25 12:00");
    assert!(!world.try_apply(ticket, "2").expect("it fits"), "nor does it change anything later");
}

#[test]
fn what_is_left_of_another_term_runs_from_the_time_of_the_change() {
    let mut world = world(&[LONGER], "2026-11-23 10:00");
    let ticket = world.register(high());
    world.run_until("2026-11-23 15:00");
    apply(&mut world, ticket, "2");
    // 16 h less 5 are 11: 3 h of Monday, 8 h of Tuesday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 17:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "5h");
    // And back again: 8 h from 10:00.
    apply(&mut world, ticket, "1");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-23 18:00");
    assert_eq!(why(&last(&world)), ["2 -> 1", "resolution regulation"]);
}

#[test]
fn what_has_run_out_stays_as_it_was_promised_unless_the_version_gives_more_than_is_used() {
    let mut world = world(&[SHORTER, LATER_HOURS], "2026-11-23 10:00");
    let ticket = world.register(high());
    world.run_until("2026-11-24 11:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-23 18:00");
    world.ack("1-breach-resolution-1");
    apply(&mut world, ticket, "2");
    let clock = world.clock(ticket, Metric::Resolution);
    assert_eq!(clock.term.deadline.map(local).as_deref(), Some("2026-11-23 18:00"), "the promise it missed");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-23 18:00");
    assert_eq!(world.alarms(), ["1-breach-resolution-1 acked"], "nobody is called again");
    // Used 8 h of Monday and 2 h of Tuesday by version 1; version 3 gives 16: 6 h more, from Tuesday 11:00.
    let three = version("3", "2026-12-01", &[LONGER]);
    world.restart_under(Regulations::new(vec![two(&[SHORTER, LATER_HOURS]), three]).with_kept(vec![one()]));
    apply(&mut world, ticket, "3");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 17:00");
    assert_eq!(world.breached(ticket, Metric::Resolution), "2026-11-23 18:00", "a breach stays");
}

#[test]
fn a_clock_that_stands_still_gets_the_new_target_and_no_deadline() {
    let mut world = world(&[SHORTER], "2026-11-23 10:00");
    let (calm, late) = (world.register(high()), world.register(high()));
    world.run_until("2026-11-23 12:00").act(calm, "ask", json!({"text": "Какая версия?"}));
    world.run_until("2026-11-23 15:00").act(late, "ask", json!({"text": "Какая версия?"}));
    apply(&mut world, calm, "2");
    assert_eq!(world.state(calm, Metric::Resolution), ClockState::Paused);
    assert_eq!(world.deadline(calm, Metric::Resolution), "none");
    assert_eq!(why(&last(&world)), ["1 -> 2", "resolution regulation"]);
    // 5 h used of 4: broken, also while it stands still (R6).
    apply(&mut world, late, "2");
    assert_eq!(world.breached(late, Metric::Resolution), "2026-11-23 15:00");
    // 2 h used of 4: 2 h are left from 16:00.
    world.run_until("2026-11-23 16:00").act(calm, "answer", json!({"text": "2.1"}));
    assert_eq!(world.deadline(calm, Metric::Resolution), "2026-11-23 18:00");
}

#[test]
fn what_an_agent_promised_stays_as_it_was_told() {
    let mut world = world(&[SHORTER, LATER_HOURS], "2026-11-23 10:00");
    let extended = world.register(high());
    let wish = world.register(ticket("wish", "normal"));
    let promise =
        json!({"deadline": "2026-11-25T12:00:00+03:00", "reason": "ждём поставщика", "text": "В среду"});
    world.act(extended, "extend", promise.clone());
    world.act(wish, "estimate", json!({"deadline": "2026-11-27T15:00:00+03:00"}));
    world.run_until("2026-11-23 12:00");
    apply(&mut world, extended, "2");
    apply(&mut world, wish, "2");
    assert_eq!(world.deadline(extended, Metric::Resolution), "2026-11-25 12:00");
    assert_eq!(world.deadline(wish, Metric::Resolution), "2026-11-27 15:00");
    assert_eq!(world.used(extended, Metric::Resolution), "2h", "of the hours as they were");
    // From Monday 12:00 to Wednesday 12:00 the new office has 6 + 8 + 2 = 16 h. Paused at 13:00, 15 h are left; from
    // Tuesday 13:00 they are 5 h, 8 h of Wednesday and 2 h of Thursday.
    world.run_until("2026-11-23 13:00").act(extended, "ask", json!({"text": "Какая версия?"}));
    world.run_until("2026-11-24 13:00").act(extended, "answer", json!({"text": "2.1"}));
    assert_eq!(world.deadline(extended, Metric::Resolution), "2026-11-26 12:00");
}

#[test]
fn a_promise_the_version_has_no_place_for_gives_way_to_its_term() {
    let no_extensions =
        ("types = [\"error\", \"question\"]\n\n[verb.resolve]", "types = [\"letter\"]\n\n[verb.resolve]");
    let mut world = world(&[no_extensions], "2026-11-23 10:00");
    let ticket = world.register(high());
    let promise =
        json!({"deadline": "2026-11-25T12:00:00+03:00", "reason": "ждём поставщика", "text": "В среду"});
    world.act(ticket, "extend", promise);
    world.run_until("2026-11-23 12:00");
    apply(&mut world, ticket, "2");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-23 18:00");
}

#[test]
fn a_new_holiday_before_the_deadline_moves_it_and_one_after_it_does_not() {
    let mut world = World::side_by_side(Regulations::new(vec![one()]), "2026-11-02 17:00");
    let before = world.register(ticket("error", "normal"));
    let letter = world.register(ticket("letter", "normal"));
    world.run_until("2026-11-02 17:30");
    let after = world.register(high());
    // 1 h of Monday, 9 h of Tuesday, 6 h of Wednesday. Two working days after Monday end on Wednesday at the close.
    assert_eq!(world.deadline(before, Metric::Resolution), "2026-11-04 15:00");
    assert_eq!(world.deadline(letter, Metric::Line), "2026-11-04 18:00");
    // 30 min of Monday, 7.5 h of Tuesday.
    assert_eq!(world.deadline(after, Metric::Resolution), "2026-11-03 16:30");
    world.run_until("2026-11-03 10:00");

    world.restart_under(Regulations::new(vec![version("1", "2026-01-01", &[HOLIDAYS])]));
    assert_eq!(world.deadline(before, Metric::Resolution), "2026-11-04 15:00", "a deadline is a fact");
    let now = Arc::clone(world.desk().regulations().get("care").expect("it is run"));
    let impact = world.impact(before, &now);
    assert_eq!(
        (impact.outcome, impact.clocks[0].why.as_slice()),
        (Outcome::Later, &[ChangeReason::Revision][..])
    );
    assert_eq!(world.impact(after, &now).outcome, Outcome::Unchanged);

    apply(&mut world, before, "1");
    assert_eq!(world.deadline(before, Metric::Resolution), "2026-11-05 15:00");
    assert_eq!(why(&last(&world)), ["1 -> 1", "resolution calendar-revised"]);
    apply(&mut world, letter, "1");
    assert_eq!(world.deadline(letter, Metric::Line), "2026-11-05 18:00");
    assert_eq!(why(&last(&world)), ["1 -> 1", "line calendar-revised"]);
    // Only the revision is another: the record has it, and the room hears nothing.
    world.run_until("2026-11-03 15:00").ack("3-due-soon-resolution-1");
    apply(&mut world, after, "1");
    assert_eq!(world.deadline(after, Metric::Resolution), "2026-11-03 16:30");
    assert_eq!(world.alarms(), ["3-due-soon-resolution-1 acked"]);
}

#[test]
fn another_figure_without_another_version_is_told_as_a_target() {
    let mut world = World::side_by_side(Regulations::new(vec![one()]), "2026-11-23 10:00");
    let ticket = world.register(high());
    world.restart_under(Regulations::new(vec![version("1", "2026-01-01", &[LONGER])]));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-23 18:00");
    apply(&mut world, ticket, "1");
    // 8 h of Monday, 8 h of Tuesday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 17:00");
    assert_eq!(why(&last(&world)), ["1 -> 1", "resolution derived"]);
}

#[test]
fn a_status_the_version_stands_still_in_stops_the_clock_and_a_clock_it_has_not_is_over() {
    let pauses = ("pauses-in = [\"waiting\"]", "pauses-in = [\"waiting\", \"new\"]");
    let no_reaction =
        ("when = { type = \"question\" }\n  term = \"4h\"", "when = { type = \"letter\" }\n  term = \"4h\"");
    let gone = ("metric = \"reaction\"", "metric = \"registration-letter\"");
    let mut world = world(&[pauses, no_reaction, gone], "2026-11-23 10:00");
    let question = world.register(ticket("question", "high"));
    world.run_until("2026-11-23 12:00");
    let to = two(&[pauses, no_reaction, gone]);
    let impact = world.impact(question, &to);
    assert_eq!(impact.outcome, Outcome::Later);
    let reasons: Vec<_> = impact.clocks.iter().map(|clock| (clock.metric, clock.why.clone())).collect();
    assert_eq!(
        reasons,
        [(Metric::Reaction, vec![ChangeReason::Gone]), (Metric::Resolution, vec![ChangeReason::Pause])]
    );
    apply(&mut world, question, "2");
    assert_eq!(why(&last(&world)), ["1 -> 2", "reaction stopped", "resolution paused"]);
    assert_eq!(world.used(question, Metric::Resolution), "2h");
}

#[test]
fn a_ticket_that_does_not_fit_is_left_alone_and_told_why() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[
                ("[[type]]\nid = \"question\"\ntitle = \"Вопрос\"\n", ""),
                ("when = { type = \"question\" }\n", ""),
                ("types = [\"error\", \"question\"]", "types = [\"error\"]"),
                ("type = [\"error\", \"question\"]", "type = \"error\""),
            ],
            "version 2 of care has no type `question`; ticket 1 keeps version 1",
        ),
        (
            &[("id = 1\ntitle", "id = 2\ntitle"), ("line = 1", "line = 2")],
            "version 2 of care has no line 1; ticket 1 keeps version 1",
        ),
        (
            &[(
                "basis = \"working-hours\"\ncalendar = \"office\"\nstarts = [\"registered\"]\nstops = [\"resolved\"",
                "basis = \"calendar-hours\"\ncalendar = \"office\"\nstarts = [\"registered\"]\nstops = [\"resolved\"",
            )],
            "version 2 of care counts the clock `resolution` in another basis; ticket 1 keeps version 1",
        ),
        (
            // The ticket is at work, which is the answer by the next version.
            &[
                (
                    "id = \"work\"\ntitle = \"В работе\"\n",
                    "id = \"work\"\ntitle = \"Сделано\"\nstage = \"resolved\"\n",
                ),
                ("[verb.resolve]\nto = \"answered\"", "[verb.resolve]\nto = \"work\""),
                ("[verb.return]\nto = \"work\"", "[verb.return]\nto = \"new\""),
                ("[verb.answer]\nto = \"work\"", "[verb.answer]\nto = \"new\""),
                ("moves = [\"work\"]", "moves = []"),
                ("[[status]]\nid = \"answered\"\ntitle = \"Отвечено\"\nstage = \"resolved\"\n\n", ""),
            ],
            "version 2 of care has the status `work` at another stage; ticket 1 keeps version 1",
        ),
    ];
    for (changes, message) in cases {
        let Ok(to) = std::panic::catch_unwind(|| two(changes)) else { panic!("{message}: no regulation") };
        let regulations = Regulations::new(vec![one(), Arc::clone(&to)]);
        let mut world = World::side_by_side(regulations, "2026-11-23 10:00");
        let question = world.register(ticket("question", "high"));
        world.act(question, "status", json!({ "to": "work" }));
        let before = world.ticket(question).clone();
        let impact = world.impact(question, &to);
        assert_eq!(impact.outcome, Outcome::DoesNotFit);
        let refusal = world.try_apply(question, "2").expect_err("it does not fit");
        assert_eq!((refusal.code(), refusal.to_string().as_str()), ("does-not-fit", message));
        assert_eq!(impact.refusal, Some(refusal));
        assert_eq!(world.ticket(question), &before);
    }
}

#[test]
fn an_answered_ticket_whose_clock_could_run_on_in_another_basis_does_not_fit() {
    let days = (
        "basis = \"working-hours\"\ncalendar = \"office\"\nstarts = [\"registered\"]\nstops = [\"resolved\"",
        "basis = \"calendar-hours\"\ncalendar = \"office\"\nstarts = [\"registered\"]\nstops = [\"resolved\"",
    );
    let mut world = world(&[days], "2026-11-23 10:00");
    let ticket = world.register(high());
    world.run_until("2026-11-23 12:00").act(ticket, "resolve", json!({"text": "Обновите"}));
    assert_eq!(world.try_apply(ticket, "2").expect_err("it may be returned").code(), "does-not-fit");
    world.as_requester().act(ticket, "confirm", json!({}));
    assert_eq!(world.try_apply(ticket, "2"), Ok(false), "a closed ticket stays what it was");
    assert_eq!(version_of(&world, ticket), "1");
}

#[test]
fn what_cannot_be_applied_is_refused() {
    let mut world = world(&[], "2026-11-23 10:00");
    let ticket = world.register(high());
    let unknown = world.try_apply(ticket, "9").expect_err("there is none");
    assert_eq!(unknown, Refusal::NotFound { what: "version of the regulation", id: "care 9".into() });
    world.as_role("head", andon::desk::Role::Head, &[]);
    let refusal = world.try_apply_as_actor(ticket, "2").expect_err("admins do");
    assert_eq!(refusal.code(), "forbidden");
}

#[test]
fn a_preview_is_what_applying_does_for_each_ticket() {
    use Outcome::{Breached, Earlier, Later, Unchanged};
    let changes = [SHORTER, HOLIDAYS, ("pauses-in = [\"waiting\"]", "pauses-in = []")];
    let mut world = world(&changes, "2026-11-02 15:00");
    let numbers = [
        world.register(high()),
        world.register(ticket("error", "normal")),
        world.register(ticket("question", "high")),
        world.register(ticket("question", "normal")),
        world.register(ticket("wish", "normal")),
        world.register(ticket("wish", "normal")),
        world.register(ticket("letter", "high")),
        world.register(high()),
        world.register(high()),
        world.register(high()),
    ];
    let [_, normal, question, asked, _, wish, _, extended, answered, closed] = numbers;
    world.act(question, "reply", json!({"text": "Смотрим"}));
    world.run_until("2026-11-02 16:00").act(asked, "ask", json!({"text": "Какая версия?"}));
    world.act(wish, "estimate", json!({"deadline": "2026-11-06T15:00:00+03:00"}));
    let promise = json!({"deadline": "2026-11-09T12:00:00+03:00", "reason": "ждём", "text": "В понедельник"});
    world.act(extended, "extend", promise);
    world.act(answered, "resolve", json!({"text": "Обновите"}));
    world.act(closed, "resolve", json!({"text": "Обновите"}));
    world.as_requester().act(closed, "confirm", json!({})).as_lead();
    world.run_until("2026-11-03 12:00").act(normal, "priority", json!({"to": "high", "reason": "стоим"}));
    let mut seen = Vec::new();
    for number in numbers {
        // What is due by now comes first: an alarm says since which event it calls.
        world.run_until("2026-11-03 12:00");
        let to = Arc::clone(world.desk().regulations().version("care", "2").expect("it is run"));
        let ticket = world.desk().ticket(number).expect("it is there");
        let (decision, becomes) =
            world.desk().preview_regulation(&ticket, &to, world.now()).expect("it fits");
        let impact = world.impact(number, &to);
        let is_written = world.try_apply(number, "2").expect("it fits");
        assert_eq!(is_written, !decision.facts.is_empty(), "ticket {number}");
        if is_written {
            let entry = world.entries().last().expect("it was entered");
            assert_eq!(entry.facts, decision.facts, "ticket {number}");
        }
        let mut after = world.ticket(number).clone();
        assert_eq!(after.revision, ticket.revision + u64::from(is_written));
        after.revision = becomes.revision;
        // The preview is nobody's, so nobody has taken the alarms in it.
        assert_eq!(after, becomes, "ticket {number}");
        seen.push(impact.outcome);
    }
    // By number. 1: 6 h used of 4. 2: the same, by its new priority. 3: the same. 4: it ran on, and a holiday comes.
    // 5: it waits for an estimate. 6, 8: promised. 7: a holiday. 9: answered, and the window counts all days. 10: closed.
    assert_eq!(
        seen,
        [Breached, Breached, Breached, Earlier, Unchanged, Unchanged, Later, Unchanged, Unchanged, Unchanged]
    );
}

#[test]
fn the_proof_of_a_deadline_tells_the_version() {
    let mut world = world(&[LONGER], "2026-11-23 10:00");
    let ticket = world.register(high());
    world.run_until("2026-11-23 15:00");
    apply(&mut world, ticket, "2");
    let proof = explain(ticket, world.entries(), world.desk().regulations(), world.now());
    let step = &proof[0].steps[1];
    assert_eq!((step.turn.as_str(), step.by.as_str()), ("retargeted", "keeper"));
    assert_eq!(step.why, ["version 2 of the regulation was applied, instead of 1"]);
    assert_eq!(step.deadline.as_deref(), Some("2026-11-24T17:00:00.000+03:00"));
    world.restart_under(Regulations::new(vec![one(), two(&[LONGER, HOLIDAYS])]));
    apply(&mut world, ticket, "2");
    let proof = explain(ticket, world.entries(), world.desk().regulations(), world.now());
    let why = ["the calendar as it is now was applied", "version 2 of the regulation was applied again"];
    assert_eq!(proof[0].steps[2].why, why);
}

#[test]
fn a_regulation_that_is_only_kept_works_on_and_takes_no_registrations() {
    let mut world = World::side_by_side(Regulations::new(vec![one()]), "2026-11-23 10:00");
    let old = world.register(high());
    let hasty = include_str!("../e2e/hasty.toml");
    let hasty = Arc::new(Regulation::parse("hasty.toml", hasty).expect("it is whole"));
    world.restart_under(Regulations::new(vec![hasty]).with_kept(vec![one()]));
    world.run_until("2026-11-23 12:00").act(old, "ask", json!({"text": "Какая версия?"}));
    assert_eq!(world.used(old, Metric::Resolution), "2h");
    let mut body = high();
    body["regulation"] = json!("care");
    let refusal = world.try_register(body).expect_err("it takes none");
    assert_eq!(refusal, Refusal::field("regulation", "unknown `care`; this desk runs hasty"));
    // Where none is named, the only one that takes them is meant.
    let new = world.register(json!({"channel": "email", "type": "error", "subject": "Не печатает"}));
    assert_eq!(world.ticket(new).facts.regulation, "hasty");
}

#[test]
fn new_tickets_are_for_the_versions_that_are_given() {
    let registered = |regulations: Regulations, now: &str| {
        let mut world = World::side_by_side(regulations, now);
        let number = world.register(high());
        version_of(&world, number).to_owned()
    };
    let early = || Regulations::new(vec![two(&[])]).with_kept(vec![one()]);
    assert_eq!(
        registered(early(), "2026-11-23 10:00"),
        "1",
        "its file came early: until its day the old one holds"
    );
    assert_eq!(registered(early(), "2026-11-24 10:00"), "2");
    let back = || Regulations::new(vec![one()]).with_kept(vec![two(&[])]);
    assert_eq!(registered(back(), "2026-11-25 10:00"), "1", "version 2 was taken back");
    let same_day = Regulations::new(vec![version("2", "2026-01-01", &[])]).with_kept(vec![one()]);
    assert_eq!(registered(same_day, "2026-11-25 10:00"), "2", "the author forgot to name another day");
    let first = Regulations::new(vec![two(&[])]);
    assert_eq!(registered(first, "2026-11-23 10:00"), "2", "there is no other");
}

#[test]
fn a_ticket_whose_version_is_lost_works_by_the_newest() {
    let mut world = World::side_by_side(Regulations::new(vec![one()]), "2026-11-23 10:00");
    let ticket = world.register(high());
    world.restart_under(Regulations::new(vec![two(&[SHORTER])]));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-23 18:00", "a deadline is a fact");
    world.run_until("2026-11-23 12:00").act(ticket, "reply", json!({"text": "Смотрим"}));
    apply(&mut world, ticket, "2");
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-23 14:00");
}
