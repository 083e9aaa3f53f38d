//! Problems: one cause of many tickets (GM-5.10, GM-5.15, HD-14, HD-15).
//!
//! A problem has a number of its own, apart from those of tickets: it has no requester, no clocks and no status of any
//! regulation, and one ticket has at most one problem. It may be *worked on as* a ticket, where the regulation has a type
//! for that (HD-14).
//!
//! | state | how it comes about | what it means |
//! | --- | --- | --- |
//! | `suspected` | as many alike tickets within one local day as the regulation says | the room is told; an agent confirms or dismisses it |
//! | `open` | an agent opens or confirms it | its linked tickets are not routed up, where the regulation says so |
//! | `closed` | an agent closes it, with an answer for everybody | its tickets are resolved with it, where that was asked for |
//! | `dismissed` | an agent says that it is none | alike tickets of the same day open no other |
//!
//! It is *mass* once it is open and as many of its tickets are of one local day as the regulation says: then its requesters
//! are to be told, and told again when it is closed. What is done to thousands of tickets at once is done in *lots*: the
//! loop takes one lot in a turn, and goes on after a restart where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendars::Timestamp;
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::actor::Role;
use super::alarm::{Alarm, AlarmKind, part_alarm};
use super::ticket::TicketNumber;

/// How many tickets a problem has at most, those that are suggested among them.
pub const TICKETS_MAX: u32 = 10_000;
/// How many tickets one command names at most.
pub const NAMED_MAX: usize = 1_000;
/// How many tickets are changed at once, where a problem changes many.
pub const LOT_TICKETS: usize = 100;
/// How many problems that are over are remembered; the record has them all.
pub const OVER_MAX: usize = 1_000;

/// A problem's number, from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
pub struct ProblemNumber(pub u64);

impl std::fmt::Display for ProblemNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a problem stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemState {
    /// Tickets look so; nobody has said it.
    Suspected,
    /// It is worked on.
    Open,
    /// It is solved.
    Closed,
    /// It was none.
    Dismissed,
}

impl ProblemState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Suspected, Self::Open, Self::Closed, Self::Dismissed];

    /// The id in JSON and parameters.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether it takes tickets.
    pub const fn is_live(self) -> bool {
        match self {
            Self::Suspected | Self::Open => true,
            Self::Closed | Self::Dismissed => false,
        }
    }
}

/// The problem of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketProblem {
    /// Which.
    #[schema(value_type = u64)]
    pub number: ProblemNumber,
    /// True where the ticket looks so, and nobody has said it.
    pub suggested: bool,
}

/// What happened to a problem, or to a ticket with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "turn", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "fields named as in the problem and the commands")]
pub enum ProblemTurn {
    /// It was opened, or tickets look as if it were there.
    Opened {
        regulation: SmolStr,
        title: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        suspected: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worked_as: Option<TicketNumber>,
    },
    /// The ticket, registered on that local day, looks as if it belonged to it.
    Suggested { day: NaiveDate },
    /// The ticket belongs to it.
    Linked {
        day: NaiveDate,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        was_suggested: bool,
    },
    /// The ticket does not belong to it.
    Unlinked {
        day: NaiveDate,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        was_suggested: bool,
    },
    /// An agent said that it is one, and that the tickets which are suggested belong to it, up to that number.
    Confirmed {
        title: String,
        upto: TicketNumber,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worked_as: Option<TicketNumber>,
    },
    /// All of those are linked.
    LinkedAll,
    /// Its requesters are to be told of it: those who are linked now, and each who will be.
    Mass,
    /// An agent said that it is none.
    Dismissed { reason: String },
    /// It is solved; its requesters are to be told where it was mass, and its tickets are resolved where `resolve` says so.
    Closed {
        text: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        resolve: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<SmolStr>,
        role: Role,
    },
    /// The ticket was resolved with it.
    Resolved,
    /// The ticket could not be resolved with it.
    LeftOpen { code: SmolStr, message: String },
    /// Its tickets up to this number are dealt with.
    ResolvedUpto { upto: TicketNumber },
    /// All its tickets are.
    ResolvedAll,
    /// The requesters of its open tickets are to be written to: that it is there, or that it is over.
    ToTell,
    /// Those of its tickets up to this number are.
    ToldUpto { upto: TicketNumber },
    /// All of them are.
    ToldAll,
}

/// Tickets that are to be linked, in lots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linking {
    /// Those that are suggested, up to this number.
    pub upto: TicketNumber,
    /// Who said so.
    pub by: SmolStr,
}

/// Tickets that are to be resolved, in lots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolving {
    /// Those above this number are left.
    pub after: TicketNumber,
    /// The answer to each.
    pub text: String,
    /// Where the source of the problem lay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SmolStr>,
    /// Who closed the problem, and as what.
    pub by: SmolStr,
    /// Their role.
    pub role: Role,
}

/// One cause of many tickets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Its number.
    pub number: ProblemNumber,
    /// The regulation of its tickets.
    pub regulation: SmolStr,
    /// What it is about.
    pub title: String,
    /// Where it stands.
    pub state: ProblemState,
    /// Whether its requesters are to be told of it.
    pub mass: bool,
    /// The ticket that it is worked on as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked_as: Option<TicketNumber>,
    /// When it was opened, or first suspected.
    pub opened_at: Timestamp,
    /// Who opened it.
    pub opened_by: SmolStr,
    /// When it was closed or dismissed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Who did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<SmolStr>,
    /// The answer to everybody, or why it was dismissed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How many tickets are linked to it.
    pub linked: u32,
    /// How many look as if they belonged to it.
    pub suggested: u32,
    /// How many were resolved with it …
    pub resolved: u32,
    /// … and how many could not be.
    pub left_open: u32,
    /// How many of its tickets were registered on which local day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: BTreeMap<NaiveDate, u32>,
    /// Tickets that are still to be linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linking: Option<Linking>,
    /// Tickets that are still to be resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolving: Option<Box<Resolving>>,
    /// Requesters that are still to be written to: those of tickets above this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telling: Option<TicketNumber>,
}

impl Problem {
    /// Whether tickets are still to be changed for it.
    pub fn is_working(&self) -> bool {
        self.linking.is_some() || self.resolving.is_some() || self.telling.is_some()
    }

    /// Whether the requester of a ticket that is linked now is written to with that: those of all others were, or the telling
    /// that is on has passed it.
    pub(super) fn tells_with_link(&self, ticket: TicketNumber) -> bool {
        self.mass && self.telling.is_none_or(|after| ticket <= after)
    }

    /// The id of its alarm.
    pub fn alarm_id(&self) -> SmolStr {
        part_alarm(AlarmKind::MassProblem, &self.number.to_string())
    }

    /// Its alarm, raised now.
    pub(super) fn alarm(&self, at: Timestamp) -> Alarm {
        Alarm::part(AlarmKind::MassProblem, &self.number.to_string(), &self.on_wall(), at)
    }

    /// What the wall says of it: a question while nobody has said that it is one.
    pub(super) fn on_wall(&self) -> String {
        match self.state {
            ProblemState::Suspected => format!("{}?", self.title),
            ProblemState::Open | ProblemState::Closed | ProblemState::Dismissed => self.title.clone(),
        }
    }

    /// How many tickets it has.
    pub fn tickets(&self) -> u32 {
        self.linked.saturating_add(self.suggested)
    }

    fn turn(&mut self, turn: &ProblemTurn, by: &str, at: Timestamp) {
        match turn {
            ProblemTurn::Opened { .. } => {}
            ProblemTurn::Suggested { day } => {
                self.suggested += 1;
                self.note_day(*day, true);
            }
            ProblemTurn::Linked { was_suggested: true, day: _ } => {
                self.suggested = self.suggested.saturating_sub(1);
                self.linked += 1;
            }
            ProblemTurn::Linked { was_suggested: false, day } => {
                self.linked += 1;
                self.note_day(*day, true);
            }
            ProblemTurn::Unlinked { was_suggested, day } => {
                let count = if *was_suggested { &mut self.suggested } else { &mut self.linked };
                *count = count.saturating_sub(1);
                self.note_day(*day, false);
            }
            ProblemTurn::Confirmed { title, upto, worked_as } => {
                self.state = ProblemState::Open;
                self.worked_as = worked_as.or(self.worked_as);
                self.title.clone_from(title);
                self.linking = Some(Linking { upto: *upto, by: by.into() });
            }
            ProblemTurn::LinkedAll => self.linking = None,
            ProblemTurn::Mass => self.mass = true,
            ProblemTurn::Dismissed { reason } => {
                self.state = ProblemState::Dismissed;
                self.end(reason, by, at);
            }
            ProblemTurn::Closed { text, resolve, source, role } => {
                self.state = ProblemState::Closed;
                self.end(text, by, at);
                let (text, source, by, role) = (text.clone(), source.clone(), by.into(), *role);
                let after = TicketNumber(0);
                self.resolving = resolve.then(|| Box::new(Resolving { after, text, source, by, role }));
            }
            ProblemTurn::Resolved => self.resolved += 1,
            ProblemTurn::LeftOpen { .. } => self.left_open += 1,
            ProblemTurn::ResolvedUpto { upto } => {
                if let Some(resolving) = &mut self.resolving {
                    resolving.after = *upto;
                }
            }
            ProblemTurn::ResolvedAll => self.resolving = None,
            ProblemTurn::ToTell => self.telling = Some(TicketNumber(0)),
            ProblemTurn::ToldUpto { upto } => self.telling = Some(*upto),
            ProblemTurn::ToldAll => self.telling = None,
        }
    }

    fn end(&mut self, text: &str, by: &str, at: Timestamp) {
        self.ended_at = Some(at);
        self.ended_by = Some(by.into());
        self.text = Some(text.to_owned());
    }

    fn note_day(&mut self, day: NaiveDate, is_more: bool) {
        let count = self.days.entry(day).or_default();
        *count = if is_more { count.saturating_add(1) } else { count.saturating_sub(1) };
        if *count == 0 {
            self.days.remove(&day);
        }
    }
}

/// The problems of a desk. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problems {
    next: ProblemNumber,
    known: Arc<BTreeMap<ProblemNumber, Arc<Problem>>>,
    /// Those for which tickets are still to be changed.
    working: BTreeSet<ProblemNumber>,
}

impl Default for Problems {
    fn default() -> Self {
        Self { next: ProblemNumber(1), known: Arc::default(), working: BTreeSet::new() }
    }
}

/// What is kept of them.
#[derive(Serialize, Deserialize)]
struct Kept<P> {
    next: ProblemNumber,
    known: Vec<P>,
}

impl Serialize for Problems {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Kept { next: self.next, known: self.known.values().map(AsRef::as_ref).collect::<Vec<&Problem>>() }
            .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Problems {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Kept { next, known } = Kept::<Problem>::deserialize(from)?;
        let working = known.iter().filter(|known| known.is_working()).map(|known| known.number).collect();
        let known = known.into_iter().map(|problem| (problem.number, Arc::new(problem))).collect();
        Ok(Self { next, known: Arc::new(known), working })
    }
}

impl Problems {
    /// Whether there never was one.
    pub(super) fn is_empty(&self) -> bool {
        self.next == ProblemNumber(1)
    }

    /// The number the next one gets.
    pub(super) fn next(&self) -> ProblemNumber {
        self.next
    }

    pub(super) fn get(&self, number: ProblemNumber) -> Option<&Arc<Problem>> {
        self.known.get(&number)
    }

    /// They, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Arc<Problem>> {
        self.known.values().rev()
    }

    /// The first for which tickets are still to be changed.
    pub(super) fn working(&self) -> Option<&Arc<Problem>> {
        self.working.first().and_then(|number| self.get(*number))
    }

    /// Takes in what happened to a problem, by itself or to one of its tickets.
    pub(super) fn note(&mut self, number: ProblemNumber, turn: &ProblemTurn, by: &str, at: Timestamp) {
        if let ProblemTurn::Opened { regulation, title, suspected, worked_as } = turn {
            self.open(Problem {
                number,
                regulation: regulation.clone(),
                title: title.clone(),
                state: if *suspected { ProblemState::Suspected } else { ProblemState::Open },
                mass: false,
                worked_as: *worked_as,
                opened_at: at,
                opened_by: by.into(),
                ended_at: None,
                ended_by: None,
                text: None,
                linked: 0,
                suggested: 0,
                resolved: 0,
                left_open: 0,
                days: BTreeMap::new(),
                linking: None,
                resolving: None,
                telling: None,
            });
            return;
        }
        let Some(problem) = Arc::make_mut(&mut self.known).get_mut(&number) else { return };
        let problem = Arc::make_mut(problem);
        problem.turn(turn, by, at);
        let (is_working, is_over) = (problem.is_working(), !problem.state.is_live());
        if is_working {
            self.working.insert(number);
        } else {
            self.working.remove(&number);
        }
        if is_over {
            self.forget_old();
        }
    }

    fn open(&mut self, problem: Problem) {
        self.next = self.next.max(ProblemNumber(problem.number.0 + 1));
        Arc::make_mut(&mut self.known).insert(problem.number, Arc::new(problem));
    }

    /// Of those that are over only so many are remembered.
    fn forget_old(&mut self) {
        let is_over = |problem: &Arc<Problem>| !problem.state.is_live() && !problem.is_working();
        if self.known.len() <= OVER_MAX
            || self.known.values().filter(|known| is_over(known)).count() <= OVER_MAX
        {
            return;
        }
        let oldest = self.known.values().find(|known| is_over(known)).map(|known| known.number);
        if let Some(oldest) = oldest {
            Arc::make_mut(&mut self.known).remove(&oldest);
        }
    }
}
