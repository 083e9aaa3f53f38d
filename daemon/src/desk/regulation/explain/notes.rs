//! The file's notes, each with what it is about and whose choice it tells of.

use super::words::Words;
use crate::desk::regulation::{ClockRule, Named, Target};

/// A note of the file.
pub(super) struct Note {
    /// The entry it stands with.
    pub(super) about: String,
    /// Whose choice the entry is, where the file says so.
    pub(super) whose: &'static str,
    pub(super) text: String,
}

impl Words<'_> {
    /// Every note of the file, in the order of the tables.
    pub(super) fn notes(&self) -> Vec<Note> {
        let regulation = self.regulation;
        let mut notes = Vec::new();
        let mut add = |about: String, note: Option<&String>, site: bool| {
            if let Some(text) = note {
                notes.push(Note { about, whose: self.whose(text, site), text: text.clone() });
            }
        };
        add(self.of("весь регламент", "the whole").to_owned(), regulation.note.as_ref(), false);
        for name in self.named() {
            add(name.title.clone(), name.note.as_ref(), false);
        }
        for (verb, rule) in &regulation.verbs {
            add(self.verb(verb).to_owned(), rule.note.as_ref(), false);
        }
        for line in &regulation.lines {
            add(line.title.clone(), line.note.as_ref(), false);
        }
        for (id, note) in &regulation.calendar_notes {
            let title = regulation.calendar(id).map_or(id.as_str(), |calendar| calendar.title());
            add(title.to_owned(), Some(note), regulation.site_calendars.contains(id));
        }
        for channel in &regulation.channels {
            add(channel.name.title.clone(), channel.name.note.as_ref(), false);
        }
        for field in &regulation.fields {
            add(field.title.clone(), field.note.as_ref(), false);
        }
        for rule in &regulation.clocks {
            add(rule.title.clone(), rule.note.as_ref(), false);
            for target in &rule.targets {
                add(self.target(rule, target), target.note.as_ref(), target.site);
            }
        }
        for name in regulation.departments.iter().chain(regulation.topics.iter().map(|topic| &topic.name)) {
            add(name.title.clone(), name.note.as_ref(), false);
        }
        add(self.of("очередь", "the queue").to_owned(), regulation.queue.note.as_ref(), false);
        let clients = regulation.clients.as_ref().and_then(|rule| rule.note.as_ref());
        add(self.of("клиенты", "clients").to_owned(), clients, false);
        let employees = regulation.employees.as_ref().and_then(|rule| rule.note.as_ref());
        add(self.of("сотрудники", "employees").to_owned(), employees, false);
        for tracker in &regulation.trackers {
            add(tracker.title.clone(), tracker.note.as_ref(), false);
        }
        for reason in &regulation.reasons {
            add(format!("{}: {}", self.verb(&reason.verb), reason.title), reason.note.as_ref(), false);
        }
        for source in &regulation.sources {
            add(source.name.title.clone(), source.name.note.as_ref(), false);
        }
        if let Some(rule) = &regulation.quality {
            add(self.of("качество", "quality").to_owned(), rule.note.as_ref(), false);
            for band in &rule.bands {
                add(band.name.title.clone(), band.name.note.as_ref(), false);
            }
        }
        if let Some(rule) = &regulation.attachments {
            add(self.of("вложения", "attachments").to_owned(), rule.note.as_ref(), false);
        }
        if let Some(rule) = &regulation.assignment {
            add(self.of("распределение заявок", "assignment").to_owned(), rule.note.as_ref(), false);
        }
        if let Some(rule) = &regulation.staffing {
            add(self.of("состав смены", "staffing").to_owned(), rule.note.as_ref(), false);
        }
        if let Some(rule) = &regulation.mass_problem {
            add(self.of("массовая проблема", "mass problem").to_owned(), rule.note.as_ref(), false);
        }
        for rule in &regulation.letters {
            let about = format!("{}: {}", self.of("письмо", "letter"), self.letter(rule.kind));
            add(about, rule.note.as_ref(), false);
        }
        notes
    }

    fn named(&self) -> impl Iterator<Item = &Named> {
        let regulation = self.regulation;
        let priorities = regulation.priorities.iter().rev().map(|priority| &priority.name);
        regulation.types.iter().chain(priorities).chain(regulation.statuses.iter().map(|status| &status.name))
    }

    fn target(&self, rule: &ClockRule, target: &Target) -> String {
        format!("{}, {}", rule.title, self.when_among(&target.when, rule.targets.len()))
    }

    /// What the entry's `site` says, or else the words that notes use: `ours` for a choice of ours, `site` for what the
    /// site is to set.
    fn whose(&self, note: &str, site: bool) -> &'static str {
        let lower = note.to_lowercase();
        let has = |word: &str| lower.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
        if site {
            self.site(true)
        } else if has("ours") {
            self.of("наше", "ours")
        } else if has("site") {
            self.of("площадки", "the site's")
        } else {
            ""
        }
    }
}
