//! What can be done to a ticket: one path per verb, one handler for all.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::body::{Posted, whole};
use super::caching::if_revision;
use super::problem::Problem;
use super::query::{Named, ticket_number};
use super::{DoorState, tickets};
use crate::desk::{Act, Command, Role};

/// The path of every verb.
pub(super) const PATH: &str = "/v1/tickets/{number}/{verb}";

/// What a verb does, for the document.
pub(super) const SUMMARIES: [(&str, &str); 31] = [
    ("reply", "Says something to the requester, or to the desk only"),
    ("ask", "Asks the requester; pauses clocks by the regulation"),
    ("answer", "The requester's words come in; clocks run on"),
    ("status", "Moves to a status the regulation allows"),
    ("classify", "Changes type, service or fields"),
    ("priority", "Changes the priority"),
    ("take", "The caller takes the ticket; needs no body"),
    ("assign", "Gives the ticket to an agent or a group"),
    ("transfer", "Hands the ticket to another agent"),
    ("route", "Moves the ticket to another line"),
    ("estimate", "Promises a term where the regulation leaves it to an estimate"),
    ("extend", "Promises another term"),
    ("defer", "Puts the solution off, for one of the regulation's reasons"),
    ("resolve", "Answers with the solution"),
    ("confirm", "The requester confirms the solution"),
    ("return", "The requester returns the ticket"),
    ("refuse", "Refuses the ticket"),
    ("close", "Closes the ticket without a solution"),
    ("link", "Links to another ticket"),
    ("split", "Makes a second problem a ticket of its own"),
    ("urgent", "Marks the ticket urgent"),
    ("escalate", "Asks a department, which has a term of its own"),
    ("escalation-answer", "A department's answer comes in"),
    ("complain", "The requester complains to the head, also of a closed ticket"),
    ("prefer", "The client agreed that the ticket goes before its others"),
    ("merge", "Closes the ticket as a duplicate of another"),
    ("issue", "Asks for a request in a product team's tracker, or names the one that is there"),
    ("issue-status", "What the tracker tells of that request comes in"),
    ("ask-lead", "Asks the lead"),
    ("lead-answer", "The lead answers"),
    ("cite", "Names a page of the knowledge base that helps"),
];

/// Carries out a verb on a ticket. `If-Match` refuses it where the ticket has changed since it was seen.
pub(super) async fn act(
    State(door): State<DoorState>,
    Named((number, verb)): Named<(String, String)>,
    headers: HeaderMap,
    mut posted: Posted,
) -> Result<Response, Problem> {
    let number = ticket_number(&number)?;
    let read = Act::read(&verb, &posted.take_json_or_empty())?;
    let now = tickets::lookup(&door, number).await?.map(|ticket| ticket.revision);
    let if_revision = if_revision(&headers, now)?;
    let read = read.map(|act| Command::Ticket { number, if_revision, act });
    let command = whole(&door, read, &posted.caller.0).await?;
    let (actor, shows_alike) = (posted.caller.0, command.shows_alike());
    let scope = actor.scope.clone();
    let shows_alike = shows_alike && actor.role >= Role::Agent;
    let done = door.command(command, actor, posted.receipt).await?;
    if shows_alike {
        return Ok(tickets::answer_with_alike(&door, StatusCode::OK, &done, &scope));
    }
    Ok(tickets::answer(&door, StatusCode::OK, &done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_in_the_document() {
        assert_eq!(SUMMARIES.map(|(verb, _)| verb), Act::VERBS);
    }
}
