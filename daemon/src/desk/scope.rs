//! Scope: which tickets somebody has to do with.
//!
//! The same type holds for what is done (the desk refuses) and for what is read (lists, histories, proofs, alarms and the
//! stream leave out what it does not cover). A ticket's regulation and channel never change, so a ticket is in a scope or is
//! not, for good.

use std::collections::BTreeSet;
use std::fmt;

use smol_str::SmolStr;

use super::refusal::FieldError;
use super::regulation::Regulations;
use super::ticket::Ticket;

/// Tickets of some regulations that came in by some channels. What is of no ticket belongs to the desk as a whole, and
/// only a whole scope covers that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Ids of regulations; empty means every one.
    pub regulations: Vec<SmolStr>,
    /// Ids of channels; empty means every one.
    pub channels: Vec<SmolStr>,
}

impl Scope {
    /// Whether it leaves nothing out.
    pub fn is_whole(&self) -> bool {
        self.regulations.is_empty() && self.channels.is_empty()
    }

    /// Whether it has tickets of that regulation and channel.
    pub fn covers(&self, regulation: &str, channel: &str) -> bool {
        self.covers_regulation(regulation) && has(&self.channels, channel)
    }

    /// Whether it may have tickets of that regulation.
    pub fn covers_regulation(&self, regulation: &str) -> bool {
        has(&self.regulations, regulation)
    }

    /// What is wrong with it under these regulations: what nobody knows, and what is named twice. A channel is one of those
    /// that the named regulations have.
    pub fn wrong(&self, regulations: &Regulations) -> Vec<FieldError> {
        let known = regulations.ids();
        let named = regulations.iter().filter(|regulation| self.covers_regulation(&regulation.id));
        let channels = named.flat_map(|regulation| &regulation.channels);
        let channels: BTreeSet<_> = channels.map(|channel| channel.name.id.as_str()).collect();
        let channels: Vec<_> = channels.into_iter().collect();
        let mut wrong = unknown("regulations", &self.regulations, &known);
        // Of regulations that nobody knows there are no channels; that is told already.
        if !channels.is_empty() {
            wrong.extend(unknown("channels", &self.channels, &channels));
        }
        wrong
    }

    /// Whether it has a problem of that regulation: with all its tickets, by whatever channel they came.
    pub fn covers_problem(&self, regulation: &str) -> bool {
        self.channels.is_empty() && self.covers_regulation(regulation)
    }

    /// Whether it has the ticket.
    pub fn covers_ticket(&self, ticket: &Ticket) -> bool {
        self.covers(&ticket.facts.regulation, &ticket.facts.channel)
    }
}

/// `regulation getmark, channels email, phone`; `every ticket` where nothing is left out.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [("regulation", &self.regulations), ("channel", &self.channels)];
        let parts: Vec<String> = named
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(what, ids)| format!("{what}{} {}", if ids.len() == 1 { "" } else { "s" }, ids.join(", ")))
            .collect();
        if parts.is_empty() { f.write_str("every ticket") } else { f.write_str(&parts.join("; ")) }
    }
}

fn unknown(field: &str, ids: &[SmolStr], known: &[&str]) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let field = format!("{field}[{at}]");
        if !known.contains(&id.as_str()) {
            wrong.push(FieldError::new(&field, &format!("unknown `{id}`; one of {}", known.join(", "))));
        } else if ids[..at].contains(id) {
            wrong.push(FieldError::new(&field, &format!("names `{id}` twice")));
        }
    }
    wrong
}

fn has(ids: &[SmolStr], id: &str) -> bool {
    ids.is_empty() || ids.iter().any(|known| known == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(regulations: &[&str], channels: &[&str]) -> Scope {
        let ids = |ids: &[&str]| ids.iter().copied().map(SmolStr::from).collect();
        Scope { regulations: ids(regulations), channels: ids(channels) }
    }

    #[test]
    fn a_scope_covers_what_it_names_in_both_respects_and_an_empty_one_everything() {
        for (scope, expected) in [
            (scope(&[], &[]), [true, true, true, true]),
            (scope(&["getmark"], &[]), [true, true, false, false]),
            (scope(&[], &["email"]), [true, false, true, false]),
            (scope(&["getmark"], &["email"]), [true, false, false, false]),
            (scope(&["getmark", "itsm"], &["fax"]), [false, false, false, false]),
        ] {
            let tickets = [("getmark", "email"), ("getmark", "phone"), ("itsm", "email"), ("itsm", "phone")];
            assert_eq!(
                tickets.map(|(regulation, channel)| scope.covers(regulation, channel)),
                expected,
                "{scope}"
            );
        }
    }

    #[test]
    fn a_scope_says_what_it_is_for() {
        for (scope, words) in [
            (scope(&[], &[]), "every ticket"),
            (scope(&["getmark"], &[]), "regulation getmark"),
            (scope(&["getmark", "itsm"], &["email"]), "regulations getmark, itsm; channel email"),
            (scope(&[], &["email", "phone"]), "channels email, phone"),
        ] {
            assert_eq!(scope.to_string(), words);
        }
    }
}
