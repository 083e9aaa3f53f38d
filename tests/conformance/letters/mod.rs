//! Letters: which of them go, to whom, and when. What they say is in the golden files of the program.

mod bpmsoft_care;
mod getmark;
mod group_helpdesk;
mod problems;
mod profman_iss;
mod rules;
mod terms;
mod zkh_services;

use andon::desk::{Letter, TicketNumber};
use andon_tests::World;

/// The letters of a ticket that wait.
fn waiting(world: &World, ticket: TicketNumber) -> &[Letter] {
    &world.ticket(ticket).letters
}
