//! Every text that the wall says by itself, in both languages.
//!
//! A text that is not here came with the scene. Russian avoids forms that depend on a number («не принято: 3»).

use alloc::format;
use alloc::string::String;

use crate::{AlarmKind, ClockText, DiskFault, Language, Progress};

/// The wall's texts in one language. As JSON it is for the page that shows the wall in a browser.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Words {
    pub(crate) critical: &'static str,
    pub(crate) overdue: &'static str,
    pub(crate) due_soon: &'static str,
    pub(crate) attention: &'static str,
    pub(crate) all_well: &'static str,

    pub(crate) open: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) critical_short: &'static str,
    pub(crate) overdue_short: &'static str,
    pub(crate) on_shift: &'static str,
    pub(crate) no_specialist: &'static str,
    pub(crate) well_short: &'static str,
    pub(crate) soon_short: &'static str,

    pub(crate) not_taken: &'static str,
    pub(crate) all_taken: &'static str,
    pub(crate) unseen: &'static str,
    pub(crate) put_aside: &'static str,
    pub(crate) cleared: &'static str,
    pub(crate) number_sign: &'static str,
    pub(crate) more: &'static str,
    pub(crate) next_due: &'static str,
    pub(crate) nothing_due: &'static str,

    pub(crate) time_not_trusted: &'static str,
    pub(crate) time_short: &'static str,
    pub(crate) muted: &'static str,
    pub(crate) quiet: &'static str,
    pub(crate) quiet_short: &'static str,
    pub(crate) mass_problem: &'static str,

    pub(crate) no_link: &'static str,
    pub(crate) picture_is_old: &'static str,
    pub(crate) not_live: &'static str,
    pub(crate) starting: &'static str,
    pub(crate) reading: &'static str,
    rebuilding: &'static str,
    of: &'static str,
    pub(crate) not_started: &'static str,
    pub(crate) tried_again: &'static str,
    disk_full: &'static str,
    disk_read_only: &'static str,
    disk_fails: &'static str,
    pub(crate) stopped: &'static str,
    pub(crate) nothing_watched: &'static str,
    pub(crate) call_admin: &'static str,

    day_unit: &'static str,
    hour_unit: &'static str,
    minute_unit: &'static str,
    minute_unit_long: &'static str,
    second_unit: &'static str,
    under_a_minute: &'static str,
    within: &'static str,
    passed: &'static str,

    weekdays: [&'static str; 7],
    weekdays_short: [&'static str; 7],
    months: [&'static str; 12],
    months_short: [&'static str; 12],
}

const RUSSIAN: Words = Words {
    critical: "КРИТИЧНО",
    overdue: "ПРОСРОЧЕНО",
    due_soon: "СКОРО СРОК",
    attention: "ВНИМАНИЕ",
    all_well: "ВСЁ В ПОРЯДКЕ",
    open: "открыто",
    waiting: "ждут",
    critical_short: "критич.",
    overdue_short: "просроч.",
    on_shift: "смена",
    no_specialist: "нет спец",
    well_short: "ПОРЯДОК",
    soon_short: "СКОРО",
    not_taken: "не принято",
    all_taken: "всё принято",
    unseen: "не замечено",
    put_aside: "отложено",
    cleared: "ушло само",
    number_sign: "№",
    more: "ещё",
    next_due: "ближайший срок",
    nothing_due: "сроков впереди нет",
    time_not_trusted: "ВРЕМЯ НЕ ПРОВЕРЕНО",
    time_short: "ВРЕМЯ?",
    muted: "БЕЗ ЗВУКА",
    quiet: "тихие часы",
    quiet_short: "тихо",
    mass_problem: "МАССОВЫЙ СБОЙ",
    no_link: "НЕТ СВЯЗИ",
    picture_is_old: "картина устарела на",
    not_live: "не верьте ей: сроки могли выйти",
    starting: "ЗАПУСК",
    reading: "читаю журнал заявок",
    rebuilding: "восстановление",
    of: "из",
    not_started: "НЕ ЗАПУЩЕНО",
    tried_again: "пробую снова каждые 5 секунд",
    disk_full: "диск полон",
    disk_read_only: "диск только для чтения",
    disk_fails: "диск не отвечает",
    stopped: "ОСТАНОВЛЕНО",
    nothing_watched: "за сроками никто не следит",
    call_admin: "позовите администратора",
    day_unit: "д",
    hour_unit: "ч",
    minute_unit: "м",
    minute_unit_long: "мин",
    second_unit: "с",
    under_a_minute: "< 1 мин",
    within: "через",
    passed: "срок вышел",
    weekdays: ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"],
    weekdays_short: ["пн", "вт", "ср", "чт", "пт", "сб", "вс"],
    months: [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
    months_short: ["янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"],
};

const ENGLISH: Words = Words {
    critical: "CRITICAL",
    overdue: "OVERDUE",
    due_soon: "DUE SOON",
    attention: "ATTENTION",
    all_well: "ALL WELL",
    open: "open",
    waiting: "waiting",
    critical_short: "critical",
    overdue_short: "overdue",
    on_shift: "on shift",
    no_specialist: "no spec.",
    well_short: "WELL",
    soon_short: "SOON",
    not_taken: "not taken",
    all_taken: "all taken",
    unseen: "not seen",
    put_aside: "put aside",
    cleared: "gone",
    number_sign: "#",
    more: "more",
    next_due: "next due",
    nothing_due: "nothing due",
    time_not_trusted: "TIME NOT TRUSTED",
    time_short: "TIME?",
    muted: "MUTED",
    quiet: "quiet hours",
    quiet_short: "quiet",
    mass_problem: "MASS PROBLEM",
    no_link: "NO LINK",
    picture_is_old: "this picture is old by",
    not_live: "do not trust it: terms may have passed",
    starting: "STARTING",
    reading: "reading the ledger of tickets",
    rebuilding: "rebuilding",
    of: "of",
    not_started: "NOT STARTED",
    tried_again: "tried again every 5 seconds",
    disk_full: "the disk is full",
    disk_read_only: "the disk is read-only",
    disk_fails: "the disk does not answer",
    stopped: "STOPPED",
    nothing_watched: "nobody watches the terms",
    call_admin: "call the administrator",
    day_unit: "d",
    hour_unit: "h",
    minute_unit: "m",
    minute_unit_long: "min",
    second_unit: "s",
    under_a_minute: "< 1 min",
    within: "in",
    passed: "passed",
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    weekdays_short: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    months: [
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
    ],
    months_short: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
};

impl Language {
    /// The texts of this language.
    pub fn words(self) -> &'static Words {
        match self {
            Self::Russian => &RUSSIAN,
            Self::English => &ENGLISH,
        }
    }

    /// What stands where a ticket's number would, for an alarm without a ticket.
    pub fn kind(self, kind: AlarmKind) -> &'static str {
        let (russian, english) = match kind {
            AlarmKind::Critical => ("КРИТИЧН.", "CRITICAL"),
            AlarmKind::Breach => ("СРОК", "TERM"),
            AlarmKind::DueSoon => ("СКОРО", "SOON"),
            AlarmKind::MassProblem => ("МАССОВО", "MASS"),
            AlarmKind::Staffing => ("СМЕНА", "SHIFT"),
            AlarmKind::Letter => ("ПОЧТА", "MAIL"),
            AlarmKind::Storage => ("ДИСК", "DISK"),
            AlarmKind::Clock => ("ЧАСЫ", "CLOCK"),
            AlarmKind::Calendar => ("КАЛЕНД.", "CALENDAR"),
            AlarmKind::Panel => ("ТАБЛО", "WALL"),
            AlarmKind::Complaint => ("ЖАЛОБА", "COMPLAINT"),
        };
        match self {
            Self::Russian => russian,
            Self::English => english,
        }
    }
}

impl Words {
    /// How long ago, in at most two units: minutes are exact enough.
    pub fn age(&self, seconds: u32) -> String {
        let Self { day_unit, hour_unit, minute_unit, .. } = self;
        let minutes = seconds / 60;
        let (days, hours) = (minutes / 1_440, minutes / 60);
        match minutes {
            0 => String::from(self.under_a_minute),
            1..60 => format!("{minutes} {}", self.minute_unit_long),
            60..1_440 => format!("{hours} {hour_unit} {:02} {minute_unit}", minutes % 60),
            1_440.. => format!("{days} {day_unit} {} {hour_unit}", hours % 24),
        }
    }

    /// How long until: as [`Words::age`], to the second in the last minute.
    pub fn left(&self, seconds: i64) -> String {
        match u32::try_from(seconds) {
            Ok(0) => String::from(self.passed),
            Ok(seconds @ 1..60) => format!("{} {seconds} {}", self.within, self.second_unit),
            Ok(seconds) => format!("{} {}", self.within, self.age(seconds)),
            Err(_) if seconds < 0 => String::from(self.passed),
            Err(_) => format!("{} {}", self.within, self.age(u32::MAX)),
        }
    }

    /// How old, to the second: it has to be seen to grow.
    pub fn span(&self, seconds: u32) -> String {
        match seconds {
            0..60 => format!("{seconds} {}", self.second_unit),
            60..3_600 => {
                format!("{} {} {:02} {}", seconds / 60, self.minute_unit_long, seconds % 60, self.second_unit)
            }
            3_600.. => self.age(seconds),
        }
    }

    /// «восстановление: 412 000 из 1 000 000».
    pub(crate) fn so_far(&self, progress: Progress) -> String {
        let Self { rebuilding, of, .. } = self;
        format!("{rebuilding}: {} {of} {}", grouped(progress.done), grouped(progress.of))
    }

    /// What is wrong with the disk.
    pub(crate) fn disk(&self, fault: DiskFault) -> &'static str {
        match fault {
            DiskFault::Full => self.disk_full,
            DiskFault::ReadOnly => self.disk_read_only,
            DiskFault::Fails => self.disk_fails,
        }
    }

    /// «сб, 21 ноя».
    pub(crate) fn date_short(&self, at: ClockText) -> String {
        format!(
            "{} {} {}",
            name(&self.weekdays_short, at.weekday),
            at.day,
            name_from_1(&self.months_short, at.month)
        )
    }

    /// «суббота».
    pub(crate) fn weekday(&self, at: ClockText) -> &'static str {
        name(&self.weekdays, at.weekday)
    }

    /// «21 ноября».
    pub(crate) fn date(&self, at: ClockText) -> String {
        format!("{} {}", at.day, name_from_1(&self.months, at.month))
    }
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = format!("{number}");
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

fn name(names: &[&'static str], index: u8) -> &'static str {
    names.get(usize::from(index)).copied().unwrap_or("?")
}

fn name_from_1(names: &[&'static str], number: u8) -> &'static str {
    number.checked_sub(1).map_or("?", |index| name(names, index))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::path::Path;
    use std::vec::Vec;

    use super::*;
    use crate::face;

    /// Every character that some text of ours needs and a face lacks.
    fn missing(text: &str) -> String {
        let wanted = text.chars().filter(|char| !char.is_control());
        wanted.filter(|char| face::for_text().any(|face| face.glyph(*char).is_none())).collect()
    }

    #[test]
    fn every_word_of_the_wall_can_be_written() {
        // All of them stand in this file.
        assert_eq!(missing(include_str!("words.rs")), "");
    }

    #[test]
    fn every_word_that_is_read_from_the_doorway_can_be_written_large() {
        for words in [&RUSSIAN, &ENGLISH] {
            let Words { critical, overdue, due_soon, attention, all_well, .. } = *words;
            let Words { no_link, starting, not_started, stopped, .. } = *words;
            let live = [critical, overdue, due_soon, attention, all_well].concat();
            let not_live = [no_link, starting, not_started, stopped].concat();
            for char in live.chars().chain(not_live.chars()) {
                assert!(face::for_titles().all(|face| face.glyph(char).is_some()), "{char:?}");
            }
        }
    }

    #[test]
    fn every_title_of_a_shipped_regulation_can_be_written() {
        let texts = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../daemon/regulations"), "toml");
        assert!(texts.len() >= 5, "only {} regulations", texts.len());
        for text in texts {
            assert_eq!(missing(&text), "");
        }
    }

    #[test]
    fn every_text_in_russian_that_the_daemon_has_can_be_written() {
        let is_russian = |line: &&str| line.chars().any(|char| ('А'..='я').contains(&char));
        let texts = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../daemon/src"), "rs");
        let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).filter(is_russian).collect();
        assert!(lines.len() > 100, "only {} lines", lines.len());
        for line in lines {
            assert_eq!(missing(line), "", "{line}");
        }
    }

    /// The texts of the files in a folder and below it.
    fn files(folder: &Path, extension: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for entry in std::fs::read_dir(folder).expect("a folder of this repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                texts.extend(files(&path, extension));
            } else if path.extension().is_some_and(|known| known == extension) {
                texts.push(std::fs::read_to_string(&path).expect("a text"));
            }
        }
        texts
    }

    #[test]
    fn an_age_is_said_in_at_most_two_units() {
        let said =
            [0, 59, 60, 3_599, 3_600, 4_325, 86_399, 86_400, 190_000].map(|seconds| RUSSIAN.age(seconds));
        assert_eq!(
            said,
            [
                "< 1 мин",
                "< 1 мин",
                "1 мин",
                "59 мин",
                "1 ч 00 м",
                "1 ч 12 м",
                "23 ч 59 м",
                "1 д 0 ч",
                "2 д 4 ч"
            ]
        );
    }

    #[test]
    fn the_last_minute_is_counted_in_seconds() {
        assert_eq!(RUSSIAN.left(59), "через 59 с");
        assert_eq!(RUSSIAN.left(60), "через 1 мин");
        assert_eq!(ENGLISH.left(7_260), "in 2 h 01 m");
        assert_eq!(RUSSIAN.left(0), "срок вышел");
        assert_eq!(RUSSIAN.left(-5), "срок вышел");
        assert!(RUSSIAN.left(i64::MAX).starts_with("через"));
    }

    #[test]
    fn long_numbers_are_read_in_groups() {
        let told = |done, of| RUSSIAN.so_far(Progress { done, of });
        assert_eq!(told(0, 999), "восстановление: 0 из 999");
        assert_eq!(told(412_000, 1_000_000), "восстановление: 412 000 из 1 000 000");
        assert_eq!(Progress { done: u64::MAX, of: u64::MAX }.percent(), 100);
        assert_eq!((Progress { done: 5, of: 0 }.percent(), Progress { done: 1, of: 3 }.percent()), (100, 33));
    }

    #[test]
    fn a_date_that_cannot_be_is_a_question_and_no_panic() {
        let at = ClockText { day: 31, month: 0, weekday: 9, ..ClockText::default() };
        assert_eq!(RUSSIAN.date_short(at), "? 31 ?");
    }
}
