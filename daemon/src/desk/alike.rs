//! Alike: which tickets say the same (GM-5.10, GM-5.15).
//!
//! Two subjects are compared by the stems of their words, and by their trigrams for what is misspelt; the score goes from 0
//! to 1,000, and is a function of the two alone. Tickets that may be alike are found by their stems, the newest first, and
//! no more than [`PER_STEM`] of a stem: what is looked at is bounded, however many tickets have one cause.
//!
//! The desk remembers the subjects of tickets that are not closed, and of the newest [`RECENT_MAX`], closed or put away.
//! That is made of the tickets anew at each start, and belongs to no record: what came of a likeness is an event.

use std::collections::{BTreeSet, HashMap};

use calendars::Timestamp;
use serde_json::Value;

use super::event::Registered;
use super::problem::ProblemNumber;
use super::regulation::Regulations;
use super::ticket::{Stage, Ticket, TicketNumber};
use super::words::{self, Stems};

/// Subjects with such a score are alike, where type and what else the regulation names are the same (GM-5.15).
pub const ALIKE_MIN: u16 = 620;
/// Tickets with such a score are suggested.
pub const SUGGESTED_MIN: u16 = 500;
/// How many tickets are suggested.
pub const SUGGESTED_MAX: usize = 5;
/// How many of the newest tickets are remembered though they are closed.
pub const RECENT_MAX: u64 = 4_096;
/// How many tickets of one stem are looked at, the newest first.
pub const PER_STEM: usize = 48;
/// By how many stems a subject is known: its first ones.
pub const STEMS_MAX: usize = 12;
/// The regulation says nothing of what alike tickets have in common: these.
const SAME: [&str; 2] = ["type", "service"];
/// Little words say nothing of what is wrong; shorter ones are passed over in any case.
const LITTLE: [&str; 12] =
    ["при", "для", "или", "что", "как", "это", "нет", "and", "the", "for", "not", "пожалуйста"];
/// A word with a letter and no digit is at least so long, in characters.
const WORD_MIN_CHARS: usize = 3;

/// By what a subject is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// Sums of its stems, in order, the first `count` of them.
    stems: [u32; STEMS_MAX],
    count: u8,
    /// A bit for each trigram, by its sum: 256 bits.
    trigrams: [u64; 4],
}

impl Likeness {
    /// Of a subject.
    pub fn of(subject: &str) -> Self {
        Self::by(subject, |word| sum(words::stem(word).as_bytes()))
    }

    fn by(subject: &str, mut stem: impl FnMut(&str) -> u32) -> Self {
        let (mut told, mut all) = (Vec::new(), Vec::new());
        let mut trigrams = [0; 4];
        words::each_in(subject, &mut |word| {
            note_trigrams(word, &mut trigrams);
            let kept = if says_something(word) { &mut told } else { &mut all };
            kept.push(stem(word));
        });
        // A subject of little words alone is known by those.
        let mut found = if told.is_empty() { all } else { told };
        found.truncate(STEMS_MAX);
        found.sort_unstable();
        found.dedup();
        let mut stems = [0; STEMS_MAX];
        stems[..found.len()].copy_from_slice(&found);
        Self { stems, count: u8::try_from(found.len()).unwrap_or(u8::MAX), trigrams }
    }

    fn stems(&self) -> &[u32] {
        &self.stems[..usize::from(self.count)]
    }

    /// How alike two are, from 0 to 1,000: six parts by stems, four by trigrams.
    pub fn score(&self, other: &Self) -> u16 {
        let (ours, theirs) = (self.stems(), other.stems());
        let both = ours.iter().filter(|stem| theirs.binary_search(stem).is_ok()).count();
        let stems = dice(both, ours.len() + theirs.len());
        let bits = |one: &[u64; 4]| one.iter().map(|bits| bits.count_ones() as usize).sum::<usize>();
        let common = std::array::from_fn(|at| self.trigrams[at] & other.trigrams[at]);
        let trigrams = dice(bits(&common), bits(&self.trigrams) + bits(&other.trigrams));
        u16::try_from((stems * 6 + trigrams * 4) / 10).unwrap_or(u16::MAX)
    }
}

/// Twice what both have over what each has, in thousandths.
fn dice(both: usize, each: usize) -> usize {
    (2_000 * both).checked_div(each).unwrap_or(0)
}

fn says_something(word: &str) -> bool {
    let is_long = word.chars().nth(WORD_MIN_CHARS - 1).is_some() || word.bytes().any(|b| b.is_ascii_digit());
    is_long && !LITTLE.contains(&word)
}

fn note_trigrams(word: &str, bits: &mut [u64; 4]) {
    let edged: Vec<char> = std::iter::once(' ').chain(word.chars()).chain([' ']).collect();
    for three in edged.windows(3) {
        let mut bytes = [0; 12];
        for (at, c) in three.iter().enumerate() {
            bytes[4 * at..4 * at + 4].copy_from_slice(&u32::from(*c).to_le_bytes());
        }
        let bit = sum(&bytes) as usize % 256;
        bits[bit / 64] |= 1 << (bit % 64);
    }
}

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
}

/// The subjects that the desk remembers. Numbers beyond 32 bits are not among them.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    known: HashMap<u32, Known>,
    /// Each stem with the tickets that have it.
    by_stem: BTreeSet<(u32, u32)>,
    /// The newest number.
    newest: u32,
    stems: Stems,
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
        if let Some(known) = self.known.get_mut(&number) {
            (known.kin, known.is_closed, known.problem) = (kin, is_closed, problem);
            return;
        }
        let stems = &mut self.stems;
        let likeness = Likeness::by(&ticket.facts.subject, |word| sum(stems.of(word).as_bytes()));
        self.by_stem.extend(likeness.stems().iter().map(|stem| (*stem, number)));
        let registered_at = ticket.registered_at;
        self.known.insert(number, Known { likeness, kin, registered_at, is_closed, problem });
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
            for stem in known.likeness.stems() {
                self.by_stem.remove(&(*stem, number));
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
        for stem in likeness.stems() {
            let of_stem = self.by_stem.range((*stem, 0)..=(*stem, u32::MAX)).rev();
            numbers.extend(of_stem.take(PER_STEM).map(|(_, number)| *number));
        }
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        numbers.dedup();
        let mut found = Found::default();
        for number in numbers {
            let ticket = TicketNumber(u64::from(number));
            let Some(known) = self.known.get(&number) else { continue };
            let is_gone = known.is_closed && !self.is_recent(number);
            if ticket == except || is_gone || known.kin.regulation != kin.regulation {
                continue;
            }
            found.compared += 1;
            let score = likeness.score(&known.likeness);
            if score >= least {
                let Known { registered_at, is_closed, problem, .. } = *known;
                let is_kin = known.kin == kin;
                found.alike.push(Alike { number: ticket, score, is_kin, registered_at, is_closed, problem });
            }
        }
        found.alike.sort_by_key(|alike| std::cmp::Reverse(alike.score));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(one: &str, other: &str) -> u16 {
        let (one, other) = (Likeness::of(one), Likeness::of(other));
        assert_eq!(one.score(&other), other.score(&one));
        one.score(&other)
    }

    #[test]
    fn the_same_trouble_in_other_words_forms_and_order_is_alike() {
        for (one, other) in [
            ("Не печатаются этикетки", "не печатаются этикетки"),
            ("Не печатаются этикетки", "Этикетки не печатаются!"),
            ("Не печатается этикетка", "Не печатаются этикетки на складе"),
            ("Не открывается форма отчёта", "Форма отчета не открывается"),
            ("Не открывается личный кабинет", "не открываеться личный кабинет"),
            ("Ошибка при входе в личный кабинет", "Ошибка входа в личный кабинет"),
            ("Принтер не печатает", "Не печатает принтер на 2 этаже"),
            ("1С не запускается", "Не запускается 1С"),
            ("Отчёт: форма не открываеться", "Форма отчёта не открывается с утра"),
            ("Report form does not open", "The report form doesn't open"),
        ] {
            assert!(score(one, other) >= ALIKE_MIN, "{one} / {other}: {}", score(one, other));
        }
        assert_eq!(score("Не печатаются этикетки", "этикетки НЕ печатаются"), 1_000);
    }

    #[test]
    fn other_troubles_are_not_alike() {
        for (one, other) in [
            ("Не печатаются этикетки", "Не открывается форма отчёта"),
            ("Не открывается форма отчёта", "Не открывается личный кабинет"),
            ("Как списать остатки", "Как добавить пользователя"),
            ("Принтер не печатает", "Принтер жуёт бумагу"),
            ("Ошибка при входе в личный кабинет", "Ошибка при печати накладной"),
            ("Заявка 17", "Заявка 18"),
            ("Не печатаются этикетки", "Не печатаются чеки"),
            ("Не работает почта", "Не работает принтер"),
            ("не то", "не так"),
            ("", "Не печатаются этикетки"),
            ("", ""),
        ] {
            assert!(score(one, other) < ALIKE_MIN, "{one} / {other}: {}", score(one, other));
        }
    }

    #[test]
    fn a_subject_of_any_length_is_known_by_its_first_words() {
        let long: String = (0..500).map(|n| n.to_string() + "слово").collect::<Vec<_>>().join(" ");
        let likeness = Likeness::of(&long);
        assert_eq!(likeness.stems().len(), STEMS_MAX);
        assert_eq!(likeness.score(&likeness), 1_000);
    }
}
