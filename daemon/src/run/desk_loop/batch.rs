//! Batches: one input, many commands, one turn.

use calendars::Timestamp;

use super::{CarriedOut, Disk, Loop};
use crate::desk::event::Receipt;
use crate::desk::{Actor, TicketNumber};
use crate::run::batch::{Before, CommandBatch, Outcome, Step, StepDone, keep_each_once};
use crate::run::{Failure, TURN_BYTES_MAX};

impl Loop {
    /// Decides the commands of a batch, each on the desk as those before it left it.
    pub(super) fn command_batch(
        &mut self,
        batch: CommandBatch,
        actor: &Actor,
        receipt: Option<&Receipt>,
        now: Timestamp,
    ) -> Result<Vec<Outcome>, Failure> {
        if matches!(self.disk, Disk::Full { .. }) {
            return Err(Failure::Storage { full: true, reason: "the disk is full".to_owned() });
        }
        if receipt.is_some_and(|receipt| self.is_of_another(receipt)) {
            return Err(Failure::KeyReused);
        }
        let bytes_max = self.turn.bytes + TURN_BYTES_MAX;
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(batch.steps.len());
        let mut found = Vec::with_capacity(batch.steps.len());
        let mut has_stopped = false;
        for (place, step) in batch.steps.into_iter().enumerate() {
            let finds = step.as_ref().is_some_and(|step| step.command.finds_ticket());
            let outcome = match step {
                _ if has_stopped => Outcome::NotTried,
                None => Outcome::Malformed,
                // A short command may write much: a split copies all that its ticket has.
                Some(_) if self.turn.bytes >= bytes_max => {
                    Outcome::Failed(Failure::BatchTooLong { limit_bytes: TURN_BYTES_MAX })
                }
                Some(step) => {
                    let receipt = receipt.map(|receipt| receipt.of_step(place));
                    self.step(step, &found, actor, receipt, now).unwrap_or_else(Outcome::Failed)
                }
            };
            found.push(outcome.ticket().filter(|_| finds));
            has_stopped |= batch.stops_on_refusal && outcome.is_refusal();
            outcomes.push(outcome);
        }
        keep_each_once(&mut outcomes, |number| self.desk.held(number).cloned());
        Ok(outcomes)
    }

    fn step(
        &mut self,
        step: Step,
        found: &[Option<TicketNumber>],
        actor: &Actor,
        receipt: Option<Receipt>,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        if let Some(before) = receipt.as_ref().map_or(Ok(None), |receipt| self.carried_out_before(receipt))? {
            return Ok(Outcome::Before(before));
        }
        let command = step.named(found)?;
        // Nothing of this turn comes behind a batch, so nobody asks what this one carried out under its key.
        let CarriedOut { ticket, changed } = self.carry_out(&command, actor, receipt.clone(), now)?;
        if let Some(receipt) = receipt.filter(|_| !changed) {
            self.note_unchanged(&receipt, ticket);
        }
        let revision = ticket.and_then(|number| self.desk.ticket(number)).map_or(0, |ticket| ticket.revision);
        Ok(Outcome::Done(StepDone { ticket, revision, whole: None, changed }))
    }

    /// A step of a batch that came before, and is durable.
    fn carried_out_before(&self, receipt: &Receipt) -> Result<Option<Before>, Failure> {
        let Some(carried) = self.books.carried(receipt) else { return Ok(None) };
        // Of another request it may be where the batch's own key is forgotten, a day after its first command.
        if carried.request != receipt.request.as_str() {
            return Err(Failure::KeyReused);
        }
        Ok(Some(Before { ticket: carried.ticket, first_seq: carried.first_seq, is_last: false }))
    }
}
