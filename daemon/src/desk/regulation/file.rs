//! A regulation as its TOML file states it, before anything is checked against anything.
//!
//! Names that refer to something else in the file are [`Spanned`], so that a wrong one is told by its line.

use std::collections::BTreeMap;

use calendars::CalendarSpec;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::quality::Divisor;
use crate::desk::clocks::{Basis, Metric};
use crate::desk::ticket::Stage;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    pub id: Spanned<String>,
    pub title: String,
    /// What the wall calls it where several run side by side.
    #[serde(default)]
    pub short: Option<Spanned<String>>,
    pub version: String,
    pub holds_from: Spanned<String>,
    /// Text for people: where the rules come from, what is ours.
    #[serde(default)]
    pub note: Option<String>,
    /// Where a requester can read before asking (PM-3).
    #[serde(default)]
    pub knowledge_base: Option<Spanned<String>>,
    /// The chat channel that is told of critical and urgent tickets (GM-A2).
    #[serde(default)]
    pub urgent_channel: Option<Spanned<String>>,
    pub zone: Spanned<String>,
    #[serde(rename = "calendar")]
    pub calendars: Vec<Spanned<CalendarSpec>>,
    #[serde(rename = "type")]
    pub types: Vec<Named>,
    #[serde(rename = "priority")]
    pub priorities: Vec<Priority>,
    pub priority_source: PrioritySource,
    #[serde(default, rename = "priority-rule")]
    pub priority_rules: Vec<PriorityRule>,
    #[serde(rename = "status")]
    pub statuses: Vec<Status>,
    /// The status a ticket is registered with.
    pub initial_status: Spanned<String>,
    #[serde(rename = "channel")]
    pub channels: Vec<Channel>,
    #[serde(rename = "line")]
    pub lines: Vec<Line>,
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
    #[serde(default, rename = "verb")]
    pub verbs: BTreeMap<Spanned<String>, Verb>,
    #[serde(default, rename = "clock")]
    pub clocks: Vec<ClockRule>,
    #[serde(default, rename = "mark")]
    pub marks: Vec<Mark>,
    #[serde(default)]
    pub quality: Option<QualityRule>,
    #[serde(default, rename = "reason")]
    pub reasons: Vec<Reason>,
    #[serde(default, rename = "source")]
    pub sources: Vec<Source>,
    /// How the terms of departments count (ZS-7).
    #[serde(default)]
    pub escalation: Option<Escalation>,
    #[serde(default, rename = "department")]
    pub departments: Vec<Named>,
    #[serde(default, rename = "topic")]
    pub topics: Vec<Topic>,
    /// The order of the queue.
    #[serde(default)]
    pub queue: Option<Queue>,
    /// What the register of clients is for.
    #[serde(default)]
    pub clients: Option<ClientRule>,
    /// Whether only employees may ask.
    #[serde(default)]
    pub employees: Option<EmployeeRule>,
    /// Where product teams keep their tasks.
    #[serde(default, rename = "tracker")]
    pub trackers: Vec<Named>,
    #[serde(default)]
    pub bug_report: Option<BugReportForm>,
    #[serde(default, rename = "forbidden-phrase")]
    pub forbidden_phrases: Vec<ForbiddenPhrase>,
    #[serde(default)]
    pub attachments: Option<AttachmentRule>,
    #[serde(default)]
    pub assignment: Option<Assignment>,
    #[serde(default)]
    pub staffing: Option<Staffing>,
    #[serde(default)]
    pub mass_problem: Option<MassProblemRule>,
    #[serde(default, rename = "letter")]
    pub letters: Vec<Letter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Named {
    pub id: Spanned<String>,
    pub title: String,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Priority {
    pub id: Spanned<String>,
    pub title: String,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    /// When it is the right one, in the regulation's words.
    #[serde(default)]
    pub criteria: Option<String>,
    /// An open ticket of this priority is an alarm from its first second.
    #[serde(default)]
    pub alarm: bool,
    /// Only agents of these lines may set it; without this, whoever may set priorities.
    #[serde(default)]
    pub set_by_lines: Vec<Spanned<u8>>,
}

/// Where priorities come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrioritySource {
    /// The first matching rule of the file.
    Rules,
    /// The requester says it; the rules apply where they do not.
    Requester,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PriorityRule {
    #[serde(default)]
    pub when: When,
    pub priority: Spanned<String>,
    #[serde(default)]
    pub clause: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Status {
    pub id: Spanned<String>,
    pub title: String,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default = "open")]
    pub stage: Stage,
    /// The desk waits for somebody else.
    #[serde(default)]
    pub waiting: bool,
    /// Where the verb `status` may move to.
    #[serde(default)]
    pub moves: Vec<Spanned<String>>,
    /// It lasts only until the number is given; then this status follows by itself.
    #[serde(default)]
    pub passes_to: Option<Spanned<String>>,
}

fn open() -> Stage {
    Stage::Open
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Channel {
    pub id: Spanned<String>,
    pub title: String,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    /// The line tickets of this channel start on.
    pub line: Spanned<u8>,
    /// The types it takes; empty means all.
    #[serde(default)]
    pub types: Vec<Spanned<String>>,
    /// Who may register by it; empty means intake and every role above.
    #[serde(default)]
    pub roles: Vec<Spanned<String>>,
    /// Its own hours, for clocks with `calendar = "of-channel"`; without it, its ticket's line's.
    #[serde(default)]
    pub calendar: Option<Spanned<String>>,
    /// The group that is responsible for it.
    #[serde(default)]
    pub group: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Line {
    pub id: Spanned<u8>,
    pub title: String,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    pub calendar: Spanned<String>,
    /// The lines a ticket may be routed to from here.
    #[serde(default)]
    pub routes: Vec<Spanned<u8>>,
}

/// What a field's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// Words.
    Text,
    /// One of `values`.
    Enum,
    /// A taxpayer number with valid check digits.
    Inn,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A list of steps, or words.
    Steps,
    /// A version, such as `8.3.24` or `2.1-beta`.
    Version,
    /// A whole number, 0 or more.
    Number,
    /// An address of a system, `https://…`.
    Url,
    /// Access data: never kept among the fields (BC-6, PM-C7).
    Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Field {
    /// `fields.process`, `requester.inn`, `description`.
    pub path: Spanned<String>,
    pub title: String,
    pub kind: FieldKind,
    #[serde(default)]
    pub values: Vec<EnumValue>,
    #[serde(default)]
    pub required: bool,
    /// Good to have: asked for, but a registration is whole without.
    #[serde(default)]
    pub wished: bool,
    /// Other paths that serve as well.
    #[serde(default)]
    pub or: Vec<Spanned<String>>,
    /// The types it is asked of; empty means all.
    #[serde(default)]
    pub types: Vec<Spanned<String>>,
    /// The channels it is asked on; empty means all.
    #[serde(default)]
    pub channels: Vec<Spanned<String>>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct EnumValue {
    pub id: Spanned<String>,
    pub title: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Verb {
    /// The status it leads to.
    #[serde(default)]
    pub to: Option<Spanned<String>>,
    /// The statuses in which it moves the ticket; empty means every open one.
    #[serde(default)]
    pub from: Vec<Spanned<String>>,
    /// The stage it leads to, where that is not the status's own.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// The types it is for; empty means all.
    #[serde(default)]
    pub types: Vec<Spanned<String>>,
    /// Who may use it; empty means whoever may by default.
    #[serde(default)]
    pub roles: Vec<Spanned<String>>,
    /// For `route`: a ticket linked to an open problem is not routed up.
    #[serde(default)]
    pub held_by_problem: bool,
    /// For `assign`: it takes a reason.
    #[serde(default)]
    pub needs_reason: bool,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ClockRule {
    pub metric: Spanned<Metric>,
    pub title: String,
    pub basis: Basis,
    /// A calendar's id, `of-line` or `of-channel`.
    pub calendar: Spanned<String>,
    pub starts: Vec<Spanned<String>>,
    pub stops: Vec<Spanned<String>>,
    /// What ends a running clock and starts it anew.
    #[serde(default)]
    pub restarts: Vec<Spanned<String>>,
    #[serde(default)]
    pub reopens: Vec<Spanned<String>>,
    #[serde(default)]
    pub pauses_in: Vec<Spanned<String>>,
    pub at_end: AtEndWord,
    #[serde(default)]
    pub end_status: Option<Spanned<String>>,
    #[serde(default)]
    pub end_reason: Option<String>,
    /// `2h` or `25%`.
    #[serde(default)]
    pub warn_before: Option<Spanned<String>>,
    #[serde(rename = "target")]
    pub targets: Vec<Target>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AtEndWord {
    Breach,
    Close,
    Tell,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Target {
    #[serde(default)]
    pub when: When,
    /// `12h`, `30m`; `2` for days; `none`; `estimate`.
    pub term: Spanned<String>,
    /// The regulation leaves the figure to the site; this one is a proposal.
    #[serde(default)]
    pub site: bool,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// What a rule looks at; what is absent matches everything.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct When {
    #[serde(default, rename = "type")]
    pub kind: Option<Spanned<OneOrMany>>,
    #[serde(default)]
    pub priority: Option<Spanned<OneOrMany>>,
    #[serde(default)]
    pub channel: Option<Spanned<OneOrMany>>,
    #[serde(default)]
    pub service: Option<Spanned<OneOrMany>>,
    #[serde(default)]
    pub urgency: Option<Spanned<OneOrMany>>,
    #[serde(default)]
    pub line: Option<Spanned<OneOrMany>>,
    #[serde(default)]
    pub fields: BTreeMap<Spanned<String>, OneOrMany>,
}

/// One word or a list of words (or numbers, kept as words).
#[derive(Debug, Clone, Default)]
pub(super) struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word, a number, or a list of them")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![word.to_owned()]))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![number.to_string()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut words = Vec::new();
                while let Some(OneOrMany(more)) = seq.next_element()? {
                    words.extend(more);
                }
                Ok(OneOrMany(words))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Mark {
    pub id: Spanned<String>,
    pub title: String,
    /// Counts where the requester confirms without a mark.
    #[serde(default)]
    pub default: bool,
    /// What it is worth in sums and means.
    #[serde(default)]
    pub value: Option<Spanned<u8>>,
    /// Whether it counts as positive.
    #[serde(default)]
    pub positive: bool,
    #[serde(default)]
    pub clause: Option<String>,
}

/// A letter: when it goes, and to whom. Of those to the same people the first that matches goes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Letter {
    pub kind: Spanned<String>,
    /// What it is written for; see the list in `daemon/regulations/README.md`.
    pub on: Spanned<String>,
    pub to: Spanned<String>,
    #[serde(default)]
    pub when: When,
    /// A calendar's id, `of-line` or `of-channel`: held until its open hours.
    #[serde(default)]
    pub hold: Option<Spanned<String>>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// How the marks of a month are judged.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct QualityRule {
    pub divisor: Spanned<Divisor>,
    #[serde(default, rename = "band")]
    pub bands: Vec<Band>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Band {
    pub id: Spanned<String>,
    pub title: String,
    /// The least figure of it, with one decimal at most; the last band has none and takes the rest.
    #[serde(default)]
    pub from: Option<Spanned<f64>>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Reason {
    #[serde(rename = "for")]
    pub verb: Spanned<String>,
    pub id: Spanned<String>,
    pub title: String,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// Where the source of a problem lay, and what follows from that.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Source {
    pub id: Spanned<String>,
    pub title: String,
    /// What is done, in words.
    pub outcome: String,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Queue {
    /// Priorities that jump the queue, the first of them first.
    #[serde(default)]
    pub first: Vec<Spanned<String>>,
    /// A client's tickets are worked on one after another.
    #[serde(default)]
    pub one_by_one: bool,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ClientRule {
    /// A reason of `refuse`: anybody but a client's contact is refused by it.
    #[serde(default)]
    pub refuse_others: Option<Spanned<String>>,
    /// Channels for those clients only whose contracts pay for them.
    #[serde(default)]
    pub paid_channels: Vec<Spanned<String>>,
    /// The clause of those channels, where it is another.
    #[serde(default)]
    pub paid_channels_clause: Option<String>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct EmployeeRule {
    /// The reason by which anybody but an employee is refused; one of `refuse`, where the file lists them.
    pub refuse_others: Spanned<String>,
    /// What they are told; who they said they are follows.
    pub text: Spanned<String>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Escalation {
    pub title: Spanned<String>,
    pub basis: Basis,
    /// A calendar's id, `of-line` or `of-channel`.
    pub calendar: Spanned<String>,
    /// `2h` or `25%`.
    #[serde(default)]
    pub warn_before: Option<Spanned<String>>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// What departments are asked about, which of them is, how, and in what time it answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Topic {
    pub id: Spanned<String>,
    pub title: String,
    pub department: Spanned<String>,
    /// `3` for days; `12h`; `none`.
    pub term: Spanned<String>,
    /// The regulation leaves the figure to the site; this one is a proposal.
    #[serde(default)]
    pub site: bool,
    /// The ways to ask about it.
    pub channels: Vec<Spanned<String>>,
    /// The clause of the channels, where it is another.
    #[serde(default)]
    pub channels_clause: Option<String>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct BugReportForm {
    /// The line it is for.
    pub line: Spanned<u8>,
    /// Least and most words of the title.
    pub title_words: Spanned<[usize; 2]>,
    /// The fields that must be there.
    pub required: Vec<Spanned<String>>,
    #[serde(default)]
    pub clause: Option<String>,
}

/// Which files a ticket takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AttachmentRule {
    /// What they may be, by their content.
    pub kinds: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// When alike tickets are a mass problem.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct MassProblemRule {
    /// So many of them are.
    pub alike: Spanned<u32>,
    /// Within what time.
    pub within: Within,
    /// What they have in common besides a similar subject.
    pub same: Spanned<Vec<Spanned<String>>>,
    /// Groups that only tickets of a mass problem are given to.
    #[serde(default)]
    pub common_groups: Vec<Spanned<String>>,
    /// The types that count; left out: all.
    #[serde(default)]
    pub types: Vec<Spanned<String>>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// Within what time alike tickets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// One day from midnight to midnight, in the regulation's zone.
    Day,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ForbiddenPhrase {
    pub text: String,
    #[serde(default)]
    pub clause: Option<String>,
}

/// Who is given a new ticket.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Assignment {
    pub mode: AssignmentMode,
    /// The channels whose tickets are assigned; empty means every one with a group.
    #[serde(default)]
    pub channels: Vec<Spanned<String>>,
    /// What an agent has goes back to the group when their shift ends.
    #[serde(default)]
    pub hand_back: bool,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// How tickets are assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssignmentMode {
    /// To the agents of the group in turn.
    RoundRobin,
    /// To the group alone.
    Group,
}

/// How many people a shift has.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Staffing {
    pub at_least: Spanned<u32>,
    /// The calendar in whose hours they are asked for.
    pub calendar: Spanned<String>,
    #[serde(default)]
    pub with: Vec<StaffingSkill>,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// A skill that some of them have.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct StaffingSkill {
    pub skill: Spanned<String>,
    pub title: String,
    #[serde(default = "one")]
    pub at_least: Spanned<u32>,
}

fn one() -> Spanned<u32> {
    Spanned::new(0..0, 1)
}
