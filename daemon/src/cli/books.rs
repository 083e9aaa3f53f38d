//! Books that no daemon has open, opened here: for what can be done without one, and to check what was restored.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use smol_str::SmolStr;

use super::control::ControlError;
use super::error::CliError;
use super::journal;
use crate::desk::{Entry, Event, TicketNumber};
use crate::run::books::{BooksError, make_ready};
use crate::run::checking::Losses;
use crate::store::backup::Damage;
use crate::store::{Ledger, LedgerError, LedgerReport, StateLock};

/// Books in a state directory, locked.
pub(super) struct Books {
    lock: StateLock,
    pub(super) ledger: Ledger,
}

impl Books {
    /// Opens the books in `dir`, where there are some and no daemon has them, and tells `err` what that found: the daemon
    /// will not find it again.
    fn open(dir: &Path, err: &mut dyn Write) -> Result<Self, CliError> {
        if !dir.join("ledger").is_dir() {
            return Err(CliError::Refused(format!("{} holds no desk", dir.display())));
        }
        let lock = StateLock::take(dir).map_err(|error| {
            CliError::Refused(format!(
                "{error}. Where its daemon listens elsewhere, say so: --socket /run/andon/control.sock"
            ))
        })?;
        make_ready(dir)?;
        let (ledger, report) = Ledger::open(dir).map_err(BooksError::Ledger)?;
        tell(&report, err)?;
        Ok(Self { lock, ledger })
    }

    /// The state directory.
    pub(super) fn dir(&self) -> &Path {
        self.lock.dir()
    }
}

/// The books themselves, where no daemon is at the socket and a state directory is meant; else what the daemon said.
pub(super) fn instead(
    error: ControlError,
    state_dir: Option<&Path>,
    err: &mut dyn Write,
) -> Result<Books, CliError> {
    match (&error, state_dir) {
        (ControlError::NoDaemon { .. }, Some(dir)) if dir.join("ledger").is_dir() => Books::open(dir, err),
        _ => Err(error.into()),
    }
}

/// What opening the ledger found, for whoever reads `err` and for the journal.
fn tell(report: &LedgerReport, err: &mut dyn Write) -> Result<(), CliError> {
    let torn = report.torn_tail.iter().map(|torn| {
        format!("the last write before the daemon ended was cut off, nothing of it was acknowledged: {torn}")
    });
    let losses = Losses::from(report).told();
    for found in torn.chain(losses.into_iter().map(|loss| format!("the ledger is damaged: {loss}"))) {
        writeln!(err, "andonctl: {found}")?;
        journal::note(&found);
    }
    Ok(())
}

/// What a ledger holds, read from its first entry to its last.
#[derive(Debug, Default)]
pub(super) struct Sum {
    /// The number behind the last event's.
    pub(super) next_seq: u64,
    /// How many tickets were opened.
    pub(super) tickets: u64,
    /// Events that cannot be read.
    pub(super) damage: Vec<Damage>,
    /// Access data that tickets have, by ticket and field.
    pub(super) sealed: BTreeSet<(TicketNumber, SmolStr)>,
}

impl Sum {
    /// Reads every entry of the ledger.
    ///
    /// # Errors
    /// Where the disk fails, or an entry is none.
    pub(super) fn of(ledger: &Ledger) -> Result<Self, CliError> {
        let next_seq = ledger.next_seq();
        let mut sum = Self { next_seq, ..Self::default() };
        for frame in ledger.frames_from(1) {
            let frame = match frame {
                Ok((_, frame)) => frame,
                Err(LedgerError::Damaged(stretch)) => {
                    let next_event = stretch.next_seq.unwrap_or(next_seq);
                    sum.damage.push(Damage { first_event: stretch.first_seq, next_event });
                    continue;
                }
                Err(error) => return Err(BooksError::Ledger(error).into()),
            };
            let entry: Entry = serde_json::from_slice(&frame.payload)
                .map_err(|error| CliError::Refused(unreadable(frame.first_seq, &error.to_string())))?;
            if (entry.first_seq, entry.facts.len()) != (frame.first_seq, frame.count as usize) {
                return Err(CliError::Refused(unreadable(
                    frame.first_seq,
                    "it is not the one its place is for",
                )));
            }
            sum.tickets = sum.tickets.max(opened(&entry));
            sum.note_sealed(&entry);
        }
        Ok(sum)
    }

    fn note_sealed(&mut self, entry: &Entry) {
        for fact in &entry.facts {
            let Some(ticket) = fact.ticket else { continue };
            if let Event::SealedSet { field, .. } = &fact.event {
                self.sealed.insert((ticket, field.clone()));
            } else if let Event::SealedErased { fields } = &fact.event {
                self.sealed.retain(|(known, field)| *known != ticket || !fields.contains(field));
            }
        }
    }
}

fn unreadable(first_seq: u64, why: &str) -> String {
    format!("the entry at event {first_seq} cannot be read: {why}")
}

/// The highest number of a ticket that an entry opens; 0 where it opens none.
pub(super) fn opened(entry: &Entry) -> u64 {
    let registered = entry.facts.iter().filter(|fact| matches!(fact.event, Event::Registered(_)));
    registered.filter_map(|fact| fact.ticket).map(|number| number.0).max().unwrap_or_default()
}
