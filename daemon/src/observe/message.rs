//! What an admin has to react to: each has an id of its own, by which the journal's catalog (`systemd/andon.catalog`) says what
//! to do. `journalctl -x` shows it under the line, and `journalctl MESSAGE_ID=…` finds the lines.
//!
//! An id is never used for anything else, and never changes.

use crate::desk::{AlarmKind, Event};

/// The disk takes no writes; updates are refused.
pub const DISK_FAILS: &str = "1ab10d11f5f0439390f15543bec886aa";
/// The disk is full; updates are refused.
pub const DISK_FULL: &str = "37223f7be2bb41c2a653dade4b9cfc40";
/// The ledger is damaged.
pub const LEDGER_DAMAGED: &str = "7068dfcaaa02476d8b2461bcb7a6e2ad";
/// The ticket database is damaged; a restart makes it anew.
pub const TICKETS_DAMAGED: &str = "9f6f401f3f864b6db05a27368d81a85d";
/// The box's time cannot be trusted; nothing runs out.
pub const TIME_NOT_TRUSTED: &str = "778977e0e32546a18aa96c7bc3225a38";
/// A part of the wall fails.
pub const WALL_FAILS: &str = "a02fabcd44584135a15e74c6d9b50538";
/// A calendar lacks the coming year.
pub const CALENDAR_ENDS: &str = "5881cfb55eff4d83a990a19d94d4a138";
/// The certificate ends soon, has ended, or does not hold yet.
pub const CERTIFICATE_ENDS: &str = "ba8974fe38ef4e1599d19d5841626579";
/// An event was not delivered to a webhook for a day.
pub const NOT_DELIVERED: &str = "7593456f62ef403c84334ebffbee36f0";
/// A file of a ticket is lost.
pub const ATTACHMENT_LOST: &str = "cf01e3a425d848bc80ff4e79d917ab7a";
/// The configuration was to be read again and is wrong; the old one holds.
pub const CONFIG_REFUSED: &str = "808d8f0875ab4f0a98fc15197f7c6fc3";

/// The message of an event, where it has one.
pub fn of(event: &Event) -> Option<&'static str> {
    let Event::PartFailed { kind, .. } = event else { return None };
    match kind {
        AlarmKind::Panel => Some(WALL_FAILS),
        AlarmKind::Calendar => Some(CALENDAR_ENDS),
        // What fails besides has said so with its cause, where it failed.
        AlarmKind::Critical
        | AlarmKind::Breach
        | AlarmKind::DueSoon
        | AlarmKind::MassProblem
        | AlarmKind::Staffing
        | AlarmKind::Letter
        | AlarmKind::Storage
        | AlarmKind::Clock
        | AlarmKind::Complaint => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    const CATALOG: &str = include_str!("../../../systemd/andon.catalog");
    const CODE: &str = include_str!("message.rs");

    /// The ids that the code names.
    fn ids() -> BTreeSet<&'static str> {
        let consts = CODE.lines().filter_map(|line| line.strip_prefix("pub const "));
        consts.filter_map(|line| line.split('"').nth(1)).collect()
    }

    /// The entries of the catalog: id, language, the rest.
    fn entries() -> Vec<(&'static str, &'static str, &'static str)> {
        let text = CATALOG.split_once("\n-- ").expect("it has entries").1;
        let entries = text.split("\n-- ").map(|entry| {
            let (head, body) = entry.split_once('\n').expect("an entry has a body");
            let (id, language) = head.split_once(' ').unwrap_or((head, ""));
            (id, language, body)
        });
        entries.collect()
    }

    #[test]
    fn each_message_has_an_entry_in_the_catalog_and_each_entry_a_message() {
        let entries = entries();
        let known: BTreeSet<_> = entries.iter().map(|(id, ..)| *id).collect();
        assert_eq!(known, ids());
        assert_eq!(known.len(), entries.len(), "no id has two entries");
        assert!(ids().iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn each_entry_says_what_it_is_and_what_to_do() {
        for (id, language, body) in entries() {
            assert_eq!(language, "", "{id}: for admins, in English");
            let (heads, text) = body.split_once("\n\n").expect("an empty line before the text");
            for head in ["Subject: ", "Defined-By: Andon Desk", "Documentation: "] {
                assert!(heads.lines().any(|line| line.starts_with(head)), "{id}: {head}");
            }
            assert!(text.contains("andonctl") || text.contains("sudo "), "{id}: {text}");
            assert!(body.is_ascii(), "{id}");
        }
    }

    #[test]
    fn each_message_is_written_somewhere() {
        let names: Vec<_> = CODE
            .lines()
            .filter_map(|line| line.strip_prefix("pub const ")?.split_once(':').map(|(name, _)| name))
            .collect();
        assert!(names.len() >= 10, "{names:?}");
        let mut code = String::new();
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut code);
        for name in names {
            let uses = code.matches(&format!("message::{name}")).count()
                + CODE.matches(&format!("Some({name})")).count();
            assert!(uses > 0, "{name} is written nowhere");
        }
    }

    fn read(dir: &Path, code: &mut String) {
        for entry in std::fs::read_dir(dir).expect("the sources are there") {
            let path = entry.expect("the sources are there").path();
            if path.is_dir() {
                read(&path, code);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                code.push_str(&std::fs::read_to_string(path).expect("a source is text"));
            }
        }
    }
}
