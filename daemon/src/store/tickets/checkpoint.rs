//! A checkpoint: what changed in the desk since the one before.

use std::collections::HashSet;

use super::record::{Kind, be_u64, deadline_key, seal};
use crate::store::Position;
use crate::store::archive::Mark;

/// Room for the records of which there is one, and for continuations.
const FEW: usize = 64;

/// What changed since the last checkpoint, and the events that it stands for.
///
/// Tickets, receipts and the desk are whole values: they replace what was kept of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// All events before this number are in.
    pub upto_seq: u64,
    /// Tickets that changed, by number, each as the caller wants it back.
    pub tickets: Vec<(u64, Vec<u8>)>,
    /// Tickets that changed and are closed: they are kept apart, so that a start does not read them.
    pub closed: Vec<(u64, Vec<u8>)>,
    /// Changes of the index of deadlines, in order.
    pub deadlines: Vec<DeadlineChange>,
    /// Entries that are about a ticket: its number, the entry's first event, and where the entry is in the ledger.
    pub history: Vec<(u64, u64, Position)>,
    /// Tickets that another system knows by a key: its source, the key there, and the ticket's number. Of the tickets with one
    /// key the newest is kept.
    pub references: Vec<(String, String, u64)>,
    /// Receipts to keep, by key. A key is removed first if it also stands in `receipts_removed`.
    pub receipts: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys of receipts that are not needed any more.
    pub receipts_removed: Vec<Vec<u8>>,
    /// Closed tickets that the archive has, by number, each with the crc32c of the value that it has. One that is kept
    /// with this very value leaves, and so does the index of its entries; one that has changed since stays.
    pub archived: Vec<(u64, u32)>,
    /// How much the archive holds with these, where there are any.
    pub archive: Option<Mark>,
    /// Scores, numbered in their order; they come on top of the tally that is kept.
    pub scores: Vec<(u64, Vec<u8>)>,
    /// The tally with all scores before `scores`, where it is kept anew: those that were kept with the old one leave.
    pub tally: Option<Vec<u8>>,
    /// Whose projection it is: crc32c of the first entry of the ledger.
    pub origin: Option<u32>,
    /// Everything of the desk that is not a ticket.
    pub desk: Vec<u8>,
}

/// One change of the index of deadlines: a set of pairs of an instant and a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadlineChange {
    /// The ticket has a deadline at the instant, UTC milliseconds.
    Put {
        /// The instant, UTC milliseconds.
        at_ms: i64,
        /// The ticket's number.
        ticket: u64,
    },
    /// The ticket has no deadline at the instant any more.
    Remove {
        /// The instant, UTC milliseconds.
        at_ms: i64,
        /// The ticket's number.
        ticket: u64,
    },
}

/// A record to be written at a key, or to be removed from it.
pub(super) type Change = (Vec<u8>, Option<Vec<u8>>);

impl Checkpoint {
    /// Takes in `later`, which was made after this one, so that both are written as one.
    pub fn merge(&mut self, later: Self) {
        let numbers: HashSet<u64> =
            later.tickets.iter().chain(&later.closed).map(|(number, _)| *number).collect();
        self.tickets.retain(|(number, _)| !numbers.contains(number));
        self.closed.retain(|(number, _)| !numbers.contains(number));
        let receipts: HashSet<&Vec<u8>> =
            later.receipts.iter().map(|(key, _)| key).chain(&later.receipts_removed).collect();
        self.receipts.retain(|(key, _)| !receipts.contains(key));
        self.archived.extend(later.archived);
        self.archive = later.archive.or(self.archive);
        if later.tally.is_some() {
            (self.tally, self.scores) = (later.tally, Vec::new());
        }
        self.scores.extend(later.scores);
        self.origin = later.origin.or(self.origin);
        self.upto_seq = later.upto_seq;
        self.tickets.extend(later.tickets);
        self.closed.extend(later.closed);
        self.deadlines.extend(later.deadlines);
        self.history.extend(later.history);
        self.references.extend(later.references);
        self.receipts.extend(later.receipts);
        self.receipts_removed.extend(later.receipts_removed);
        self.desk = later.desk;
    }

    /// The archived tickets that may leave: those that did not change in this checkpoint.
    pub(super) fn leaving(&self) -> impl Iterator<Item = (u64, u32)> {
        let changed: HashSet<u64> =
            self.tickets.iter().chain(&self.closed).map(|(number, _)| *number).collect();
        self.archived.iter().copied().filter(move |(number, _)| !changed.contains(number))
    }

    /// The records to write but for histories, in order: of two at one key the later counts. The position is the last.
    pub(super) fn changes(&self) -> Vec<Change> {
        let tickets = self.tickets.len() + self.closed.len();
        let others = self.history.len()
            + self.receipts.len()
            + self.receipts_removed.len()
            + self.deadlines.len()
            + self.scores.len();
        let mut changes = Vec::with_capacity(2 * tickets + others + FEW);
        for (tickets, kind, other) in
            [(&self.tickets, Kind::Ticket, Kind::Closed), (&self.closed, Kind::Closed, Kind::Ticket)]
        {
            // Each kind by itself: keys that come in order are quick to sort.
            changes.extend(tickets.iter().map(|(number, _)| (other.key(&[&number.to_be_bytes()]), None)));
            for (number, value) in tickets {
                changes.extend(put(kind.key(&[&number.to_be_bytes()]), value));
            }
        }
        changes.extend(self.receipts_removed.iter().map(|key| (Kind::Receipt.key(&[key]), None)));
        for (key, value) in &self.receipts {
            changes.extend(put(Kind::Receipt.key(&[key]), value));
        }
        for change in &self.deadlines {
            match *change {
                DeadlineChange::Put { at_ms, ticket } => {
                    changes.extend(put(deadline_key(at_ms, ticket), &[]));
                }
                DeadlineChange::Remove { at_ms, ticket } => changes.push((deadline_key(at_ms, ticket), None)),
            }
        }
        changes.extend(self.tally.iter().flat_map(|tally| put(Kind::Tally.key(&[]), tally)));
        for (number, score) in &self.scores {
            changes.extend(put(score_key(*number), score));
        }
        changes.extend(self.archive.iter().flat_map(|mark| put(Kind::Archive.key(&[]), &mark.to_bytes())));
        changes.extend(put(Kind::Desk.key(&[]), &self.desk));
        let origin = self.origin.map(u32::to_be_bytes);
        changes.extend(origin.iter().flat_map(|origin| put(Kind::Origin.key(&[]), origin)));
        changes.extend(put_position(self.upto_seq));
        changes
    }
}

/// The key of a score.
pub(super) fn score_key(number: u64) -> Vec<u8> {
    Kind::Score.key(&[&number.to_be_bytes()])
}

/// How long an entry is in a ticket's history, in bytes: its first event and its position, big-endian.
const HISTORY_ENTRY_BYTES: usize = 20;

/// A ticket's history with what a checkpoint has of it: entries that are in it already are not put in twice.
pub(super) fn with_history(mut known: Vec<u8>, more: &[(u64, Position)]) -> Vec<u8> {
    let last = history_entries(&known).last().map(|(first_seq, _)| first_seq);
    for (first_seq, at) in more.iter().filter(|(first_seq, _)| Some(*first_seq) > last) {
        known.extend_from_slice(&first_seq.to_be_bytes());
        known.extend_from_slice(&at.to_bytes());
    }
    known
}

/// The entries of a ticket's history, in order.
pub(super) fn history_entries(history: &[u8]) -> impl Iterator<Item = (u64, Position)> {
    history
        .chunks_exact(HISTORY_ENTRY_BYTES)
        .filter_map(|entry| Some((be_u64(entry, 0)?, Position::from_bytes(*entry.get(8..)?.first_chunk()?))))
}

/// The record that says for which events the projection stands.
pub(super) fn put_position(upto_seq: u64) -> impl Iterator<Item = Change> {
    put(Kind::Position.key(&[]), &upto_seq.to_be_bytes())
}

/// The records that hold `value` at `key`.
pub(super) fn put(key: Vec<u8>, value: &[u8]) -> impl Iterator<Item = Change> + use<> {
    seal(key, value).into_iter().map(|(key, record)| (key, Some(record)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_checkpoints_keep_the_later_value_of_each() {
        let at = Position { segment: 1, offset: 24 };
        let mut first = Checkpoint {
            upto_seq: 5,
            tickets: vec![(1, b"old".to_vec()), (2, b"kept".to_vec())],
            history: vec![(1, 1, at)],
            closed: vec![(3, b"old".to_vec()), (4, b"kept".to_vec())],
            receipts: vec![(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"1".to_vec())],
            desk: b"old".to_vec(),
            ..Checkpoint::default()
        };
        first.merge(Checkpoint {
            upto_seq: 9,
            tickets: vec![(3, b"opened again".to_vec())],
            closed: vec![(1, b"new".to_vec())],
            history: vec![(1, 5, at)],
            receipts_removed: vec![b"a".to_vec()],
            desk: b"new".to_vec(),
            ..Checkpoint::default()
        });
        assert_eq!(first.tickets, [(2, b"kept".to_vec()), (3, b"opened again".to_vec())]);
        assert_eq!(first.closed, [(4, b"kept".to_vec()), (1, b"new".to_vec())]);
        assert_eq!(first.receipts, [(b"b".to_vec(), b"1".to_vec())]);
        assert_eq!((first.upto_seq, first.history.len(), first.desk), (9, 2, b"new".to_vec()));
    }

    #[test]
    fn merged_scores_come_on_top_of_the_last_tally() {
        let score = |number: u64| (number, number.to_string().into_bytes());
        let of = |tally: Option<&[u8]>, scores: &[u64]| Checkpoint {
            tally: tally.map(<[u8]>::to_vec),
            scores: scores.iter().copied().map(score).collect(),
            ..Checkpoint::default()
        };
        let mut merged = of(Some(b"1"), &[2]);
        merged.merge(of(None, &[3]));
        assert_eq!(
            (merged.tally.as_deref(), &merged.scores),
            (Some(b"1".as_slice()), &vec![score(2), score(3)])
        );
        merged.merge(of(Some(b"4"), &[]));
        assert_eq!((merged.tally.as_deref(), merged.scores.len()), (Some(b"4".as_slice()), 0));
    }
}
