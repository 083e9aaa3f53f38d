//! What reports say in the room's language.

use firmware_board::Language;

use crate::desk::report::{Cause, Dimension, Month, SliceFigures};
use crate::desk::{People, Regulation};

/// The words of one language.
#[derive(Clone, Copy)]
pub(super) struct Words(pub Language);

impl Words {
    /// One of both.
    pub(super) fn of(self, russian: &'static str, english: &'static str) -> &'static str {
        match self.0 {
            Language::Russian => russian,
            Language::English => english,
        }
    }

    /// The language, as HTML names it.
    pub(super) fn lang(self) -> &'static str {
        self.of("ru", "en")
    }

    /// What a slice is of.
    pub(super) fn dimension(self, by: Dimension) -> &'static str {
        match by {
            Dimension::Regulation => self.of("регламент", "regulation"),
            Dimension::Line => self.of("линия", "line"),
            Dimension::Agent => self.of("сотрудник", "agent"),
            Dimension::Service => self.of("услуга", "service"),
            Dimension::Source => self.of("источник проблемы", "source"),
            Dimension::Priority => self.of("критичность", "priority"),
        }
    }

    /// Over a table or a chart of slices.
    pub(super) fn by(self, by: Dimension) -> &'static str {
        match by {
            Dimension::Regulation => self.of("в целом", "the whole"),
            Dimension::Line => self.of("по линиям", "by line"),
            Dimension::Agent => self.of("по сотрудникам", "by agent"),
            Dimension::Service => self.of("по услугам", "by service"),
            Dimension::Source => self.of("по источникам проблем", "by source"),
            Dimension::Priority => self.of("по критичности", "by priority"),
        }
    }

    /// A slice in a row of a table: the whole is of the regulation that stands above it.
    pub(super) fn row(self, by: Dimension, id: Option<&str>, title: Option<&str>, others: bool) -> String {
        self.slice(by, id, title.filter(|_| by != Dimension::Regulation), others)
    }

    /// A slice by its name.
    pub(super) fn slice(self, by: Dimension, id: Option<&str>, title: Option<&str>, others: bool) -> String {
        match (title.or(id), by) {
            (Some(name), _) => name.to_owned(),
            (None, Dimension::Regulation) => self.of("все заявки", "all tickets").to_owned(),
            (None, _) if others => self.of("прочие", "others").to_owned(),
            (None, _) => self.of("не указано", "not given").to_owned(),
        }
    }

    /// Why a term broke.
    pub(super) fn cause(self, cause: Cause) -> &'static str {
        match cause {
            Cause::TermChanged => self.of("срок стал короче", "the term became shorter"),
            Cause::Untaken => self.of("никто не взял", "nobody took it"),
            Cause::Returned => self.of("вернул заявитель", "returned by the requester"),
            Cause::Routed => self.of("ходила по линиям", "went from line to line"),
            Cause::InWork => self.of("была в работе", "it was worked on"),
        }
    }

    /// A month: «ноябрь 2026».
    pub(super) fn month(self, month: Month) -> String {
        const RUSSIAN: [&str; 12] = [
            "январь",
            "февраль",
            "март",
            "апрель",
            "май",
            "июнь",
            "июль",
            "август",
            "сентябрь",
            "октябрь",
            "ноябрь",
            "декабрь",
        ];
        const ENGLISH: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let at = usize::try_from(month.number() - 1).expect("a month is 1 to 12");
        format!("{} {}", self.of(RUSSIAN[at], ENGLISH[at]), month.year())
    }

    /// A number with one decimal, as the language writes it; nothing where there is none.
    pub(super) fn decimal(self, number: Option<f64>) -> String {
        let told = number.map(|number| format!("{number:.1}")).unwrap_or_default();
        match self.0 {
            Language::Russian => told.replace('.', ","),
            Language::English => told,
        }
    }

    /// A length of time in hours and minutes, as `5:00`; titles say that it is so.
    pub(super) fn length(seconds: i64) -> String {
        format!("{}:{:02}", seconds / 3_600, seconds / 60 % 60)
    }
}

/// A slice's name in the regulation's words, and an agent's as they are known; none where it has none.
pub(super) fn slice_title(
    slice: &SliceFigures,
    regulation: Option<&Regulation>,
    people: &People,
) -> Option<String> {
    let id = slice.id.as_deref();
    if slice.by == Dimension::Agent {
        return people.agent(id?)?.card.title.clone();
    }
    let regulation = regulation?;
    match slice.by {
        Dimension::Regulation => Some(regulation.title.clone()),
        Dimension::Line => Some(regulation.line(id?.parse().ok()?)?.title.clone()),
        Dimension::Source => {
            let source = regulation.sources.iter().find(|source| Some(source.name.id.as_str()) == id);
            source.map(|source| source.name.title.clone())
        }
        Dimension::Priority => Some(regulation.priority(id?)?.name.title.clone()),
        Dimension::Agent | Dimension::Service => None,
    }
}
