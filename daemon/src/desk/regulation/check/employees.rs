//! That only employees may ask.

use super::Check;
use crate::desk::regulation::EmployeeRule;
use crate::desk::regulation::file::{self, File};

impl Check<'_> {
    pub(super) fn employees(&mut self, rule: &file::EmployeeRule, file: &File) -> EmployeeRule {
        let key = "employees.refuse-others";
        let reasons = file.reasons.iter().filter(|reason| reason.verb.get_ref() == "refuse");
        let reasons: Vec<_> = reasons.map(|reason| reason.id.get_ref().as_str()).collect();
        // Where no reasons are listed, any words are one.
        let refuse_others = if reasons.is_empty() {
            self.id(&rule.refuse_others, key)
        } else {
            self.known(&rule.refuse_others, key, "reason of `refuse`", &reasons)
        };
        if !file.verbs.keys().any(|verb| verb.get_ref() == "refuse") {
            let message = "the regulation has no `refuse`, so nobody can be refused; write [verb.refuse], or take [employees] out";
            self.problem(&rule.refuse_others.span(), key, message.to_owned());
        }
        if rule.text.get_ref().trim().is_empty() {
            let message = "is empty; say to whoever is refused why".to_owned();
            self.problem(&rule.text.span(), "employees.text", message);
        }
        EmployeeRule {
            refuse_others,
            text: rule.text.get_ref().trim().to_owned(),
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        }
    }
}
