//! The regulations a desk runs: several side by side, each in the versions that its tickets were opened under.
//!
//! A registration is taken under the version that holds on its day. A ticket keeps the version it was opened under
//! until an admin applies another one to it, so a version that is given no more stays here for as long as the box
//! keeps its text. New tickets are for the versions that are given; a kept one takes them only as long as the day of
//! none that is given has come.

use std::sync::Arc;

use calendars::{Calendar, Timestamp, Tz};
use serde::Deserialize;
use smol_str::SmolStr;

use super::Regulation;
use crate::desk::command::Register;
use crate::desk::event::{Registered, Term};

/// Which regulation a registration that names none is taken under; what is absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IntakeRule {
    /// The regulation's id.
    pub regulation: SmolStr,
    /// The channel it came by.
    #[serde(default)]
    pub channel: Option<String>,
    /// The organisation asked for.
    #[serde(default)]
    pub client: Option<String>,
    /// The product concerned: `fields.product` of the registration.
    #[serde(default)]
    pub product: Option<String>,
}

impl IntakeRule {
    /// Whether every registration that another rule matches is matched by this one.
    pub fn covers(&self, other: &Self) -> bool {
        let wider = |mine: &Option<String>, theirs: &Option<String>| mine.is_none() || mine == theirs;
        wider(&self.channel, &other.channel)
            && wider(&self.client, &other.client)
            && wider(&self.product, &other.product)
    }

    fn matches(&self, register: &Register) -> bool {
        let same = |wanted: Option<&String>, given: Option<&str>| {
            wanted.is_none_or(|wanted| given.is_some_and(|given| given.trim() == wanted))
        };
        same(self.channel.as_ref(), register.channel.as_deref())
            && same(self.client.as_ref(), register.client.as_deref())
            && same(self.product.as_ref(), register.fields.get("product").and_then(|value| value.as_str()))
    }
}

/// The regulations a desk runs.
#[derive(Debug, Clone, Default)]
pub struct Regulations {
    /// Versions of one id stand together, the oldest first; of one day, the given after the kept.
    all: Vec<Held>,
    /// The ids that take registrations, in the order given.
    ids: Vec<SmolStr>,
    intake: Vec<IntakeRule>,
    /// The site's zone, by which its months go; none where nobody keeps months.
    zone: Option<Tz>,
}

/// A version, and whether the admin gives it now or the box only keeps it.
#[derive(Debug, Clone)]
struct Held {
    regulation: Arc<Regulation>,
    is_given: bool,
}

impl Held {
    fn has_come(&self, at: Timestamp) -> bool {
        self.regulation.holds_from <= at.local(self.regulation.zone).date()
    }
}

impl Regulations {
    /// These regulations; several of one id are its versions.
    pub fn new(given: Vec<Arc<Regulation>>) -> Self {
        let mut ids: Vec<SmolStr> = Vec::new();
        for regulation in &given {
            if !ids.contains(&regulation.id) {
                ids.push(regulation.id.clone());
            }
        }
        let mut set = Self { all: Vec::new(), ids, ..Self::default() };
        for regulation in given {
            set.put(regulation, true);
        }
        set
    }

    /// For a site in this zone: its months begin and end there. Without it a desk keeps no months' figures.
    #[must_use]
    pub fn in_zone(mut self, zone: Tz) -> Self {
        self.zone = Some(zone);
        self
    }

    /// The site's zone; none where nobody keeps months.
    pub fn zone(&self) -> Option<Tz> {
        self.zone
    }

    /// Chooses by these rules, the first match, where a registration names no regulation.
    #[must_use]
    pub fn with_intake(mut self, rules: Vec<IntakeRule>) -> Self {
        self.intake = rules;
        self
    }

    /// Adds versions that are given no more, for the tickets that were opened under them. One that is there already
    /// stays as it is; an id that is there in no other version takes no registrations.
    #[must_use]
    pub fn with_kept(mut self, kept: Vec<Arc<Regulation>>) -> Self {
        for regulation in kept {
            if self.version(&regulation.id, &regulation.version).is_none() {
                self.put(regulation, false);
            }
        }
        self
    }

    fn put(&mut self, regulation: Arc<Regulation>, is_given: bool) {
        self.all.push(Held { regulation, is_given });
        let place = |id: &SmolStr| self.ids.iter().position(|known| known == id).unwrap_or(usize::MAX);
        self.all.sort_by_key(|Held { regulation, is_given }| {
            (place(&regulation.id), regulation.id.clone(), regulation.holds_from, *is_given)
        });
    }

    fn held(&self, id: &str) -> impl DoubleEndedIterator<Item = &Held> {
        self.all.iter().filter(move |held| held.regulation.id == id)
    }

    /// The newest version of that id that is given; of an id that is only kept, the newest kept.
    pub fn get(&self, id: &str) -> Option<&Arc<Regulation>> {
        let given = self.held(id).rev().find(|held| held.is_given);
        given.or_else(|| self.held(id).next_back()).map(|held| &held.regulation)
    }

    /// That version of that id.
    pub fn version(&self, id: &str, version: &str) -> Option<&Arc<Regulation>> {
        self.versions(id).find(|regulation| regulation.version == version)
    }

    /// Every version of that id, the oldest first.
    pub fn versions(&self, id: &str) -> impl DoubleEndedIterator<Item = &Arc<Regulation>> {
        self.held(id).map(|held| &held.regulation)
    }

    /// The version of that id that holds at `at`: the newest given whose day has come. Before the day of all that are
    /// given, the newest kept whose day has come; where there is none either, the oldest given.
    pub fn holding(&self, id: &str, at: Timestamp) -> Option<&Arc<Regulation>> {
        let newest =
            |is_given| self.held(id).rev().find(move |held| held.is_given == is_given && held.has_come(at));
        let holding = newest(true).or_else(|| newest(false));
        let oldest = || self.held(id).find(|held| held.is_given).or_else(|| self.held(id).next());
        holding.or_else(oldest).map(|held| &held.regulation)
    }

    /// Whether registrations of that id are taken.
    pub fn takes(&self, id: &str) -> bool {
        self.ids.iter().any(|known| known == id)
    }

    /// The version a ticket works by; [`Regulations::get`] of its id where that version is not there.
    pub fn of(&self, facts: &Registered) -> Option<&Arc<Regulation>> {
        self.version(&facts.regulation, &facts.version).or_else(|| self.get(&facts.regulation))
    }

    /// The id that the intake rules choose for a registration that names none; the only one, where there is one. A rule
    /// for an id that takes no registrations chooses nothing.
    pub fn chosen(&self, register: &Register) -> Option<&SmolStr> {
        let chooses = |rule: &&IntakeRule| self.takes(&rule.regulation) && rule.matches(register);
        let ruled = self.intake.iter().find(chooses).map(|rule| &rule.regulation);
        ruled.or_else(|| self.ids.first().filter(|_| self.ids.len() == 1))
    }

    /// Every regulation in every version, ids in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Regulation>> {
        self.all.iter().map(|held| &held.regulation)
    }

    /// Whether a regulation has the line.
    pub fn has_line(&self, line: u8) -> bool {
        self.iter().any(|regulation| regulation.line(line).is_some())
    }

    /// The calendar of a name `regulation/calendar`, of the newest version that has it.
    pub fn calendar(&self, name: &str) -> Option<&Calendar> {
        let (regulation, calendar) = name.split_once('/')?;
        self.versions(regulation).rev().find_map(|version| version.calendar(calendar))
    }

    /// The calendar a term was reckoned by; where it is there no more, the one that has its name now.
    pub fn calendar_of(&self, term: &Term) -> Option<&Calendar> {
        let (regulation, calendar) = term.calendar.split_once('/')?;
        self.versions(regulation)
            .filter_map(|version| version.calendar(calendar))
            .find(|calendar| calendar.revision() == term.revision)
            .or_else(|| self.calendar(&term.calendar))
    }

    /// Whether tickets of more than one regulation may be on this desk, so that lists and the wall say which.
    pub fn are_several(&self) -> bool {
        self.iter().any(|regulation| regulation.id != self.all[0].regulation.id)
    }

    /// The ids that take registrations, for messages.
    pub fn ids(&self) -> Vec<&str> {
        self.ids.iter().map(SmolStr::as_str).collect()
    }
}
