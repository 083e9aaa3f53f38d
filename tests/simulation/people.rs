//! People: who wants what of the desk. Most of it makes sense, some of it does not, and some comes twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use andon::desk::command::{Classify, Register, Requester, TakeNext, Token};
use andon::desk::event::Receipt;
use andon::desk::regulation::{Field, FieldKind};
use andon::desk::{
    Act, Actor, AlarmKind, Command, Desk, DeskAct, Regulation, Role, Stage, Ticket, TicketNumber,
};
use andon_tests::Random;
use andon_tests::time::ZONE;
use calendars::Timestamp;
use serde_json::{Value, json};

use crate::registers;

/// Something that somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) command: Command,
    pub(crate) actor: Actor,
    pub(crate) receipt: Option<Receipt>,
}

impl Ask {
    /// In words, for the story.
    pub(crate) fn words(&self) -> String {
        let what = match &self.command {
            Command::Register(register) => format!(
                "register {} {} by {}",
                register.regulation.as_deref().unwrap_or("-"),
                register.kind.as_deref().unwrap_or("-"),
                register.channel.as_deref().unwrap_or("-"),
            ),
            Command::Ticket { number, act, if_revision } => match if_revision {
                Some(revision) => format!("{} {number} if at {revision}", act.verb()),
                None => format!("{} {number}", act.verb()),
            },
            Command::ApplyRegulation { number, version } => format!("apply {version} to {number}"),
            Command::Alert(alert) => format!("alert {}", alert.fingerprint),
            Command::AlertsOverLimit(over) => format!("{} alerts over the limit", over.fingerprints.len()),
            Command::Attachments { number, act } => format!("{act:?} of {number}"),
            Command::Sealed { number, act } => format!("{act:?} of {number}"),
            Command::TakeNext(_) => "take the next".to_owned(),
            Command::Problem(act) => format!("{act:?}"),
            Command::Letter { id, act } => format!("{act:?} of letter {id}"),
            Command::Desk(act) => format!("{act:?}"),
        };
        let key = self.receipt.as_ref().map_or(String::new(), |receipt| format!(" [{}]", receipt.key));
        format!("{}: {what}{key}", self.actor.name)
    }
}

/// Everybody who may want something; the same seed wants the same.
#[derive(Debug)]
pub(crate) struct People {
    random: Random,
    keys: u64,
    /// What was asked for under a key, to be asked for again.
    asked: Vec<Ask>,
}

impl People {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), keys: 0, asked: Vec::new() }
    }

    /// What somebody wants, of a desk that is as it is.
    pub(crate) fn ask(&mut self, desk: &Desk, now: Timestamp) -> Ask {
        if !self.asked.is_empty() && self.random.one_in(12) {
            return self.ask_again();
        }
        let actor = self.actor();
        let command = match self.random.below(100) {
            0..=27 => Command::Register(self.register(desk)),
            28..=85 => self.act(desk, now),
            86..=88 => self.apply(desk),
            89..=91 => Command::TakeNext(TakeNext::default()),
            _ => Command::Desk(self.desk_act(desk)),
        };
        let actor = fitting(actor, &command, &mut self.random);
        let receipt = (!self.random.one_in(4)).then(|| {
            self.keys += 1;
            Receipt {
                key: format!("{}:{}", actor.name, self.keys).into(),
                request: self.hash().into(),
                step: None,
                token: Some("9f86d081884c7d65".into()),
            }
        });
        let ask = Ask { command, actor, receipt };
        if ask.receipt.is_some() {
            self.asked.push(ask.clone());
        }
        ask
    }

    /// Somebody who got no answer, or an error, asks again under the same key.
    pub(crate) fn again(&mut self) -> Option<Ask> {
        let recent = self.asked.len().min(12);
        let back = self.random.index(recent.max(1));
        self.asked.iter().rev().nth(back).cloned()
    }

    fn ask_again(&mut self) -> Ask {
        let recent = self.asked.len().min(40);
        let index = self.asked.len() - 1 - self.random.index(recent);
        let mut ask = self.asked[index].clone();
        if self.random.one_in(5) {
            // The same key for something else.
            let request = self.hash().into();
            ask.receipt = ask.receipt.map(|receipt| Receipt { request, ..receipt });
        }
        ask
    }

    fn hash(&mut self) -> String {
        format!("{:016x}", self.random.any())
    }

    fn actor(&mut self) -> Actor {
        match self.random.below(20) {
            0..=6 => Actor::named("lead", Role::Lead),
            7..=11 => Actor::named("ivanova", Role::Agent),
            12..=13 => Actor { lines: vec![2], ..Actor::named("petrov", Role::Agent) },
            14 => Actor::named("head", Role::Head),
            15 => Actor::named("keeper", Role::Admin),
            16..=17 => Actor::named("form", Role::Intake),
            18 => Actor::requester(),
            _ => Actor::named("screen", Role::Viewer),
        }
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.random.index(list.len())]
    }

    fn maybe<T>(&mut self, one_in: u64, value: T) -> Option<T> {
        self.random.one_in(one_in).then_some(value)
    }

    fn text(&mut self) -> String {
        let words =
            ["Не печатает", "форма отчёта", "после обновления", "у всех", "на складе", "опять", "print"];
        let count = 1 + self.random.index(5);
        let text: Vec<&str> = (0..count).map(|_| *self.one_of(&words)).collect();
        text.join(" ")
    }

    // Registrations.

    fn register(&mut self, desk: &Desk) -> Register {
        let regulations = desk.regulations();
        let ids = regulations.ids();
        let id = *self.one_of(&ids);
        let regulation = Arc::clone(regulations.get(id).expect("the desk runs it"));
        let kind = self.one_of(&regulation.types).id.to_string();
        let takes = |channel: &&andon::desk::regulation::Channel| {
            channel.types.is_empty() || channel.types.iter().any(|taken| *taken == kind)
        };
        let channels: Vec<_> = regulation.channels.iter().filter(takes).collect();
        let channel = self.one_of(&channels).name.id.to_string();
        let requester = self.random.one_in(2).then(|| {
            let email = Some((*self.one_of(&registers::ADDRESSES)).to_owned());
            Requester { email, ..Requester::default() }
        });
        let mut register = Register {
            requester,
            regulation: Some(id.to_owned()),
            subject: Some(self.text()),
            incomplete: self.random.one_in(10),
            follows: self.random.one_in(15).then(|| self.number(desk)),
            service: self.maybe(6, "payroll".to_owned()),
            client: self.random.one_in(3).then(|| (*self.one_of(&registers::CLIENTS)).to_owned()),
            ..Register::default()
        };
        for field in regulation.fields.iter().filter(|field| field.is_asked_of(&kind, &channel)) {
            let left_out = if field.required { self.random.one_in(40) } else { self.random.one_in(2) };
            if !left_out {
                self.fill(&mut register, field);
            }
        }
        let is_asked = regulation.priority_source == andon::desk::regulation::PrioritySource::Requester;
        if is_asked && self.random.one_in(2) {
            register.priority = Some(self.one_of(&regulation.priorities).name.id.to_string());
        }
        (register.kind, register.channel) = (Some(kind), Some(channel));
        match self.random.below(60) {
            0 => register.kind = Some("no-such-type".to_owned()),
            1 => register.regulation = None,
            2 => register.subject = None,
            _ => {}
        }
        register
    }

    fn fill(&mut self, register: &mut Register, field: &Field) {
        let value = match field.kind {
            FieldKind::Text => json!(self.text()),
            FieldKind::Enum => json!(self.one_of(&field.values).0),
            FieldKind::Inn => json!(self.one_of(&["7707083893", "500100732259"])),
            FieldKind::Email => json!("a.petrova@example.ru"),
            FieldKind::Phone => json!("+7 495 123-45-67"),
            FieldKind::Steps => json!(["Открыть форму", "Нажать «Печать»"]),
            FieldKind::Version => json!("8.3.24"),
            FieldKind::Number => json!(self.random.below(9)),
            FieldKind::Url => json!("https://care.example.ru"),
            FieldKind::Sealed => return,
        };
        if let Some(name) = field.path.strip_prefix("fields.") {
            register.fields.insert(name.to_owned(), value);
            return;
        }
        let text = value.as_str().map(str::to_owned);
        let requester = register.requester.get_or_insert_with(Requester::default);
        match field.path.as_str() {
            "description" => register.description = text,
            "client" => register.client = text,
            "service" => register.service = text,
            "urgency" => register.urgency = text,
            "requester.name" => requester.name = text,
            "requester.email" => requester.email = text,
            "requester.phone" => requester.phone = text,
            "requester.inn" => requester.inn = text,
            "requester.login" => requester.login = text,
            path => panic!("a regulation asks for `{path}`, which people do not know of"),
        }
    }

    // What is done to tickets.

    /// A ticket, most often one that is open; rarely one that is not there.
    fn number(&mut self, desk: &Desk) -> TicketNumber {
        let next = desk.next_ticket().0;
        if next == 1 || self.random.one_in(60) {
            return TicketNumber(next + self.random.below(3));
        }
        let tries = if self.random.one_in(4) { 1 } else { 8 };
        let mut number = TicketNumber(1);
        for _ in 0..tries {
            // The newer a ticket is the more is done to it.
            let back = self.random.below(next - 1).min(self.random.below(next - 1));
            number = TicketNumber(next - 1 - back);
            if desk.ticket(number).is_some_and(|ticket| ticket.stage != Stage::Closed) {
                break;
            }
        }
        number
    }

    fn act(&mut self, desk: &Desk, now: Timestamp) -> Command {
        let number = self.number(desk);
        let ticket = desk.ticket(number);
        let regulation = ticket.as_ref().and_then(|ticket| desk.regulations().of(&ticket.facts)).cloned();
        let verb = self.verb(ticket.as_deref());
        let body = match (&ticket, &regulation) {
            (Some(ticket), Some(regulation)) => self.body(verb, desk, ticket, regulation, now),
            _ => json!({}),
        };
        let act = Act::from_json(verb, body.clone()).unwrap_or_else(|wrong| panic!("{verb} {body}: {wrong}"));
        let revision = ticket.as_ref().map_or(1, |ticket| ticket.revision);
        let if_revision = self.random.one_in(10).then(|| revision - self.random.below(2).min(revision));
        Command::Ticket { number, if_revision, act }
    }

    /// A verb; most often one that a ticket so far along is made for.
    fn verb(&mut self, ticket: Option<&Ticket>) -> &'static str {
        const OPEN: [&str; 18] = [
            "reply",
            "reply",
            "ask",
            "answer",
            "status",
            "take",
            "take",
            "assign",
            "route",
            "resolve",
            "resolve",
            "resolve",
            "priority",
            "estimate",
            "classify",
            "close",
            "escalate",
            "escalation-answer",
        ];
        const RESOLVED: [&str; 5] = ["confirm", "confirm", "return", "return", "reply"];
        let is_any = self.random.one_in(4);
        let among: &[&'static str] = match ticket.map(|ticket| (ticket.stage, ticket.waiting)) {
            Some(_) if is_any => &Act::VERBS,
            Some((Stage::Open, true)) if self.random.one_in(2) => &["answer"],
            Some((Stage::Open, _)) => &OPEN,
            Some((Stage::Resolved, _)) => &RESOLVED,
            Some((Stage::Closed, _)) | None => &Act::VERBS,
        };
        among[self.random.index(among.len())]
    }

    fn body(
        &mut self,
        verb: &str,
        desk: &Desk,
        ticket: &Ticket,
        regulation: &Regulation,
        now: Timestamp,
    ) -> Value {
        let text = self.text();
        match verb {
            "reply" => json!({"text": text, "internal": self.random.one_in(5)}),
            "ask" | "answer" | "urgent" | "complain" | "ask-lead" => json!({"text": text}),
            "status" => self.status(ticket, regulation),
            "classify" => self.classify(ticket, regulation),
            "priority" => json!({"to": self.one_of(&regulation.priorities).name.id, "reason": text}),
            "assign" if self.random.one_in(3) => json!({"group": "second-line", "reason": text}),
            "assign" if self.random.one_in(2) => json!({"agent": "sidorov", "reason": text}),
            "assign" => json!({"agent": "sidorov"}),
            "transfer" => json!({"agent": "petrov", "reason": text}),
            "route" => json!({"line": self.one_of(&regulation.lines).id, "reason": text}),
            "estimate" => json!({"deadline": self.deadline(now), "reason": text}),
            "extend" => json!({"deadline": self.deadline(now), "reason": text, "text": text}),
            "resolve" => match regulation.sources.first() {
                Some(source) => json!({"text": text, "source": source.name.id}),
                None => json!({"text": text}),
            },
            "confirm" => match regulation.marks.first() {
                Some(mark) if self.random.one_in(2) => json!({"mark": mark.id}),
                Some(_) | None => json!({}),
            },
            "return" | "prefer" => json!({"reason": text}),
            "defer" | "refuse" | "close" => match regulation.reasons(verb).first() {
                Some(reason) => json!({"reason": reason.id}),
                None => json!({"reason": text}),
            },
            "link" => {
                let kind = *self.one_of(&["similar", "duplicate", "problem", "follow-up"]);
                json!({"to": self.number(desk).0, "kind": kind})
            }
            "split" => json!({"subject": text}),
            "escalate" if regulation.topics.is_empty() => {
                json!({"topic": "none", "channel": "none", "text": text})
            }
            "escalate" => {
                let topic = self.one_of(&regulation.topics);
                json!({"topic": topic.name.id, "channel": topic.channels[0], "text": text})
            }
            "escalation-answer" => {
                let open = ticket.escalations.iter().find(|escalation| escalation.is_open());
                json!({"escalation": open.map_or(1, |escalation| escalation.id), "text": text})
            }
            "issue" => match regulation.trackers.first() {
                Some(tracker) => json!({"tracker": tracker.id, "text": text}),
                None => json!({"tracker": "none", "text": text}),
            },
            "issue-status" => json!({"issue": 1, "status": text, "done": self.random.one_in(3)}),
            "lead-answer" => {
                let open = ticket.lead_questions.iter().find(|question| question.answer.is_none());
                json!({"question": open.map_or(1, |question| question.id), "text": text})
            }
            "cite" => json!({"url": format!("https://kb.example.ru/{}", self.random.below(4))}),
            _ => json!({}),
        }
    }

    fn status(&mut self, ticket: &Ticket, regulation: &Regulation) -> Value {
        let moves = regulation.status(&ticket.facts.status).map(|status| status.moves.clone());
        let moves = moves.unwrap_or_default();
        if moves.is_empty() || self.random.one_in(6) {
            return json!({"to": self.one_of(&regulation.statuses).name.id});
        }
        json!({"to": self.one_of(&moves)})
    }

    fn classify(&mut self, ticket: &Ticket, regulation: &Regulation) -> Value {
        let mut classify = Classify { kind: None, reason: Some(self.text()), ..Classify::default() };
        if self.random.one_in(2) {
            classify.kind = Some(self.one_of(&regulation.types).id.to_string());
        }
        if let Some(field) = regulation.fields.iter().find(|field| field.kind == FieldKind::Enum)
            && let Some(name) = field.path.strip_prefix("fields.")
        {
            let value = json!(self.one_of(&field.values).0);
            classify.fields = BTreeMap::from([(name.to_owned(), value)]);
        }
        if ticket.facts.incomplete {
            classify.description = Some(self.text());
        }
        serde_json::to_value(&classify).expect("a classification is JSON")
    }

    fn deadline(&mut self, now: Timestamp) -> String {
        let minutes = i64::try_from(self.random.below(12 * 24 * 60)).expect("a dozen days are few minutes");
        now.plus_ms((minutes - 60) * 60_000).to_rfc3339(ZONE)
    }

    fn apply(&mut self, desk: &Desk) -> Command {
        let number = self.number(desk);
        let regulation =
            desk.ticket(number).map_or_else(|| "getmark".into(), |ticket| ticket.facts.regulation.clone());
        let versions: Vec<_> = desk.regulations().versions(&regulation).collect();
        Command::ApplyRegulation { number, version: self.one_of(&versions).version.clone() }
    }

    // What is done to the desk.

    fn desk_act(&mut self, desk: &Desk) -> DeskAct {
        const KINDS: [AlarmKind; 3] = [AlarmKind::Panel, AlarmKind::Letter, AlarmKind::Storage];
        let (kind, part) = (*self.one_of(&KINDS), (*self.one_of(&["spi", "smtp", "texts"])).to_owned());
        match self.random.below(20) {
            12..=15 => self.calling(desk),
            16..=19 => registers::act(&mut self.random),
            0..=5 => {
                let ids: Vec<_> = desk.alarms().map(|alarm| alarm.id.to_string()).collect();
                let is_there = !ids.is_empty() && !self.random.one_in(10);
                let other = *self.one_of(&["1-breach-line-9", "storage-ledger", "clock-time"]);
                DeskAct::AckAlarm(if is_there { self.one_of(&ids).clone() } else { other.to_owned() })
            }
            6 => DeskAct::Mute { for_ms: *self.one_of(&[0, 1_800_000, 86_400_000, 86_400_001]) },
            7..=8 => DeskAct::PartFailed { kind, part, text: self.text() },
            9 => DeskAct::PartWorks { kind, part },
            10 => DeskAct::AddToken(Token::named(
                &format!("bot-{}", self.random.below(5)),
                *self.one_of(&Role::ALL),
                &format!("{:064x}", self.random.any()),
            )),
            _ => DeskAct::RevokeToken(format!("bot-{}", self.random.below(5))),
        }
    }

    /// What is done about alarms besides taking them.
    fn calling(&mut self, desk: &Desk) -> DeskAct {
        let ids: Vec<_> = desk.alarms().map(|alarm| alarm.id.clone()).collect();
        let id = if ids.is_empty() { "1-breach-line-9".into() } else { self.one_of(&ids).clone() };
        match self.random.below(4) {
            0..=1 => DeskAct::ShelveAlarm {
                id: id.to_string(),
                for_ms: *self.one_of(&[59_999, 60_000, 1_800_000, 86_400_000]),
                reason: self.random.one_in(2).then(|| self.text()),
            },
            2 => DeskAct::UnshelveAlarm(id.to_string()),
            _ => {
                let heard = desk.calls().map(|(_, since)| since + 1).max().unwrap_or_default();
                DeskAct::Silence { before: heard, taking: ids.into_iter().take(5).collect() }
            }
        }
    }
}

/// Most often somebody who may; what a requester does is said by them.
fn fitting(actor: Actor, command: &Command, random: &mut Random) -> Actor {
    if random.one_in(8) {
        return actor;
    }
    match command {
        Command::Ticket { act: Act::Answer(_) | Act::Confirm(_) | Act::Return(_), .. } => Actor::requester(),
        Command::Register(_) if actor.role < Role::Intake => Actor::named("form", Role::Intake),
        Command::Ticket { .. } | Command::TakeNext(_) | Command::Problem(_) if actor.role < Role::Agent => {
            Actor::named("lead", Role::Lead)
        }
        Command::ApplyRegulation { .. } => Actor::named("keeper", Role::Admin),
        Command::Desk(act) => match act {
            DeskAct::AckAlarm(_)
            | DeskAct::ShelveAlarm { .. }
            | DeskAct::UnshelveAlarm(_)
            | DeskAct::Silence { .. }
            | DeskAct::Mute { .. } => Actor::named("lead", Role::Lead),
            DeskAct::AddToken(_)
            | DeskAct::RevokeToken(_)
            | DeskAct::Client(_)
            | DeskAct::Employee(_)
            | DeskAct::People(_)
            | DeskAct::PartFailed { .. }
            | DeskAct::PartWorks { .. } => Actor::named("keeper", Role::Admin),
        },
        Command::Alert(_) | Command::AlertsOverLimit(_) if actor.role < Role::Intake => {
            Actor::named("prometheus", Role::Intake)
        }
        Command::Alert(_)
        | Command::AlertsOverLimit(_)
        | Command::Register(_)
        | Command::Ticket { .. }
        | Command::TakeNext(_)
        | Command::Problem(_)
        | Command::Letter { .. }
        | Command::Attachments { .. }
        | Command::Sealed { .. } => actor,
    }
}
