//! Batches on a disk that is counted, full or failing: one sync for all, all of it or nothing.

use andon::desk::command::Register;
use andon::desk::event::Receipt;
use andon::desk::{Act, Actor, Command, Role, TicketNumber};
use andon::run::{CommandBatch, Failure, Input, Outcome, Step};
use andon_tests::{Fault, SimDisk};
use serde_json::json;

use super::desk::{Desk, disk_of, registration};

fn step(command: Command) -> Step {
    Step { command, ticket_from: None, other_from: None }
}

fn registrations(count: usize) -> Vec<Option<Step>> {
    (0..count).map(|_| Some(step(registration(&[])))).collect()
}

/// Gives a batch to the loop.
fn batch(
    desk: &mut Desk,
    steps: Vec<Option<Step>>,
    receipt: Option<Receipt>,
) -> Result<Vec<Outcome>, Failure> {
    let batch = CommandBatch { steps, stops_on_refusal: false };
    let (input, mut answer) = Input::batch(batch, Actor::named("head", Role::Head), receipt, None);
    desk.running().turn([input]);
    answer.try_recv().expect("a turn answers")
}

fn carried_out(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done(done) if done.changed)).count()
}

#[test]
fn a_thousand_commands_cost_the_disk_as_many_operations_as_one() {
    let mut desk = Desk::new(SimDisk::new(1));
    desk.register().expect("the disk works");
    let mut cost = |count: usize| {
        let before = desk.disk.changes();
        let outcomes = batch(&mut desk, registrations(count), None).expect("the disk works");
        assert_eq!(carried_out(&outcomes), count);
        desk.disk.changes() - before
    };
    assert_eq!((cost(1), cost(1_000)), (2, 2), "a write and a sync");
}

#[test]
fn a_batch_that_the_disk_does_not_take_has_not_happened() {
    for fault in [Fault::NoSpace, Fault::Io] {
        let mut desk = Desk::new(disk_of(40));
        desk.register().expect("the disk works");
        desk.disk.fail_next(1, fault);
        let failed = batch(&mut desk, registrations(100), None).expect_err("the disk fails");
        assert!(matches!(failed, Failure::Storage { .. }), "{failed:?}");
        assert_eq!(desk.running().desk().tickets_total(), 1);
        desk.pass_s(2);
        let outcomes = batch(&mut desk, registrations(100), None).expect("the disk works again");
        assert_eq!(carried_out(&outcomes), 100);
        assert_eq!(desk.running().desk().next_ticket(), TicketNumber(102), "no number was used up");
        desk.restart();
        assert_eq!(desk.running().desk().tickets_total(), 101);
    }
}

#[test]
fn on_a_full_disk_a_batch_is_refused_as_a_whole() {
    let mut desk = Desk::new(disk_of(40));
    desk.fill();
    while desk.register().is_ok() {}
    let refused = batch(&mut desk, registrations(3), None).expect_err("the disk is full");
    assert!(matches!(refused, Failure::Storage { full: true, .. }), "{refused:?}");
}

#[test]
fn the_next_batch_waits_for_those_who_came_between() {
    let mut desk = Desk::new(SimDisk::new(1));
    let actor = || Actor::named("head", Role::Head);
    let of = |count| CommandBatch { steps: registrations(count), stops_on_refusal: false };
    let (first, mut first_answer) = Input::batch(of(2), actor(), None, None);
    let (between, mut between_answer) = Input::command(registration(&[]), actor(), None);
    let (second, mut second_answer) = Input::batch(of(2), actor(), None, None);
    let mut inputs = [first, between, second].into_iter();
    desk.running().turn(inputs.by_ref());
    assert!(first_answer.try_recv().is_ok() && between_answer.try_recv().is_err());
    desk.running().turn(inputs.by_ref());
    let done = between_answer.try_recv().expect("it is answered").expect("it was carried out");
    assert_eq!(done.ticket.map(|ticket| ticket.number), Some(TicketNumber(3)));
    desk.running().turn(inputs.by_ref());
    assert!(second_answer.try_recv().is_ok_and(|outcomes| outcomes.is_ok()));
}

#[test]
fn a_step_names_what_was_opened_before_it_also_when_that_was_another_time() {
    let mut desk = Desk::new(SimDisk::new(1));
    let receipt = || Some(Receipt { key: "head:1".into(), request: "same".into(), step: None, token: None });
    let steps = || {
        let act = |verb, body| {
            let act = Act::from_json(verb, body).expect("a verb");
            Command::Ticket { number: TicketNumber::default(), if_revision: None, act }
        };
        let follows = Register {
            follows: None,
            ..Register::from_json(json!({
                "channel": "email", "type": "error", "subject": "x", "incomplete": true,
            }))
            .expect("a registration")
        };
        vec![
            Some(step(registration(&[]))),
            Some(Step { command: act("take", json!({})), ticket_from: Some(0), other_from: None }),
            Some(Step { command: Command::Register(follows), ticket_from: None, other_from: Some(0) }),
            Some(Step {
                command: act("link", json!({ "kind": "similar" })),
                ticket_from: Some(2),
                other_from: Some(0),
            }),
            Some(Step { command: act("take", json!({})), ticket_from: Some(1), other_from: None }),
        ]
    };
    let outcomes = batch(&mut desk, steps(), receipt()).expect("the disk works");
    assert_eq!(carried_out(&outcomes), 4);
    assert!(matches!(&outcomes[4], Outcome::Failed(Failure::Refused(_))), "a verb opens no ticket");
    let links = desk.running().desk().ticket(TicketNumber(2)).expect("it is there").links.len();
    assert_eq!(links, 2);
    desk.restart();
    let again = batch(&mut desk, steps(), receipt()).expect("the disk works");
    assert!(again[..4].iter().all(|outcome| matches!(outcome, Outcome::Before(_))), "{again:?}");
    assert_eq!(desk.running().desk().tickets_total(), 2);
    let other =
        batch(&mut desk, registrations(1), receipt().map(|one| Receipt { request: "other".into(), ..one }));
    assert!(matches!(other, Err(Failure::KeyReused)));
}
