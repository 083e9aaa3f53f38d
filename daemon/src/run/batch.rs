//! Batches: commands of one client that are decided one after another in one turn, and made durable with one sync.
//!
//! Nobody else's command comes in between, and a power cut keeps all of them or none. Each has an outcome of its own: one
//! that is refused does not undo those before it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::history::HistoryError;
use super::{Failure, History};
use crate::desk::{Act, Command, Held, Refusal, Ticket, TicketNumber};

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
            | Command::Desk(_)
            | Command::Letter { .. }
            | Command::Problem(_) => {}
        }
        Ok(command)
    }
}

/// The revisions that a ticket came to, by the first event of the entry that did it.
pub type Revisions = BTreeMap<u64, u64>;

/// What came of one command of a batch.
#[derive(Debug)]
pub enum Outcome {
    /// It was carried out, or everything was so already.
    Done(StepDone),
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
            Outcome::Done(done) => done.ticket,
            Outcome::Before(before) => before.ticket,
            Outcome::Failed(_) | Outcome::Malformed | Outcome::NotTried => None,
        }
    }
}

/// A command of a batch that was carried out, or found everything so already.
///
/// A batch of a thousand commands about one ticket would hold a thousand copies of it, were each kept as its command left
/// it. So each ticket is kept once, as the batch left it, beside the last command about it.
#[derive(Debug)]
pub struct StepDone {
    /// The ticket it is about.
    pub ticket: Option<TicketNumber>,
    /// The revision at which it left that ticket.
    pub revision: u64,
    /// The ticket, where no later command of the batch is about it.
    pub whole: Option<Held>,
    /// Whether anything changed.
    pub changed: bool,
}

/// Keeps each ticket of a batch once, beside the last command about it; `held` gives it as it is now.
pub(super) fn keep_each_once(outcomes: &mut [Outcome], mut held: impl FnMut(TicketNumber) -> Option<Held>) {
    let mut kept = HashSet::new();
    for outcome in outcomes.iter_mut().rev() {
        let Some(number) = outcome.ticket().filter(|number| kept.insert(*number)) else { continue };
        match outcome {
            Outcome::Done(done) => done.whole = held(number),
            Outcome::Before(before) => before.is_last = true,
            Outcome::Failed(_) | Outcome::Malformed | Outcome::NotTried => {}
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
    /// Whether no later command of the batch is about its ticket.
    pub(super) is_last: bool,
}

impl Before {
    /// The ticket it is about.
    pub fn number(self) -> Option<TicketNumber> {
        self.ticket
    }

    /// Whether no later command of the batch is about its ticket: then that is told whole.
    pub fn is_last(self) -> bool {
        self.is_last
    }

    /// The revision at which it left its ticket; none where the record has no such entry.
    pub fn revision(self, revisions: &Revisions) -> Option<u64> {
        revisions.get(&self.first_seq).copied()
    }

    /// The ticket as the command left it.
    ///
    /// # Errors
    /// [`HistoryError`] where the record cannot be read.
    pub fn ticket(self, history: &History) -> Result<Option<Arc<Ticket>>, HistoryError> {
        let Some(number) = self.ticket else { return Ok(None) };
        history.ticket_before(number, self.first_seq + 1)
    }
}
