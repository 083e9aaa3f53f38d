//! A regulation as tables that a manager can read: what the file says, in the regulation's own words, each row with
//! its clause.
//!
//! The words around them are Russian or English; titles and notes are the file's and stay as they are.

mod answers;
mod desk;
mod letters;
mod notes;
mod page;
mod people;
mod terms;
#[cfg(test)]
mod tests;
mod topics;
mod words;

use self::page::Page;
use self::words::Words;
use super::Regulation;

/// The language of the words around the regulation's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Russian, as the regulations.
    #[default]
    Russian,
    /// English.
    English,
}

/// The whole file as tables.
pub fn explain(regulation: &Regulation, language: Language) -> String {
    let mut explainer = Explainer { words: Words { regulation, language }, page: Page::default() };
    explainer.heading();
    explainer.types();
    explainer.priorities();
    explainer.statuses();
    explainer.verbs();
    explainer.lines();
    explainer.calendars();
    explainer.channels();
    explainer.fields();
    explainer.clocks();
    explainer.topics();
    explainer.queue();
    explainer.clients();
    explainer.employees();
    explainer.trackers();
    explainer.marks_and_reasons();
    explainer.letters();
    explainer.forms();
    explainer.people();
    explainer.notes();
    explainer.page.finish()
}

struct Explainer<'a> {
    words: Words<'a>,
    page: Page,
}

impl Explainer<'_> {
    fn w(&self, russian: &'static str, english: &'static str) -> &'static str {
        self.words.of(russian, english)
    }

    fn table(
        &mut self,
        title: (&'static str, &'static str),
        columns: &[(&'static str, &'static str)],
        rows: Vec<Vec<String>>,
    ) {
        let title = self.w(title.0, title.1);
        let columns: Vec<_> = columns.iter().map(|(russian, english)| self.w(russian, english)).collect();
        self.page.table(title, &columns, rows);
    }

    fn heading(&mut self) {
        let regulation = self.words.regulation;
        self.page.title(&regulation.title);
        let (id, version) = (self.w("идентификатор", "id"), self.w("версия", "version"));
        let (from, zone) = (self.w("действует с", "holds from"), self.w("часовой пояс", "zone"));
        self.page.line(&format!(
            "{id} {}, {version} {}, {from} {}, {zone} {}",
            regulation.id,
            regulation.version,
            self.words.date(regulation.holds_from),
            regulation.zone
        ));
        if !regulation.id.starts_with(&regulation.short) {
            self.page.line(&format!("{} {}", self.w("на табло:", "on the wall:"), regulation.short));
        }
        if let Some(address) = &regulation.knowledge_base {
            self.page.line(&format!("{} {address}", self.w("база знаний:", "knowledge base:")));
        }
        if let Some(channel) = &regulation.urgent_channel {
            let what = self.w("чат для срочных сообщений:", "chat channel for what is urgent:");
            self.page.line(&format!("{what} {channel}"));
        }
        let of_topics = regulation.topics.iter().map(|topic| &topic.target);
        let targets = regulation.clocks.iter().flat_map(|rule| &rule.targets).chain(of_topics);
        if !regulation.site_calendars.is_empty() || targets.into_iter().any(|target| target.site) {
            self.page.line("");
            let site = self.words.site(true);
            self.page.line(&format!(
                "«{site}»: {}",
                self.w(
                    "регламент оставил это площадке; то, что стоит рядом, — предложение.",
                    "the regulation leaves it to the site; what stands beside it is a proposal."
                )
            ));
        }
    }

    fn notes(&mut self) {
        let rows =
            self.words.notes().into_iter().map(|note| vec![note.about, note.whose.to_owned(), note.text]);
        let rows = rows.collect();
        let columns = [("к чему", "about"), ("чьё решение", "whose choice"), ("примечание", "note")];
        self.table(("Примечания", "Notes"), &columns, rows);
    }
}

const TITLE: (&str, &str) = ("название", "title");
const ID: (&str, &str) = ("id", "id");
const CLAUSE: (&str, &str) = ("пункт", "clause");
const WHEN: (&str, &str) = ("когда", "when");

fn clause(clause: Option<&String>) -> String {
    clause.cloned().unwrap_or_default()
}
