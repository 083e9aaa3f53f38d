//! The terms: what is promised, and how long the requester has.

use super::{CLAUSE, Explainer, ID, TITLE, WHEN, clause};
use crate::desk::regulation::{AtEnd, CalendarChoice, ClockRule};

impl Explainer<'_> {
    pub(super) fn clocks(&mut self) {
        let regulation = self.words.regulation;
        let all: Vec<_> = regulation.clocks.iter().filter(|rule| !regulation.is_of_topics(rule)).collect();
        let ours: Vec<_> = all.iter().copied().filter(|rule| rule.metric.is_ours()).collect();
        let theirs: Vec<_> = all.iter().copied().filter(|rule| !rule.metric.is_ours()).collect();
        self.clock_tables(("Сроки, которые обещает поддержка", "Terms that support promises"), &ours);
        self.clock_tables(("Окна: время заявителя", "Windows: the requester's time"), &theirs);
    }

    fn clock_tables(&mut self, title: (&'static str, &'static str), rules: &[&ClockRule]) {
        let rows = rules.iter().map(|rule| {
            let mut turns =
                vec![format!("{} {}", self.w("с:", "starts:"), self.words.triggers(&rule.starts))];
            if !rule.restarts.is_empty() {
                turns.push(format!(
                    "{} {}",
                    self.w("заново:", "starts anew:"),
                    self.words.triggers(&rule.restarts)
                ));
            }
            turns.push(format!("{} {}", self.w("до:", "stops:"), self.words.triggers(&rule.stops)));
            if !rule.reopens.is_empty() {
                turns.push(format!(
                    "{} {}",
                    self.w("продолжается:", "goes on:"),
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
                self.counts(rule),
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
        self.targets(rules);
    }

    /// What a clock counts, and by which calendar.
    pub(super) fn counts(&self, rule: &ClockRule) -> String {
        let calendar = match &rule.calendar {
            CalendarChoice::OfLine => self.w("линии", "of the line").to_owned(),
            CalendarChoice::OfChannel => self.w("канала", "of the channel").to_owned(),
            CalendarChoice::Named(id) => {
                let calendar = self.words.regulation.calendar(id);
                format!("«{}»", calendar.map_or(id.as_str(), |calendar| calendar.title()))
            }
        };
        format!("{}, {} {calendar}", self.words.basis(rule.basis), self.w("календарь", "calendar"))
    }

    /// A clock's name stands beside its first target only.
    fn targets(&mut self, rules: &[&ClockRule]) {
        let mut rows = Vec::new();
        for rule in rules {
            for (i, target) in rule.targets.iter().enumerate() {
                rows.push(vec![
                    if i == 0 { rule.title.clone() } else { String::new() },
                    self.words.when_among(&target.when, rule.targets.len()),
                    self.words.term(target.term),
                    self.words.site(target.site).to_owned(),
                    clause(target.clause.as_ref()),
                ]);
            }
        }
        if !rows.is_empty() {
            self.page.line("");
        }
        let columns =
            [("срок", "term"), WHEN, ("сколько", "how much"), ("чья цифра", "whose figure"), CLAUSE];
        self.table(("", ""), &columns, rows);
    }

    pub(super) fn at_end(&self, rule: &ClockRule) -> String {
        let mut text = match &rule.at_end {
            AtEnd::Breach => self.w("срок нарушен", "breached").to_owned(),
            AtEnd::Tell => self.w("сообщается один раз", "told once").to_owned(),
            AtEnd::Close { status, reason } => {
                format!("{} «{}» ({reason})", self.w("закрывается:", "closed as"), self.words.status(status))
            }
        };
        if let Some(warn) = rule.warn_before {
            text.push('\n');
            text.push_str(self.w("предупреждение за ", "warning before: "));
            text.push_str(&self.words.warning(warn));
        }
        text
    }
}
