//! Which tickets a list asks for, and the terms by which the index finds them.

use std::borrow::Cow;

use crate::desk::client::plain;
use crate::desk::words::{self, Stems, Word};
use crate::desk::{Stage, Ticket};
use crate::store::search::{AnyOf, TERM_MAX_BYTES, Term};

/// How terms are made. An index whose terms were made otherwise is made anew: raise it when [`terms_of`] changes.
pub(super) const TERMS: u32 = 3;
/// Stands for "none" where a ticket may have no assignee, group, client or problem.
const NONE: &str = "none";
/// In front of a word's term …
const WORD: u8 = b'w';
/// … and of a stem's, where the word does not begin with it: `happy`, `happi`.
const STEM: u8 = b'x';

/// One side of a ticket that a list can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are those of the ticket")]
pub enum Facet {
    Status,
    Priority,
    Kind,
    Line,
    Assignee,
    Group,
    Client,
    Regulation,
    Channel,
    Stage,
    Overdue,
    Problem,
}

impl Facet {
    const ALL: [Self; 12] = [
        Self::Status,
        Self::Priority,
        Self::Kind,
        Self::Line,
        Self::Assignee,
        Self::Group,
        Self::Client,
        Self::Regulation,
        Self::Channel,
        Self::Stage,
        Self::Overdue,
        Self::Problem,
    ];

    /// In front of its terms.
    fn mark(self) -> u8 {
        match self {
            Self::Status => b's',
            Self::Priority => b'p',
            Self::Kind => b't',
            Self::Line => b'l',
            Self::Assignee => b'a',
            Self::Group => b'g',
            Self::Client => b'c',
            Self::Regulation => b'r',
            Self::Channel => b'h',
            Self::Stage => b'S',
            Self::Overdue => b'o',
            Self::Problem => b'P',
        }
    }

    /// What a ticket shows on this side.
    fn of(self, ticket: &Ticket) -> Cow<'_, str> {
        let facts = &ticket.facts;
        Cow::Borrowed(match self {
            Self::Status => &facts.status,
            Self::Priority => &facts.priority,
            Self::Kind => &facts.kind,
            Self::Line => return Cow::Owned(facts.line.to_string()),
            Self::Assignee => ticket.assignee.as_deref().unwrap_or(NONE),
            Self::Group => ticket.group.as_deref().unwrap_or(NONE),
            Self::Client => {
                return facts.client.as_deref().map_or(Cow::Borrowed(NONE), |name| plain(name).into());
            }
            Self::Regulation => &facts.regulation,
            Self::Channel => &facts.channel,
            Self::Stage => ticket.stage.id(),
            Self::Overdue => overdue_id(ticket.is_overdue()),
            Self::Problem => match ticket.problem {
                Some(problem) => return Cow::Owned(problem.number.to_string()),
                None => NONE,
            },
        })
    }

    fn term(self, value: &str) -> Term {
        term(self.mark(), value)
    }
}

/// Whether a ticket is overdue, as lists name it.
pub fn overdue_id(is_overdue: bool) -> &'static str {
    if is_overdue { "true" } else { "false" }
}

/// Which tickets a list asks for: those that fit every facet and have every word. One that asks nothing asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    facets: Vec<(Facet, Vec<String>)>,
    words: Vec<Word>,
}

impl Filter {
    /// Also asks that a facet shows one of `values`; none of them asks nothing. The same facet may be asked more than
    /// once: a token's scope besides what somebody wants.
    #[must_use]
    pub fn and(mut self, facet: Facet, values: Vec<String>) -> Self {
        debug_assert!(Facet::ALL.contains(&facet), "{facet:?} is in no index");
        if !values.is_empty() {
            self.facets.push((facet, values));
        }
        self
    }

    /// Also asks for all words of `question`.
    #[must_use]
    pub fn and_words(mut self, question: &str) -> Self {
        self.words.extend(words::asked(question));
        self
    }

    /// How many words it asks for.
    pub fn words(&self) -> usize {
        self.words.len()
    }

    /// Whether closed tickets may be among those asked for.
    pub fn wants_closed(&self) -> bool {
        let closed = Stage::Closed.id();
        self.facets.iter().all(|(facet, ids)| *facet != Facet::Stage || ids.iter().any(|id| id == closed))
    }

    /// Whether a ticket is asked for.
    pub fn matches(&self, ticket: &Ticket) -> bool {
        let fits = |(facet, values): &(Facet, Vec<String>)| {
            let shown = facet.of(ticket);
            values.iter().any(|value| *value == shown)
        };
        self.facets.iter().all(fits) && self.has_words(ticket)
    }

    fn has_words(&self, ticket: &Ticket) -> bool {
        let mut missing: Vec<&Word> = self.words.iter().collect();
        if !missing.is_empty() {
            words::each_of(ticket, &mut |word| missing.retain(|asked| !asked.finds(word)));
        }
        missing.is_empty()
    }

    /// What it asks of the index, in its terms.
    pub(super) fn asked(&self) -> Vec<AnyOf<'_>> {
        let facets = self.facets.iter().map(|(facet, values)| AnyOf {
            terms: values.iter().map(|value| facet.term(value)).collect(),
            ranges: Vec::new(),
        });
        facets.chain(self.words.iter().map(asked_word)).collect()
    }
}

/// A word in the index's terms. Words with its stem begin with the stem, or have that for a term of its own.
fn asked_word(word: &Word) -> AnyOf<'_> {
    let range = |start: &str| {
        let accept = |term: &[u8]| std::str::from_utf8(&term[1..]).is_ok_and(|known| word.finds(known));
        (term(WORD, start), Box::new(accept) as Box<dyn Fn(&[u8]) -> bool>)
    };
    let mut ranges = vec![range(word.stem())];
    if !word.text().starts_with(word.stem()) {
        ranges.push(range(word.text()));
    }
    AnyOf { terms: vec![term(STEM, word.stem())], ranges }
}

/// All terms of a ticket, some more than once.
pub(super) fn terms_of(ticket: &Ticket, stems: &mut Stems) -> Vec<Term> {
    let mut terms: Vec<Term> = Facet::ALL.iter().map(|facet| facet.term(&facet.of(ticket))).collect();
    words::each_of(ticket, &mut |word| {
        terms.push(term(WORD, word));
        if let Some(stem) = stems.apart(word) {
            terms.push(term(STEM, stem));
        }
    });
    terms
}

fn term(mark: u8, text: &str) -> Term {
    let mut term = Vec::with_capacity(1 + text.len().min(TERM_MAX_BYTES));
    term.push(mark);
    term.extend_from_slice(&text.as_bytes()[..text.len().min(TERM_MAX_BYTES - 1)]);
    term
}

#[cfg(test)]
mod tests {
    use calendars::Timestamp;
    use tempfile::TempDir;

    use super::*;
    use crate::desk::TicketNumber;
    use crate::desk::event::Registered;
    use crate::store::search::{Index, Opened, Prepared};

    const WORDS: [&str; 24] = [
        "принтер",
        "Принтера",
        "принтеры",
        "принцип",
        "этикеток",
        "Этикетки",
        "этикетка",
        "ЁЛКА",
        "елки",
        "ёлок",
        "happy",
        "Happiness",
        "dying",
        "die",
        "hoping",
        "hope",
        "hop",
        "connection",
        "connected",
        "1С",
        "1024",
        "a.petrov@b.ru",
        "ячеек",
        "ячейки",
    ];

    fn ticket(number: u64, n: u64) -> Ticket {
        let word = |n: u64| WORDS[usize::try_from(n).unwrap() % WORDS.len()];
        let registered: Registered = serde_json::from_value(serde_json::json!({
            "regulation": "itsm", "version": "1", "type": "incident", "priority": (["p1", "p2"][usize::try_from(n % 2).unwrap()]),
            "status": "new", "line": 1 + n % 3, "channel": "phone", "subject": format!("{} {}", word(n), word(n / 7)),
            "client": n.is_multiple_of(5).then(|| "ж".repeat(200 + usize::try_from(n % 3).unwrap())),
            "requester": {"email": word(n / 3), "phone": format!("8 (912) 345-67-{}", 10 + n % 90)},
        }))
        .unwrap();
        Ticket::new(TicketNumber(number), &registered, Timestamp::from_millis(0))
    }

    /// Tickets of one block, and an index of them.
    fn filled() -> (TempDir, Index, Vec<Ticket>) {
        let dir = TempDir::new().unwrap();
        let Opened { mut index, .. } = Index::open(dir.path(), (1, TERMS), 1, 0).unwrap();
        index.rebuilt(0, Prepared::default()).unwrap();
        index.ready();
        let tickets: Vec<Ticket> = (1..=500).map(|number| ticket(number, number * 31 % 1_009)).collect();
        let mut stems = Stems::default();
        let terms = tickets.iter().map(|ticket| (ticket.number.0, terms_of(ticket, &mut stems)));
        index.add(terms.collect()).unwrap();
        (dir, index, tickets)
    }

    #[test]
    fn the_index_finds_what_a_filter_takes_by_every_word_its_beginnings_and_every_facet() {
        let (_dir, index, tickets) = filled();
        let blocks = index.published().blocks();
        let check = |filter: &Filter, is_exact: bool| {
            let taken = tickets.iter().rev().filter(|ticket| filter.matches(ticket));
            let taken: Vec<u64> = taken.map(|ticket| ticket.number.0).collect();
            let found: Vec<u64> = blocks.find(0, u64::MAX, &filter.asked()).unwrap().newest().collect();
            assert!(taken.iter().all(|number| found.contains(number)), "{filter:?}");
            assert!(!is_exact || taken == found, "{filter:?}: {taken:?}, {found:?}");
            taken.len()
        };
        for word in WORDS {
            for end in (1..=word.len()).filter(|end| word.is_char_boundary(*end)) {
                assert!(check(&Filter::default().and_words(&word[..end]), true) > 0, "{word} to {end}");
            }
            check(&Filter::default().and_words(&format!("{word} принтером")), true);
        }
        assert!(check(&Filter::default().and_words("8 912 345 67 42"), true) > 0);
        assert_eq!(check(&Filter::default().and_words("нигде"), true), 0);
        assert_eq!(check(&Filter::default().and_words("…"), true), 0);
        for facet in Facet::ALL {
            let shown: std::collections::BTreeSet<String> =
                tickets.iter().map(|ticket| facet.of(ticket).into_owned()).collect();
            let mut sum = 0;
            for value in shown {
                // A client that is longer than a term is looked at once more.
                sum += check(&Filter::default().and(facet, vec![value]), facet != Facet::Client);
            }
            assert_eq!(sum, tickets.len(), "{facet:?}: every ticket shows one value");
        }
    }

    #[test]
    fn a_scope_narrows_what_somebody_wants_of_the_same_facet() {
        let (_dir, _, tickets) = filled();
        let lines = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let filter =
            Filter::default().and(Facet::Line, lines(&["1", "2"])).and(Facet::Line, lines(&["2", "3"]));
        let taken: Vec<u8> = tickets.iter().filter(|t| filter.matches(t)).map(|t| t.facts.line).collect();
        assert!(!taken.is_empty() && taken.iter().all(|line| *line == 2));
    }
}
