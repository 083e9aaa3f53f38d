//! What there is: types, priorities, statuses, what verbs do, lines, calendars, ways in, fields.

use super::{CLAUSE, Explainer, ID, TITLE, WHEN, clause};
use crate::desk::command::Act;
use crate::desk::regulation::{Field, FieldKind, Priority, PriorityRule, PrioritySource, VerbRule};

impl Explainer<'_> {
    pub(super) fn types(&mut self) {
        let rows = self.words.regulation.types.iter();
        let rows =
            rows.map(|kind| vec![kind.title.clone(), kind.id.to_string(), clause(kind.clause.as_ref())]);
        let rows = rows.collect();
        self.table(("Типы заявок", "Types"), &[TITLE, ID, CLAUSE], rows);
    }

    pub(super) fn priorities(&mut self) {
        let rows = self.words.regulation.priorities.iter().rev().map(|priority| {
            let name = &priority.name;
            vec![
                name.title.clone(),
                name.id.to_string(),
                priority.criteria.clone().unwrap_or_default(),
                self.special(priority),
                clause(name.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        self.table(
            ("Приоритеты, начиная с высшего", "Priorities, the greatest first"),
            &[TITLE, ID, ("когда ставят", "when it is set"), ("особое", "special"), CLAUSE],
            rows,
        );
        self.priority_rules();
    }

    fn special(&self, priority: &Priority) -> String {
        let mut what = Vec::new();
        if priority.alarm {
            what.push(self.w("тревога, пока открыто", "an alarm while open").to_owned());
        }
        if !priority.set_by_lines.is_empty() {
            let lines = self.words.numbers(&priority.set_by_lines);
            what.push(format!("{} {lines}", self.w("ставят только линии", "set by lines only:")));
        }
        what.join("; ")
    }

    fn priority_rules(&mut self) {
        let regulation = self.words.regulation;
        let by_rules = regulation.priority_source == PrioritySource::Rules;
        let always = |rule: &&PriorityRule| rule.when.is_empty();
        let only = match regulation.priority_rules.first() {
            None => regulation.priorities.first().map(|priority| priority.name.id.as_str()),
            Some(rule) => Some(rule).filter(always).map(|rule| rule.priority.as_str()),
        };
        self.page.line("");
        if let Some(only) = only {
            let told = if by_rules {
                self.w("При регистрации приоритет —", "At registration the priority is")
            } else {
                self.w(
                    "Приоритет называет заявитель; если не назвал —",
                    "The requester tells the priority; where not, it is",
                )
            };
            let first = regulation.priority_rules.first().and_then(|rule| rule.clause.as_ref());
            let first = first.map_or_else(String::new, |clause| format!(" ({clause})"));
            let only = self.words.priority(only);
            self.page.line(&format!("{told} «{only}»{first}."));
            return;
        }
        self.page.line(if by_rules {
            self.w(
                "Приоритет следует из первого подходящего правила:",
                "A priority follows from the first rule that fits:",
            )
        } else {
            self.w(
                "Приоритет называет заявитель; если не назвал, он следует из первого подходящего правила:",
                "The requester tells the priority; where not, it follows from the first rule that fits:",
            )
        });
        let rows = regulation.priority_rules.iter().map(|rule| {
            vec![
                self.words.when_among(&rule.when, regulation.priority_rules.len()),
                self.words.priority(&rule.priority).to_owned(),
                clause(rule.clause.as_ref()),
            ]
        });
        let mut rows: Vec<_> = rows.collect();
        if !regulation.priority_rules.iter().any(|rule| rule.when.is_empty()) {
            let least = regulation.priorities.first().map(|priority| priority.name.title.clone());
            rows.push(vec![
                self.w("в остальных случаях", "otherwise").to_owned(),
                least.unwrap_or_default(),
                String::new(),
            ]);
        }
        self.table(("", ""), &[WHEN, ("приоритет", "priority"), CLAUSE], rows);
    }

    pub(super) fn statuses(&mut self) {
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
            ("какие сроки стоят", "what stands still"),
            CLAUSE,
        ];
        self.table(("Статусы", "Statuses"), &columns, rows);
    }

    pub(super) fn verbs(&mut self) {
        let verbs = Act::VERBS.into_iter().filter_map(|verb| Some((verb, self.words.regulation.verb(verb)?)));
        let rows = verbs.map(|(verb, rule)| {
            let to = rule.to.as_ref().map_or("", |id| self.words.status(id));
            let held = if rule.held_by_problem {
                self.w("не выше, пока открыта связанная проблема", "not up, while a linked problem is open")
            } else if rule.needs_reason {
                self.w("только с причиной", "with a reason only")
            } else {
                ""
            };
            let stage = rule.stage.map(|stage| format!(" ({})", self.words.stage(stage))).unwrap_or_default();
            vec![
                self.words.verb(verb).to_owned(),
                verb.to_owned(),
                self.from(verb, rule),
                format!("{to}{stage}{held}"),
                self.words.kinds(&rule.types),
                self.words.roles(&rule.roles),
                clause(rule.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [
            ("команда", "verb"),
            ID,
            ("из статуса", "from"),
            ("в статус", "to"),
            ("только для типов", "for types only"),
            ("только для ролей", "for roles only"),
            CLAUSE,
        ];
        self.table(("Что делают команды", "What verbs do"), &columns, rows);
    }

    /// The statuses a verb leads out of; nothing where it leads nowhere.
    fn from(&self, verb: &str, rule: &VerbRule) -> String {
        let from: Vec<_> = rule.from.iter().map(|id| self.words.status(id)).collect();
        match verb {
            _ if !from.is_empty() => from.join(", "),
            _ if rule.to.is_none() => String::new(),
            "confirm" | "return" => self.w("любой после ответа", "any once answered").to_owned(),
            "close" => self.w("любой", "any").to_owned(),
            _ => self.w("любой открытый", "any open one").to_owned(),
        }
    }

    pub(super) fn lines(&mut self) {
        let rows = self.words.regulation.lines.iter().map(|line| {
            vec![
                line.id.to_string(),
                line.title.clone(),
                self.words.hours_of(&line.calendar),
                self.words.numbers(&line.routes),
                clause(line.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [("№", "no."), TITLE, ("часы", "hours"), ("передаёт на", "routes to"), CLAUSE];
        self.table(("Линии", "Lines"), &columns, rows);
    }

    pub(super) fn calendars(&mut self) {
        let regulation = self.words.regulation;
        let rows = regulation.calendars.iter().map(|calendar| {
            let facts = calendar.facts_until().map_or_else(
                || self.w("не учитываются", "not observed").to_owned(),
                |until| format!("{} {}", self.w("известны до", "known until"), self.words.date(until)),
            );
            let zone = Some(calendar.zone()).filter(|zone| *zone != regulation.zone);
            let site = regulation.site_calendars.iter().any(|id| id == calendar.id());
            vec![
                calendar.title().to_owned(),
                calendar.id().to_owned(),
                self.words.hours(calendar),
                self.words.site(site).to_owned(),
                zone.map(|zone| zone.to_string()).unwrap_or_default(),
                facts,
                calendar.clause().unwrap_or_default().to_owned(),
            ]
        });
        let rows = rows.collect();
        let columns = [
            TITLE,
            ID,
            ("часы", "hours"),
            ("чьи часы", "whose hours"),
            ("пояс", "zone"),
            ("праздники и переносы", "holidays and moved days"),
            CLAUSE,
        ];
        self.table(("Календари", "Calendars"), &columns, rows);
    }

    pub(super) fn channels(&mut self) {
        let rows = self.words.regulation.channels.iter().map(|channel| {
            let types = self.words.kinds(&channel.types);
            let types = if types.is_empty() { self.w("все", "all").to_owned() } else { types };
            let name = &channel.name;
            vec![
                name.title.clone(),
                name.id.to_string(),
                channel.line.to_string(),
                types,
                channel.calendar.as_deref().map(|id| self.words.hours_of(id)).unwrap_or_default(),
                channel.group.as_deref().unwrap_or_default().to_owned(),
                self.words.roles(&channel.roles),
                clause(name.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [
            TITLE,
            ID,
            ("линия", "line"),
            ("типы", "types"),
            ("свои часы", "hours of its own"),
            ("группа", "group"),
            ("кто регистрирует", "who registers"),
            CLAUSE,
        ];
        self.table(("Каналы", "Channels"), &columns, rows);
    }

    pub(super) fn fields(&mut self) {
        let rows = self.words.regulation.fields.iter().map(|field| {
            let mut path = field.path.clone();
            for other in &field.or {
                path.push_str(self.w(" или ", " or "));
                path.push_str(other);
            }
            vec![
                field.title.clone(),
                path,
                self.words.field_kind(field),
                self.asked(field),
                self.words.kinds(&field.types),
                self.words.channels(&field.channels),
                clause(field.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [
            TITLE,
            ("поле", "field"),
            ("что в нём", "kind"),
            ("нужно ли", "asked for"),
            ("для типов", "for types"),
            ("по каналам", "on channels"),
            CLAUSE,
        ];
        self.table(("Поля при регистрации", "Fields of a registration"), &columns, rows);
    }

    fn asked(&self, field: &Field) -> String {
        match (field.required, field.wished) {
            (true, _) => self.w("обязательно", "required"),
            (false, true) => self.w("желательно", "wished"),
            (false, false) if field.kind == FieldKind::Sealed => self.w("отдельно", "apart"),
            (false, false) => self.w("можно", "may be given"),
        }
        .to_owned()
    }
}
