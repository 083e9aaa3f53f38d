//! Who is given tickets, and how many people a shift has.

use super::{CLAUSE, Explainer, clause};
use crate::desk::regulation::{AssignmentMode, AssignmentRule, StaffingRule};

impl Explainer<'_> {
    pub(super) fn people(&mut self) {
        if let Some(rule) = &self.words.regulation.assignment {
            self.assignment(rule);
        }
        if let Some(rule) = &self.words.regulation.staffing {
            self.staffing(rule);
        }
    }

    fn assignment(&mut self, rule: &AssignmentRule) {
        let mode = match rule.mode {
            AssignmentMode::RoundRobin => self.w(
                "в рабочее время — по очереди тем из группы, кто на смене и на месте; иначе — группе",
                "in working time to those of the group on shift and online, in turn; else to the group",
            ),
            AssignmentMode::Group => self.w("группе", "to the group"),
        };
        let back = if rule.hand_back {
            self.w("возвращаются группе", "go back to the group")
        } else {
            self.w("остаются у сотрудника", "stay with the agent")
        };
        let channels = self.words.channels(&rule.channels);
        let row = vec![mode.to_owned(), channels, back.to_owned(), clause(rule.clause.as_ref())];
        let columns = [
            ("кому", "to whom"),
            ("только по каналам", "on channels only"),
            ("после смены", "after the shift"),
            CLAUSE,
        ];
        self.table(("Распределение заявок", "Assignment"), &columns, vec![row]);
    }

    fn staffing(&mut self, rule: &StaffingRule) {
        let with = rule.with.iter().map(|with| format!("{} — {}", with.title, with.at_least));
        let row = vec![
            rule.at_least.to_string(),
            with.collect::<Vec<_>>().join(", "),
            self.words.hours_of(&rule.calendar),
            clause(rule.clause.as_ref()),
        ];
        let columns = [("не меньше", "at least"), ("из них", "of them"), ("часы", "hours"), CLAUSE];
        self.table(("Состав смены", "Staffing"), &columns, vec![row]);
    }
}
