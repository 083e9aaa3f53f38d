//! What is wrong with what a file says about people.

use smol_str::SmolStr;
use toml::Spanned;

use super::{Check, Names};
use crate::desk::regulation::file::{self, File};
use crate::desk::regulation::{AssignmentRule, SkillRule, StaffingRule};

/// How many people a shift can be asked to have.
const SHIFT_MAX: u32 = 500;

impl Check<'_> {
    /// An id that refers to nothing in the file.
    pub(super) fn id(&mut self, id: &Spanned<String>, key: &str) -> SmolStr {
        self.unique(key, std::iter::once(id));
        id.get_ref().as_str().into()
    }

    pub(super) fn assignment(
        &mut self,
        rule: &file::Assignment,
        file: &File,
        names: &Names<'_>,
    ) -> AssignmentRule {
        let key = "assignment.channels";
        let channels = self.all_known(&rule.channels, key, "channel", &names.channels);
        let without = |id: &str| {
            file.channels.iter().any(|channel| channel.id.get_ref() == id && channel.group.is_none())
        };
        for channel in rule.channels.iter().filter(|channel| without(channel.get_ref())) {
            let message = format!(
                "`{}` has no group that could be given its tickets; name one in its `group`",
                channel.get_ref()
            );
            self.problem(&channel.span(), key, message);
        }
        if file.channels.iter().all(|channel| channel.group.is_none()) {
            let message =
                "no channel has a `group`, so nothing can be assigned; name one, or take [assignment] out";
            let at = file.channels.first().map_or(0..0, |channel| channel.id.span());
            self.problem(&at, "assignment", message.to_owned());
        }
        AssignmentRule {
            mode: rule.mode,
            channels,
            hand_back: rule.hand_back,
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        }
    }

    pub(super) fn staffing(&mut self, rule: &file::Staffing, names: &Names<'_>) -> StaffingRule {
        let at_least = self.people(&rule.at_least, "staffing.at-least", SHIFT_MAX);
        self.unique("staffing.with", rule.with.iter().map(|with| &with.skill));
        let with = rule.with.iter().map(|with| SkillRule {
            skill: with.skill.get_ref().as_str().into(),
            title: with.title.clone(),
            at_least: self.people(&with.at_least, "staffing.with.at-least", at_least.max(1)),
        });
        let with = with.collect();
        StaffingRule {
            at_least,
            calendar: self.known(&rule.calendar, "staffing.calendar", "calendar", &names.calendars),
            with,
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        }
    }

    fn people(&mut self, number: &Spanned<u32>, key: &str, most: u32) -> u32 {
        let people = *number.get_ref();
        if !(1..=most).contains(&people) {
            self.problem(&number.span(), key, format!("{people} people; 1 to {most}"));
        }
        people
    }
}
