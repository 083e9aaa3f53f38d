//! The words around a regulation's own, in Russian and English.

use calendars::{Calendar, Span};
use chrono::NaiveDate;
use smol_str::SmolStr;

use super::Language;
use crate::desk::actor::Role;
use crate::desk::clocks::Basis;
use crate::desk::letter::LetterKind;
use crate::desk::regulation::{Field, FieldKind, GivenTerm, Regulation, Trigger, WarnBefore, When};
use crate::desk::ticket::Stage;

/// A Monday beyond every production calendar, so that its week shows the plain weekly hours.
const FAR_MONDAY: (i32, u32, u32) = (2190, 1, 4);

/// A regulation's own words and the ones around them.
pub(super) struct Words<'a> {
    pub(super) regulation: &'a Regulation,
    pub(super) language: Language,
}

impl Words<'_> {
    pub(super) fn of(&self, russian: &'static str, english: &'static str) -> &'static str {
        match self.language {
            Language::Russian => russian,
            Language::English => english,
        }
    }

    pub(super) fn kind<'b>(&'b self, id: &'b str) -> &'b str {
        self.regulation.kind(id).map_or(id, |named| &named.title)
    }

    pub(super) fn priority<'b>(&'b self, id: &'b str) -> &'b str {
        self.regulation.priority(id).map_or(id, |priority| &priority.name.title)
    }

    pub(super) fn status<'b>(&'b self, id: &'b str) -> &'b str {
        self.regulation.status(id).map_or(id, |status| &status.name.title)
    }

    pub(super) fn kinds(&self, ids: &[SmolStr]) -> String {
        ids.iter().map(|id| self.kind(id)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn channels(&self, ids: &[SmolStr]) -> String {
        ids.iter().map(|id| self.channel(id)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn roles(&self, roles: &[Role]) -> String {
        roles.iter().map(|role| self.role(*role)).collect::<Vec<_>>().join(", ")
    }

    fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Viewer => self.of("наблюдатель", "viewer"),
            Role::Intake => self.of("приём", "intake"),
            Role::Agent => self.of("сотрудник", "agent"),
            Role::Lead => self.of("старший", "lead"),
            Role::Head => self.of("руководитель", "head"),
            Role::Admin => self.of("администратор", "admin"),
        }
    }

    pub(super) fn stage(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Open => self.of("открыто", "open"),
            Stage::Resolved => self.of("отвечено", "resolved"),
            Stage::Closed => self.of("закрыто", "closed"),
        }
    }

    /// What a verb does, in a word or two.
    pub(super) fn verb<'b>(&self, verb: &'b str) -> &'b str {
        match verb {
            "reply" => self.of("написать заявителю", "say something"),
            "ask" => self.of("спросить заявителя", "ask the requester"),
            "answer" => self.of("ответ заявителя", "the requester answers"),
            "status" => self.of("сменить статус", "change the status"),
            "classify" => self.of("уточнить тип и поля", "classify"),
            "priority" => self.of("сменить приоритет", "change the priority"),
            "take" => self.of("взять в работу", "take"),
            "assign" => self.of("назначить", "assign"),
            "transfer" => self.of("передать сотруднику", "hand over"),
            "route" => self.of("передать на линию", "route to a line"),
            "estimate" => self.of("оценить срок", "estimate the term"),
            "extend" => self.of("продлить срок", "extend the term"),
            "defer" => self.of("отложить", "put off"),
            "resolve" => self.of("дать решение", "answer with the solution"),
            "confirm" => self.of("подтвердить решение", "confirm the solution"),
            "return" => self.of("вернуть в работу", "return"),
            "refuse" => self.of("отказать", "refuse"),
            "close" => self.of("закрыть без решения", "close without a solution"),
            "link" => self.of("связать с другим", "link"),
            "split" => self.of("выделить вторую проблему", "split off"),
            "escalate" => self.of("спросить отдел", "ask a department"),
            "escalation-answer" => self.of("ответ отдела", "a department answers"),
            "prefer" => self.of("взять раньше других", "let it go first"),
            "complain" => self.of("пожаловаться руководителю", "complain to the head"),
            "urgent" => self.of("сообщить как срочное", "call urgent"),
            "merge" => self.of("закрыть как повтор", "close as a duplicate"),
            "issue" => self.of("завести задачу в трекере", "ask for an issue"),
            "issue-status" => self.of("ответ трекера", "a tracker tells"),
            "ask-lead" => self.of("спросить тимлида", "ask the lead"),
            "lead-answer" => self.of("ответ тимлида", "the lead answers"),
            "cite" => self.of("указать статью базы знаний", "name an article"),
            other => other,
        }
    }

    /// Beside what the regulation leaves to the site; nothing beside what it says itself.
    pub(super) fn site(&self, site: bool) -> &'static str {
        if site { self.of("задаёт площадка", "to be set by the site") } else { "" }
    }

    /// A date as it is written.
    pub(super) fn date(&self, date: NaiveDate) -> String {
        date.format(self.of("%d.%m.%Y", "%Y-%m-%d")).to_string()
    }

    /// The hours of the calendar of that id.
    pub(super) fn hours_of(&self, id: &str) -> String {
        self.regulation.calendar(id).map(|calendar| self.hours(calendar)).unwrap_or_default()
    }

    fn channel<'b>(&'b self, id: &'b str) -> &'b str {
        self.regulation.channel(id).map_or(id, |channel| &channel.name.title)
    }

    #[expect(clippy::unused_self, reason = "reads as the others do")]
    pub(super) fn numbers(&self, numbers: &[u8]) -> String {
        numbers.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The weekly hours: «пн–пт 09:00–18:00».
    pub(super) fn hours(&self, calendar: &Calendar) -> String {
        let (year, month, day) = FAR_MONDAY;
        let monday = NaiveDate::from_ymd_opt(year, month, day).expect("it is a date");
        let names = match self.language {
            Language::Russian => ["пн", "вт", "ср", "чт", "пт", "сб", "вс"],
            Language::English => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        };
        let week: Vec<(&str, Vec<Span>)> = monday
            .iter_days()
            .zip(names)
            .map(|(date, name)| (name, calendar.day(date).hours.to_vec()))
            .collect();
        if week.iter().all(|(_, spans)| spans.len() == 1 && spans[0].to_string() == "00:00-24:00") {
            return self.of("круглосуточно", "round the clock").to_owned();
        }
        let alike = week.chunk_by(|a, b| a.1 == b.1).filter(|days| !days[0].1.is_empty());
        let told = alike.map(|days| {
            let hours: Vec<_> = days[0].1.iter().map(|span| span.to_string().replace('-', "–")).collect();
            let last = days[days.len() - 1].0;
            let names = if days.len() == 1 { last.to_owned() } else { format!("{}–{last}", days[0].0) };
            format!("{names} {}", hours.join(", "))
        });
        told.collect::<Vec<_>>().join("; ")
    }

    pub(super) fn basis(&self, basis: Basis) -> &'static str {
        match basis {
            Basis::WorkingHours => self.of("рабочие часы", "working hours"),
            Basis::CalendarHours => self.of("календарные часы", "calendar hours"),
            Basis::WorkingDays => self.of("рабочие дни", "working days"),
            Basis::CalendarDays => self.of("календарные дни", "calendar days"),
        }
    }

    pub(super) fn term(&self, term: GivenTerm) -> String {
        match term {
            GivenTerm::None => self.of("без срока", "no term").to_owned(),
            GivenTerm::Estimate => self
                .of("по оценке сотрудника, до неё без срока", "by an agent's estimate, none before it")
                .to_owned(),
            GivenTerm::Ms(ms) => self.length(ms),
            GivenTerm::Days(days) => format!("{days} {}", self.of("дн.", "days")),
        }
    }

    pub(super) fn warning(&self, warn: WarnBefore) -> String {
        match warn {
            WarnBefore::Ms(ms) => self.length(ms),
            WarnBefore::Percent(percent) => format!("{percent}% {}", self.of("срока", "of the term")),
        }
    }

    /// «12 ч», «1 ч 30 мин».
    fn length(&self, ms: i64) -> String {
        let seconds = ms / 1_000;
        let parts = [
            (seconds / 3_600, self.of("ч", "h")),
            (seconds / 60 % 60, self.of("мин", "min")),
            (seconds % 60, self.of("с", "s")),
        ];
        let told: Vec<_> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
        if told.is_empty() { format!("0 {}", parts[1].1) } else { told.join(" ") }
    }

    pub(super) fn triggers(&self, triggers: &[Trigger]) -> String {
        triggers.iter().map(|trigger| self.trigger(trigger)).collect::<Vec<_>>().join(", ")
    }

    fn trigger(&self, trigger: &Trigger) -> String {
        let word = match trigger {
            Trigger::Registered => self.of("регистрация", "registration"),
            Trigger::Replied => self.of("ответ поддержки", "a reply"),
            Trigger::Asked => self.of("вопрос заявителю", "a question to the requester"),
            Trigger::Answered => self.of("ответ заявителя", "the requester's answer"),
            Trigger::Resolved => self.of("решение", "the solution"),
            Trigger::Reopened => self.of("возврат", "reopening"),
            Trigger::Closed => self.of("закрытие", "closing"),
            Trigger::LineEntered => self.of("приход на линию", "coming to a line"),
            Trigger::LineLeft => self.of("уход с линии", "leaving a line"),
            Trigger::StatusEntered(id) => {
                return format!("{} «{}»", self.of("вход в", "entering"), self.status(id));
            }
            Trigger::LetterQueued(kind) => {
                return format!(
                    "{} «{}»",
                    self.of("письмо ждёт отправки", "a letter waits"),
                    self.letter(*kind)
                );
            }
            Trigger::LetterSent(kind) => {
                return format!(
                    "{} «{}»",
                    self.of("отправлено письмо", "a letter is sent"),
                    self.letter(*kind)
                );
            }
            Trigger::StatusLeft(id) => {
                return format!("{} «{}»", self.of("выход из", "leaving"), self.status(id));
            }
        };
        word.to_owned()
    }

    /// What a letter is about, in a word or two.
    pub(super) fn letter(&self, kind: LetterKind) -> &'static str {
        match kind {
            LetterKind::Registered => self.of("обращение принято", "registered"),
            LetterKind::StatusChanged => self.of("новый статус", "another status"),
            LetterKind::HandedOver => self.of("передано разработчикам", "handed to the developers"),
            LetterKind::Asked => self.of("нужны сведения", "more is asked"),
            LetterKind::Replied => self.of("сообщение поддержки", "a word of the desk"),
            LetterKind::Resolved => self.of("ответ дан", "the solution"),
            LetterKind::ChangeNeeded => self.of("нужна доработка", "the product is to be changed"),
            LetterKind::Refused => self.of("отказ", "refused"),
            LetterKind::Deferred => self.of("решение отложено", "put off"),
            LetterKind::TermChanged => self.of("срок изменился", "another term"),
            LetterKind::AnswerOverdue => self.of("срок ответа вышел", "the time to answer is over"),
            LetterKind::Closed => self.of("обращение закрыто", "closed"),
            LetterKind::ProblemOpened => self.of("массовая проблема", "a mass problem"),
            LetterKind::ProblemClosed => self.of("массовая проблема устранена", "a mass problem is over"),
            LetterKind::DepartmentAsked => self.of("вопрос отделу", "a department is asked"),
            LetterKind::Urgent => self.of("срочное", "urgent"),
        }
    }

    /// What a rule looks at, among so many rules: the last one that looks at nothing takes what is left.
    pub(super) fn when_among(&self, when: &When, rules: usize) -> String {
        if when.is_empty() && rules > 1 {
            self.of("в остальных случаях", "otherwise").to_owned()
        } else {
            self.when(when)
        }
    }

    /// The title of a value where the field of that path lists its values.
    fn value<'b>(&'b self, path: &str, id: &'b str) -> &'b str {
        let fields = self.regulation.fields.iter().filter(|field| field.path == path);
        let mut values = fields.flat_map(|field| &field.values);
        values.find(|(value, _)| value == id).map_or(id, |(_, title)| title)
    }

    /// What a rule looks at, «всегда» where at nothing.
    pub(super) fn when(&self, when: &When) -> String {
        let titled = |name: &str, ids: &[String], title: &dyn Fn(&str) -> String| {
            let told: Vec<_> = ids.iter().map(|id| title(id)).collect();
            (!ids.is_empty()).then(|| format!("{name}: {}", told.join(", ")))
        };
        let as_it_is = |id: &str| id.to_owned();
        let lines: Vec<String> = when.lines.iter().map(u8::to_string).collect();
        let mut parts: Vec<String> = [
            titled(self.of("тип", "type"), &when.types, &|id| self.kind(id).to_owned()),
            titled(self.of("приоритет", "priority"), &when.priorities, &|id| {
                self.priority(id).to_owned()
            }),
            titled(self.of("канал", "channel"), &when.channels, &|id| self.channel(id).to_owned()),
            titled(self.of("услуга", "service"), &when.services, &|id| {
                self.value("service", id).to_owned()
            }),
            titled(self.of("срочность", "urgency"), &when.urgencies, &|id| {
                self.value("urgency", id).to_owned()
            }),
            titled(self.of("линия", "line"), &lines, &as_it_is),
        ]
        .into_iter()
        .flatten()
        .collect();
        for (name, values) in &when.fields {
            let path = format!("fields.{name}");
            let field = self.regulation.fields.iter().find(|field| field.path == path);
            let values: Vec<_> = values.iter().map(|id| self.value(&path, id)).collect();
            parts.push(format!("{}: {}", field.map_or(name, |field| &field.title), values.join(", ")));
        }
        if parts.is_empty() { self.of("всегда", "always").to_owned() } else { parts.join("; ") }
    }

    pub(super) fn field_kind(&self, field: &Field) -> String {
        let word = match field.kind {
            FieldKind::Text => self.of("текст", "text"),
            FieldKind::Enum => {
                let values: Vec<_> =
                    field.values.iter().map(|(id, title)| format!("{title} ({id})")).collect();
                return values.join(", ");
            }
            FieldKind::Inn => self.of("ИНН, 10 или 12 цифр", "taxpayer number, 10 or 12 digits"),
            FieldKind::Email => self.of("адрес почты", "e-mail address"),
            FieldKind::Phone => self.of("телефон", "telephone number"),
            FieldKind::Steps => self.of("шаги списком или текст", "a list of steps, or text"),
            FieldKind::Version => self.of("версия", "version"),
            FieldKind::Number => self.of("целое число", "whole number"),
            FieldKind::Url => self.of("адрес https://…", "address https://…"),
            FieldKind::Sealed => {
                self.of("данные доступа: в заявке не хранятся", "access data: never kept with a ticket")
            }
        };
        word.to_owned()
    }
}
