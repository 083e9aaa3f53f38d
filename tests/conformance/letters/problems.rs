//! Mass problems: everybody who has it is told that it is known, and that it is over.

use andon::desk::command::{CloseProblem, ConfirmProblem, OpenProblem, ProblemAct, TicketList};
use andon::desk::letter::LetterWay;
use andon::desk::{ProblemNumber, TicketNumber};
use andon_tests::World;
use serde_json::json;

use crate::getmark::high;

const FIRST: ProblemNumber = ProblemNumber(1);

fn registered(world: &mut World, count: usize) -> Vec<TicketNumber> {
    let mut tickets = Vec::new();
    for at in 0..count {
        let mut body = high("email");
        body["requester"]["email"] = json!(format!("user{at}@example.ru"));
        tickets.push(world.register(body));
    }
    tickets
}

fn told(world: &World, kind: &str) -> Vec<u64> {
    world.letters().into_iter().filter(|(_, known, _)| known == kind).map(|(ticket, ..)| ticket).collect()
}

fn close(resolve: bool) -> ProblemAct {
    let text = Some("Сервер отчётов снова работает. Обновите страницу.".to_owned());
    ProblemAct::Close(FIRST, CloseProblem { text, resolve, source: None })
}

fn confirm() -> ProblemAct {
    ProblemAct::Confirm(FIRST, ConfirmProblem::default())
}

#[test]
fn gm_5_15_nobody_is_told_of_what_is_only_suspected() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    registered(&mut world, 5);
    assert!(told(&world, "problem-opened").is_empty());
}

#[test]
fn gm_5_15_all_who_have_it_are_told_when_it_is_confirmed_and_who_comes_later_with_the_link() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    registered(&mut world, 5);
    world.problem(confirm());
    assert_eq!(told(&world, "problem-opened"), [1, 2, 3, 4, 5]);
    // The sixth is only suggested until somebody links it.
    registered(&mut world, 1);
    assert_eq!(told(&world, "problem-opened").len(), 5);
    world.problem(ProblemAct::Link(FIRST, TicketList { tickets: vec![TicketNumber(6)] }));
    assert_eq!(told(&world, "problem-opened"), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn gm_5_15_those_who_were_linked_before_it_was_mass_are_told_too_and_each_once() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let tickets = registered(&mut world, 4);
    let open = OpenProblem { title: Some("Отчёты".to_owned()), tickets, worked_as: None };
    world.problem(ProblemAct::Open(open));
    assert!(told(&world, "problem-opened").is_empty(), "four are not more than four");
    let fifth = registered(&mut world, 1);
    world.problem(ProblemAct::Link(FIRST, TicketList { tickets: fifth }));
    assert_eq!(told(&world, "problem-opened"), [1, 2, 3, 4, 5]);
}

#[test]
fn gm_5_15_the_end_is_told_in_one_letter_with_the_answer_where_tickets_are_resolved_with_it() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    registered(&mut world, 5);
    world.problem(confirm()).problem(close(true));
    assert_eq!(told(&world, "problem-closed"), [1, 2, 3, 4, 5]);
    assert!(told(&world, "resolved").is_empty(), "one letter for one thing");
}

#[test]
fn gm_5_15_the_end_is_told_where_tickets_stay_open_as_well() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    registered(&mut world, 5);
    world.problem(confirm()).problem(close(false));
    assert_eq!(told(&world, "problem-closed"), [1, 2, 3, 4, 5]);
}

#[test]
fn gm_5_15_a_problem_that_is_not_mass_is_told_to_nobody() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    let tickets = registered(&mut world, 2);
    let open = OpenProblem { title: Some("Отчёты".to_owned()), tickets, worked_as: None };
    world.problem(ProblemAct::Open(open)).problem(close(true));
    assert!(told(&world, "problem-opened").is_empty() && told(&world, "problem-closed").is_empty());
    assert_eq!(told(&world, "resolved"), [1, 2]);
}

#[test]
fn gm_5_15_hundreds_are_told_in_lots_and_each_once() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters().unproven();
    registered(&mut world, 5);
    world.problem(confirm());
    for at in 0..3 {
        let tickets = registered(&mut world, 80);
        let expected = 5 + 80 * (at + 1);
        world.problem(ProblemAct::Link(FIRST, TicketList { tickets }));
        assert_eq!(told(&world, "problem-opened").len(), expected);
    }
    world.problem(close(false));
    let mut ended = told(&world, "problem-closed");
    ended.sort_unstable();
    assert_eq!(ended, (1..=245).collect::<Vec<u64>>());
}

#[test]
fn gm_5_13_what_goes_to_many_holds_up_nobodys_confirmation() {
    let mut world = World::getmark("2026-11-23 10:00").with_letters();
    registered(&mut world, 5);
    world.deliver_letters().problem(confirm());
    world.run_until("2026-11-23 10:05");
    registered(&mut world, 1);
    let order: Vec<_> =
        world.desk().letters_due_by(LetterWay::Mail, world.now()).map(|id| id.ticket.0).collect();
    assert_eq!(order, [6, 1, 2, 3, 4, 5]);
}
