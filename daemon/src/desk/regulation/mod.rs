//! Regulations: the rules a desk works by, as data.
//!
//! [`Regulation::parse`] turns a TOML file into rules that cannot be wrong any more: every name refers to something,
//! every calendar compiles, nothing in it is in vain. What a file may say stands in `daemon/regulations/README.md`.
//! No line of Rust names a regulation: what a sixth one needs is a file.

mod check;
mod diff;
mod explain;
mod file;
mod letter;
mod people;
mod quality;
#[cfg(test)]
mod reference;
mod set;
pub mod shipped;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use calendars::{Calendar, Tz};
use chrono::NaiveDate;
use serde_json::Value;
use smol_str::SmolStr;

pub(crate) use self::check::is_url;
pub use self::check::{Problem, Problems};
pub use self::diff::{Difference, DifferenceKind, diff};
pub use self::explain::{Language, explain};
pub use self::file::{AssignmentMode, FieldKind, PrioritySource, Within};
pub use self::letter::{LetterCause, LetterRule, LetterTo};
pub use self::people::{AssignmentRule, SkillRule, StaffingRule};
pub use self::quality::{Band, Divisor, QualityRule};
pub use self::set::{IntakeRule, Regulations};

use super::actor::Role;
use super::attachment::AttachmentKind;
use super::clocks::{Basis, Metric};
use super::event::Registered;
use super::letter::LetterKind;
use super::ticket::{Stage, Ticket};

/// The longest short name of a regulation, in characters.
pub const SHORT_MAX_CHARS: usize = 12;

/// The rules a desk works by.
#[derive(Debug)]
pub struct Regulation {
    /// ASCII id, `getmark`.
    pub id: SmolStr,
    /// The regulation's own name.
    pub title: String,
    /// What the wall calls it where several run side by side: at most [`SHORT_MAX_CHARS`]; its id where it says nothing.
    pub short: String,
    /// Its version, as its authors name it.
    pub version: SmolStr,
    /// The first day it holds.
    pub holds_from: NaiveDate,
    /// What its keeper should know.
    pub note: Option<String>,
    /// Where a requester can read before asking (PM-3).
    pub knowledge_base: Option<String>,
    /// The chat channel that is told of critical and urgent tickets (GM-A2); the site says where it is.
    pub urgent_channel: Option<String>,
    /// The zone of its dates.
    pub zone: Tz,
    /// Its calendars.
    pub calendars: Vec<Calendar>,
    /// Types of tickets.
    pub types: Vec<Named>,
    /// Priorities, from least to greatest.
    pub priorities: Vec<Priority>,
    /// Where priorities come from.
    pub priority_source: PrioritySource,
    /// What derives a priority; the first match wins.
    pub priority_rules: Vec<PriorityRule>,
    /// Statuses.
    pub statuses: Vec<Status>,
    /// The status tickets begin in.
    pub initial_status: SmolStr,
    /// Ways in.
    pub channels: Vec<Channel>,
    /// Lines of support.
    pub lines: Vec<Line>,
    /// Fields with rules of their own.
    pub fields: Vec<Field>,
    /// What verbs do, where the regulation says so.
    pub verbs: BTreeMap<String, VerbRule>,
    /// Clocks.
    pub clocks: Vec<ClockRule>,
    /// Marks a requester may give.
    pub marks: Vec<Mark>,
    /// How the marks of a month are judged.
    pub quality: Option<QualityRule>,
    /// Reasons by verb; a verb without takes any.
    pub reasons: Vec<Reason>,
    /// Where the source of a problem may lie; where there is one, a solution names its source (BC-12).
    pub sources: Vec<Source>,
    /// Departments that are asked (ZS-7).
    pub departments: Vec<Named>,
    /// What they are asked about; where there are any, the last of `clocks` is theirs.
    pub topics: Vec<Topic>,
    /// The order of its queue.
    pub queue: QueueRule,
    /// What it makes of the register of clients; none where it makes nothing of it.
    pub clients: Option<ClientRule>,
    /// Whether only employees may ask; none where anybody may.
    pub employees: Option<EmployeeRule>,
    /// The trackers of product teams (HD-13).
    pub trackers: Vec<Named>,
    /// What a bug report must look like.
    pub bug_report: Option<BugReportForm>,
    /// Phrases an answer should not have.
    pub forbidden_phrases: Vec<ForbiddenPhrase>,
    /// Which files a ticket takes; none where it says nothing, and then it takes every kind there is.
    pub attachments: Option<AttachmentRule>,
    /// Who is given a new ticket; none where nobody is.
    pub assignment: Option<AssignmentRule>,
    /// How many people a shift has; none where it does not say.
    pub staffing: Option<StaffingRule>,
    /// When alike tickets are a mass problem; none where it does not say, and then none is suspected (GM-5.15).
    pub mass_problem: Option<MassProblemRule>,
    /// Which letters go when; of those to the same people the first that matches.
    pub letters: Vec<LetterRule>,
    /// The calendars whose hours the regulation leaves to the site, by id.
    pub site_calendars: Vec<SmolStr>,
    /// Notes of calendars, by id.
    pub calendar_notes: Vec<(SmolStr, String)>,
    /// The file's text, to be kept with the tickets that are opened under it.
    pub text: Arc<str>,
}

/// Something with an id, a title in the regulation's language, and the clause it comes from.
#[derive(Debug, Clone)]
pub struct Named {
    /// ASCII id.
    pub id: SmolStr,
    /// The regulation's own word.
    pub title: String,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// A priority.
#[derive(Debug, Clone)]
pub struct Priority {
    /// Its name.
    pub name: Named,
    /// When it is the right one, in the regulation's words.
    pub criteria: Option<String>,
    /// An open ticket of it is an alarm.
    pub alarm: bool,
    /// Only agents of these lines may set it; empty: no such limit.
    pub set_by_lines: Vec<u8>,
}

/// What derives a priority.
#[derive(Debug, Clone)]
pub struct PriorityRule {
    /// What it looks at.
    pub when: When,
    /// What follows.
    pub priority: SmolStr,
    /// Clause id.
    pub clause: Option<String>,
}

/// A status.
#[derive(Debug, Clone)]
pub struct Status {
    /// Its name.
    pub name: Named,
    /// What it is in our words.
    pub stage: Stage,
    /// Whether the desk waits for somebody else in it.
    pub waiting: bool,
    /// Where the verb `status` may move to.
    pub moves: Vec<SmolStr>,
    /// The status that follows as soon as the number is given.
    pub passes_to: Option<SmolStr>,
}

/// A way in.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its name.
    pub name: Named,
    /// The line its tickets start on.
    pub line: u8,
    /// The types it takes; empty: all.
    pub types: Vec<SmolStr>,
    /// Who may register by it; empty: intake and every role above.
    pub roles: Vec<Role>,
    /// Its own hours, where it has any.
    pub calendar: Option<SmolStr>,
    /// The group that is responsible for it.
    pub group: Option<SmolStr>,
}

/// A line of support.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number.
    pub id: u8,
    /// Its name in the regulation.
    pub title: String,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
    /// Its calendar.
    pub calendar: SmolStr,
    /// Lines a ticket may go to from here.
    pub routes: Vec<u8>,
}

/// A field with rules of its own.
#[derive(Debug, Clone)]
pub struct Field {
    /// `fields.process`, `requester.inn`, `description`.
    pub path: String,
    /// Its name for people.
    pub title: String,
    /// What its value must be.
    pub kind: FieldKind,
    /// The values of an enum, with titles.
    pub values: Vec<(String, String)>,
    /// Whether a registration must have it.
    pub required: bool,
    /// Whether it is asked for, though a registration is whole without.
    pub wished: bool,
    /// Paths that serve as well.
    pub or: Vec<String>,
    /// The types it is asked of; empty: all.
    pub types: Vec<SmolStr>,
    /// The channels it is asked on; empty: all.
    pub channels: Vec<SmolStr>,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// What a verb does to the status.
#[derive(Debug, Clone)]
pub struct VerbRule {
    /// The status it leads to.
    pub to: Option<SmolStr>,
    /// The statuses it moves from; empty: every open one.
    pub from: Vec<SmolStr>,
    /// The stage it leads to.
    pub stage: Option<Stage>,
    /// The types it is for; empty: all.
    pub types: Vec<SmolStr>,
    /// Who may use it; empty: whoever may by default.
    pub roles: Vec<Role>,
    /// For `route`: whether a ticket linked to an open problem is held back from going up (GM-5.10).
    pub held_by_problem: bool,
    /// For `assign`: it takes a reason (HD-11).
    pub needs_reason: bool,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// A mark a requester may give.
#[derive(Debug, Clone)]
pub struct Mark {
    /// ASCII id.
    pub id: SmolStr,
    /// The regulation's own word.
    pub title: String,
    /// Whether it counts where none is given.
    pub default: bool,
    /// What it is worth in sums and means; all marks of a regulation have one, or none has.
    pub value: Option<u8>,
    /// Whether it counts as positive (GM-6, HD-5).
    pub positive: bool,
    /// Clause id.
    pub clause: Option<String>,
}

/// A reason a verb may bear.
#[derive(Debug, Clone)]
pub struct Reason {
    /// Which verb.
    pub verb: String,
    /// ASCII id.
    pub id: String,
    /// The regulation's own words.
    pub title: String,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// Where the source of a problem lies, and what follows from that (BC-12).
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name.
    pub name: Named,
    /// What is done, in the regulation's words.
    pub outcome: String,
}

/// The order in which tickets are taken (PM-C5, BC-8). By itself it is the order of arrival.
#[derive(Debug, Clone, Default)]
pub struct QueueRule {
    /// Priorities that jump the queue, the first of them first.
    pub first: Vec<SmolStr>,
    /// Whether a client's tickets are worked on one after another.
    pub one_by_one: bool,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// What follows for a client that is in the register (BC-4, BC-5).
#[derive(Debug, Clone)]
pub struct ClientRule {
    /// The reason by which a registration of anybody but the client's contact is refused; none where anybody may ask.
    pub refuse_others: Option<SmolStr>,
    /// The channels by which only those clients come whose terms have them.
    pub paid_channels: Vec<SmolStr>,
    /// The clause of those channels, where it is another.
    pub paid_channels_clause: Option<String>,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// That only employees may ask (HD-2).
#[derive(Debug, Clone)]
pub struct EmployeeRule {
    /// The reason by which anybody else is refused.
    pub refuse_others: SmolStr,
    /// What they are told; who they said they are follows.
    pub text: String,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// What a department is asked about (ZS-7).
#[derive(Debug, Clone)]
pub struct Topic {
    /// Its name.
    pub name: Named,
    /// The id of the department that is asked.
    pub department: SmolStr,
    /// The ways to ask; never empty (ZS-8).
    pub channels: Vec<SmolStr>,
    /// The clause that gives these ways; the topic's own where the file names none.
    pub channels_clause: Option<String>,
    /// How much time the department has; its `when` matches everything.
    pub target: Target,
}

/// What a bug report must look like (GM-A2).
#[derive(Debug, Clone)]
pub struct BugReportForm {
    /// The line it is for.
    pub line: u8,
    /// Least and most words of the title.
    pub title_words: (usize, usize),
    /// The fields that must be there.
    pub required: Vec<String>,
    /// Clause id.
    pub clause: Option<String>,
}

/// A phrase an answer should not have (GM-5.25).
#[derive(Debug, Clone)]
pub struct ForbiddenPhrase {
    /// The words.
    pub text: String,
    /// Clause id.
    pub clause: Option<String>,
}

/// Which files a ticket takes (PM-C3).
#[derive(Debug, Clone)]
pub struct AttachmentRule {
    /// What they may be, by their content; never empty.
    pub kinds: Vec<AttachmentKind>,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// When alike tickets are a mass problem (GM-5.15).
#[derive(Debug, Clone)]
pub struct MassProblemRule {
    /// So many of them are; at least 2.
    pub alike: u32,
    /// Within what time.
    pub within: Within,
    /// What they have in common besides a similar subject: `type`, `service`, `channel`, `client`, `fields.NAME`.
    pub same: Vec<SmolStr>,
    /// Groups that only tickets of a mass problem are given to (HD-15).
    pub common_groups: Vec<SmolStr>,
    /// The types that count; none for all. What is wished for or asked to be done is no failure, however many say the same.
    pub types: Vec<SmolStr>,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

impl MassProblemRule {
    /// Whether tickets of a type count.
    pub fn counts(&self, kind: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|known| known == kind)
    }
}

/// Something that starts, stops or reopens a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// The ticket was registered.
    Registered,
    /// The desk said something to the requester.
    Replied,
    /// The desk asked.
    Asked,
    /// The requester answered.
    Answered,
    /// The stage became resolved.
    Resolved,
    /// The stage became open again.
    Reopened,
    /// The stage became closed.
    Closed,
    /// The ticket came to a line.
    LineEntered,
    /// The ticket left a line.
    LineLeft,
    /// The ticket came to a status.
    StatusEntered(SmolStr),
    /// The ticket left a status.
    StatusLeft(SmolStr),
    /// A letter of that kind was queued.
    LetterQueued(LetterKind),
    /// A letter of that kind was taken by whoever delivers it.
    LetterSent(LetterKind),
}

/// Which calendar counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarChoice {
    /// The one of the line the ticket stands on (R5).
    OfLine,
    /// The one of the channel the ticket came by; its line's where the channel has none.
    OfChannel,
    /// Always this one.
    Named(SmolStr),
}

/// What happens when a clock runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtEnd {
    /// The desk broke its word.
    Breach,
    /// The ticket is closed.
    Close {
        /// With this status.
        status: SmolStr,
        /// For this reason.
        reason: String,
    },
    /// It is told, once.
    Tell,
}

/// How long before the deadline the room is warned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarnBefore {
    /// This long, in milliseconds of the basis.
    Ms(i64),
    /// This part of the target.
    Percent(u8),
}

impl WarnBefore {
    /// The warning's length for a target, in milliseconds.
    pub fn ms(self, target_ms: i64) -> i64 {
        match self {
            WarnBefore::Ms(ms) => ms,
            WarnBefore::Percent(percent) => target_ms / 100 * i64::from(percent),
        }
    }
}

/// How much time is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenTerm {
    /// This long, in milliseconds of the basis.
    Ms(i64),
    /// So many days of the basis.
    Days(u32),
    /// There is no term until an agent estimates it (ZS-5d, BC-3).
    Estimate,
    /// There is a clock but no term.
    None,
}

impl GivenTerm {
    /// How many days are given; none where it is hours or no term.
    pub const fn days(self) -> Option<u32> {
        match self {
            GivenTerm::Days(days) => Some(days),
            GivenTerm::Ms(_) | GivenTerm::Estimate | GivenTerm::None => None,
        }
    }
}

/// A clock of a regulation.
#[derive(Debug, Clone)]
pub struct ClockRule {
    /// What it measures.
    pub metric: Metric,
    /// Its name for people.
    pub title: String,
    /// What it counts.
    pub basis: Basis,
    /// By which calendar.
    pub calendar: CalendarChoice,
    /// What starts it.
    pub starts: Vec<Trigger>,
    /// What stops it.
    pub stops: Vec<Trigger>,
    /// What ends it while it runs and starts it anew.
    pub restarts: Vec<Trigger>,
    /// What lets it run on after it stopped.
    pub reopens: Vec<Trigger>,
    /// Statuses in which it stands still.
    pub pauses_in: Vec<SmolStr>,
    /// What happens when it runs out.
    pub at_end: AtEnd,
    /// When the room is warned.
    pub warn_before: Option<WarnBefore>,
    /// How much time is given; the first match wins, without one there is no clock.
    pub targets: Vec<Target>,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// How much time a clock gives, and when.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it looks at.
    pub when: When,
    /// How much.
    pub term: GivenTerm,
    /// As the file writes it.
    pub written: String,
    /// Whether the regulation leaves the figure to the site.
    pub site: bool,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// What a rule looks at; an empty list matches everything.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// Types.
    pub types: Vec<String>,
    /// Priorities.
    pub priorities: Vec<String>,
    /// Channels.
    pub channels: Vec<String>,
    /// Services.
    pub services: Vec<String>,
    /// Urgencies.
    pub urgencies: Vec<String>,
    /// Lines.
    pub lines: Vec<u8>,
    /// Fields and their values.
    pub fields: Vec<(String, Vec<String>)>,
}

impl When {
    /// Whether it matches every ticket.
    pub fn is_empty(&self) -> bool {
        let Self { types, priorities, channels, services, urgencies, lines, fields } = self;
        let words = [types, priorities, channels, services, urgencies];
        words.iter().all(|list| list.is_empty()) && lines.is_empty() && fields.is_empty()
    }

    /// Whether a ticket's facts match.
    pub fn matches(&self, facts: &Registered) -> bool {
        fn one_of<T: PartialEq<str>>(list: &[T], word: &str) -> bool {
            list.is_empty() || list.iter().any(|item| item == word)
        }
        /// A number is the word it is written as, as in the file's own list.
        fn word(value: &Value) -> Option<Cow<'_, str>> {
            match value {
                Value::String(text) => Some(Cow::Borrowed(text.trim())),
                Value::Number(number) => Some(Cow::Owned(number.to_string())),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            }
        }
        one_of(&self.types, &facts.kind)
            && one_of(&self.priorities, &facts.priority)
            && one_of(&self.channels, &facts.channel)
            && one_of(&self.services, facts.service.as_deref().unwrap_or_default())
            && one_of(&self.urgencies, facts.urgency.as_deref().unwrap_or_default())
            && (self.lines.is_empty() || self.lines.contains(&facts.line))
            && self.fields.iter().all(|(name, values)| {
                facts.fields.get(name).and_then(word).is_some_and(|value| one_of(values, &value))
            })
    }
}

impl Field {
    /// Whether it is asked of a ticket of that type that comes by that channel.
    pub fn is_asked_of(&self, kind: &str, channel: &str) -> bool {
        let among = |list: &[SmolStr], word: &str| list.is_empty() || list.iter().any(|known| known == word);
        among(&self.types, kind) && among(&self.channels, channel)
    }
}

impl Regulation {
    /// Reads a regulation's TOML. `name` is how messages name the file.
    ///
    /// # Errors
    /// [`Problems`]: every problem with its line, its key, and what would be right.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        check::parse(name, text)
    }

    /// Reads the TOML of a regulation that was taken before, as far as tickets need it to be right: every name refers to
    /// something, but a rule that never matches or a status that nothing reaches is no reason to lose the version.
    ///
    /// # Errors
    /// [`Problems`], as of [`Regulation::parse`].
    pub fn parse_kept(name: &str, text: &str) -> Result<Self, Problems> {
        check::parse_kept(name, text)
    }

    /// The type of that id.
    pub fn kind(&self, id: &str) -> Option<&Named> {
        self.types.iter().find(|named| named.id == id)
    }

    /// The priority of that id.
    pub fn priority(&self, id: &str) -> Option<&Priority> {
        self.priorities.iter().find(|priority| priority.name.id == id)
    }

    /// The status of that id.
    pub fn status(&self, id: &str) -> Option<&Status> {
        self.statuses.iter().find(|status| status.name.id == id)
    }

    /// The channel of that id.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name.id == id)
    }

    /// The line of that number.
    pub fn line(&self, id: u8) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == id)
    }

    /// The calendar of that id.
    pub fn calendar(&self, id: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.id() == id)
    }

    /// What the regulation says of a verb.
    pub fn verb(&self, verb: &str) -> Option<&VerbRule> {
        self.verbs.get(verb)
    }

    /// The clock rule of a metric.
    pub fn clock(&self, metric: Metric) -> Option<&ClockRule> {
        self.clocks.iter().find(|rule| rule.metric == metric)
    }

    /// Whether a ticket in that status is as it was registered: nobody has begun with it.
    pub fn is_beginning(&self, status: &str) -> bool {
        let initial = self.status(&self.initial_status);
        self.initial_status == status
            || initial.is_some_and(|initial| initial.passes_to.as_deref() == Some(status))
    }

    /// The topic of that id.
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.name.id == id)
    }

    /// The clock rule of escalations; none where there are no topics to ask departments about.
    pub fn escalation(&self) -> Option<&ClockRule> {
        self.clocks.iter().find(|rule| self.is_of_topics(rule))
    }

    /// Whether a clock's terms are those of topics, so that it turns with escalations and not with the ticket.
    pub fn is_of_topics(&self, rule: &ClockRule) -> bool {
        rule.metric == Metric::Escalation && !self.topics.is_empty()
    }

    /// The reasons a verb may bear; empty: any words.
    pub fn reasons(&self, verb: &str) -> Vec<&Reason> {
        self.reasons.iter().filter(|reason| reason.verb == verb).collect()
    }

    /// The kinds of files that its tickets take.
    pub fn attachment_kinds(&self) -> &[AttachmentKind] {
        self.attachments.as_ref().map_or(&AttachmentKind::ALL, |rule| &rule.kinds)
    }

    /// The priority its rules give a ticket's facts: the first match, else the least.
    pub fn derived_priority(&self, facts: &Registered) -> &Priority {
        self.priority_rules
            .iter()
            .find(|rule| rule.when.matches(facts))
            .and_then(|rule| self.priority(&rule.priority))
            .unwrap_or(&self.priorities[0])
    }

    /// The calendar that counts for a clock of a ticket with these facts.
    pub fn calendar_for(&self, rule: &ClockRule, facts: &Registered) -> &Calendar {
        self.chosen_calendar(&rule.calendar, facts)
    }

    /// The calendar that was chosen, for a ticket with these facts.
    pub fn chosen_calendar(&self, choice: &CalendarChoice, facts: &Registered) -> &Calendar {
        let id = match choice {
            CalendarChoice::Named(id) => id,
            CalendarChoice::OfLine => self.line_calendar(facts.line),
            CalendarChoice::OfChannel => self
                .channel(&facts.channel)
                .and_then(|channel| channel.calendar.as_ref())
                .unwrap_or_else(|| self.line_calendar(facts.line)),
        };
        self.calendar(id).expect("a checked regulation names calendars it has")
    }

    /// The calendar of a channel's hours: its own, or that of the line on which its tickets start.
    pub fn channel_calendar<'a>(&'a self, channel: &'a Channel) -> &'a SmolStr {
        channel.calendar.as_ref().unwrap_or_else(|| self.line_calendar(channel.line))
    }

    /// Whether a group is responsible for some channel, or for mass problems.
    pub fn has_group(&self, group: &str) -> bool {
        let common =
            self.mass_problem.as_ref().is_some_and(|rule| rule.common_groups.iter().any(|id| id == group));
        common || self.channels.iter().any(|channel| channel.group.as_deref() == Some(group))
    }

    /// The group that is responsible for a channel.
    pub fn group_of(&self, channel: &str) -> Option<&SmolStr> {
        self.channel(channel)?.group.as_ref()
    }

    fn line_calendar(&self, line: u8) -> &SmolStr {
        &self.line(line).unwrap_or(&self.lines[0]).calendar
    }

    /// The clause a target comes from; its clock's, where it names none.
    pub fn clause_of(rule: &ClockRule, target: &Target) -> Option<SmolStr> {
        target.clause.as_ref().or(rule.clause.as_ref()).map(SmolStr::from)
    }

    /// What the clock of that metric and cycle of a ticket is given: an escalation's by its topic, any other by what the
    /// ticket is.
    pub fn target_of<'a>(&'a self, rule: &'a ClockRule, ticket: &Ticket, cycle: u16) -> Option<&'a Target> {
        if self.is_of_topics(rule) {
            let escalation = ticket.escalation(cycle)?;
            return self.topic(&escalation.topic).map(|topic| &topic.target);
        }
        self.target(rule, &ticket.facts)
    }

    /// What a clock gives a ticket with these facts.
    pub fn target<'a>(&self, rule: &'a ClockRule, facts: &Registered) -> Option<&'a Target> {
        rule.targets.iter().find(|target| target.when.matches(facts))
    }
}
