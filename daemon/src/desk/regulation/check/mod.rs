//! From a file to rules that cannot be wrong: every problem with its line, its key, and what would be right.
//!
//! Names and forms come first, here and in [`clocks`]; whether the whole makes sense is asked in [`sense`], and only
//! where every name is right: a mistyped status would else be told twice, as unknown and as one that nothing reaches.

mod clients;
mod clocks;
mod employees;
mod letters;
mod mass_problem;
mod people;
mod quality;
mod sense;
mod topics;

use std::fmt;
use std::ops::Range;

use calendars::Calendar;
use chrono::NaiveDate;
use smol_str::SmolStr;
use toml::Spanned;
use url::Url;

use super::file::{self, File, OneOrMany};
use super::{
    AttachmentRule, BugReportForm, Channel, ClockRule, Field, FieldKind, ForbiddenPhrase, Line, Mark, Named,
    Priority, PriorityRule, QueueRule, Reason, Regulation, SHORT_MAX_CHARS, Source, Status, VerbRule, When,
};
use crate::desk::actor::Role;
use crate::desk::attachment::AttachmentKind;
use crate::desk::command::Act;
use crate::desk::ticket::Stage;
use crate::toml_problem;

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1; 0 where none can be told.
    pub line: usize,
    /// Which key or entry.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Everything wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file's name.
    pub name: String,
    /// What is wrong, in order of lines; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{}: ", self.name, problem.line)?;
            if !problem.key.is_empty() {
                write!(f, "{}: ", problem.key)?;
            }
            f.write_str(&problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Names, forms and sense.
pub(super) fn parse(name: &str, text: &str) -> Result<Regulation, Problems> {
    read(name, text, true)
}

/// Names and forms, and nothing asked of the sense.
pub(super) fn parse_kept(name: &str, text: &str) -> Result<Regulation, Problems> {
    read(name, text, false)
}

fn read(name: &str, text: &str, asks_for_sense: bool) -> Result<Regulation, Problems> {
    let file: File = toml::from_str(text).map_err(|error| {
        let (line, key, message) = toml_problem::tell(text, &error);
        Problems { name: name.to_owned(), problems: vec![Problem { line, key, message }] }
    })?;
    let mut check = Check { text, problems: Vec::new() };
    let regulation = check.regulation(&file);
    if let Some(regulation) = regulation.as_ref().filter(|_| asks_for_sense) {
        check.problems.extend(sense::problems(text, &file, regulation));
    }
    let mut problems = check.problems;
    problems.sort_by_key(|problem| problem.line);
    match regulation {
        Some(regulation) if problems.is_empty() => Ok(regulation),
        _ => Err(Problems { name: name.to_owned(), problems }),
    }
}

/// "`a`, `b`, `c`"; with the nearest first named where the word looks like a slip.
fn allowed(word: &str, known: &[&str]) -> String {
    let list =
        if known.is_empty() { "none is defined".to_owned() } else { format!("one of {}", known.join(", ")) };
    toml_problem::nearest(word, known.iter().copied())
        .map_or_else(|| list.clone(), |near| format!("did you mean `{near}`? {list}"))
}

struct Check<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn problem(&mut self, span: &Range<usize>, key: &str, message: String) {
        self.problems.push(Problem {
            line: toml_problem::line_of(self.text, span),
            key: key.to_owned(),
            message,
        });
    }

    fn known(&mut self, word: &Spanned<String>, key: &str, what: &str, known: &[&str]) -> SmolStr {
        if !known.contains(&word.get_ref().as_str()) {
            let message = format!("unknown {what} `{}`; {}", word.get_ref(), allowed(word.get_ref(), known));
            self.problem(&word.span(), key, message);
        }
        word.get_ref().as_str().into()
    }

    fn all_known(
        &mut self,
        words: &[Spanned<String>],
        key: &str,
        what: &str,
        known: &[&str],
    ) -> Vec<SmolStr> {
        words.iter().map(|word| self.known(word, key, what, known)).collect()
    }

    fn known_line(&mut self, line: &Spanned<u8>, key: &str, lines: &[u8]) -> u8 {
        if !lines.contains(line.get_ref()) {
            let list = lines.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
            self.problem(&line.span(), key, format!("unknown line {}; one of {list}", line.get_ref()));
        }
        *line.get_ref()
    }

    fn unique<'b>(&mut self, key: &str, ids: impl Iterator<Item = &'b Spanned<String>>) -> Vec<&'b str> {
        let mut seen = Vec::new();
        for id in ids {
            let word = id.get_ref().as_str();
            if seen.contains(&word) {
                self.problem(&id.span(), key, format!("`{word}` is there twice; ids are unique"));
            } else if word.is_empty()
                || !word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            {
                self.problem(&id.span(), key, format!("`{word}` is no id; ids are of a-z, 0-9 and `-`"));
            } else {
                seen.push(word);
            }
        }
        seen
    }

    fn once<T: PartialEq + fmt::Display>(&mut self, key: &str, all: impl Iterator<Item = (Range<usize>, T)>) {
        let mut seen = Vec::new();
        for (span, one) in all {
            if seen.contains(&one) {
                self.problem(&span, key, format!("`{one}` is there twice; each is there once"));
            }
            seen.push(one);
        }
    }

    #[expect(clippy::too_many_lines, reason = "a section after the other")]
    fn regulation(&mut self, file: &File) -> Option<Regulation> {
        self.unique("id", std::iter::once(&file.id));
        let holds_from = NaiveDate::parse_from_str(file.holds_from.get_ref(), "%Y-%m-%d");
        if holds_from.is_err() {
            let message = format!("`{}` is no date; write it as 2024-06-14", file.holds_from.get_ref());
            self.problem(&file.holds_from.span(), "holds-from", message);
        }
        let zone = file.zone.get_ref().parse();
        if zone.is_err() {
            let message =
                format!("unknown zone `{}`; an IANA name such as Europe/Moscow", file.zone.get_ref());
            self.problem(&file.zone.span(), "zone", message);
        }
        let names = Names {
            types: self.unique("type.id", file.types.iter().map(|named| &named.id)),
            priorities: self.unique("priority.id", file.priorities.iter().map(|priority| &priority.id)),
            statuses: self.unique("status.id", file.statuses.iter().map(|status| &status.id)),
            channels: self.unique("channel.id", file.channels.iter().map(|channel| &channel.id)),
            lines: file.lines.iter().map(|line| *line.id.get_ref()).collect(),
            calendars: file.calendars.iter().map(|calendar| calendar.get_ref().id.as_str()).collect(),
        };
        for (count, key) in [
            (file.types.len(), "type"),
            (file.priorities.len(), "priority"),
            (file.statuses.len(), "status"),
            (file.channels.len(), "channel"),
            (file.lines.len(), "line"),
        ] {
            if count == 0 {
                self.problem(&(0..0), key, format!("there is no [[{key}]]; a regulation has at least one"));
            }
        }
        self.once("line.id", file.lines.iter().map(|line| (line.id.span(), line.id.get_ref())));
        self.once("calendar.id", file.calendars.iter().map(|one| (one.span(), &one.get_ref().id)));
        self.once("clock.metric", file.clocks.iter().map(|rule| (rule.metric.span(), rule.metric.get_ref())));
        self.unique("mark.id", file.marks.iter().map(|mark| &mark.id));
        for verb in Act::VERBS {
            let reasons = file.reasons.iter().filter(|reason| reason.verb.get_ref() == verb);
            self.unique("reason.id", reasons.map(|reason| &reason.id));
        }
        let calendars = self.calendars(file);
        let regulation = Regulation {
            id: file.id.get_ref().as_str().into(),
            title: file.title.clone(),
            short: self.short(file),
            version: file.version.as_str().into(),
            holds_from: holds_from.ok().unwrap_or_default(),
            note: file.note.clone(),
            knowledge_base: file.knowledge_base.as_ref().map(|url| self.url(url, "knowledge-base")),
            urgent_channel: self.urgent_channel(file),
            zone: zone.unwrap_or(chrono_tz::UTC),
            calendars,
            types: file.types.iter().map(named).collect(),
            priorities: file.priorities.iter().map(|priority| self.priority(priority, &names)).collect(),
            priority_source: file.priority_source,
            priority_rules: file.priority_rules.iter().map(|rule| self.priority_rule(rule, &names)).collect(),
            statuses: file.statuses.iter().map(|status| self.status(status, &names)).collect(),
            initial_status: self.known(&file.initial_status, "initial-status", "status", &names.statuses),
            channels: file.channels.iter().map(|channel| self.channel(channel, &names)).collect(),
            lines: file.lines.iter().map(|line| self.line(line, &names)).collect(),
            fields: file.fields.iter().map(|field| self.field(field, &names)).collect(),
            verbs: file
                .verbs
                .iter()
                .map(|(verb, rule)| (verb.get_ref().clone(), self.verb(verb, rule, &names)))
                .collect(),
            clocks: self.clocks(file, &names),
            departments: file.departments.iter().map(named).collect(),
            topics: self.topics(file, &names),
            queue: file.queue.as_ref().map(|queue| self.queue(queue, &names)).unwrap_or_default(),
            clients: file.clients.as_ref().map(|rule| self.clients(rule, file, &names)),
            employees: file.employees.as_ref().map(|rule| self.employees(rule, file)),
            trackers: self.trackers(&file.trackers),
            marks: file.marks.iter().map(mark).collect(),
            quality: self.quality(file),
            reasons: file.reasons.iter().map(|reason| self.reason(reason)).collect(),
            sources: self.sources(&file.sources),
            bug_report: file.bug_report.as_ref().map(|form| self.bug_report(form, &names)),
            forbidden_phrases: file.forbidden_phrases.iter().map(phrase).collect(),
            attachments: file.attachments.as_ref().map(|rule| self.attachments(rule)),
            assignment: file.assignment.as_ref().map(|rule| self.assignment(rule, file, &names)),
            staffing: file.staffing.as_ref().map(|rule| self.staffing(rule, &names)),
            mass_problem: file
                .mass_problem
                .as_ref()
                .map(|rule| self.mass_problem(rule, &file.fields, &names.types)),
            letters: file.letters.iter().filter_map(|letter| self.letter(letter, file, &names)).collect(),
            site_calendars: file
                .calendars
                .iter()
                .map(Spanned::get_ref)
                .filter(|calendar| calendar.site)
                .map(|calendar| calendar.id.as_str().into())
                .collect(),
            calendar_notes: file
                .calendars
                .iter()
                .map(Spanned::get_ref)
                .filter_map(|calendar| Some((calendar.id.as_str().into(), calendar.note.clone()?)))
                .collect(),
            text: self.text.into(),
        };
        self.problems.is_empty().then_some(regulation)
    }

    fn urgent_channel(&mut self, file: &File) -> Option<String> {
        let channel = file.urgent_channel.as_ref()?;
        self.unique("urgent-channel", std::iter::once(channel));
        Some(channel.get_ref().clone())
    }

    fn short(&mut self, file: &File) -> String {
        let Some(short) = &file.short else {
            return file.id.get_ref().chars().take(SHORT_MAX_CHARS).collect();
        };
        let chars = short.get_ref().chars().count();
        if chars == 0 || chars > SHORT_MAX_CHARS {
            let message = format!("is {chars} characters; 1 to {SHORT_MAX_CHARS}, for the wall");
            self.problem(&short.span(), "short", message);
        }
        short.get_ref().clone()
    }

    fn calendars(&mut self, file: &File) -> Vec<Calendar> {
        let mut calendars = Vec::new();
        for spec in &file.calendars {
            match Calendar::compile(spec.get_ref()) {
                Ok(calendar) => calendars.push(calendar),
                Err(error) => {
                    let id = &spec.get_ref().id;
                    let message = match std::error::Error::source(&error) {
                        Some(source) => source.to_string(),
                        None => error.to_string().replace(&format!("calendar `{id}`: "), ""),
                    };
                    self.problem(&spec.span(), &format!("calendar {id}"), message);
                }
            }
        }
        calendars
    }

    fn priority(&mut self, priority: &file::Priority, names: &Names<'_>) -> Priority {
        Priority {
            name: Named {
                id: priority.id.get_ref().as_str().into(),
                title: priority.title.clone(),
                clause: priority.clause.clone(),
                note: priority.note.clone(),
            },
            criteria: priority.criteria.clone(),
            alarm: priority.alarm,
            set_by_lines: priority
                .set_by_lines
                .iter()
                .map(|line| self.known_line(line, "priority.set-by-lines", &names.lines))
                .collect(),
        }
    }

    fn priority_rule(&mut self, rule: &file::PriorityRule, names: &Names<'_>) -> PriorityRule {
        PriorityRule {
            when: self.when(&rule.when, "priority-rule.when", names),
            priority: self.known(&rule.priority, "priority-rule.priority", "priority", &names.priorities),
            clause: rule.clause.clone(),
        }
    }

    fn status(&mut self, status: &file::Status, names: &Names<'_>) -> Status {
        if status.waiting && status.stage == Stage::Closed {
            let message = format!("`{}` waits, but its stage is closed: it is over", status.id.get_ref());
            self.problem(&status.id.span(), "status.waiting", message);
        }
        Status {
            name: Named {
                id: status.id.get_ref().as_str().into(),
                title: status.title.clone(),
                clause: status.clause.clone(),
                note: status.note.clone(),
            },
            stage: status.stage,
            waiting: status.waiting,
            moves: self.all_known(&status.moves, "status.moves", "status", &names.statuses),
            passes_to: status
                .passes_to
                .as_ref()
                .map(|to| self.known(to, "status.passes-to", "status", &names.statuses)),
        }
    }

    fn channel(&mut self, channel: &file::Channel, names: &Names<'_>) -> Channel {
        Channel {
            name: Named {
                id: channel.id.get_ref().as_str().into(),
                title: channel.title.clone(),
                clause: channel.clause.clone(),
                note: channel.note.clone(),
            },
            line: self.known_line(&channel.line, "channel.line", &names.lines),
            types: self.all_known(&channel.types, "channel.types", "type", &names.types),
            roles: self.roles(&channel.roles, "channel.roles"),
            calendar: channel
                .calendar
                .as_ref()
                .map(|calendar| self.known(calendar, "channel.calendar", "calendar", &names.calendars)),
            group: channel.group.as_ref().map(|group| self.id(group, "channel.group")),
        }
    }

    fn line(&mut self, line: &file::Line, names: &Names<'_>) -> Line {
        Line {
            id: *line.id.get_ref(),
            title: line.title.clone(),
            clause: line.clause.clone(),
            note: line.note.clone(),
            calendar: self.known(&line.calendar, "line.calendar", "calendar", &names.calendars),
            routes: line.routes.iter().map(|to| self.known_line(to, "line.routes", &names.lines)).collect(),
        }
    }

    fn field(&mut self, field: &file::Field, names: &Names<'_>) -> Field {
        if field.kind == FieldKind::Enum && field.values.is_empty() {
            let message = "kind `enum` needs `values`, a list of { id, title }".to_owned();
            self.problem(&field.path.span(), "field.values", message);
        }
        if field.kind != FieldKind::Enum && !field.values.is_empty() {
            let message = "`values` go with kind `enum` only".to_owned();
            self.problem(&field.path.span(), "field.values", message);
        }
        self.unique("field.values", field.values.iter().map(|value| &value.id));
        if field.required && field.kind == FieldKind::Sealed && field.or.is_empty() {
            let message = "access data cannot be required: where somebody gives it, it is refused; use `wished`, or name in `or` what serves as well".to_owned();
            self.problem(&field.path.span(), "field.required", message);
        }
        if field.required && field.wished {
            let message = "a field is `required` or `wished`, not both".to_owned();
            self.problem(&field.path.span(), "field.wished", message);
        }
        for path in std::iter::once(&field.path).chain(&field.or) {
            if !is_field_path(path.get_ref()) {
                let message = format!(
                    "`{}` is no path of a registration; fields.NAME, requester.name, .email, .phone, .inn, .login, description, client, service or urgency",
                    path.get_ref()
                );
                self.problem(&path.span(), "field.path", message);
            }
        }
        Field {
            path: field.path.get_ref().clone(),
            title: field.title.clone(),
            kind: field.kind,
            values: field
                .values
                .iter()
                .map(|value| (value.id.get_ref().clone(), value.title.clone()))
                .collect(),
            required: field.required,
            wished: field.wished,
            or: field.or.iter().map(|path| path.get_ref().clone()).collect(),
            types: self.all_known(&field.types, "field.types", "type", &names.types),
            channels: self.all_known(&field.channels, "field.channels", "channel", &names.channels),
            clause: field.clause.clone(),
            note: field.note.clone(),
        }
    }

    /// The file's clocks, and the one of escalations after them.
    fn clocks(&mut self, file: &File, names: &Names<'_>) -> Vec<ClockRule> {
        let mut clocks: Vec<_> = file.clocks.iter().map(|rule| self.clock(rule, names)).collect();
        clocks.extend(self.escalation(file, names));
        clocks
    }

    fn queue(&mut self, queue: &file::Queue, names: &Names<'_>) -> QueueRule {
        self.once("queue.first", queue.first.iter().map(|id| (id.span(), id.get_ref())));
        QueueRule {
            first: self.all_known(&queue.first, "queue.first", "priority", &names.priorities),
            one_by_one: queue.one_by_one,
            clause: queue.clause.clone(),
            note: queue.note.clone(),
        }
    }

    fn verb(&mut self, verb: &Spanned<String>, rule: &file::Verb, names: &Names<'_>) -> VerbRule {
        let (span, verb) = (verb.span(), verb.get_ref().as_str());
        if !Act::VERBS.contains(&verb) {
            self.problem(
                &span,
                &format!("verb.{verb}"),
                format!("unknown verb; {}", allowed(verb, &Act::VERBS)),
            );
        }
        let key = format!("verb.{verb}");
        if rule.held_by_problem && verb != "route" {
            self.problem(&span, &key, "`held-by-problem` is for `route` only".to_owned());
        }
        if rule.needs_reason && verb != "assign" {
            let message = "`needs-reason` is for `assign` only; other verbs take a reason by themselves";
            self.problem(&span, &key, message.to_owned());
        }
        VerbRule {
            to: rule.to.as_ref().map(|to| self.known(to, &key, "status", &names.statuses)),
            from: self.all_known(&rule.from, &key, "status", &names.statuses),
            stage: rule.stage,
            types: self.all_known(&rule.types, &key, "type", &names.types),
            roles: self.roles(&rule.roles, &key),
            held_by_problem: rule.held_by_problem,
            needs_reason: rule.needs_reason,
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        }
    }

    fn when(&mut self, when: &file::When, key: &str, names: &Names<'_>) -> When {
        let lines = self.words(when.line.as_ref(), key, "line", None);
        let span = when.line.as_ref().map_or(0..0, Spanned::span);
        let lines = lines
            .iter()
            .map(|word| {
                let line = Spanned::new(span.clone(), word.parse().unwrap_or(u8::MAX));
                self.known_line(&line, key, &names.lines)
            })
            .collect();
        When {
            types: self.words(when.kind.as_ref(), key, "type", Some(&names.types)),
            priorities: self.words(when.priority.as_ref(), key, "priority", Some(&names.priorities)),
            channels: self.words(when.channel.as_ref(), key, "channel", Some(&names.channels)),
            services: self.words(when.service.as_ref(), key, "service", None),
            urgencies: self.words(when.urgency.as_ref(), key, "urgency", None),
            lines,
            fields: when
                .fields
                .iter()
                .map(|(name, values)| (name.get_ref().clone(), values.0.clone()))
                .collect(),
        }
    }

    fn words(
        &mut self,
        words: Option<&Spanned<OneOrMany>>,
        key: &str,
        what: &str,
        known: Option<&[&str]>,
    ) -> Vec<String> {
        let Some(words) = words else { return Vec::new() };
        if let Some(known) = known {
            for word in &words.get_ref().0 {
                self.known(&Spanned::new(words.span(), word.clone()), key, what, known);
            }
        }
        words.get_ref().0.clone()
    }

    fn reason(&mut self, reason: &file::Reason) -> Reason {
        self.known(&reason.verb, "reason.for", "verb", &Act::VERBS);
        Reason {
            verb: reason.verb.get_ref().clone(),
            id: reason.id.get_ref().clone(),
            title: reason.title.clone(),
            clause: reason.clause.clone(),
            note: reason.note.clone(),
        }
    }

    fn trackers(&mut self, trackers: &[file::Named]) -> Vec<Named> {
        self.unique("tracker.id", trackers.iter().map(|tracker| &tracker.id));
        trackers.iter().map(named).collect()
    }

    fn sources(&mut self, sources: &[file::Source]) -> Vec<Source> {
        self.unique("source.id", sources.iter().map(|source| &source.id));
        let source = |source: &file::Source| Source {
            name: Named {
                id: source.id.get_ref().as_str().into(),
                title: source.title.clone(),
                clause: source.clause.clone(),
                note: source.note.clone(),
            },
            outcome: source.outcome.clone(),
        };
        sources.iter().map(source).collect()
    }

    fn roles(&mut self, roles: &[Spanned<String>], key: &str) -> Vec<Role> {
        let known = Role::ALL.map(Role::id);
        let named = self.all_known(roles, key, "role", &known);
        named.iter().filter_map(|role| role.parse().ok()).collect()
    }

    fn url(&mut self, url: &Spanned<String>, key: &str) -> String {
        if !is_url(url.get_ref()) {
            let message = format!("`{}` is no address; write it as https://…", url.get_ref());
            self.problem(&url.span(), key, message);
        }
        url.get_ref().clone()
    }

    fn attachments(&mut self, rule: &file::AttachmentRule) -> AttachmentRule {
        let key = "attachments.kinds";
        if rule.kinds.get_ref().is_empty() {
            let all = AttachmentKind::list(&AttachmentKind::ALL);
            let message = format!("is empty; name what a ticket takes, of {all}, or leave [attachments] out");
            self.problem(&rule.kinds.span(), key, message);
        }
        let ids = AttachmentKind::ALL.map(AttachmentKind::id);
        let named = self.all_known(rule.kinds.get_ref(), key, "kind", &ids);
        AttachmentRule {
            kinds: named.iter().filter_map(|id| AttachmentKind::of_id(id)).collect(),
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        }
    }

    fn bug_report(&mut self, form: &file::BugReportForm, names: &Names<'_>) -> BugReportForm {
        const KNOWN: [&str; 8] =
            ["title", "description", "client", "document", "expected", "actual", "steps", "attachments"];
        let [least, most] = *form.title_words.get_ref();
        if least > most {
            let message = format!("[{least}, {most}]: the least number of words comes first");
            self.problem(&form.title_words.span(), "bug-report.title-words", message);
        }
        BugReportForm {
            line: self.known_line(&form.line, "bug-report.line", &names.lines),
            title_words: (least, most),
            required: self
                .all_known(&form.required, "bug-report.required", "field", &KNOWN)
                .into_iter()
                .map(String::from)
                .collect(),
            clause: form.clause.clone(),
        }
    }
}

/// The ids a file defines.
struct Names<'a> {
    types: Vec<&'a str>,
    priorities: Vec<&'a str>,
    statuses: Vec<&'a str>,
    channels: Vec<&'a str>,
    lines: Vec<u8>,
    calendars: Vec<&'a str>,
}

fn named(named: &file::Named) -> Named {
    Named {
        id: named.id.get_ref().as_str().into(),
        title: named.title.clone(),
        clause: named.clause.clone(),
        note: named.note.clone(),
    }
}

fn mark(mark: &file::Mark) -> Mark {
    Mark {
        id: mark.id.get_ref().as_str().into(),
        title: mark.title.clone(),
        default: mark.default,
        value: mark.value.as_ref().map(|value| *value.get_ref()),
        positive: mark.positive,
        clause: mark.clause.clone(),
    }
}

fn phrase(phrase: &file::ForbiddenPhrase) -> ForbiddenPhrase {
    ForbiddenPhrase { text: phrase.text.clone(), clause: phrase.clause.clone() }
}

/// Whether a text is the address of something on the web.
pub(crate) fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
}

fn is_field_path(path: &str) -> bool {
    path.strip_prefix("fields.").is_some_and(|name| !name.is_empty())
        || ["name", "email", "phone", "inn", "login"]
            .iter()
            .any(|name| path.strip_prefix("requester.") == Some(name))
        || ["description", "client", "service", "urgency"].contains(&path)
}
