//! What a letter can say: a type of its own.
//!
//! It is made here and nowhere else, from what whoever gets the letter may know. There is no place in it for access data,
//! for what agents write to each other, for fields of the ticket or for reasons that only the room gives itself; so no
//! template, however it is written, can let them out.

use chrono_tz::Tz;
use firmware_board::Language;
use serde::Serialize;

use super::words::Words;
use crate::desk::clocks::ClockState;
use crate::desk::decide_letters::is_moved;
use crate::desk::event::{TermReason, Turn};
use crate::desk::regulation::AtEnd;
use crate::desk::{Clock, Event, LetterKind, Metric, Problem, Regulation, Ticket};

/// What templates see.
#[derive(Debug, Serialize)]
pub(super) struct LetterView {
    /// The regulation's title.
    desk: String,
    /// The site's name; empty where it has none.
    site: String,
    /// The link to the requester's page (GM-5.26, HD-5); in no letter to anybody else.
    page: Option<String>,
    ticket: TicketWords,
    requester: RequesterWords,
    /// What is said to whoever gets it.
    text: Option<String>,
    /// Why, in the regulation's words or those that are meant for them.
    reason: Option<String>,
    /// Terms that run.
    terms: Vec<TermWords>,
    /// Terms that are others than they were.
    changed: Vec<ChangedTerm>,
    /// Until when an answer is awaited.
    answer_until: Option<String>,
    /// Until when the solution may be returned.
    confirm_until: Option<String>,
    /// Whether they may give a mark (GM-5.26, HD-5).
    can_mark: bool,
    /// Whether something required is missing.
    incomplete: bool,
    /// Whether access data was erased.
    access_erased: bool,
    /// Where the requester can read.
    knowledge_base: Option<String>,
    /// The problem of many; where it is not known any more, what the ticket is about.
    problem: ProblemWords,
    /// The question to a department; empty where none is asked.
    question: QuestionWords,
    report: Option<ReportWords>,
}

#[derive(Debug, Serialize)]
struct TicketWords {
    number: u64,
    subject: String,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    priority: String,
    status: String,
    client: Option<String>,
    registered_at: String,
    /// Where another system shows it.
    url: Option<String>,
}

#[derive(Debug, Serialize)]
struct RequesterWords {
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct TermWords {
    name: &'static str,
    until: String,
}

#[derive(Debug, Serialize)]
struct ChangedTerm {
    name: &'static str,
    /// None where the term does not run.
    until: Option<String>,
    was: Option<String>,
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct ProblemWords {
    title: String,
}

#[derive(Debug, Default, Serialize)]
struct QuestionWords {
    department: String,
    topic: String,
    text: String,
    until: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct ReportWords {
    title: String,
    client: String,
    document: String,
}

/// What a letter is made of.
pub(super) struct Source<'a> {
    pub kind: LetterKind,
    /// What happened in the entry that queued it, to its ticket.
    pub events: Vec<&'a Event>,
    /// The ticket before that; none where that registered it.
    pub before: Option<&'a Ticket>,
    /// And after.
    pub ticket: &'a Ticket,
    /// The bug report that it bears by then.
    pub report: Option<&'a crate::desk::command::BugReport>,
    /// The problem that it belongs to.
    pub problem: Option<&'a Problem>,
    /// Its regulation; none where that is not loaded.
    pub regulation: Option<&'a Regulation>,
}

impl LetterView {
    /// What there is to say.
    pub(super) fn of(source: &Source<'_>, language: Language, site: &str, page: Option<String>) -> Self {
        let zone = source.regulation.map_or(Tz::UTC, |regulation| regulation.zone);
        let words = Words { language, zone };
        let ticket = source.ticket;
        let (text, reason) = said(source, words);
        let until_of = |metric: Metric| running(ticket, metric).map(|deadline| words.until(deadline));
        Self {
            desk: source.regulation.map_or_else(|| ticket.facts.regulation.to_string(), |r| r.title.clone()),
            site: site.to_owned(),
            page,
            ticket: TicketWords::of(source, words),
            requester: RequesterWords { name: ticket.facts.requester.name.as_deref().map(one_line) },
            text,
            reason,
            terms: terms(ticket, words),
            changed: changed(source, words),
            answer_until: until_of(Metric::RequesterAnswer),
            confirm_until: until_of(Metric::Confirmation).or_else(|| until_of(Metric::Acceptance)),
            can_mark: ticket.mark.is_none()
                && source.regulation.is_some_and(|r| !r.marks.is_empty() && r.verb("confirm").is_some()),
            incomplete: ticket.facts.incomplete,
            access_erased: source.events.iter().any(|event| matches!(event, Event::SealedErased { .. })),
            knowledge_base: source.regulation.and_then(|regulation| regulation.knowledge_base.clone()),
            problem: ProblemWords {
                title: one_line(source.problem.map_or(&ticket.facts.subject, |problem| &problem.title)),
            },
            question: question(source, words).unwrap_or_default(),
            report: source.report.map(|report| {
                let word = |word: &Option<String>| word.as_deref().unwrap_or("-").to_owned();
                ReportWords {
                    title: word(&report.title),
                    client: word(&report.client),
                    document: word(&report.document),
                }
            }),
        }
    }
}

impl TicketWords {
    fn of(source: &Source<'_>, words: Words) -> Self {
        let facts = &source.ticket.facts;
        let regulation = source.regulation;
        let title = |title: Option<&String>, id: &str| title.map_or_else(|| id.to_owned(), Clone::clone);
        Self {
            number: source.ticket.number.0,
            subject: one_line(&facts.subject),
            description: facts.description.clone(),
            kind: title(regulation.and_then(|r| r.kind(&facts.kind)).map(|named| &named.title), &facts.kind),
            priority: title(
                regulation.and_then(|r| r.priority(&facts.priority)).map(|priority| &priority.name.title),
                &facts.priority,
            ),
            status: title(
                regulation.and_then(|r| r.status(&facts.status)).map(|status| &status.name.title),
                &facts.status,
            ),
            client: facts.client.as_deref().map(one_line),
            registered_at: words.at(source.ticket.registered_at),
            url: facts.reference.as_ref().and_then(|reference| reference.url.clone()),
        }
    }
}

/// What was said to whoever gets the letter, and why; of each event only what is meant for them.
fn said(source: &Source<'_>, words: Words) -> (Option<String>, Option<String>) {
    let (mut text, mut reason) = (None, None);
    let listed = |verb: &str, id: &str| {
        let known = source.regulation.map(|regulation| regulation.reasons(verb)).unwrap_or_default();
        let title = known.iter().find(|known| known.id == id).map(|known| known.title.clone());
        // What time closes by is an id; where we have no words for it, it says nothing to whoever reads it.
        let is_of_time = source.regulation.is_some_and(|regulation| {
            regulation
                .clocks
                .iter()
                .any(|rule| matches!(&rule.at_end, AtEnd::Close { reason, .. } if reason == id))
        });
        title.or_else(|| words.reason(id).map(str::to_owned)).or_else(|| (!is_of_time).then(|| id.to_owned()))
    };
    for event in &source.events {
        match event {
            Event::Replied { text: said, internal: false }
            | Event::Asked { text: said }
            | Event::Resolved { text: said, .. }
            | Event::Extended { text: said, .. }
            | Event::Urgent { text: said } => text = Some(said.clone()),
            Event::Refused { reason: why, text: said } => {
                reason = listed("refuse", why);
                text.clone_from(said);
            }
            Event::Closed { reason: why, text: said } => {
                reason = listed("close", why);
                text = said.clone().or(text);
            }
            Event::Deferred { reason: why } => reason = listed("defer", why),
            _ => {}
        }
    }
    if source.kind == LetterKind::ProblemClosed && text.is_none() {
        text = source.problem.and_then(|problem| problem.text.clone());
    }
    (text, reason)
}

/// When a clock that runs runs out.
fn running(ticket: &Ticket, metric: Metric) -> Option<calendars::Timestamp> {
    ticket.clock(metric).filter(|clock| clock.state == ClockState::Running)?.term.deadline
}

/// The desk's promises that the requester is told of.
fn terms(ticket: &Ticket, words: Words) -> Vec<TermWords> {
    let told = [Metric::Reaction, Metric::Resolution].into_iter().filter_map(|metric| {
        let until = words.until(running(ticket, metric)?);
        Some(TermWords { name: words.metric(metric), until })
    });
    told.collect()
}

fn changed(source: &Source<'_>, words: Words) -> Vec<ChangedTerm> {
    let Some(before) = source.before else { return Vec::new() };
    let moved = source.ticket.clocks.iter().filter(|clock| is_moved(before, clock));
    let told = moved.map(|clock| {
        let was = before.clocks.iter().find(|was| (was.metric, was.cycle) == (clock.metric, clock.cycle));
        let deadline = clock.term.deadline.filter(|_| clock.state == ClockState::Running);
        ChangedTerm {
            name: words.metric(clock.metric),
            until: deadline.map(|deadline| words.until(deadline)),
            was: was.and_then(|was| was.term.deadline).map(|deadline| words.until(deadline)),
            why: why(source, clock, words),
        }
    });
    told.collect()
}

/// Why a term is another one: what whoever changed it said to the requester, else what happened.
fn why(source: &Source<'_>, clock: &Clock, words: Words) -> Option<String> {
    let said = source.events.iter().rev().find_map(|event| match event {
        Event::Extended { reason, .. } => Some(reason.clone()),
        Event::Estimated { reason, .. } => reason.clone(),
        _ => None,
    });
    let turn = source.events.iter().rev().find_map(|event| match event {
        Event::Clock { metric, cycle, turn } if (*metric, *cycle) == (clock.metric, clock.cycle) => {
            Some(turn)
        }
        _ => None,
    })?;
    match turn {
        Turn::Retargeted { why: TermReason::Extended | TermReason::Estimated, .. } if said.is_some() => said,
        Turn::Retargeted { why, .. } => Some(words.why(*why).to_owned()),
        Turn::Paused { .. } => {
            Some(words.of("ждём, и время не идёт", "we wait, and the time stands still").to_owned())
        }
        Turn::Resumed { .. } => Some(words.of("работа возобновлена", "the work goes on").to_owned()),
        Turn::Started { .. }
        | Turn::Warned { .. }
        | Turn::Breached { .. }
        | Turn::RanOut { .. }
        | Turn::Stopped { .. } => None,
    }
}

fn question(source: &Source<'_>, words: Words) -> Option<QuestionWords> {
    let (escalation, topic, department, text) = source.events.iter().rev().find_map(|event| match event {
        Event::Escalated { escalation, topic, department, text, .. } => {
            Some((*escalation, topic, department, text))
        }
        _ => None,
    })?;
    let regulation = source.regulation;
    let known = regulation.and_then(|r| r.topic(topic));
    let named = regulation.and_then(|r| r.departments.iter().find(|named| named.id == *department));
    let deadline = source.ticket.escalation_clock(escalation).and_then(|clock| clock.term.deadline);
    Some(QuestionWords {
        department: named.map_or_else(|| department.to_string(), |named| named.title.clone()),
        topic: known.map_or_else(|| topic.to_string(), |topic| topic.name.title.clone()),
        text: text.clone(),
        until: deadline.map(|deadline| words.until(deadline)),
    })
}

/// What stands in a line of its own, or in a subject.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Views that have everything, and as little as may be: a template must do with both.
pub(super) fn samples() -> [LetterView; 2] {
    let text = |text: &str| Some(text.to_owned());
    let full = LetterView {
        desk: "Служба поддержки".to_owned(),
        site: "Офис".to_owned(),
        page: text("https://desk.example/r/1024/AbCdEfGhIjKlMnOpQrStUv"),
        ticket: TicketWords {
            number: 1024,
            subject: "Не печатает".to_owned(),
            description: text("Принтер молчит."),
            kind: "Ошибка".to_owned(),
            priority: "Высокий".to_owned(),
            status: "В работе".to_owned(),
            client: text("ООО «Ромашка»"),
            registered_at: "24.11.2026 в 10:02 Мск".to_owned(),
            url: text("https://tracker.example/1024"),
        },
        requester: RequesterWords { name: text("Анна") },
        text: text("Уточните, пожалуйста, номер документа."),
        reason: text("нужна доработка"),
        terms: vec![TermWords { name: "решение", until: "до 25.11.2026 13:02 Мск".to_owned() }],
        changed: vec![ChangedTerm {
            name: "решение",
            until: text("до 26.11.2026 13:02 Мск"),
            was: text("до 25.11.2026 13:02 Мск"),
            why: text("нужно больше времени"),
        }],
        answer_until: text("до 27.11.2026 18:00 Мск"),
        confirm_until: text("до 27.11.2026 18:00 Мск"),
        can_mark: true,
        incomplete: true,
        access_erased: true,
        knowledge_base: text("https://kb.example/"),
        problem: ProblemWords { title: "Не печатает у всех".to_owned() },
        question: QuestionWords {
            department: "Юристы".to_owned(),
            topic: "Договор".to_owned(),
            text: "Можно ли так?".to_owned(),
            until: text("до 27.11.2026 19:00 Мск"),
        },
        report: Some(ReportWords {
            title: "Отчёт".to_owned(),
            client: "ООО «Ромашка»".to_owned(),
            document: "Акт 7".to_owned(),
        }),
    };
    let bare = LetterView {
        desk: String::new(),
        site: String::new(),
        page: None,
        ticket: TicketWords {
            number: 1,
            subject: String::new(),
            description: None,
            kind: String::new(),
            priority: String::new(),
            status: String::new(),
            client: None,
            registered_at: String::new(),
            url: None,
        },
        requester: RequesterWords { name: None },
        text: None,
        reason: None,
        terms: Vec::new(),
        changed: Vec::new(),
        answer_until: None,
        confirm_until: None,
        can_mark: false,
        incomplete: false,
        access_erased: false,
        knowledge_base: None,
        problem: ProblemWords { title: String::new() },
        question: QuestionWords::default(),
        report: None,
    };
    [full, bare]
}
