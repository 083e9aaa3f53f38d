//! Production calendars: which days a state takes off, moves or shortens, year by year.
//!
//! The years shipped with the crate are data files (`data/<country>/<year>.toml`), each with the decree it follows.
//! A file states what the law states, that is holidays, transfers and short days, and everything else follows:
//!
//! - A holiday is off, on whatever day of the week it falls.
//! - A transfer takes a day off `from` one day and gives it `to` another. The latter is off. The former, unless it
//!   is a holiday anyway, is worked, with the hours of the weekday it was exchanged for.
//!
//! The published totals stand in the same file, and a file that does not add up to them is refused: a slip of the
//! pen must not become a wrong deadline.
//!
//! Years are contiguous. What holds outside them is not decided here: a calendar answers from its weekly hours and
//! calls the answer provisional.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;

/// The facts about one country's working and free days.
#[derive(Clone, Debug)]
pub struct Production {
    id: String,
    years: BTreeMap<i32, Year>,
}

/// What the law says about one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact<'a> {
    /// Nothing: its place in the week decides.
    Plain,
    /// A holiday, by its name.
    Holiday(&'a str),
    /// A day off, in exchange for this one.
    OffFor(NaiveDate),
    /// A weekend day that is worked, in exchange for this one.
    WorkedFor(NaiveDate),
}

static SHIPPED: LazyLock<[Production; 1]> = LazyLock::new(|| {
    let files = [
        include_str!("../data/ru/2023.toml"),
        include_str!("../data/ru/2024.toml"),
        include_str!("../data/ru/2025.toml"),
        include_str!("../data/ru/2026.toml"),
        include_str!("../data/ru/2027.toml"),
    ];
    let empty = Production { id: "ru".to_owned(), years: BTreeMap::new() };
    let filled = files.iter().try_fold(empty, |calendar, file| calendar.with_year(file));
    [filled.expect("the shipped years are read by the tests")]
});

impl Production {
    /// The production calendars that the crate carries.
    pub fn shipped() -> &'static [Self] {
        &*SHIPPED
    }

    /// The shipped production calendar of that id, such as `ru`.
    pub fn get(id: &str) -> Option<&'static Self> {
        Self::shipped().iter().find(|calendar| calendar.id == id)
    }

    /// The name by which a calendar's `production` refers to it: the country's code.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The same calendar with a year added, or replaced if it was there.
    ///
    /// `file` has the form of the shipped ones. Its totals may be left out.
    ///
    /// # Errors
    ///
    /// A year that would leave a gap, a date outside the year, or facts that do not add up to the file's totals.
    pub fn with_year(&self, file: &str) -> Result<Self, ProductionError> {
        let file: YearFile = toml::from_str(file).map_err(|source| ProductionError::Malformed {
            calendar: self.id.clone(),
            source: Box::new(source),
        })?;
        let (number, totals) = (file.year, file.totals.clone());
        if let Some(known) = self.year_numbers()
            && !(known.start() - 1..=known.end() + 1).contains(&number)
        {
            return Err(ProductionError::Gap { calendar: self.id.clone(), year: number, known });
        }
        let year = Year::from_file(file)
            .and_then(|year| totals.map_or(Ok(()), |totals| year.check(number, &totals)).map(|()| year))
            .map_err(|problem| ProductionError::Year { calendar: self.id.clone(), year: number, problem })?;
        let mut extended = self.clone();
        extended.years.insert(number, year);
        Ok(extended)
    }

    /// The decree that a year's transfers come from; `None` for a year without facts.
    pub fn decree(&self, year: i32) -> Option<&str> {
        self.years.get(&year).map(|year| year.decree.as_str())
    }

    /// The first day that there are facts for.
    pub fn facts_from(&self) -> NaiveDate {
        let year = *self.year_numbers().expect("a production calendar has a year").start();
        NaiveDate::from_ymd_opt(year, 1, 1).expect("its days have been read as dates")
    }

    /// The last day that there are facts for.
    pub fn facts_until(&self) -> NaiveDate {
        let year = *self.year_numbers().expect("a production calendar has a year").end();
        NaiveDate::from_ymd_opt(year, 12, 31).expect("its days have been read as dates")
    }

    /// What the law says about `date`; `Plain` also outside the known years.
    pub(crate) fn fact(&self, date: NaiveDate) -> Fact<'_> {
        self.years.get(&date.year()).map_or(Fact::Plain, |year| year.fact(date))
    }

    /// Whether `date` is a working day that ends an hour early.
    pub(crate) fn is_short(&self, date: NaiveDate) -> bool {
        self.years.get(&date.year()).is_some_and(|year| year.short.contains(&date))
    }

    fn year_numbers(&self) -> Option<RangeInclusive<i32>> {
        Some(*self.years.first_key_value()?.0..=*self.years.last_key_value()?.0)
    }
}

#[derive(Clone, Debug)]
struct Year {
    decree: String,
    holidays: BTreeMap<NaiveDate, String>,
    /// Day off, to the day that was given up for it.
    off: BTreeMap<NaiveDate, NaiveDate>,
    /// Day given up, to the day off that was had for it.
    given_up: BTreeMap<NaiveDate, NaiveDate>,
    short: BTreeSet<NaiveDate>,
}

impl Year {
    fn from_file(file: YearFile) -> Result<Self, YearProblem> {
        let within = |date: NaiveDate| {
            if date.year() == file.year { Ok(date) } else { Err(YearProblem::OtherYear(date)) }
        };
        let mut year = Self {
            decree: file.decree,
            holidays: BTreeMap::new(),
            off: BTreeMap::new(),
            given_up: BTreeMap::new(),
            short: BTreeSet::new(),
        };
        for holiday in file.holidays {
            for date in holiday.days {
                if year.holidays.insert(within(date)?, holiday.name.clone()).is_some() {
                    return Err(YearProblem::Twice(date));
                }
            }
        }
        for Transfer { from, to, basis: _ } in file.transfers {
            if year.off.insert(within(to)?, within(from)?).is_some() || year.holidays.contains_key(&to) {
                return Err(YearProblem::Twice(to));
            }
            if year.given_up.insert(from, to).is_some() {
                return Err(YearProblem::Twice(from));
            }
            if !is_weekend(from) && !year.holidays.contains_key(&from) {
                return Err(YearProblem::NothingToMove(from));
            }
        }
        for date in file.short {
            year.short.insert(within(date)?);
            if !year.is_worked(date) {
                return Err(YearProblem::ShortButFree(date));
            }
        }
        Ok(year)
    }

    fn fact(&self, date: NaiveDate) -> Fact<'_> {
        if let Some(name) = self.holidays.get(&date) {
            Fact::Holiday(name)
        } else if let Some(&from) = self.off.get(&date) {
            Fact::OffFor(from)
        } else if let Some(&to) = self.given_up.get(&date) {
            Fact::WorkedFor(to)
        } else {
            Fact::Plain
        }
    }

    /// Whether a five-day week works on `date`.
    fn is_worked(&self, date: NaiveDate) -> bool {
        match self.fact(date) {
            Fact::Plain => !is_weekend(date),
            Fact::Holiday(_) | Fact::OffFor(_) => false,
            Fact::WorkedFor(_) => true,
        }
    }

    fn check(&self, number: i32, published: &Totals) -> Result<(), YearProblem> {
        let (mut days, mut hours) = ([0; 12], [0; 12]);
        let first = NaiveDate::from_ymd_opt(number, 1, 1).ok_or(YearProblem::NoSuchYear)?;
        for date in first.iter_days().take_while(|date| date.year() == number) {
            if self.is_worked(date) {
                days[date.month0() as usize] += 1;
                hours[date.month0() as usize] += 8 - u32::from(self.short.contains(&date));
            }
        }
        let counted = Totals {
            working_days: days.iter().sum(),
            hours: hours.iter().sum(),
            working_days_by_month: days,
            hours_by_month: hours,
        };
        let pairs = [
            ("working-days-by-month", format!("{days:?}"), format!("{:?}", published.working_days_by_month)),
            ("hours-by-month", format!("{hours:?}"), format!("{:?}", published.hours_by_month)),
            ("working-days", counted.working_days.to_string(), published.working_days.to_string()),
            ("hours", counted.hours.to_string(), published.hours.to_string()),
        ];
        match pairs.into_iter().find(|(_, counted, published)| counted != published) {
            Some((key, counted, published)) => Err(YearProblem::Total { key, counted, published }),
            None => Ok(()),
        }
    }
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct YearFile {
    year: i32,
    decree: String,
    #[serde(default)]
    short: Vec<NaiveDate>,
    holidays: Vec<Holiday>,
    #[serde(default)]
    transfers: Vec<Transfer>,
    totals: Option<Totals>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Holiday {
    name: String,
    days: Vec<NaiveDate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Transfer {
    from: NaiveDate,
    to: NaiveDate,
    /// For the reader of the file.
    #[expect(dead_code, reason = "allowed in the file, where it says why; nothing is decided by it")]
    basis: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Totals {
    working_days: u32,
    hours: u32,
    working_days_by_month: [u32; 12],
    hours_by_month: [u32; 12],
}

/// Why a year cannot be added to a production calendar.
#[derive(Debug, thiserror::Error)]
pub enum ProductionError {
    /// The file is not of the expected form.
    #[error("production calendar `{calendar}`: cannot read the year's file")]
    Malformed {
        /// The production calendar that the year was for.
        calendar: String,
        /// Line, column and key.
        source: Box<toml::de::Error>,
    },
    /// The year does not adjoin the known ones.
    #[error("production calendar `{calendar}`: year = {year} would leave a gap after {}–{}; expected {} to {}",
        known.start(), known.end(), known.start() - 1, known.end() + 1)]
    Gap {
        /// The production calendar that the year was for.
        calendar: String,
        /// The year of the file.
        year: i32,
        /// The years known before.
        known: RangeInclusive<i32>,
    },
    /// The facts contradict one another or the totals.
    #[error("production calendar `{calendar}`, {year}: {problem}")]
    Year {
        /// The production calendar that the year was for.
        calendar: String,
        /// The year of the file.
        year: i32,
        /// What contradicts what.
        problem: YearProblem,
    },
}

/// How the facts of one year contradict one another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YearProblem {
    /// chrono has no such year.
    #[error("there is no such year")]
    NoSuchYear,
    /// A date of another year.
    #[error("{0} is not in this year")]
    OtherYear(NaiveDate),
    /// A day that is a holiday twice, moved twice, or a holiday and a moved day off.
    #[error("{0} is stated twice")]
    Twice(NaiveDate),
    /// A transfer from a day that was not free.
    #[error("transfer from {0}, which is neither a weekend day nor a holiday")]
    NothingToMove(NaiveDate),
    /// A shortened day on which nobody works.
    #[error("{0} is listed as short but is not a working day")]
    ShortButFree(NaiveDate),
    /// The facts add up to something else than was published.
    #[error("{key} adds up to {counted}, but the file's totals say {published}")]
    Total {
        /// The key of the total.
        key: &'static str,
        /// What the facts add up to.
        counted: String,
        /// What the file says.
        published: String,
    },
}
