//! What the register of clients is for.

use super::{Check, Names};
use crate::desk::regulation::ClientRule;
use crate::desk::regulation::file::{self, File};

impl Check<'_> {
    pub(super) fn clients(&mut self, rule: &file::ClientRule, file: &File, names: &Names<'_>) -> ClientRule {
        let reasons = file.reasons.iter().filter(|reason| reason.verb.get_ref() == "refuse");
        let reasons: Vec<_> = reasons.map(|reason| reason.id.get_ref().as_str()).collect();
        self.once("clients.paid-channels", rule.paid_channels.iter().map(|id| (id.span(), id.get_ref())));
        ClientRule {
            refuse_others: rule
                .refuse_others
                .as_ref()
                .map(|id| self.known(id, "clients.refuse-others", "reason of `refuse`", &reasons)),
            paid_channels: self.all_known(
                &rule.paid_channels,
                "clients.paid-channels",
                "channel",
                &names.channels,
            ),
            paid_channels_clause: rule.paid_channels_clause.clone(),
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        }
    }
}
