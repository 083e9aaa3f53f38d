//! How a ticket and the wall look from outside: the contract's JSON, the same over HTTP, in `andonctl` and `simulate`.

use calendars::{Timestamp, Tz};
use firmware_board::Language;
use serde::Serialize;
use serde_json::{Map, Value};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::alarm::{Alarm, AlarmKind, AlarmState, Late};
use super::alert::AlertState;
use super::alike::Alike;
use super::attachment::{Attached, Attachment, SealedText};
use super::clocks::{Basis, Clock, ClockState, Metric};
use super::command::Requester;
use super::decide::fields::lacks;
use super::escalation::{Escalation, EscalationState};
use super::help::{ArticleView, LeadQuestionView};
use super::issue::IssueView;
use super::people::People;
use super::problem::{Problem, ProblemNumber, ProblemState, TicketProblem};
use super::reference::Reference;
use super::regulation::Regulations;
use super::scope::Scope;
use super::state::Desk;
use super::ticket::{Stage, Ticket, TicketLink, TicketNumber};

/// A clock as people and programs see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// What it measures.
    pub metric: Metric,
    /// What it counts.
    pub basis: Basis,
    /// `regulation/calendar`.
    #[schema(value_type = String, example = "getmark/line-2")]
    pub calendar: SmolStr,
    /// What is given, in whole seconds; null where there is no term.
    pub target_seconds: Option<i64>,
    /// What is used, in whole seconds.
    pub used_seconds: i64,
    /// Whether it runs.
    pub state: ClockState,
    /// When it runs out; null while paused or without a term.
    pub deadline: Option<String>,
    /// When it stopped.
    pub stopped_at: Option<String>,
    /// Whether it ran out before it was stopped.
    pub breached: bool,
    /// When.
    pub breached_at: Option<String>,
    /// Whether the deadline lies beyond the years the calendar has facts for.
    pub provisional: bool,
    /// How often a clock of this metric has started, from 1.
    pub cycle: u16,
    /// The clause of the regulation that gives the term.
    #[schema(value_type = Option<String>, example = "GM-5.17")]
    pub clause: Option<SmolStr>,
}

/// An alarm as people and programs see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlarmView {
    /// Its cause, and its name.
    #[schema(value_type = String, example = "1024-breach-resolution-1")]
    pub id: SmolStr,
    /// What kind of thing needs a person.
    pub kind: AlarmKind,
    /// The ticket, where it is about one.
    #[schema(value_type = Option<u64>)]
    pub ticket: Option<TicketNumber>,
    /// The clock, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// The ticket's subject, or what failed.
    pub text: String,
    /// The ticket's regulation, where it is about one.
    #[schema(value_type = Option<String>, example = "getmark")]
    pub regulation: Option<SmolStr>,
    /// Since when.
    pub since: String,
    /// Where it stands.
    pub state: AlarmState,
    /// Who took it.
    #[schema(value_type = Option<String>)]
    pub acked_by: Option<SmolStr>,
    /// How it was put aside, where it is shelved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shelved: Option<ShelvingView>,
}

/// How an alarm was put aside.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ShelvingView {
    /// When it calls anew.
    pub until: String,
    /// Who put it aside.
    #[schema(value_type = String)]
    pub by: SmolStr,
    /// Why.
    pub reason: Option<String>,
}

/// Where the alert of a ticket stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertView {
    /// Whether it fires; else it is resolved.
    pub firing: bool,
    /// Since when it fires, or fired last.
    pub since: Option<String>,
    /// How many alerts without a ticket of their own this one stands for.
    pub counted: u64,
}

impl AlertView {
    fn of(alert: &AlertState, zone: Tz) -> Self {
        let since = alert.since.map(|since| since.to_rfc3339(zone));
        Self { firing: alert.firing, since, counted: alert.counted }
    }
}

/// A ticket as people and programs see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TicketView {
    /// Its number.
    #[schema(value_type = u64)]
    pub number: TicketNumber,
    /// The regulation's id.
    #[schema(value_type = String)]
    pub regulation: SmolStr,
    /// The version it was opened under.
    #[schema(value_type = String)]
    pub version: SmolStr,
    /// The type's id.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: SmolStr,
    /// The priority's id.
    #[schema(value_type = String)]
    pub priority: SmolStr,
    /// The status' id.
    #[schema(value_type = String)]
    pub status: SmolStr,
    /// Where it is in our words.
    pub stage: Stage,
    /// The line it stands on.
    pub line: u8,
    /// The channel it came by.
    #[schema(value_type = String)]
    pub channel: SmolStr,
    /// What it is about.
    pub subject: String,
    /// The requester's own words.
    pub description: Option<String>,
    /// Who asks.
    pub requester: Requester,
    /// The organisation asked for.
    pub client: Option<String>,
    /// The regulation's own fields.
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
    /// The service concerned.
    #[schema(value_type = Option<String>)]
    pub service: Option<SmolStr>,
    /// The urgency as the requester tells it.
    #[schema(value_type = Option<String>)]
    pub urgency: Option<SmolStr>,
    /// The agent who works on it.
    #[schema(value_type = Option<String>)]
    pub assignee: Option<SmolStr>,
    /// The group that has it.
    #[schema(value_type = Option<String>)]
    pub group: Option<SmolStr>,
    /// When it was registered.
    pub registered_at: String,
    /// When it last changed.
    pub changed_at: String,
    /// How many commands and deadlines have changed it; its `ETag`.
    pub revision: u64,
    /// Whether whoever has it is an agent that is not on shift now; it is no part of the `ETag`.
    pub assignee_away: bool,
    /// Whether required fields are still missing.
    pub incomplete: bool,
    /// Which required fields are missing, as paths.
    pub missing: Vec<String>,
    /// Which fields the regulation wishes for and the ticket does not have, as paths.
    pub wished: Vec<String>,
    /// The agent who registered it; null where it came in by itself.
    #[schema(value_type = Option<String>)]
    pub opened_by: Option<SmolStr>,
    /// Whether it was marked urgent.
    pub urgent: bool,
    /// The requester's mark.
    #[schema(value_type = Option<String>)]
    pub mark: Option<SmolStr>,
    /// The latest clock of each metric.
    pub clocks: Vec<ClockView>,
    /// The earlier cycles of its clocks, in order of starting, as they ended.
    pub past_clocks: Vec<ClockView>,
    /// What another system knows it by.
    pub reference: Option<Reference>,
    /// Where its alert stands, if a monitoring system told of one.
    pub alert: Option<AlertView>,
    /// Links to other tickets.
    pub links: Vec<TicketLink>,
    /// Questions to departments.
    pub escalations: Vec<EscalationView>,
    /// How often the requester complained.
    pub complaints: u16,
    /// What was agreed with the client, where it goes before the client's other tickets; else null.
    pub preferred: Option<String>,
    /// Its alarms.
    pub alarms: Vec<AlarmView>,
    /// Its files, in order of coming.
    pub attachments: Vec<AttachmentView>,
    /// Which access data was handed over; what it says is shown to the assignee only.
    pub sealed: Vec<SealedView>,
    /// The problem it is linked to, or suggested for.
    pub problem: Option<TicketProblem>,
    /// Requests in trackers of product teams.
    pub issues: Vec<IssueView>,
    /// Questions to the lead.
    pub lead_questions: Vec<LeadQuestionView>,
    /// Pages of the knowledge base that help.
    pub articles: Vec<ArticleView>,
    /// Tickets that look alike, the likeliest first; only in the answer to an agent who registers, takes or routes a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alike: Option<Vec<AlikeView>>,
}

/// A ticket that looks alike.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlikeView {
    /// Its number.
    #[schema(value_type = u64)]
    pub number: TicketNumber,
    /// What it is about.
    pub subject: String,
    /// How alike the subjects are, from 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub score: f32,
    /// Whether type and what else the regulation names of alike tickets are the same.
    pub same: bool,
    /// Where it is in our words.
    pub stage: Stage,
    /// The status' id.
    #[schema(value_type = String)]
    pub status: SmolStr,
    /// The line it stands on.
    pub line: u8,
    /// The problem it is linked to, or suggested for.
    pub problem: Option<TicketProblem>,
}

impl AlikeView {
    /// Of a ticket that is alike.
    pub fn of(alike: &Alike, ticket: &Ticket) -> Self {
        Self {
            number: ticket.number,
            subject: ticket.facts.subject.clone(),
            score: f32::from(alike.score) / 1_000.0,
            same: alike.is_kin,
            stage: ticket.stage,
            status: ticket.facts.status.clone(),
            line: ticket.facts.line,
            problem: ticket.problem,
        }
    }
}

/// A problem as people and programs see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProblemView {
    /// Its number, apart from those of tickets.
    #[schema(value_type = u64)]
    pub number: ProblemNumber,
    /// The regulation of its tickets.
    #[schema(value_type = String, example = "getmark")]
    pub regulation: SmolStr,
    /// What it is about.
    pub title: String,
    /// Where it stands.
    pub state: ProblemState,
    /// Whether its requesters are to be told: as many of its tickets are of one local day as the regulation says.
    pub mass: bool,
    /// The ticket that it is worked on as.
    #[schema(value_type = Option<u64>)]
    pub worked_as: Option<TicketNumber>,
    /// When it was opened, or first suspected.
    pub opened_at: String,
    /// Who opened it.
    #[schema(value_type = String)]
    pub opened_by: SmolStr,
    /// When it was closed or dismissed.
    pub ended_at: Option<String>,
    /// Who did.
    #[schema(value_type = Option<String>)]
    pub ended_by: Option<SmolStr>,
    /// The answer to everybody, or why it was dismissed.
    pub text: Option<String>,
    /// How many tickets it has; `GET /v1/tickets?problem=` lists them.
    pub tickets: ProblemTickets,
    /// Whether tickets are still being linked or resolved for it: some at a time, in the order of their numbers.
    pub working: bool,
    /// Its alarm's id, while there is one.
    #[schema(value_type = Option<String>, example = "mass-problem-3")]
    pub alarm: Option<SmolStr>,
}

/// How many tickets a problem has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemTickets {
    /// They belong to it.
    pub linked: u32,
    /// They look as if they did.
    pub suggested: u32,
    /// They were resolved with it.
    pub resolved: u32,
    /// They could not be resolved with it; their histories say why.
    pub left_open: u32,
}

/// A problem of the desk.
pub fn problem(problem: &Problem, desk: &Desk, fallback: Tz) -> ProblemView {
    let holding = desk.regulations().holding(&problem.regulation, problem.opened_at);
    let zone = holding.map_or(fallback, |regulation| regulation.zone);
    let alarm = problem.alarm_id();
    ProblemView {
        number: problem.number,
        regulation: problem.regulation.clone(),
        title: problem.title.clone(),
        state: problem.state,
        mass: problem.mass,
        worked_as: problem.worked_as,
        opened_at: problem.opened_at.to_rfc3339(zone),
        opened_by: problem.opened_by.clone(),
        ended_at: problem.ended_at.map(|at| at.to_rfc3339(zone)),
        ended_by: problem.ended_by.clone(),
        text: problem.text.clone(),
        tickets: ProblemTickets {
            linked: problem.linked,
            suggested: problem.suggested,
            resolved: problem.resolved,
            left_open: problem.left_open,
        },
        working: problem.is_working(),
        alarm: desk.alarm(&alarm).map(|alarm| alarm.id.clone()),
    }
}

impl TicketView {
    /// The ticket as it is among these people: whether whoever has it is there.
    #[must_use]
    pub fn among(self, people: &People) -> Self {
        let assignee_away = self.assignee.as_deref().is_some_and(|assignee| people.is_away(assignee));
        Self { assignee_away, ..self }
    }
}

/// A file of a ticket as people and programs see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AttachmentView {
    /// Its name in paths.
    #[schema(value_type = String, example = "9f86d081884c7d65")]
    pub id: SmolStr,
    /// What the sender called it, made harmless.
    #[schema(example = "Скриншот 1.png")]
    pub name: String,
    /// What it is, by its content.
    #[schema(value_type = String, example = "image/png")]
    pub media_type: SmolStr,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of its bytes, in lower-case hex.
    #[schema(value_type = String)]
    pub sha256: SmolStr,
    /// When it came in.
    pub at: String,
    /// Who brought it.
    #[schema(value_type = String)]
    pub by: SmolStr,
}

/// That a ticket has access data.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SealedView {
    /// Which of the regulation's sealed fields, without `fields.`.
    #[schema(value_type = String, example = "password")]
    pub field: SmolStr,
    /// When it was put.
    pub at: String,
    /// Who put it.
    #[schema(value_type = String)]
    pub by: SmolStr,
}

/// A question to a department, as people and programs see it. Its time is told with its clock, of metric `escalation`
/// and this cycle.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EscalationView {
    /// Its number on the ticket, and the cycle of its clock.
    pub id: u16,
    /// What it is about, by the regulation's id.
    #[schema(value_type = String, example = "legal")]
    pub topic: SmolStr,
    /// Who is asked.
    #[schema(value_type = String, example = "legal")]
    pub department: SmolStr,
    /// The way it goes there.
    #[schema(value_type = String, example = "mattermost")]
    pub channel: SmolStr,
    /// The question.
    pub text: String,
    /// When it was asked.
    pub asked_at: String,
    /// Who asked.
    #[schema(value_type = String)]
    pub by: SmolStr,
    /// Where it stands.
    pub state: EscalationState,
    /// Until when the department answers; null where its topic has no term.
    pub deadline: Option<String>,
    /// When it was answered; null while it is open, and where it was withdrawn.
    pub answered_at: Option<String>,
    /// What the department said.
    pub answer: Option<String>,
    /// Who passed that on.
    #[schema(value_type = Option<String>)]
    pub answered_by: Option<SmolStr>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<String>,
    /// Whether the department's time ran out before.
    pub breached: bool,
    /// When.
    pub breached_at: Option<String>,
}

/// What an alarm is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// The ticket's subject.
    pub subject: String,
    /// The ticket's regulation.
    pub regulation: Option<SmolStr>,
}

impl About {
    /// What an alarm of the desk is about; nothing but its own text where it is about no ticket.
    pub fn of(alarm: &Alarm, desk: &Desk, zone: Tz, language: Language) -> Self {
        if let Some(late) = &alarm.late {
            return Self { subject: late_text(late, zone, language), regulation: None };
        }
        if let (AlarmKind::Staffing, None) = (alarm.kind, alarm.ticket) {
            return staffing(alarm, desk, language);
        }
        if let Some(problem) = desk.problem_of_alarm(alarm) {
            return Self { subject: problem.title.clone(), regulation: Some(problem.regulation.clone()) };
        }
        alarm
            .ticket
            .and_then(|number| desk.ticket(number))
            .map(|ticket| Self::ticket(&ticket))
            .unwrap_or_default()
    }

    fn ticket(ticket: &Ticket) -> Self {
        Self { subject: ticket.facts.subject.clone(), regulation: Some(ticket.facts.regulation.clone()) }
    }
}

/// What a shift that is short of people lacks.
fn staffing(alarm: &Alarm, desk: &Desk, language: Language) -> About {
    let id = alarm.id.strip_prefix("staffing-").unwrap_or_default();
    let Some(short) = desk.people().staffing_of(id) else { return About::default() };
    let rule = desk.regulations().get(id).and_then(|regulation| regulation.staffing.as_ref());
    let title = |skill: &SmolStr| {
        let with = rule.and_then(|rule| rule.with.iter().find(|with| with.skill == *skill));
        with.map_or_else(|| skill.to_string(), |with| with.title.clone())
    };
    let lacks: Vec<_> = short
        .lacks
        .iter()
        .map(|lack| format!("{} {}/{}", title(&lack.skill), lack.on_shift, lack.required))
        .collect();
    let (on_shift, required) = (short.on_shift, short.required);
    let mut subject = match language {
        Language::Russian => format!("На смене {on_shift} из {required}"),
        Language::English => format!("{on_shift} of {required} on shift"),
    };
    if !lacks.is_empty() {
        subject.push_str(match language {
            Language::Russian => ", не хватает: ",
            Language::English => ", short of: ",
        });
        subject.push_str(&lacks.join(", "));
    }
    About { subject, regulation: Some(id.into()) }
}

/// A promise that runs out, as the wall shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NextView {
    /// Whose.
    #[schema(value_type = u64)]
    pub number: TicketNumber,
    /// Which.
    pub metric: Metric,
    /// When it runs out.
    pub deadline: String,
    /// The ticket's priority.
    #[schema(value_type = String)]
    pub priority: SmolStr,
    /// What it is about.
    pub subject: String,
    /// The ticket's regulation.
    #[schema(value_type = String, example = "getmark")]
    pub regulation: SmolStr,
}

/// The zone a ticket's times are told in.
pub fn zone_of(ticket: &Ticket, regulations: &Regulations) -> Tz {
    regulations.of(&ticket.facts).map_or(Tz::UTC, |regulation| regulation.zone)
}

/// A ticket at `now`.
pub fn ticket(ticket: &Ticket, regulations: &Regulations, now: Timestamp) -> TicketView {
    let zone = zone_of(ticket, regulations);
    let facts = &ticket.facts;
    let about = About::ticket(ticket);
    let lacks = regulations.of(facts).map(|regulation| lacks(regulation, facts)).unwrap_or_default();
    TicketView {
        number: ticket.number,
        regulation: facts.regulation.clone(),
        version: facts.version.clone(),
        kind: facts.kind.clone(),
        priority: facts.priority.clone(),
        status: facts.status.clone(),
        stage: ticket.stage,
        line: facts.line,
        channel: facts.channel.clone(),
        subject: facts.subject.clone(),
        description: facts.description.clone(),
        requester: facts.requester.clone(),
        client: facts.client.clone(),
        fields: facts.fields.clone().into_iter().collect(),
        service: facts.service.clone(),
        urgency: facts.urgency.clone(),
        assignee: ticket.assignee.clone(),
        group: ticket.group.clone(),
        registered_at: ticket.registered_at.to_rfc3339(zone),
        changed_at: ticket.changed_at.to_rfc3339(zone),
        revision: ticket.revision,
        assignee_away: false,
        incomplete: facts.incomplete,
        missing: lacks.missing,
        wished: lacks.wished,
        opened_by: facts.opened_by.clone(),
        urgent: ticket.urgent,
        mark: ticket.mark.clone(),
        clocks: clocks(ticket, regulations, now),
        past_clocks: past_clocks(ticket, regulations, now),
        reference: facts.reference.as_deref().cloned(),
        alert: ticket.alert.as_deref().map(|alert| AlertView::of(alert, zone)),
        links: ticket.links.clone(),
        escalations: ticket.escalations.iter().map(|one| escalation(one, ticket, zone)).collect(),
        complaints: ticket.complaints,
        preferred: ticket.preferred.clone(),
        alarms: ticket.alarms.iter().map(|alarm| self::alarm(alarm, &about, zone)).collect(),
        attachments: ticket.attachments.iter().map(|known| attachment(known, zone)).collect(),
        sealed: ticket.sealed.iter().map(|known| sealed(known, zone)).collect(),
        problem: ticket.problem,
        issues: ticket.issues.iter().map(|issue| IssueView::of(issue, zone)).collect(),
        lead_questions: ticket.lead_questions.iter().map(|one| LeadQuestionView::of(one, zone)).collect(),
        articles: ticket.articles.iter().map(|article| ArticleView::of(article, zone)).collect(),
        alike: None,
    }
}

/// A file of a ticket.
pub fn attachment(Attachment { file, at, by }: &Attachment, zone: Tz) -> AttachmentView {
    let Attached { id, name, media_type, bytes, sha256 } = file.clone();
    AttachmentView { id, name, media_type, bytes, sha256, at: at.to_rfc3339(zone), by: by.clone() }
}

/// That there is access data.
pub fn sealed(SealedText { field, id: _, at, by }: &SealedText, zone: Tz) -> SealedView {
    SealedView { field: field.clone(), at: at.to_rfc3339(zone), by: by.clone() }
}

/// The latest clock of each metric of a ticket, at `now`.
pub fn clocks(ticket: &Ticket, regulations: &Regulations, now: Timestamp) -> Vec<ClockView> {
    let zone = zone_of(ticket, regulations);
    ticket.latest_clocks().map(|clock| self::clock(clock, regulations, zone, now)).collect()
}

/// The clocks of a ticket that a later one of their metric has followed, in order of starting.
pub fn past_clocks(ticket: &Ticket, regulations: &Regulations, now: Timestamp) -> Vec<ClockView> {
    let zone = zone_of(ticket, regulations);
    let is_latest = |clock: &Clock| ticket.latest_clocks().any(|latest| std::ptr::eq(latest, clock));
    let past = ticket.clocks.iter().filter(|clock| !is_latest(clock));
    past.map(|clock| self::clock(clock, regulations, zone, now)).collect()
}

fn escalation(escalation: &Escalation, ticket: &Ticket, zone: Tz) -> EscalationView {
    let clock = ticket.escalation_clock(escalation.id);
    let told = |at: Option<Timestamp>| at.map(|at| at.to_rfc3339(zone));
    let breached_at = clock.and_then(|clock| clock.breached_at);
    let ended = |state| escalation.ended_at.filter(|_| escalation.state == state);
    EscalationView {
        id: escalation.id,
        topic: escalation.topic.clone(),
        department: escalation.department.clone(),
        channel: escalation.channel.clone(),
        text: escalation.text.clone(),
        asked_at: escalation.asked_at.to_rfc3339(zone),
        by: escalation.by.clone(),
        state: escalation.state,
        deadline: told(clock.and_then(|clock| clock.term.deadline)),
        answered_at: told(ended(EscalationState::Answered)),
        answer: escalation.answer.clone(),
        answered_by: escalation.answered_by.clone(),
        withdrawn_at: told(ended(EscalationState::Withdrawn)),
        breached: breached_at.is_some(),
        breached_at: told(breached_at),
    }
}

fn clock(clock: &Clock, regulations: &Regulations, zone: Tz, now: Timestamp) -> ClockView {
    let used_ms =
        regulations.calendar_of(&clock.term).map_or(clock.used_ms, |calendar| clock.used_at(calendar, now));
    ClockView {
        metric: clock.metric,
        basis: clock.basis,
        calendar: clock.term.calendar.clone(),
        target_seconds: clock.term.target_ms.map(seconds),
        used_seconds: seconds(used_ms),
        state: clock.state,
        deadline: clock.term.deadline.map(|at| at.to_rfc3339(zone)),
        stopped_at: clock.stopped_at.map(|at| at.to_rfc3339(zone)),
        breached: clock.breached_at.is_some(),
        breached_at: clock.breached_at.map(|at| at.to_rfc3339(zone)),
        provisional: clock.term.provisional,
        cycle: clock.cycle,
        clause: clock.term.clause.clone(),
    }
}

/// Milliseconds as whole seconds.
fn seconds(ms: i64) -> i64 {
    ms.div_euclid(1_000)
}

/// An alarm of the desk.
pub fn alarm(alarm: &Alarm, about: &About, zone: Tz) -> AlarmView {
    AlarmView {
        id: alarm.id.clone(),
        kind: alarm.kind,
        ticket: alarm.ticket,
        metric: alarm.metric,
        text: if alarm.text.is_empty() { about.subject.clone() } else { alarm.text.clone() },
        regulation: about.regulation.clone(),
        since: alarm.since.to_rfc3339(zone),
        state: alarm.state,
        acked_by: alarm.acked_by.clone(),
        shelved: alarm.shelf.as_ref().map(|shelving| ShelvingView {
            until: shelving.until.to_rfc3339(zone),
            by: shelving.by.clone(),
            reason: shelving.reason.clone(),
        }),
    }
}

/// The desk's alarms in a scope, the worst first, at most `limit`.
pub fn alarms(desk: &Desk, scope: &Scope, zone: Tz, language: Language, limit: usize) -> Vec<AlarmView> {
    let about = |alarm: &Alarm| self::alarm(alarm, &About::of(alarm, desk, zone, language), zone);
    desk.alarms().filter(|alarm| is_in(scope, alarm, desk)).take(limit).map(about).collect()
}

/// Whether an alarm's ticket or problem is in the scope; that of a part is in a whole one only.
fn is_in(scope: &Scope, alarm: &Alarm, desk: &Desk) -> bool {
    let ticket = || alarm.ticket.and_then(|number| desk.ticket(number));
    let problem = || desk.problem_of_alarm(alarm);
    scope.is_whole()
        || ticket().is_some_and(|ticket| scope.covers_ticket(&ticket))
        || problem().is_some_and(|problem| scope.covers_problem(&problem.regulation))
}

/// What the one alarm of late breaches says: how many, and from when to when they ran out.
fn late_text(late: &Late, zone: Tz, language: Language) -> String {
    let local = |at: Timestamp| at.local(zone).format("%d.%m %H:%M").to_string();
    let (count, first, last) = (late.count, local(late.first), local(late.last));
    match language {
        Language::Russian => format!("истекли без присмотра: {count} (с {first} по {last})"),
        Language::English => format!("ran out unwatched: {count} ({first} to {last})"),
    }
}
