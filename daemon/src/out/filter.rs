//! Which events somebody wants, and may see.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::MapDeserializer;
use smol_str::SmolStr;

use crate::desk::scope::Scope;
use crate::desk::{Event, Fact, Ticket, TicketNumber};

/// Which events are told. What is empty leaves nothing out; what is not is joined by AND.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What they are about.
    pub tickets: Vec<TicketNumber>,
    /// Regulations and channels that are wanted.
    pub wanted: Scope,
    /// What whoever asks may see.
    pub allowed: Scope,
    /// The line that the ticket stands on when the event is told. A move counts for the line that it leaves, too.
    pub lines: Vec<u8>,
    /// Names of events, as [`event_names`] has them.
    pub events: Vec<SmolStr>,
}

impl Filter {
    /// Whether an event is told as far as what it is about goes. What is about no ticket concerns the desk as a whole: who asks
    /// for some tickets, or may see only some, is not told.
    pub fn covers(&self, about: &About) -> bool {
        let Some(number) = about.ticket else { return !self.is_by_ticket() };
        if !self.tickets.is_empty() && !self.tickets.contains(&number) {
            return false;
        }
        if self.wanted.is_whole() && self.allowed.is_whole() && self.lines.is_empty() {
            return true;
        }
        about.place.as_ref().is_some_and(|place| {
            let Place { regulation, channel, line, left } = place;
            self.wanted.covers(regulation, channel)
                && self.allowed.covers(regulation, channel)
                && (self.lines.is_empty() || self.lines.contains(line) || self.lines.contains(left))
        })
    }

    /// Whether an event of that name is told.
    pub fn wants(&self, about: &About, event: &str) -> bool {
        self.covers(about) && self.has_name(event)
    }

    /// Whether events of that name are told.
    pub fn has_name(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|known| known == event)
    }

    fn is_by_ticket(&self) -> bool {
        !(self.tickets.is_empty()
            && self.wanted.is_whole()
            && self.allowed.is_whole()
            && self.lines.is_empty())
    }
}

/// What an event is about, as far as filters ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The ticket; none for what concerns the desk.
    pub ticket: Option<TicketNumber>,
    /// Where that ticket stands; none where it cannot be read.
    pub place: Option<Place>,
}

/// Where a ticket stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its regulation.
    pub regulation: SmolStr,
    /// The channel that it came in by.
    pub channel: SmolStr,
    /// Its line, when the event is told.
    pub line: u8,
    /// The line that it left by the event, or the same.
    pub left: u8,
}

impl About {
    /// What a fact is about; `ticket` is its ticket, where it has one and it can be read.
    pub fn of(fact: &Fact, ticket: Option<&Ticket>) -> Self {
        let place = ticket.map(|ticket| {
            let (line, left) = if let Event::Routed { from, to, .. } = &fact.event {
                (*to, *from)
            } else {
                (ticket.facts.line, ticket.facts.line)
            };
            let (regulation, channel) = (ticket.facts.regulation.clone(), ticket.facts.channel.clone());
            Place { regulation, channel, line, left }
        });
        Self { ticket: fact.ticket, place }
    }
}

/// The name of every event that there is.
pub fn event_names() -> &'static [&'static str] {
    static NAMES: LazyLock<&'static [&'static str]> = LazyLock::new(|| {
        // An event without a name: what is expected are all names there are, so that none is forgotten here.
        let nameless = MapDeserializer::<_, Names>::new(std::iter::once(("event", "")));
        match Event::deserialize(nameless.into_deserializer()) {
            Err(Names(names)) => names,
            Ok(_) => &[],
        }
    });
    &NAMES
}

/// What the reader of events expects, taken from its complaint.
#[derive(Debug)]
struct Names(&'static [&'static str]);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl std::error::Error for Names {}

impl serde::de::Error for Names {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fact(json: serde_json::Value) -> Fact {
        serde_json::from_value(json).expect("a fact of the ledger")
    }

    fn ticket(regulation: &str, channel: &str, line: u8) -> Ticket {
        let entry = json!({"first_seq": 1, "at": 0, "by": "x", "facts": [{"ticket": 7, "event": "registered",
            "regulation": regulation, "version": "1", "type": "error", "priority": "high", "status": "new",
            "line": line, "channel": channel, "subject": "Принтер"}]});
        let mut desk = crate::desk::Desk::default();
        desk.apply(&serde_json::from_value(entry).expect("an entry"));
        desk.ticket(TicketNumber(7)).expect("it is there").as_ref().clone()
    }

    fn scope(regulations: &[&str], channels: &[&str]) -> Scope {
        let ids = |ids: &[&str]| ids.iter().copied().map(SmolStr::from).collect();
        Scope { regulations: ids(regulations), channels: ids(channels) }
    }

    #[test]
    fn every_name_is_known_and_none_is_made_up() {
        let names = event_names();
        for known in ["registered", "replied", "status-changed", "clock", "muted", "token-revoked"] {
            assert!(names.contains(&known), "{known} in {names:?}");
        }
        assert!(!names.contains(&"") && names.len() >= 30, "{names:?}");
    }

    #[test]
    fn conditions_are_joined_by_and() {
        let replied = fact(json!({"ticket": 7, "event": "replied", "text": "Смотрим"}));
        let ticket = ticket("getmark", "email", 2);
        for (filter, expected) in [
            (Filter::default(), true),
            (Filter { tickets: vec![TicketNumber(7)], ..Filter::default() }, true),
            (Filter { tickets: vec![TicketNumber(8)], ..Filter::default() }, false),
            (Filter { wanted: scope(&["getmark"], &["email"]), ..Filter::default() }, true),
            (Filter { wanted: scope(&["getmark"], &["phone"]), ..Filter::default() }, false),
            (Filter { wanted: scope(&["itsm"], &[]), ..Filter::default() }, false),
            (Filter { lines: vec![2], wanted: scope(&["getmark"], &[]), ..Filter::default() }, true),
            (Filter { lines: vec![1, 3], ..Filter::default() }, false),
            (Filter { lines: vec![2], allowed: scope(&[], &["phone"]), ..Filter::default() }, false),
        ] {
            assert_eq!(filter.covers(&About::of(&replied, Some(&ticket))), expected, "{filter:?}");
        }
    }

    #[test]
    fn who_may_see_some_tickets_is_told_nothing_of_the_desk_nor_of_a_ticket_that_cannot_be_read() {
        let limited = Filter { allowed: scope(&["getmark"], &[]), ..Filter::default() };
        let muted = fact(json!({"event": "muted", "until": 1}));
        let replied = fact(json!({"ticket": 7, "event": "replied", "text": "Смотрим"}));
        assert!(Filter::default().covers(&About::of(&muted, None)));
        assert!(!limited.covers(&About::of(&muted, None)));
        assert!(Filter::default().covers(&About::of(&replied, None)));
        assert!(!limited.covers(&About::of(&replied, None)));
    }

    #[test]
    fn a_move_is_told_to_both_lines() {
        let routed = fact(json!({"ticket": 7, "event": "routed", "from": 1, "to": 2}));
        let ticket = ticket("getmark", "email", 2);
        let on = |line| {
            Filter { lines: vec![line], ..Filter::default() }.covers(&About::of(&routed, Some(&ticket)))
        };
        assert_eq!([on(1), on(2), on(3)], [true, true, false]);
    }

    #[test]
    fn a_name_is_wanted_where_none_is_named_or_it_is() {
        let some = Filter { events: vec!["replied".into()], ..Filter::default() };
        assert!(Filter::default().has_name("muted") && some.has_name("replied") && !some.has_name("muted"));
    }
}
