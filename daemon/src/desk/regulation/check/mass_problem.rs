//! When alike tickets are a mass problem.

use smol_str::SmolStr;

use super::super::MassProblemRule;
use super::super::file::{self, Field};
use super::Check;

/// What tickets can have in common besides the regulation's own fields.
const PATHS: [&str; 4] = ["type", "service", "channel", "client"];
/// One ticket is no mass …
const ALIKE_MIN: u32 = 2;
/// … and a problem that is told of so late is no help.
const ALIKE_MAX: u32 = 1_000;

impl Check<'_> {
    pub(super) fn mass_problem(
        &mut self,
        rule: &file::MassProblemRule,
        fields: &[Field],
        types: &[&str],
    ) -> MassProblemRule {
        let alike = *rule.alike.get_ref();
        if !(ALIKE_MIN..=ALIKE_MAX).contains(&alike) {
            let message = format!("is {alike}; {ALIKE_MIN} to {ALIKE_MAX} tickets");
            self.problem(&rule.alike.span(), "mass-problem.alike", message);
        }
        let of_file = fields.iter().map(|field| field.path.get_ref().as_str());
        let of_file = of_file.filter(|path| path.starts_with("fields."));
        let known: Vec<&str> = PATHS.into_iter().chain(of_file).collect();
        let key = "mass-problem.same";
        if rule.same.get_ref().is_empty() {
            let message =
                format!("is empty; name what alike tickets have in common, of {}", known.join(", "));
            self.problem(&rule.same.span(), key, message);
        }
        MassProblemRule {
            alike,
            within: rule.within,
            same: self.all_known(rule.same.get_ref(), key, "path", &known),
            common_groups: {
                let groups = self.unique("mass-problem.common-groups", rule.common_groups.iter());
                groups.into_iter().map(SmolStr::from).collect()
            },
            types: self.all_known(&rule.types, "mass-problem.types", "type", types),
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        }
    }
}
