//! Alike: which tickets say the same (GM-5.10, GM-5.15).
//!
//! Two subjects are compared by what they are about ([`Likeness`]); the score goes from 0 to 1,000, and is a function of the
//! two alone. Tickets that may be alike are found by what their subjects have in common, the newest first, and no more than
//! [`PER_STEM`] of a word: what is looked at is bounded, however many tickets have one cause. Those of the same kin (type,
//! and what else the regulation names) are found apart from others, so that none of them is missed for tickets that could
//! not count.
//!
//! The desk remembers the subjects of tickets that are not closed, and of the newest [`RECENT_MAX`], closed or put away.
//! That is made of the tickets anew at each start, and belongs to no record: what came of a likeness is an event.

mod likeness;
mod sense;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use calendars::Timestamp;
use serde_json::Value;

pub use self::likeness::Likeness;
use self::sense::Senses;
use super::event::Registered;
use super::problem::ProblemNumber;
use super::regulation::Regulations;
use super::ticket::{Stage, Ticket, TicketNumber};

/// Subjects with such a score are alike, where type and what else the regulation names are the same (GM-5.15).
pub const ALIKE_MIN: u16 = 620;
/// Tickets with such a score are suggested.
pub const SUGGESTED_MIN: u16 = 500;
/// How many tickets are suggested.
pub const SUGGESTED_MAX: usize = 5;
/// How many of the newest tickets are remembered though they are closed.
pub const RECENT_MAX: u64 = 4_096;
/// How many tickets of one word are looked at, the newest first: of the same kin, and of the same regulation.
pub const PER_STEM: usize = 48;
/// By how many words a subject is known: its first ones.
pub const STEMS_MAX: usize = 12;
/// The regulation says nothing of what alike tickets have in common: these.
const SAME: [&str; 2] = ["type", "service"];

/// FNV-1a, folded once more: the low bits of the plain sum are poor.
fn sum(bytes: &[u8]) -> u32 {
    let sum =
        bytes.iter().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    sum ^ (sum >> 15)
}

/// What alike tickets have in common besides their subjects, as sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kin {
    regulation: u32,
    /// What the regulation names: type and process, type and service.
    same: u32,
}

impl Kin {
    pub(super) fn of(facts: &Registered, regulations: &Regulations) -> Self {
        let rule = regulations.of(facts).and_then(|regulation| regulation.mass_problem.as_ref());
        let mut same = Vec::new();
        let mut add = |path: &str| {
            same.extend_from_slice(&value(facts, path).unwrap_or_default());
            same.push(0);
        };
        match rule {
            Some(rule) => rule.same.iter().for_each(|path| add(path)),
            None => SAME.iter().for_each(|path| add(path)),
        }
        Self { regulation: sum(facts.regulation.as_bytes()), same: sum(&same) }
    }
}

/// What a ticket has at a path that alike tickets may have in common.
fn value(facts: &Registered, path: &str) -> Option<Vec<u8>> {
    let text = |text: &str| text.trim().to_lowercase().into_bytes();
    match path {
        "type" => Some(text(&facts.kind)),
        "channel" => Some(text(&facts.channel)),
        "service" => facts.service.as_deref().map(text),
        "client" => facts.client.as_deref().map(text),
        _ => match facts.fields.get(path.strip_prefix("fields.")?)? {
            Value::String(words) => Some(text(words)),
            other => Some(text(&other.to_string())),
        },
    }
}

impl Kin {
    /// Where tickets with such a word are found, of the regulation and of the kin.
    fn places(self, word: u32) -> [u32; 2] {
        let of = |whose: u32| sum(&[whose.to_le_bytes(), word.to_le_bytes()].concat());
        [of(self.regulation), of(self.same ^ self.regulation.rotate_left(1))]
    }
}

/// A ticket that is alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alike {
    /// Which.
    pub number: TicketNumber,
    /// How alike the subjects are, from 0 to 1,000.
    pub score: u16,
    /// Whether type and what else the regulation names are the same.
    pub is_kin: bool,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Whether it is closed.
    pub is_closed: bool,
    /// The problem it belongs to, or is suggested for.
    pub problem: Option<ProblemNumber>,
    /// Whether an agent said that it is not alike, by taking it out of a problem.
    pub is_apart: bool,
}

/// Tickets that are alike, the most alike first, the newest of those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// They.
    pub alike: Vec<Alike>,
    /// How many tickets were compared.
    pub compared: usize,
}

#[derive(Debug)]
struct Known {
    likeness: Likeness,
    kin: Kin,
    registered_at: Timestamp,
    is_closed: bool,
    problem: Option<ProblemNumber>,
    is_apart: bool,
}

/// The subjects that the desk remembers. Numbers beyond 32 bits are not among them.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    known: HashMap<u32, Known>,
    /// Each place with the tickets that are found there.
    places: BTreeSet<(u32, u32)>,
    /// The newest number.
    newest: u32,
    senses: Senses,
}

impl Subjects {
    /// Remembers a ticket as it is now.
    pub(super) fn put(&mut self, ticket: &Ticket, kin: Kin) {
        let Ok(number) = u32::try_from(ticket.number.0) else { return };
        self.newest = self.newest.max(number);
        let is_closed = ticket.stage == Stage::Closed;
        let problem = ticket.problem.map(|problem| problem.number);
        if is_closed && !self.is_recent(number) {
            self.forget(ticket.number);
            return;
        }
        let is_apart = ticket.way.apart;
        if let Some(known) = self.known.get_mut(&number) {
            (known.is_closed, known.problem, known.is_apart) = (is_closed, problem, is_apart);
            if known.kin != kin {
                let was = std::mem::replace(&mut known.kin, kin);
                let keys = known.likeness.keys();
                for place in keys.iter().flat_map(|key| was.places(*key)) {
                    self.places.remove(&(place, number));
                }
                self.places.extend(keys.iter().flat_map(|key| kin.places(*key)).map(|place| (place, number)));
            }
            return;
        }
        let senses = &mut self.senses;
        let likeness = Likeness::by(&ticket.facts.subject, |word| senses.of(word));
        let places = likeness.keys().into_iter().flat_map(|key| kin.places(key));
        self.places.extend(places.map(|place| (place, number)));
        let registered_at = ticket.registered_at;
        let known = Known { likeness, kin, registered_at, is_closed, problem, is_apart };
        self.known.insert(number, known);
        // One more is recent, so one is no longer.
        if let Some(old) = number.checked_sub(u32::try_from(RECENT_MAX).unwrap_or(u32::MAX))
            && self.known.get(&old).is_some_and(|known| known.is_closed)
        {
            self.forget(TicketNumber(u64::from(old)));
        }
    }

    /// Whether a ticket of that number is remembered though it is closed.
    fn is_recent(&self, number: u32) -> bool {
        u64::from(number) + RECENT_MAX > u64::from(self.newest)
    }

    /// A ticket did not come to be, or is closed and no longer recent.
    pub(super) fn forget(&mut self, number: TicketNumber) {
        let known =
            u32::try_from(number.0).ok().and_then(|number| Some((number, self.known.remove(&number)?)));
        if let Some((number, known)) = known {
            for place in known.likeness.keys().into_iter().flat_map(|key| known.kin.places(key)) {
                self.places.remove(&(place, number));
            }
        }
    }

    /// How many subjects are remembered.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// The tickets of the same regulation that are at least `least` alike, but for number `except`.
    pub(super) fn find(&self, subject: &str, kin: Kin, except: TicketNumber, least: u16) -> Found {
        let likeness = Likeness::of(subject);
        let mut numbers: Vec<u32> = Vec::new();
        for place in likeness.keys().into_iter().flat_map(|key| kin.places(key)) {
            let found = self.places.range((place, 0)..=(place, u32::MAX)).rev();
            numbers.extend(found.take(PER_STEM).map(|(_, number)| *number));
        }
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        numbers.dedup();
        let (mut found, asked) = (Found::default(), likeness.told());
        for number in numbers {
            let ticket = TicketNumber(u64::from(number));
            let Some(known) = self.known.get(&number) else { continue };
            let is_gone = known.is_closed && !self.is_recent(number);
            if ticket == except || is_gone || known.kin.regulation != kin.regulation {
                continue;
            }
            found.compared += 1;
            let score = asked.score(&known.likeness.told());
            if score >= least {
                let Known { registered_at, is_closed, problem, is_apart, .. } = *known;
                let is_kin = known.kin == kin;
                let number = ticket;
                found.alike.push(Alike {
                    number,
                    score,
                    is_kin,
                    registered_at,
                    is_closed,
                    problem,
                    is_apart,
                });
            }
        }
        found.alike.sort_by_key(|alike| std::cmp::Reverse(alike.score));
        found
    }
}
