//! Files of a ticket: who may bring and remove them, how many, and of which kinds.

use std::sync::Arc;

use calendars::Timestamp;

use super::{Decision, Draft, Wrong, in_brackets, need};
use crate::desk::actor::{Actor, Role};
use crate::desk::attachment::{ATTACHMENTS_MAX, Attached, AttachmentKind};
use crate::desk::command::AttachmentAct;
use crate::desk::event::Event;
use crate::desk::refusal::Refusal;
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket};

pub(super) fn decide(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    act: &AttachmentAct,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    match act {
        AttachmentAct::Add { files, ticket_max_bytes } => {
            need(actor, Role::Intake, "attaching a file")?;
            let mut draft = Draft::of(desk, ticket, &actor.name, at)?;
            add(&mut draft, files, *ticket_max_bytes)?;
            Ok(draft.finish())
        }
        AttachmentAct::Remove { id, reason } => {
            need(actor, Role::Lead, "removing an attachment")?;
            let mut wrong = Wrong::default();
            let reason = wrong.text("reason", reason.as_ref());
            wrong.done()?;
            // Its regulation need not be there: whose data it is may want it gone.
            if !ticket.attachments.iter().any(|known| known.file.id == *id) {
                return Err(Refusal::NotFound { what: "attachment", id: id.to_string() });
            }
            Ok(Decision::of(ticket.number, Event::AttachmentRemoved { id: id.clone(), reason }))
        }
    }
}

fn add(draft: &mut Draft<'_>, files: &[Attached], ticket_max_bytes: u64) -> Result<(), Refusal> {
    not_closed(draft, "takes no more files")?;
    for file in files {
        takes(draft, file)?;
    }
    let known = &draft.ticket.attachments;
    if known.len() + files.len() > ATTACHMENTS_MAX {
        let message = format!(
            "ticket {} would have {} attachments; at most {ATTACHMENTS_MAX}",
            draft.ticket.number,
            known.len() + files.len()
        );
        return Err(Refusal::conflict("too-many-attachments", message));
    }
    let sum = known.iter().map(|known| known.file.bytes).chain(files.iter().map(|file| file.bytes));
    let bytes = sum.fold(0, u64::saturating_add);
    if bytes > ticket_max_bytes {
        let message = format!(
            "ticket {} would have {bytes} bytes of attachments; at most {ticket_max_bytes}",
            draft.ticket.number
        );
        return Err(Refusal::conflict("too-many-attachments", message));
    }
    for file in files {
        draft.push(Event::Attached(Box::new(file.clone())));
    }
    Ok(())
}

/// Whether the regulation takes files of that kind (PM-C3).
fn takes(draft: &Draft<'_>, file: &Attached) -> Result<(), Refusal> {
    let kinds = draft.regulation.attachment_kinds();
    if AttachmentKind::of_media_type(&file.media_type).is_some_and(|kind| kinds.contains(&kind)) {
        return Ok(());
    }
    let rule = draft.regulation.attachments.as_ref();
    Err(Refusal::conflict(
        "kind-not-taken",
        format!(
            "`{}` is {}, and {} takes {} only{}",
            file.name,
            file.media_type,
            draft.regulation.id,
            AttachmentKind::list(kinds),
            in_brackets(rule.and_then(|rule| rule.clause.as_ref()))
        ),
    ))
}

/// Refuses what comes to a ticket that is over.
pub(super) fn not_closed(draft: &Draft<'_>, what: &str) -> Result<(), Refusal> {
    if draft.ticket.stage != Stage::Closed {
        return Ok(());
    }
    Err(Refusal::Conflict {
        code: "closed",
        message: format!(
            "ticket {} is closed and {what}; register a new ticket that `follows` it",
            draft.ticket.number
        ),
        ticket: Some(draft.ticket.number),
        status: Some(draft.ticket.facts.status.clone()),
    })
}
