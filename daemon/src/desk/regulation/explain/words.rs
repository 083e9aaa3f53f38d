//! The words around a regulation's own, in Russian and English.

use std::collections::BTreeMap;

use calendars::{Calendar, Span};
use chrono::NaiveDate;

use super::Language;
use crate::desk::clocks::Basis;
use crate::desk::regulation::{Field, FieldKind, GivenTerm, Regulation, Trigger, WarnBefore, When};

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
            GivenTerm::Estimate => self.of("по оценке трудоёмкости", "by an agent's estimate").to_owned(),
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
            Trigger::StatusLeft(id) => {
                return format!("{} «{}»", self.of("выход из", "leaving"), self.status(id));
            }
        };
        word.to_owned()
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
            titled(self.of("услуга", "service"), &when.services, &as_it_is),
            titled(self.of("срочность", "urgency"), &when.urgencies, &as_it_is),
            titled(self.of("линия", "line"), &lines, &as_it_is),
        ]
        .into_iter()
        .flatten()
        .collect();
        for (name, values) in &when.fields {
            let path = format!("fields.{name}");
            let field = self.regulation.fields.iter().find(|field| field.path == path);
            let names: BTreeMap<_, _> = field
                .iter()
                .flat_map(|field| &field.values)
                .map(|(id, title)| (id.as_str(), title.as_str()))
                .collect();
            let values: Vec<_> =
                values.iter().map(|id| names.get(id.as_str()).copied().unwrap_or(id)).collect();
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
                self.of("данные доступа: в обращении не хранятся", "access data: never kept with a ticket")
            }
        };
        word.to_owned()
    }

    /// Every note of the file and what it is about.
    pub(super) fn notes(&self) -> Vec<(String, String)> {
        let regulation = self.regulation;
        let whole = (self.of("весь регламент", "the whole").to_owned(), regulation.note.as_ref());
        let types = regulation.types.iter().map(|kind| (kind.title.clone(), kind.note.as_ref()));
        let priorities = regulation.priorities.iter().map(|priority| &priority.name);
        let statuses = regulation.statuses.iter().map(|status| &status.name);
        let channels = regulation.channels.iter().map(|channel| &channel.name);
        let named = priorities.chain(statuses).chain(channels);
        let named = named.map(|name| (name.title.clone(), name.note.as_ref()));
        let lines = regulation.lines.iter().map(|line| (line.title.clone(), line.note.as_ref()));
        let fields = regulation.fields.iter().map(|field| (field.title.clone(), field.note.as_ref()));
        let verbs = regulation.verbs.iter().map(|(verb, rule)| (verb.clone(), rule.note.as_ref()));
        let clocks = regulation.clocks.iter().flat_map(|rule| {
            let targets = rule
                .targets
                .iter()
                .map(|target| (format!("{}, {}", rule.title, self.when(&target.when)), target.note.as_ref()));
            std::iter::once((rule.title.clone(), rule.note.as_ref())).chain(targets)
        });
        std::iter::once(whole)
            .chain(types)
            .chain(named)
            .chain(lines)
            .chain(fields)
            .chain(verbs)
            .chain(clocks)
            .filter_map(|(place, note)| Some((place, note?.clone())))
            .collect()
    }

    /// By the words that notes use: `ours` for a choice of ours, `site` for what the site is to set.
    pub(super) fn whose(&self, note: &str) -> &'static str {
        let lower = note.to_lowercase();
        let has = |word: &str| lower.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
        if has("ours") {
            self.of("наше", "ours")
        } else if has("site") {
            self.of("площадки", "the site's")
        } else {
            ""
        }
    }
}
