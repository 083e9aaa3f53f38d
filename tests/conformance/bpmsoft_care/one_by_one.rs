//! BC-8: a client's requests are solved one after another, unless another order was agreed.

use andon::desk::people::PeopleAct;
use andon::desk::{ClientAct, ClientTerms, DeskAct, Metric, Refusal, TicketNumber};
use andon_tests::World;
use serde_json::{Value, json};

use super::{request, world};

const FIRST: TicketNumber = TicketNumber(1);
const SECOND: TicketNumber = TicketNumber(2);

/// Two tickets of one client on Monday at 10:00, the first of them in work with petrov; ivanova acts.
fn two() -> World {
    let mut world = world("2026-11-23 10:00");
    world.register(request("medium"));
    world.register(request("medium"));
    world.as_agent("petrov", &[]).act(FIRST, "take", json!({})).as_agent("ivanova", &[]);
    world
}

fn of_another_client(priority: &str) -> Value {
    let mut body = request(priority);
    body["client"] = json!("АО «Лютик»");
    body
}

fn solve(world: &mut World, ticket: TicketNumber) {
    world.act(ticket, "resolve", json!({ "text": "Очистите кэш", "source": "own-product" }));
}

/// The refusal to begin with the second, which names the first.
fn held(world: &mut World, verb: &str, body: Value) -> String {
    let refusal = world.refused(SECOND, verb, body);
    let Refusal::Conflict { code: "client-in-work", message, ticket, .. } = refusal else {
        panic!("{verb}: {refusal:?}")
    };
    assert_eq!(ticket, Some(FIRST), "{verb}");
    message
}

/// BC-8: while one is in work no way leads to work on the next; each refusal names the other.
#[test]
fn bc_8_the_next_does_not_begin_while_one_is_in_work() {
    let mut world = two();
    for (verb, body) in [
        ("take", json!({})),
        ("status", json!({ "to": "in-progress" })),
        ("assign", json!({ "agent": "ivanova" })),
        ("transfer", json!({ "agent": "ivanova", "reason": "Знает" })),
        ("resolve", json!({ "text": "Готово", "source": "vendor" })),
    ] {
        let message = held(&mut world, verb, body);
        assert!(
            message.contains("ticket 1 of the same client is in work") && message.contains("(BC-8)"),
            "{message}"
        );
    }
    solve(&mut world, FIRST);
    world.act(SECOND, "take", json!({}));
    assert_eq!(world.status(SECOND), "in-progress", "the first is answered");
}

/// BC-8: the first waits for the client: the second does not start, and says why.
#[test]
fn bc_8_the_next_does_not_begin_while_the_first_waits_for_the_client() {
    let mut world = two();
    world.act(FIRST, "ask", json!({ "text": "Какой узел?" }));
    let message = held(&mut world, "take", json!({}));
    assert!(message.contains("ticket 1 of the same client waits for the client"), "{message}");
    assert_eq!(world.queue(), ["2 arrival held by 1"]);
    let refusal = world.try_take_next(json!({})).expect_err("it is held");
    assert_eq!(refusal.code(), "queue-empty");
    assert!(refusal.to_string().ends_with("2 for 1, which waits for the client"), "{refusal}");
    // Also where nobody had taken it before it was asked about.
    let mut world = super::world("2026-11-23 10:00");
    world.register(request("medium"));
    world.register(request("medium"));
    world.act(FIRST, "ask", json!({ "text": "Какой узел?" }));
    held(&mut world, "take", json!({}));
}

/// BC-8: what is said to the client begins no work, and the client's words are never refused; the reaction of all of them
/// runs from their registration.
#[test]
fn bc_8_what_is_said_begins_no_work() {
    let mut world = two();
    assert_eq!(world.deadline(SECOND, Metric::Reaction), "2026-11-23 14:00", "four hours from registration");
    world.act(SECOND, "reply", json!({ "text": "Видим, начнём после первого" }));
    world.act(SECOND, "ask", json!({ "text": "На каком узле?" }));
    world.as_requester().act(SECOND, "answer", json!({ "text": "На втором" })).as_agent("ivanova", &[]);
    assert_eq!(world.status(SECOND), "in-progress");
    held(&mut world, "take", json!({}));
}

/// BC-8: the order changes by agreement, with its note; then the second may begin beside the first.
#[test]
fn bc_8_another_order_may_be_agreed() {
    let mut world = two();
    let Refusal::Fields(errors) = world.refused(SECOND, "prefer", json!({})) else {
        panic!("a note is required")
    };
    assert_eq!(errors[0].field, "reason");
    world.act(SECOND, "prefer", json!({ "reason": "По телефону с Петровой" }));
    assert_eq!(world.ticket(SECOND).preferred.as_deref(), Some("По телефону с Петровой"));
    assert_eq!(world.queue(), ["2 arrival"]);
    assert_eq!(world.try_take_next(json!({})), Ok(SECOND));
}

/// BC-8: what is preferred takes the first place of its client in the queue; nobody else's place changes.
#[test]
fn bc_8_an_agreed_order_changes_the_places_of_one_client_only() {
    let mut world = world("2026-11-23 10:00");
    for body in [request("medium"), of_another_client("medium"), request("medium"), request("medium")] {
        world.register(body);
    }
    assert_eq!(world.queue(), ["1 arrival", "2 arrival", "3 arrival", "4 arrival"]);
    world.act(TicketNumber(4), "prefer", json!({ "reason": "По письму" }));
    assert_eq!(world.queue(), ["4 agreed", "2 arrival", "1 agreed", "3 agreed"]);
    assert_eq!(world.try_take_next(json!({})), Ok(TicketNumber(4)));
    assert_eq!(world.queue(), ["1 arrival held by 4", "2 arrival", "3 arrival held by 4"]);
    assert_eq!(world.try_take_next(json!({})), Ok(TicketNumber(2)), "what is held is passed over");
}

/// BC-8: an agreed order does not put what is critical or high behind other clients' requests, nor what is low before them.
#[test]
fn bc_8_an_agreed_order_leaves_each_priority_its_place() {
    let mut world = world("2026-11-23 10:00");
    for body in [
        request("critical"),
        of_another_client("high"),
        of_another_client("low"),
        request("low"),
        request("medium"),
    ] {
        world.register(body);
    }
    let as_it_came = ["1 priority", "2 priority", "3 arrival", "4 arrival", "5 arrival"];
    assert_eq!(world.queue(), as_it_came);
    world.act(TicketNumber(4), "prefer", json!({ "reason": "По письму" }));
    assert_eq!(world.queue(), as_it_came, "it was the client's first of those that do not jump already");
    world.act(TicketNumber(5), "prefer", json!({ "reason": "По письму" }));
    assert_eq!(world.queue(), as_it_came);
    let sixth = world.register(request("critical"));
    world.act(sixth, "prefer", json!({ "reason": "По письму" }));
    assert_eq!(world.queue(), ["6 agreed", "1 agreed", "2 priority", "3 arrival", "4 arrival", "5 arrival"]);
    // What is preferred may be begun beside what is critical.
    world.act(TicketNumber(1), "take", json!({}));
    world.as_agent("petrov", &[]).act(TicketNumber(4), "take", json!({}));
}

/// BC-8: other clients do not wait, nor do tickets without one; a client is the same however its name is written.
#[test]
fn bc_8_clients_do_not_wait_for_each_other() {
    let mut world = two();
    let third = world.register(of_another_client("low"));
    world.act(third, "take", json!({}));
    let mut body = request("low");
    body["client"] = json!("  ооо  «РОМАШКА» ");
    let fourth = world.register(body);
    assert_eq!(world.refused(fourth, "take", json!({})).code(), "client-in-work");
}

/// BC-8: a client that is renamed, or written with other quotation marks, is the same: what is in work under the old name
/// holds what comes under the new.
#[test]
fn bc_8_a_client_that_is_renamed_is_the_same_client() {
    let mut world = two();
    world.as_lead();
    let terms =
        |name: &str| ClientTerms { id: "romashka".into(), name: name.to_owned(), ..ClientTerms::default() };
    let set = |world: &mut World, name| {
        world.try_desk(DeskAct::Client(ClientAct::Set(terms(name)))).expect("it is written down");
    };
    set(&mut world, "ООО \"Ромашка\"");
    held(&mut world, "take", json!({}));
    set(&mut world, "АО «Василёк»");
    held(&mut world, "take", json!({}));
    let mut body = request("medium");
    body["client"] = json!("ао василек");
    let third = world.register(body);
    assert_eq!(world.ticket(third).facts.client.as_deref(), Some("АО «Василёк»"));
    assert_eq!(world.refused(third, "take", json!({})).code(), "client-in-work");
    assert_eq!(world.queue(), ["2 arrival held by 1", "3 arrival held by 1"]);
    solve(&mut world, FIRST);
    world.act(third, "take", json!({}));
    assert_eq!(world.queue(), ["2 arrival held by 3"]);
    // What the client agrees on is about all of them as well.
    world.register(of_another_client("medium"));
    let fifth = world.register(request("medium"));
    world.act(fifth, "prefer", json!({ "reason": "По письму" }));
    assert_eq!(world.queue(), ["5 agreed", "4 arrival", "2 agreed held by 3"]);
}

/// BC-8: of two that the client's answers moved into work, neither holds the other for good.
#[test]
fn bc_8_two_that_were_asked_about_do_not_hold_each_other() {
    let mut world = world("2026-11-23 10:00");
    for ticket in [FIRST, SECOND] {
        world.register(request("medium"));
        world.act(ticket, "ask", json!({ "text": "Какой узел?" }));
        world.as_requester().act(ticket, "answer", json!({ "text": "Второй" })).as_lead();
    }
    world.act(SECOND, "take", json!({}));
    assert_eq!(world.refused(FIRST, "take", json!({})).code(), "client-in-work");
    solve(&mut world, SECOND);
    world.act(FIRST, "take", json!({}));
}

/// BC-8: a ticket that is returned goes on, though the next has begun meanwhile: the client's words are never refused.
#[test]
fn bc_8_a_returned_ticket_goes_on_beside_the_next() {
    let mut world = two();
    solve(&mut world, FIRST);
    world.act(SECOND, "take", json!({}));
    world.as_requester().act(FIRST, "return", json!({ "reason": "Не помогло" })).as_agent("petrov", &[]);
    assert_eq!(world.status(FIRST), "in-progress");
}

/// BC-8: a regulation that says nothing of it has no such order.
#[test]
fn bc_8_other_regulations_take_a_clients_tickets_at_once() {
    let mut world = World::getmark("2026-11-23 10:00");
    let mut body = crate::getmark::high("email");
    body["client"] = json!("ООО «Ромашка»");
    let tickets = [world.register(body.clone()), world.register(body)];
    for ticket in tickets {
        world.act(ticket, "take", json!({}));
    }
    let refusal = world.refused(tickets[0], "prefer", json!({ "reason": "Так" }));
    assert_eq!(refusal.code(), "not-in-regulation");
}

/// BC-8, HD-10: of what a group has an agent takes the first of each client, and none whose client's other is in work;
/// one that the client agreed on is taken beside the first.
#[test]
fn bc_8_taking_what_a_group_has_takes_the_first_of_each_client() {
    let mut world = two();
    for body in
        [of_another_client("medium"), of_another_client("low"), of_another_client("high"), request("medium")]
    {
        world.register(body);
    }
    let mut nobodys = request("low");
    nobodys.as_object_mut().expect("an object").remove("client");
    world.register(nobodys.clone());
    world.register(nobodys);
    world.as_lead();
    for ticket in 2..=8 {
        world.act(TicketNumber(ticket), "assign", json!({ "group": "care" }));
    }
    world.act(TicketNumber(5), "prefer", json!({ "reason": "По телефону" }));
    world.on_duty("vera", &["care"], "2026-11-23", "08:00", "17:00");
    world.as_agent("vera", &[]);
    let take = || PeopleAct::TakeGroup { group: "care".into() };
    world.people(take());
    let has = |world: &World| world.desk().of_assignee("vera").map(|number| number.0).collect::<Vec<_>>();
    assert_eq!(has(&world), [3, 5, 7, 8], "2 and 6 wait for 1, which petrov has; 4 waits for 3");
    assert_eq!(world.desk().of_group_total("care"), 3);
    world.people(take());
    assert_eq!(has(&world), [3, 5, 7, 8], "the second time nothing else is free");
    world.as_agent("petrov", &[]);
    solve(&mut world, FIRST);
    world.as_agent("vera", &[]);
    world.people(take());
    assert_eq!(has(&world), [2, 3, 5, 7, 8], "the first is answered; 6 waits for 2 now");
}
