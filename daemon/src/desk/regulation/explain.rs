//! A regulation as tables that a manager can read: what the file says, in the regulation's own words, each row with
//! its clause.
//!
//! The words around them are Russian or English; titles and notes are the file's and stay as they are.

mod page;
#[cfg(test)]
mod tests;
mod words;

use self::page::Page;
use self::words::Words;
use super::{AtEnd, CalendarChoice, ClockRule, PrioritySource, Regulation};
use crate::desk::ticket::Stage;

/// The language of the words around the regulation's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Russian, as the regulations.
    #[default]
    Russian,
    /// English.
    English,
}

/// The whole file as tables.
pub fn explain(regulation: &Regulation, language: Language) -> String {
    let mut explainer = Explainer { words: Words { regulation, language }, page: Page::default() };
    explainer.heading();
    explainer.types();
    explainer.priorities();
    explainer.statuses();
    explainer.verbs();
    explainer.lines();
    explainer.calendars();
    explainer.channels();
    explainer.fields();
    explainer.clocks();
    explainer.marks_and_reasons();
    explainer.forms();
    explainer.notes();
    explainer.page.finish()
}

struct Explainer<'a> {
    words: Words<'a>,
    page: Page,
}

impl Explainer<'_> {
    fn w(&self, russian: &'static str, english: &'static str) -> &'static str {
        self.words.of(russian, english)
    }

    fn table(
        &mut self,
        title: (&'static str, &'static str),
        columns: &[(&'static str, &'static str)],
        rows: Vec<Vec<String>>,
    ) {
        let title = self.w(title.0, title.1);
        let columns: Vec<_> = columns.iter().map(|(russian, english)| self.w(russian, english)).collect();
        self.page.table(title, &columns, rows);
    }

    fn heading(&mut self) {
        let regulation = self.words.regulation;
        self.page.title(&regulation.title);
        let (id, version) = (self.w("идентификатор", "id"), self.w("версия", "version"));
        let (from, zone) = (self.w("действует с", "holds from"), self.w("часовой пояс", "zone"));
        self.page.line(&format!(
            "{id} {}, {version} {}, {from} {}, {zone} {}",
            regulation.id, regulation.version, regulation.holds_from, regulation.zone
        ));
    }

    fn types(&mut self) {
        let rows = self.words.regulation.types.iter();
        let rows =
            rows.map(|kind| vec![kind.title.clone(), kind.id.to_string(), clause(kind.clause.as_ref())]);
        let rows = rows.collect();
        self.table(("Типы обращений", "Types"), &[TITLE, ID, CLAUSE], rows);
    }

    fn priorities(&mut self) {
        let regulation = self.words.regulation;
        let rows = regulation.priorities.iter().rev().map(|priority| {
            let mut what = Vec::new();
            if priority.alarm {
                what.push(self.w("тревога, пока открыто", "an alarm while open").to_owned());
            }
            if !priority.set_by_lines.is_empty() {
                let lines = self.words.numbers(&priority.set_by_lines);
                what.push(format!("{} {lines}", self.w("ставят только линии", "set by lines only:")));
            }
            let name = &priority.name;
            vec![name.title.clone(), name.id.to_string(), what.join("; "), clause(name.clause.as_ref())]
        });
        let rows = rows.collect();
        self.table(
            ("Приоритеты, начиная с высшего", "Priorities, the greatest first"),
            &[TITLE, ID, ("особое", "special"), CLAUSE],
            rows,
        );
        self.page.line("");
        self.page.line(match regulation.priority_source {
            PrioritySource::Rules => self.w(
                "Приоритет следует из первого подходящего правила:",
                "A priority follows from the first rule that fits:",
            ),
            PrioritySource::Requester => self.w(
                "Приоритет называет заявитель; если не назвал, он следует из первого подходящего правила:",
                "The requester tells the priority; where not, it follows from the first rule that fits:",
            ),
        });
        let rows = regulation.priority_rules.iter().map(|rule| {
            vec![
                self.words.when(&rule.when),
                self.words.priority(&rule.priority).to_owned(),
                clause(rule.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        self.table(("", ""), &[WHEN, ("приоритет", "priority"), CLAUSE], rows);
    }

    fn statuses(&mut self) {
        let regulation = self.words.regulation;
        let rows = regulation.statuses.iter().map(|status| {
            let name = &status.name;
            let pauses = regulation.clocks.iter().filter(|rule| rule.pauses_in.contains(&name.id));
            let pauses: Vec<_> = pauses.map(|rule| rule.title.as_str()).collect();
            let mut moves: Vec<_> = status.moves.iter().map(|to| self.words.status(to).to_owned()).collect();
            if let Some(to) = &status.passes_to {
                moves = vec![format!("{} {}", self.w("сам переходит в", "passes to"), self.words.status(to))];
            }
            let mut stage = self.words.stage(status.stage).to_owned();
            if status.waiting {
                stage.push_str(self.w(", ждём", ", waiting"));
            }
            vec![
                name.title.clone(),
                name.id.to_string(),
                stage,
                moves.join(", "),
                pauses.join(", "),
                clause(name.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [
            TITLE,
            ID,
            ("стадия", "stage"),
            ("куда переводят", "moves to"),
            ("что стоит", "what stands still"),
            CLAUSE,
        ];
        self.table(("Статусы", "Statuses"), &columns, rows);
    }

    fn verbs(&mut self) {
        let regulation = self.words.regulation;
        let rows = regulation.verbs.iter().map(|(verb, rule)| {
            let from: Vec<_> = rule.from.iter().map(|id| self.words.status(id)).collect();
            let from = if from.is_empty() { self.w("любой", "any").to_owned() } else { from.join(", ") };
            let to = rule.to.as_ref().map_or("", |id| self.words.status(id));
            let stage = rule.stage.map(|stage| format!(" ({})", self.words.stage(stage))).unwrap_or_default();
            let types: Vec<_> = rule.types.iter().map(|id| self.words.kind(id)).collect();
            vec![verb.clone(), from, format!("{to}{stage}"), types.join(", "), clause(rule.clause.as_ref())]
        });
        let rows = rows.collect();
        let columns = [
            ("глагол", "verb"),
            ("из статуса", "from"),
            ("в статус", "to"),
            ("только для типов", "for types only"),
            CLAUSE,
        ];
        self.table(("Что делают команды", "What verbs do"), &columns, rows);
    }

    fn lines(&mut self) {
        let regulation = self.words.regulation;
        let rows = regulation.lines.iter().map(|line| {
            let calendar = regulation.calendar(&line.calendar);
            vec![
                line.id.to_string(),
                line.title.clone(),
                calendar.map(|calendar| self.words.hours(calendar)).unwrap_or_default(),
                self.words.numbers(&line.routes),
                clause(line.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [("№", "no."), TITLE, ("часы", "hours"), ("передаёт на", "routes to"), CLAUSE];
        self.table(("Линии", "Lines"), &columns, rows);
    }

    fn calendars(&mut self) {
        let regulation = self.words.regulation;
        let rows = regulation.calendars.iter().map(|calendar| {
            let facts = calendar.facts_until().map_or_else(
                || self.w("не учитываются", "not observed").to_owned(),
                |until| format!("{} {until}", self.w("известны до", "known until")),
            );
            let clause = calendar.clause().unwrap_or_default().to_owned();
            vec![
                calendar.title().to_owned(),
                calendar.id().to_owned(),
                self.words.hours(calendar),
                calendar.zone().to_string(),
                facts,
                clause,
            ]
        });
        let rows = rows.collect();
        let columns = [
            TITLE,
            ID,
            ("часы", "hours"),
            ("пояс", "zone"),
            ("праздники и переносы", "holidays and moved days"),
            CLAUSE,
        ];
        self.table(("Календари", "Calendars"), &columns, rows);
    }

    fn channels(&mut self) {
        let rows = self.words.regulation.channels.iter().map(|channel| {
            let types: Vec<_> = channel.types.iter().map(|id| self.words.kind(id)).collect();
            let types = if types.is_empty() { self.w("все", "all").to_owned() } else { types.join(", ") };
            let name = &channel.name;
            vec![
                name.title.clone(),
                name.id.to_string(),
                channel.line.to_string(),
                types,
                clause(name.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [TITLE, ID, ("линия", "line"), ("типы", "types"), CLAUSE];
        self.table(("Каналы", "Channels"), &columns, rows);
    }

    fn fields(&mut self) {
        let rows = self.words.regulation.fields.iter().map(|field| {
            let mut path = field.path.clone();
            for other in &field.or {
                path.push_str(self.w(" или ", " or "));
                path.push_str(other);
            }
            let types: Vec<_> = field.types.iter().map(|id| self.words.kind(id)).collect();
            let required = if field.required { self.w("да", "yes") } else { self.w("нет", "no") };
            let required = if types.is_empty() {
                required.to_owned()
            } else {
                format!("{required}: {}", types.join(", "))
            };
            vec![
                field.title.clone(),
                path,
                self.words.field_kind(field),
                required,
                clause(field.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [TITLE, ("поле", "field"), ("что в нём", "kind"), ("обязательно", "required"), CLAUSE];
        self.table(("Поля при регистрации", "Fields of a registration"), &columns, rows);
    }

    fn clocks(&mut self) {
        let all = &self.words.regulation.clocks;
        let ours: Vec<_> = all.iter().filter(|rule| rule.metric.is_ours()).collect();
        let theirs: Vec<_> = all.iter().filter(|rule| !rule.metric.is_ours()).collect();
        self.clock_tables(("Сроки, которые обещает поддержка", "Terms that support promises"), &ours);
        self.clock_tables(("Окна: время заявителя", "Windows: the requester's time"), &theirs);
    }

    fn clock_tables(&mut self, title: (&'static str, &'static str), rules: &[&ClockRule]) {
        let rows = rules.iter().map(|rule| {
            let calendar = match &rule.calendar {
                CalendarChoice::OfLine => self.w("линии", "of the line"),
                CalendarChoice::OfChannel => self.w("канала", "of the channel"),
                CalendarChoice::Named(id) => id.as_str(),
            };
            let mut turns =
                vec![format!("{} {}", self.w("с:", "starts:"), self.words.triggers(&rule.starts))];
            turns.push(format!("{} {}", self.w("до:", "stops:"), self.words.triggers(&rule.stops)));
            if !rule.reopens.is_empty() {
                turns.push(format!(
                    "{} {}",
                    self.w("снова:", "goes on:"),
                    self.words.triggers(&rule.reopens)
                ));
            }
            if !rule.pauses_in.is_empty() {
                let pauses: Vec<_> = rule.pauses_in.iter().map(|id| self.words.status(id)).collect();
                turns.push(format!("{} {}", self.w("стоит в:", "stands still in:"), pauses.join(", ")));
            }
            vec![
                rule.title.clone(),
                rule.metric.to_string(),
                format!("{}, {} {calendar}", self.words.basis(rule.basis), self.w("календарь", "calendar")),
                turns.join("\n"),
                self.at_end(rule),
                clause(rule.clause.as_ref()),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let columns = [
            TITLE,
            ID,
            ("что считает", "counts"),
            ("когда идёт", "when it runs"),
            ("по истечении", "at its end"),
            CLAUSE,
        ];
        self.table(title, &columns, rows);
        let targets = rules.iter().flat_map(|rule| rule.targets.iter().map(move |target| (rule, target)));
        let rows = targets.map(|(rule, target)| {
            vec![
                rule.title.clone(),
                self.words.when(&target.when),
                self.words.term(target.term),
                clause(target.clause.as_ref()),
            ]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            self.page.line("");
        }
        self.table(("", ""), &[("срок", "term"), WHEN, ("сколько", "how much"), CLAUSE], rows);
    }

    fn at_end(&self, rule: &ClockRule) -> String {
        let mut text = match &rule.at_end {
            AtEnd::Breach => self.w("срок нарушен", "breached").to_owned(),
            AtEnd::Tell => self.w("сообщается один раз", "told once").to_owned(),
            AtEnd::Close { status, reason } => {
                format!("{} «{}» ({reason})", self.w("закрывается в", "closed as"), self.words.status(status))
            }
        };
        if let Some(warn) = rule.warn_before {
            text.push('\n');
            text.push_str(self.w("предупреждение за ", "warning before: "));
            text.push_str(&self.words.warning(warn));
        }
        text
    }

    fn marks_and_reasons(&mut self) {
        let regulation = self.words.regulation;
        let rows = regulation.marks.iter().map(|mark| {
            let default = if mark.default {
                self.w("если не поставлена", "where none is given")
            } else {
                ""
            };
            vec![mark.title.clone(), mark.id.to_string(), default.to_owned(), clause(mark.clause.as_ref())]
        });
        let rows = rows.collect();
        self.table(("Оценки", "Marks"), &[TITLE, ID, ("считается", "counts"), CLAUSE], rows);
        let rows = regulation.reasons.iter().map(|reason| {
            vec![reason.verb.clone(), reason.title.clone(), reason.id.clone(), clause(reason.clause.as_ref())]
        });
        let rows = rows.collect();
        self.table(("Причины", "Reasons"), &[("глагол", "verb"), TITLE, ID, CLAUSE], rows);
    }

    fn forms(&mut self) {
        let regulation = self.words.regulation;
        if let Some(form) = &regulation.bug_report {
            let (least, most) = form.title_words;
            let words = format!("{least}–{most} {}", self.w("слов", "words"));
            let row =
                vec![form.line.to_string(), form.required.join(", "), words, clause(form.clause.as_ref())];
            let columns =
                [("для линии", "for line"), ("обязательно", "required"), ("заголовок", "title"), CLAUSE];
            self.table(("Сообщение об ошибке разработчикам", "Bug report"), &columns, vec![row]);
        }
        let rows = regulation.forbidden_phrases.iter();
        let rows = rows.map(|phrase| vec![format!("«{}»", phrase.text), clause(phrase.clause.as_ref())]);
        let rows = rows.collect();
        self.table(
            ("Чего не должно быть в ответе", "What an answer must not say"),
            &[("слова", "words"), CLAUSE],
            rows,
        );
    }

    fn notes(&mut self) {
        let mut rows = Vec::new();
        for (place, note) in self.words.notes() {
            rows.push(vec![place, self.words.whose(&note).to_owned(), note]);
        }
        let columns = [("к чему", "about"), ("чьё решение", "whose choice"), ("примечание", "note")];
        self.table(("Примечания", "Notes"), &columns, rows);
    }
}

const TITLE: (&str, &str) = ("название", "title");
const ID: (&str, &str) = ("id", "id");
const CLAUSE: (&str, &str) = ("пункт", "clause");
const WHEN: (&str, &str) = ("когда", "when");

fn clause(clause: Option<&String>) -> String {
    clause.cloned().unwrap_or_default()
}

impl Words<'_> {
    fn stage(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Open => self.of("открыто", "open"),
            Stage::Resolved => self.of("отвечено", "resolved"),
            Stage::Closed => self.of("закрыто", "closed"),
        }
    }
}
