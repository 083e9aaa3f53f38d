//! Months: when they end, what counts in which, and what their figures are.

mod clauses;
mod life;
mod months;

use andon::desk::report::{Dimension, Month, MonthFigures, SliceFigures};
use andon::desk::{Event, Regulations, TicketNumber};
use andon_tests::World;
use andon_tests::time::ZONE;
use serde_json::{Value, json};

/// A desk under a regulation that ships, at a site in Moscow.
fn world(regulation: &str, now: &str) -> World {
    let regulation = andon_tests::world::shipped(regulation);
    World::side_by_side(Regulations::new(vec![regulation.into()]).in_zone(ZONE), now)
}

/// A consultation under `zkh-services`.
fn question() -> Value {
    json!({ "channel": "phone", "type": "consultation", "subject": "Как начислить", "requester": { "name": "Анна" } })
}

/// A question to the company group's desk, by a channel with office hours.
fn incident() -> Value {
    json!({ "channel": "hm", "type": "question", "subject": "Не печатает",
        "requester": { "name": "Анна", "email": "a@group.example.ru", "login": "anna" } })
}

/// Registers, has it solved by an agent at once, and leaves it with the requester.
fn solved(world: &mut World, body: Value, agent: &str) -> TicketNumber {
    let ticket = world.as_lead().register(body);
    world.as_agent(agent, &[]).act(ticket, "take", json!({}));
    world.act(ticket, "resolve", json!({ "text": "Сделайте так" })).as_requester();
    ticket
}

/// Registers, has it solved and confirmed, perhaps with a mark.
fn confirmed(world: &mut World, body: Value, agent: &str, mark: Option<&str>) -> TicketNumber {
    let ticket = solved(world, body, agent);
    let words = mark.map_or(json!({}), |mark| json!({ "mark": mark }));
    world.act(ticket, "confirm", words);
    ticket
}

/// The closed months of a record, with their figures.
fn closed(world: &World) -> Vec<(String, MonthFigures)> {
    let facts = world.entries().iter().flat_map(|entry| &entry.facts);
    let months = facts.filter_map(|fact| match &fact.event {
        Event::MonthClosed { month, figures } => Some((month.to_string(), figures.as_ref().clone())),
        _ => None,
    });
    months.collect()
}

/// A slice of the only regulation of a month.
fn slice(figures: &MonthFigures, by: Dimension, id: Option<&str>) -> SliceFigures {
    let slices = &figures.regulations[0].slices;
    let found = slices.iter().find(|slice| slice.by == by && slice.id.as_deref() == id);
    found.unwrap_or_else(|| panic!("no {by:?} {id:?} in {slices:#?}")).clone()
}

/// What the running month comes to as it stands.
fn running(world: &World, month: &str) -> MonthFigures {
    let month: Month = month.parse().expect("a month");
    let sums = world.desk().tally().month(month).expect("something happened in it");
    MonthFigures::of(sums, world.desk().regulations())
}
