//! Departments, the topics they are asked about, and the clock of their answers.

use toml::Spanned;

use super::{Check, Names};
use crate::desk::clocks::{Basis, Metric};
use crate::desk::regulation::file::{self, File};
use crate::desk::regulation::{AtEnd, ClockRule, GivenTerm, Named, Topic};

impl Check<'_> {
    /// The clock that departments' terms run by; none where there are no topics.
    pub(super) fn escalation(&mut self, file: &File, names: &Names<'_>) -> Option<ClockRule> {
        let Some(rule) = &file.escalation else {
            if let Some(topic) = file.topics.first() {
                let message = "a topic has a term, and nothing says what it counts; write [escalation] with a basis and a calendar";
                self.problem(&topic.id.span(), "topic", message.to_owned());
            }
            return None;
        };
        if let Some(clock) = file.clocks.iter().find(|clock| *clock.metric.get_ref() == Metric::Escalation) {
            let message =
                "[escalation] is this clock already, and its terms stand with the topics; take it out";
            self.problem(&clock.metric.span(), "clock escalation", message.to_owned());
        }
        let calendar = self.calendar_choice(&rule.calendar, "escalation", names);
        let warn_before = rule.warn_before.as_ref().and_then(|word| self.warn_before(word, "escalation"));
        if file.topics.is_empty() {
            let message = "there is no [[topic]] to ask a department about; write one, or take it out";
            self.problem(&rule.title.span(), "escalation", message.to_owned());
            return None;
        }
        Some(ClockRule {
            metric: Metric::Escalation,
            title: rule.title.get_ref().clone(),
            basis: rule.basis,
            calendar,
            starts: Vec::new(),
            stops: Vec::new(),
            restarts: Vec::new(),
            reopens: Vec::new(),
            pauses_in: Vec::new(),
            at_end: AtEnd::Breach,
            warn_before,
            targets: Vec::new(),
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        })
    }

    pub(super) fn topics(&mut self, file: &File, names: &Names<'_>) -> Vec<Topic> {
        let departments = self.unique("department.id", file.departments.iter().map(|named| &named.id));
        self.unique("topic.id", file.topics.iter().map(|topic| &topic.id));
        let basis = file.escalation.as_ref().map_or(Basis::WorkingDays, |rule| rule.basis);
        for department in &file.departments {
            if file.topics.iter().all(|topic| topic.department.get_ref() != department.id.get_ref()) {
                let message = format!(
                    "nobody asks `{}`: no [[topic]] names it; write one, or take it out",
                    department.id.get_ref()
                );
                self.problem(&department.id.span(), "department.id", message);
            }
        }
        file.topics.iter().map(|topic| self.topic(topic, basis, &departments, names)).collect()
    }

    fn topic(&mut self, topic: &file::Topic, basis: Basis, departments: &[&str], names: &Names<'_>) -> Topic {
        if topic.channels.is_empty() {
            let message = format!("there is no way to ask about `{}`; name one", topic.id.get_ref());
            self.problem(&topic.id.span(), "topic.channels", message);
        }
        self.unique("topic.channels", topic.channels.iter());
        let written = file::Target {
            when: file::When::default(),
            term: topic.term.clone(),
            site: topic.site,
            clause: topic.clause.clone(),
            note: None,
        };
        let target = self.target(&written, basis, "topic.term", names);
        if target.term == GivenTerm::Estimate {
            let message = "nobody estimates a department's time; write a term, or \"none\"".to_owned();
            self.problem(&topic.term.span(), "topic.term", message);
        }
        Topic {
            name: Named {
                id: topic.id.get_ref().as_str().into(),
                title: topic.title.clone(),
                clause: topic.clause.clone(),
                note: topic.note.clone(),
            },
            department: self.known(&topic.department, "topic.department", "department", departments),
            channels: topic.channels.iter().map(Spanned::get_ref).map(|id| id.as_str().into()).collect(),
            channels_clause: topic.channels_clause.clone().or_else(|| topic.clause.clone()),
            target,
        }
    }
}
