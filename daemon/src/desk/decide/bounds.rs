//! How large a ticket becomes. Each answer and list tells it whole, and whoever holds it holds all of it, so none grows
//! without end.

use crate::desk::refusal::Refusal;
use crate::desk::ticket::Ticket;

/// How long all texts and fields of a ticket are together, in bytes.
const TEXTS_MAX_BYTES: usize = 1 << 20;
/// The most clocks that a ticket has had; a question to the requester and a return start some.
const CLOCKS_MAX: usize = 2_000;
/// The most links of a ticket.
const LINKS_MAX: usize = 1_000;

/// Refuses what makes a ticket larger than any may be. What adds nothing to it is not refused: one that is full is still
/// replied to, routed and closed.
pub(super) fn within(before: &Ticket, after: &Ticket) -> Result<(), Refusal> {
    let (clocks, bytes) = (after.clocks.len(), after.texts_bytes());
    if clocks > CLOCKS_MAX && clocks > before.clocks.len() {
        let message = format!("ticket {} would have had {clocks} clocks; at most {CLOCKS_MAX}", after.number);
        return Err(full(
            "ticket-full",
            &message,
            "`close` it, and register another that `follows` it",
            before,
        ));
    }
    if bytes > TEXTS_MAX_BYTES && bytes > before.texts_bytes() {
        let message =
            format!("the texts of ticket {} would be {bytes} bytes; at most {TEXTS_MAX_BYTES}", after.number);
        let way_out = "attach what is longer as a file, or register another that `follows` it";
        return Err(full("ticket-full", &message, way_out, before));
    }
    Ok(())
}

/// Refuses one more link of a ticket that has as many as any may have.
pub(super) fn room_for_link(ticket: &Ticket) -> Result<(), Refusal> {
    if ticket.links.len() < LINKS_MAX {
        return Ok(());
    }
    let message = format!("ticket {} has {LINKS_MAX} links, and no ticket has more", ticket.number);
    let way_out = "a problem, POST /v1/problems, has room for more tickets of one cause";
    Err(full("too-many-links", &message, way_out, ticket))
}

fn full(code: &'static str, message: &str, way_out: &str, ticket: &Ticket) -> Refusal {
    Refusal::Conflict {
        code,
        message: format!("{message}; {way_out}"),
        ticket: Some(ticket.number),
        status: Some(ticket.facts.status.clone()),
    }
}
