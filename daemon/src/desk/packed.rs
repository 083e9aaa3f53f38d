//! A ticket as bytes: what is kept of one that nobody is changing, in memory and in the projection.
//!
//! A ticket with its texts takes some four kilobytes as a value of many small ones, and one as bytes; and it is read from
//! bytes ten times as fast as from JSON. The form is of this version only: whoever keeps it keeps a version beside it, and
//! has the events to make it again. Each part is written in the order of its fields; numbers as LEB128, signed ones
//! folded; texts and lists with their length in front, Cyrillic as one byte a character.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendars::Timestamp;
use serde_json::Value;
use smol_str::SmolStr;

use super::alarm::{Alarm, AlarmKind, AlarmState, Late, Shelving};
use super::alert::AlertState;
use super::attachment::{Attached, Attachment, SealedText};
use super::clocks::{Basis, Clock, ClockState, Metric, Planned, Stint, Unsynced};
use super::command::{LinkKind, Requester};
use super::escalation::{Escalation, EscalationState};
use super::event::{Registered, Term};
use super::help::{Article, LeadQuestion};
use super::issue::Issue;
use super::letter::{Letter, LetterFailure, LetterKind, Recipient};
use super::problem::{ProblemNumber, TicketProblem};
use super::reference::Reference;
use super::ticket::{Stage, Ticket, TicketLink, TicketNumber, Way};

/// A ticket as bytes; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed(Arc<[u8]>);

impl Packed {
    /// The ticket as bytes.
    pub fn of(ticket: &Ticket) -> Self {
        Self(pack(ticket).into())
    }

    /// The bytes, as [`unpack`] takes them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The ticket.
    pub fn ticket(&self) -> Ticket {
        unpack(&self.0).expect("these bytes were packed")
    }
}

/// A ticket that is held: as a value, or as bytes. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Held {
    /// As a value.
    Whole(Arc<Ticket>),
    /// As bytes.
    Packed(Packed),
}

impl Held {
    /// The ticket.
    pub fn ticket(&self) -> Arc<Ticket> {
        match self {
            Held::Whole(ticket) => Arc::clone(ticket),
            Held::Packed(packed) => Arc::new(packed.ticket()),
        }
    }
}

/// A ticket as bytes.
pub fn pack(ticket: &Ticket) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    ticket.pack(&mut bytes);
    bytes
}

/// The ticket that was packed; none where these are not the bytes of one.
pub fn unpack(mut bytes: &[u8]) -> Option<Ticket> {
    let ticket = Ticket::unpack(&mut bytes)?;
    bytes.is_empty().then_some(ticket)
}

trait Pack: Sized {
    fn pack(&self, to: &mut Vec<u8>);
    fn unpack(from: &mut &[u8]) -> Option<Self>;
}

impl Pack for u64 {
    fn pack(&self, to: &mut Vec<u8>) {
        let mut left = *self;
        while left >= 0x80 {
            to.push(left.to_le_bytes()[0] | 0x80);
            left >>= 7;
        }
        to.push(left.to_le_bytes()[0]);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (first, rest) = from.split_first()?;
            *from = rest;
            number |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

impl Pack for i64 {
    fn pack(&self, to: &mut Vec<u8>) {
        (self.cast_unsigned() << 1 ^ (self >> 63).cast_unsigned()).pack(to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let folded = u64::unpack(from)?;
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }
}

macro_rules! small_numbers {
    ($($number:ty),*) => { $(
        impl Pack for $number {
            fn pack(&self, to: &mut Vec<u8>) {
                u64::from(*self).pack(to);
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                u64::unpack(from)?.try_into().ok()
            }
        }
    )* };
}

small_numbers!(u8, u16, u32);

impl Pack for bool {
    fn pack(&self, to: &mut Vec<u8>) {
        u8::from(*self).pack(to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Pack for Timestamp {
    fn pack(&self, to: &mut Vec<u8>) {
        self.millis().pack(to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        i64::unpack(from).map(Timestamp::from_millis)
    }
}

impl Pack for TicketNumber {
    fn pack(&self, to: &mut Vec<u8>) {
        self.0.pack(to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        u64::unpack(from).map(TicketNumber)
    }
}

impl Pack for ProblemNumber {
    fn pack(&self, to: &mut Vec<u8>) {
        self.0.pack(to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        u64::unpack(from).map(ProblemNumber)
    }
}

/// The first of the 127 characters that take one byte besides ASCII: the Cyrillic ones. UTF-8 takes two, and texts are
/// most of a ticket.
const SHORT_FROM: u32 = 0x400;
/// In front of any other character, which follows as in UTF-8.
const LONG: u8 = 0xff;

/// A text: how many bytes, and those, ASCII as it is.
fn pack_text(text: &str, to: &mut Vec<u8>) {
    if text.is_ascii() {
        (text.len() as u64).pack(to);
        to.extend_from_slice(text.as_bytes());
        return;
    }
    let shorter = |c: char| c.is_ascii() || is_short(c);
    let length: usize = text.chars().map(|c| if shorter(c) { 1 } else { 1 + c.len_utf8() }).sum();
    (length as u64).pack(to);
    for c in text.chars() {
        if c.is_ascii() {
            to.push(c as u8);
        } else if is_short(c) {
            to.push(0x80 | (u32::from(c) - SHORT_FROM).to_le_bytes()[0]);
        } else {
            to.push(LONG);
            to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

fn is_short(c: char) -> bool {
    (SHORT_FROM..SHORT_FROM + 0x7f).contains(&u32::from(c))
}

fn unpack_text(from: &mut &[u8]) -> Option<String> {
    let length = u64::unpack(from)?.try_into().ok()?;
    let (mut packed, rest) = from.split_at_checked(length)?;
    *from = rest;
    let mut text = String::with_capacity(packed.iter().map(|byte| 1 + usize::from(byte >> 7)).sum());
    while let Some((first, rest)) = packed.split_first() {
        packed = rest;
        text.push(match *first {
            ascii @ 0..0x80 => char::from(ascii),
            LONG => {
                // As long as its first byte says, and as whole as the checks of UTF-8 find it.
                let length = packed.first().map_or(0, |first| first.leading_ones().max(1) as usize);
                let (bytes, rest) = packed.split_at_checked(length)?;
                packed = rest;
                std::str::from_utf8(bytes).ok()?.chars().next()?
            }
            short => char::from_u32(SHORT_FROM + u32::from(short & 0x7f))?,
        });
    }
    Some(text)
}

impl Pack for String {
    fn pack(&self, to: &mut Vec<u8>) {
        pack_text(self, to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        unpack_text(from).map(|mut text| {
            text.shrink_to_fit();
            text
        })
    }
}

impl Pack for SmolStr {
    fn pack(&self, to: &mut Vec<u8>) {
        pack_text(self, to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        unpack_text(from).map(SmolStr::from)
    }
}

/// A field's value may be any JSON, and is kept as such.
impl Pack for Value {
    fn pack(&self, to: &mut Vec<u8>) {
        pack_text(&serde_json::to_string(self).expect("a value is JSON"), to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        serde_json::from_str(&unpack_text(from)?).ok()
    }
}

impl Pack for BTreeMap<String, Value> {
    fn pack(&self, to: &mut Vec<u8>) {
        (self.len() as u64).pack(to);
        for (name, value) in self {
            name.pack(to);
            value.pack(to);
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let count = u64::unpack(from)?;
        (0..count).map(|_| Some((String::unpack(from)?, Value::unpack(from)?))).collect()
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, to: &mut Vec<u8>) {
        self.is_some().pack(to);
        if let Some(value) = self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        if bool::unpack(from)? { T::unpack(from).map(Some) } else { Some(None) }
    }
}

impl<T: Pack> Pack for Box<T> {
    fn pack(&self, to: &mut Vec<u8>) {
        T::pack(self, to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        T::unpack(from).map(Box::new)
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, to: &mut Vec<u8>) {
        self.0.pack(to);
        self.1.pack(to);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Some((A::unpack(from)?, B::unpack(from)?))
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, to: &mut Vec<u8>) {
        (self.len() as u64).pack(to);
        for value in self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let count = u64::unpack(from)?;
        (0..count).map(|_| T::unpack(from)).collect()
    }
}

/// Words of a closed list are their places in it.
macro_rules! words {
    ($($name:ident { $($word:ident),* $(,)? })*) => { $(
        impl Pack for $name {
            fn pack(&self, to: &mut Vec<u8>) {
                let place = [$($name::$word),*].iter().position(|word| word == self);
                let place = match self {
                    $($name::$word)|* => place.expect("every word is in the list"),
                };
                (place as u64).pack(to);
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                let place: usize = u64::unpack(from)?.try_into().ok()?;
                [$($name::$word),*].get(place).copied()
            }
        }
    )* };
}

words! {
    Stage { Open, Resolved, Closed }
    Metric { Reaction, Resolution, Line, RequesterAnswer, Confirmation, Acceptance, Escalation, RegistrationLetter }
    Basis { WorkingHours, CalendarHours, WorkingDays, CalendarDays }
    ClockState { Running, Paused, Stopped }
    Planned { Estimated, Extended }
    LinkKind { Similar, Duplicate, Problem, FollowUp }
    AlarmKind {
        Critical, Breach, MassProblem, DueSoon, Complaint, Storage, Clock, Panel, Letter, Staffing, Calendar,
    }
    AlarmState { Unacked, Acked, ClearedUnacked, Shelved }
    EscalationState { Open, Answered, Withdrawn }
    LetterKind {
        Registered, StatusChanged, HandedOver, Asked, Replied, Resolved, ChangeNeeded, Refused, Deferred, TermChanged,
        AnswerOverdue, Closed, ProblemOpened, ProblemClosed, DepartmentAsked, Urgent,
    }
}

impl Pack for Recipient {
    fn pack(&self, to: &mut Vec<u8>) {
        match self {
            Recipient::Requester { address } => {
                0_u8.pack(to);
                address.pack(to);
            }
            Recipient::Contact { address } => {
                1_u8.pack(to);
                address.pack(to);
            }
            Recipient::Department { department, channel } => {
                2_u8.pack(to);
                department.pack(to);
                channel.pack(to);
            }
            Recipient::Chat { chat } => {
                3_u8.pack(to);
                chat.pack(to);
            }
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Some(match u8::unpack(from)? {
            0 => Recipient::Requester { address: Pack::unpack(from)? },
            1 => Recipient::Contact { address: Pack::unpack(from)? },
            2 => Recipient::Department { department: Pack::unpack(from)?, channel: Pack::unpack(from)? },
            3 => Recipient::Chat { chat: Pack::unpack(from)? },
            _ => return None,
        })
    }
}

/// Structs are their fields, all of them.
macro_rules! structs {
    ($($name:ident { $($field:ident),* $(,)? })*) => { $(
        impl Pack for $name {
            fn pack(&self, to: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.pack(to);)*
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Pack::unpack(from)?),* })
            }
        }
    )* };
}

structs! {
    Ticket {
        number, facts, stage, waiting, assignee, group, registered_at, changed_at, revision, clocks, links, alarms,
        criticals, mark, urgent, alert, attachments, sealed, escalations, complaints, preferred, way,
        problem, issues, lead_questions, articles, letters, letters_total,
    }
    Issue { id, tracker, key, url, text, opened_at, by, status, done, changed_at }
    LeadQuestion { id, text, asked_at, by, answer, answered_by, answered_at }
    Article { url, title, at, by }
    Letter { number, kind, recipient, seq, queued_at, hold_until, failed }
    LetterFailure { at, reason }
    Escalation {
        id, topic, department, channel, text, asked_at, by, state, ended_at, answer, answered_by,
    }
    Registered {
        regulation, version, kind, priority, critical, status, line, channel, subject, description, requester, client,
        fields, service, urgency, incomplete, opened_by, reference,
    }
    Reference { source, key, url }
    AlertState { firing, since, content, notes, counted }
    Requester { name, email, phone, inn, login }
    Attached { id, name, media_type, bytes, sha256 }
    Attachment { file, at, by }
    SealedText { field, id, at, by }
    TicketProblem { number, suggested }
    Clock {
        metric, cycle, basis, term, state, started_at, used_ms, turned_at, stopped_at, breached_at, warned, ran_out,
        planned, unsynced, paused_ms, stint,
    }
    Way { solved_by, source, returns, routes, closed_at, apart }
    Stint { line, agent }
    Unsynced { used_ms, spans }
    Term { target_ms, days, clause, calendar, revision, deadline, warn_at, provisional }
    TicketLink { to, kind, back }
    Alarm { id, kind, ticket, metric, text, since, state, acked_by, calls_since, shelf, late }
    Shelving { until, by, reason }
    Late { count, first, last }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<T: Pack + PartialEq + std::fmt::Debug>(value: &T) {
        let mut bytes = Vec::new();
        value.pack(&mut bytes);
        let mut from = bytes.as_slice();
        assert_eq!(T::unpack(&mut from).as_ref(), Some(value));
        assert!(from.is_empty());
        for cut in (0..bytes.len()).step_by(1 + bytes.len() / 1_000) {
            assert_ne!(T::unpack(&mut &bytes[..cut]).as_ref(), Some(value), "{value:?} cut at {cut}");
        }
    }

    #[test]
    fn numbers_texts_and_values_come_back() {
        for number in [0, 1, 127, 128, 300, u64::MAX - 1, u64::MAX] {
            round_trip(&number);
        }
        for number in [0, -1, 1, 63, 64, -64, -65, i64::MIN, i64::MAX] {
            round_trip(&number);
        }
        round_trip(&vec![Some("ж".to_owned()), None, Some(String::new())]);
        let mut all: String = (0..0x3000).filter_map(char::from_u32).collect();
        all.push_str("\u{ffff}\u{10000}\u{10ffff}");
        round_trip(&all);
        let mut bytes = Vec::new();
        pack_text("Анна, 7", &mut bytes);
        assert_eq!(bytes.len(), 1 + 7, "a byte a character");
        let fields = serde_json::json!({ "a": [1, 0.5, null, true, { "b": "ж" }], "": "" });
        round_trip(&serde_json::from_value::<BTreeMap<String, Value>>(fields).unwrap());
    }

    fn escalation() -> Escalation {
        let at = Timestamp::from_millis;
        Escalation {
            id: 3,
            topic: "legal".into(),
            department: "lawyers".into(),
            channel: "mattermost".into(),
            text: "Можно?".to_owned(),
            asked_at: at(17),
            by: "d".into(),
            state: EscalationState::Withdrawn,
            ended_at: Some(at(18)),
            answer: Some("Да".to_owned()),
            answered_by: Some("e".into()),
        }
    }

    /// A letter to each who may get one.
    fn letters() -> Vec<Letter> {
        let recipients = [
            Recipient::Requester { address: "a@b.ru".to_owned() },
            Recipient::Contact { address: "c@d.ru".to_owned() },
            Recipient::Department { department: "lawyers".into(), channel: "email".into() },
            Recipient::Chat { chat: "urgent".into() },
        ];
        let at = Timestamp::from_millis;
        let letter = |(number, recipient)| Letter {
            number,
            kind: LetterKind::TermChanged,
            recipient,
            seq: 77,
            queued_at: at(21),
            hold_until: Some(at(22)),
            failed: Some(LetterFailure { at: at(23), reason: "550 no such user".to_owned() }),
        };
        (1..).zip(recipients).map(letter).collect()
    }

    /// Everything a ticket can have.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a ticket has many things")]
    fn a_ticket_with_everything_comes_back_and_nothing_else_is_one() {
        let at = Timestamp::from_millis;
        let text = |text: &str| Some(text.to_owned());
        let term = Term {
            target_ms: Some(43_200_000),
            days: Some(3),
            clause: Some("GM-5.17".into()),
            calendar: "getmark/line-2".into(),
            revision: "0123456789abcdef".into(),
            deadline: Some(at(1_795_417_200_000)),
            warn_at: Some(at(-5)),
            provisional: true,
        };
        let clock = Clock {
            metric: Metric::Acceptance,
            cycle: 2,
            basis: Basis::CalendarDays,
            term,
            state: ClockState::Paused,
            started_at: at(1),
            used_ms: 2,
            turned_at: at(3),
            stopped_at: Some(at(4)),
            breached_at: Some(at(5)),
            warned: true,
            ran_out: true,
            planned: Some(Planned::Extended),
            unsynced: Some(Box::new(Unsynced {
                used_ms: 10,
                spans: vec![(at(11), Some(at(12))), (at(13), None)],
            })),
            paused_ms: 19,
            stint: Some(Box::new(Stint { line: 2, agent: Some("g".into()) })),
        };
        let facts = Registered {
            regulation: "getmark".into(),
            version: "2024-06-14".into(),
            kind: "error".into(),
            priority: "high".into(),
            critical: true,
            status: "registration".into(),
            line: 2,
            channel: "email".into(),
            subject: "Не открывается «форма»".to_owned(),
            description: text("После обновления"),
            requester: Requester {
                name: text("Анна"),
                email: text("a@b.ru"),
                phone: text("1"),
                inn: text("2"),
                login: text("a"),
            },
            client: text("ООО"),
            fields: [("steps".to_owned(), serde_json::json!(["a", 1]))].into(),
            service: Some("reports".into()),
            urgency: Some("high".into()),
            incomplete: true,
            opened_by: Some("ivanova".into()),
            reference: Some(Box::new(Reference {
                source: "tracker".into(),
                key: "SUP-1".into(),
                url: text("https://tracker/SUP-1"),
            })),
        };
        let ticket = Ticket {
            number: TicketNumber(1_000_000),
            facts,
            stage: Stage::Resolved,
            waiting: true,
            assignee: Some("ivanova".into()),
            group: Some("cashiers".into()),
            registered_at: at(6),
            changed_at: at(7),
            revision: 300,
            clocks: vec![clock.clone(), clock],
            links: vec![TicketLink { to: TicketNumber(7), kind: LinkKind::FollowUp, back: true }],
            alarms: vec![Alarm {
                text: "text".to_owned(),
                acked_by: Some("b".into()),
                state: AlarmState::Shelved,
                calls_since: 77,
                shelf: Some(Shelving { until: at(16), by: "c".into(), reason: Some("why".to_owned()) }),
                late: Some(Late { count: 3, first: at(14), last: at(15) }),
                ..Alarm::breach(TicketNumber(1), Metric::Line, 1, at(8))
            }],
            criticals: 9,
            mark: Some("5".into()),
            urgent: true,
            alert: Some(Box::new(AlertState {
                firing: true,
                since: Some(at(17)),
                content: "5e1f".into(),
                notes: 3,
                counted: 70_000,
            })),
            attachments: vec![Attachment {
                file: Attached {
                    id: "9f86".into(),
                    name: "Скриншот 1.png".to_owned(),
                    media_type: "image/png".into(),
                    bytes: 48_213,
                    sha256: "2c26".into(),
                },
                at: at(17),
                by: "d".into(),
            }],
            sealed: vec![SealedText {
                field: "password".into(),
                id: "6030".into(),
                at: at(18),
                by: "e".into(),
            }],
            escalations: vec![escalation()],
            complaints: 4,
            preferred: text("Договорились"),
            way: Way {
                solved_by: Some("f".into()),
                source: Some("vendor".into()),
                returns: 2,
                routes: 3,
                closed_at: Some(at(20)),
                apart: true,
            },
            problem: Some(TicketProblem { number: ProblemNumber(300), suggested: true }),
            issues: vec![Issue {
                id: 1,
                tracker: "product".into(),
                key: Some("CRM-7".into()),
                url: Some("https://tracker.example.ru/CRM-7".into()),
                text: "Отчёт падает".into(),
                opened_at: Timestamp::from_millis(7),
                by: "ivanova".into(),
                status: Some("In review".into()),
                done: true,
                changed_at: Timestamp::from_millis(9),
            }],
            lead_questions: vec![LeadQuestion {
                id: 1,
                text: "Можно ли?".into(),
                asked_at: Timestamp::from_millis(7),
                by: "ivanova".into(),
                answer: Some("Можно".into()),
                answered_by: Some("lead".into()),
                answered_at: Some(Timestamp::from_millis(8)),
            }],
            articles: vec![Article {
                url: "https://kb.example.ru/vpn".into(),
                title: Some("VPN".into()),
                at: Timestamp::from_millis(7),
                by: "ivanova".into(),
            }],
            letters: letters(),
            letters_total: 300,
        };
        round_trip(&ticket);
        let bytes = pack(&ticket);
        assert_eq!(Packed::of(&ticket).ticket(), ticket);
        assert_eq!(unpack(&[bytes.as_slice(), &[0]].concat()), None, "something is left over");
        assert_eq!(unpack(b"{\"number\":1}"), None);
    }
}
