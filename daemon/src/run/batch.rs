//! Batches: commands of one client that are decided one after another in one turn, and made durable with one sync.
//!
//! Nobody else's command comes in between, and a power cut keeps all of them or none. Each has an outcome of its own: one
//! that is refused does not undo those before it.

use std::sync::Arc;

use super::history::HistoryError;
use super::{Done, Failure, History};
use crate::desk::{Act, Command, Refusal, Ticket, TicketNumber};

/// How many commands a batch has at most.
pub const BATCH_COMMANDS_MAX: usize = 1_000;
/// How many batches may wait for the loop; one more is told to come back later. Each may hold megabytes.
pub const BATCHES_MAX: usize = 8;

/// A batch of commands.
#[derive(Debug)]
pub struct CommandBatch {
    /// The commands in order; none where one was found to be no command before it came here.
    pub steps: Vec<Option<Step>>,
    /// Whether what follows a command that is not carried out is left alone.
    pub stops_on_refusal: bool,
}

/// A command of a batch. What it names may be a ticket that a step before it opens, or takes from the queue: nobody knows
/// its number yet.
#[derive(Debug)]
pub struct Step {
    /// What is to be done; a ticket that is yet to be found has any number here.
    pub command: Command,
    /// The place in the batch of the step that opens the ticket which this one changes, or takes it from the queue.
    pub ticket_from: Option<usize>,
    /// The place of the step that opens or takes the ticket which this one names besides.
    pub other_from: Option<usize>,
}

impl Step {
    /// The command with the numbers of the tickets that were opened or taken so far, by the places of the steps that did.
    pub(super) fn named(self, found: &[Option<TicketNumber>]) -> Result<Command, Refusal> {
        let number = |field, place: usize| {
            found.get(place).copied().flatten().ok_or_else(|| {
                Refusal::field(field, format!("command {place} of this batch opened no ticket and took none"))
            })
        };
        let mut command = self.command;
        match &mut command {
            Command::Register(register) => {
                if let Some(place) = self.other_from {
                    register.follows = Some(number("follows", place)?);
                }
            }
            Command::Ticket { number: ticket, act, if_revision: _ } => {
                if let Some(place) = self.ticket_from {
                    *ticket = number("ticket", place)?;
                }
                if let (Some(place), Act::Link(link)) = (self.other_from, act) {
                    link.to = Some(number("to", place)?);
                }
            }
            Command::ApplyRegulation { .. }
            | Command::Attachments { .. }
            | Command::Sealed { .. }
            | Command::Alert(_)
            | Command::AlertsOverLimit(_)
            | Command::TakeNext(_)
            | Command::Desk(_) => {}
        }
        Ok(command)
    }
}

/// What came of one command of a batch.
#[derive(Debug)]
pub enum Outcome {
    /// It was carried out, or everything was so already.
    Done(Done),
    /// The same batch carried it out before, under the same key.
    Before(Before),
    /// It was not carried out.
    Failed(Failure),
    /// It was no command.
    Malformed,
    /// A command before it was not carried out, and the batch stops there.
    NotTried,
}

impl Outcome {
    /// Whether nothing came of it.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Outcome::Done(_) | Outcome::Before(_) => false,
            Outcome::Failed(_) | Outcome::Malformed | Outcome::NotTried => true,
        }
    }

    /// The ticket it is about.
    pub(super) fn ticket(&self) -> Option<TicketNumber> {
        match self {
            Outcome::Done(done) => done.ticket.as_ref().map(|ticket| ticket.number),
            Outcome::Before(before) => before.ticket,
            Outcome::Failed(_) | Outcome::Malformed | Outcome::NotTried => None,
        }
    }
}

/// A command that was carried out before. Its first answer is read from the record, by whoever gives it: that may take a
/// while for a long batch, and is not the loop's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    pub(super) ticket: Option<TicketNumber>,
    /// The entry that carried it out, by its first event.
    pub(super) first_seq: u64,
}

impl Before {
    /// The ticket as the command left it.
    ///
    /// # Errors
    /// [`HistoryError`] where the record cannot be read.
    pub fn ticket(self, history: &History) -> Result<Option<Arc<Ticket>>, HistoryError> {
        let Some(number) = self.ticket else { return Ok(None) };
        history.ticket_before(number, self.first_seq + 1)
    }
}
