//! How the commands' text looks: aligned tables, times in the site's zone, lengths of time.

use std::fmt;

use calendars::Timestamp;
use comfy_table::{CellAlignment, ContentArrangement, presets};

/// Columns that line up, under a row of titles.
#[derive(Debug)]
pub(crate) struct Table {
    inner: comfy_table::Table,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new<'a>(titles: impl IntoIterator<Item = &'a str>) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        inner.set_header(titles.into_iter().map(str::to_uppercase));
        for column in inner.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Self { inner }
    }

    /// Folds what is long, so that the table is at most `width` characters wide.
    pub(crate) fn fold_at(&mut self, width: u16) {
        self.inner.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }

    /// Aligns numbers by their last digit. Does nothing where there is no such column.
    pub(crate) fn align_right(&mut self, title: &str) {
        let title = title.to_uppercase();
        let place =
            self.inner.header().and_then(|row| row.cell_iter().position(|cell| cell.content() == title));
        if let Some(column) = place.and_then(|place| self.inner.column_mut(place)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }

    /// Adds a row, a cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.inner.add_row(cells.into_iter().map(|cell| one_line(&cell)));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.trim_fmt())
    }
}

/// A text that stays in its row and does to a terminal nothing but show.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A size: `0 B`, `999 B`, `1.0 kB`, `23.4 MB`.
pub(crate) fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 {
        tenths /= 1_000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
}

/// At most so many characters of a text; what was cut is told by `…`.
pub(crate) fn short(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// An RFC 3339 time as a person reads it: `2026-11-23 10:02:11 +03:00`. Another text stays as it is.
pub(crate) fn when(text: &str) -> String {
    match (text.get(..10), text.get(11..19), text.get(19..)) {
        (Some(date), Some(time), Some(rest)) => {
            let offset = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
            format!("{date} {time} {offset}")
        }
        _ => text.to_owned(),
    }
}

/// An RFC 3339 time to the minute, as local as it is: `2026-11-23 10:02`. Another text stays as it is.
pub(crate) fn minute(text: &str) -> String {
    match (text.get(..10), text.get(11..16)) {
        (Some(date), Some(time)) => format!("{date} {time}"),
        _ => text.to_owned(),
    }
}

/// How long ago an RFC 3339 time is; `-` where it is to come, by a clock that was never set.
pub(crate) fn age(since: &str, now: Timestamp) -> String {
    let ms = Timestamp::parse_rfc3339(since).map(|since| now.ms_since(since));
    ms.ok().filter(|ms| *ms >= 0).map_or_else(|| "-".to_owned(), length)
}

/// A length of time to the minute: `2h05m`, `14m`, `40s`; `-` before one that is over.
pub(crate) fn length(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let seconds = ms.unsigned_abs() / 1_000;
    match (seconds / 3_600, seconds / 60 % 60) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, minutes) => format!("{sign}{minutes}m"),
        (hours, minutes) => format!("{sign}{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_that_keeps_them_short() {
        let told = [0, 999, 1_000, 1_099, 999_999, 1_000_000, 23_450_000, u64::MAX].map(size);
        assert_eq!(told, ["0 B", "999 B", "1.0 kB", "1.0 kB", "999.9 kB", "1.0 MB", "23.4 MB", "18.4 EB"]);
    }

    #[test]
    fn lengths_of_time_are_short() {
        for (ms, text) in
            [(0, "0s"), (59_999, "59s"), (60_000, "1m"), (7_500_000, "2h05m"), (-3_600_000, "-1h00m")]
        {
            assert_eq!(length(ms), text);
        }
    }

    #[test]
    fn times_are_told_without_milliseconds() {
        assert_eq!(when("2026-11-23T10:02:11.999+03:00"), "2026-11-23 10:02:11 +03:00");
        assert_eq!(when("2026-11-23T07:02:11Z"), "2026-11-23 07:02:11 Z");
        assert_eq!(when("soon"), "soon");
        assert_eq!(minute("2026-11-23T10:02:11.999+03:00"), "2026-11-23 10:02");
        let now = Timestamp::parse_rfc3339("2026-11-23T12:07:11Z").unwrap();
        assert_eq!(age("2026-11-23T10:02:11.000+03:00", now), "5h05m");
        assert_eq!(age("2026-11-23T15:07:12+03:00", now), "-");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(short("отчёт", 5), "отчёт");
        assert_eq!(short("отчёт не", 6), "отчёт…");
    }

    #[test]
    fn a_cell_cannot_write_to_the_terminal() {
        let mut table = Table::new(["name", "n"]);
        table.align_right("n");
        table.row(["\x1b[31mred\nline".to_owned(), "7".to_owned()]);
        table.row(["Ольга".to_owned(), "1024".to_owned()]);
        assert_eq!(table.to_string(), "NAME              N\n [31mred line     7\nОльга          1024");
    }
}
