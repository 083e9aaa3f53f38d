//! A table from a file: CSV whose first line names the columns, as a spreadsheet writes it.

use std::fs;
use std::path::Path;

use csv::{ReaderBuilder, Trim};

use super::error::CliError;

/// A line of the table.
#[derive(Debug)]
pub(super) struct Row {
    /// Where it stands: `line 2`.
    pub(super) place: String,
    cells: Vec<(&'static str, String)>,
}

impl Row {
    /// What stands in a column; none where it is empty, or the file does not have it.
    pub(super) fn cell(&self, column: &str) -> Option<&str> {
        let cell = self.cells.iter().find(|(name, _)| *name == column);
        cell.map(|(_, text)| text.as_str()).filter(|text| !text.is_empty())
    }

    /// The words of a column.
    pub(super) fn words(&self, column: &str) -> Vec<&str> {
        self.cell(column).unwrap_or_default().split_whitespace().collect()
    }
}

/// Reads the lines of a table, or tells all that is wrong with it. Other columns than `columns` are passed over.
pub(super) fn read(
    text: &str,
    columns: &[&'static str],
    required: &[&'static str],
) -> Result<Vec<Row>, Vec<String>> {
    // Of two characters at a line's end the reader counts the second to the next line.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains(';') { b';' } else { b',' };
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).flexible(true).from_reader(text.as_bytes());
    let titles = reader.headers().map_err(|error| vec![error.to_string()])?.clone();
    let place = |title: &str| titles.iter().position(|known| known.eq_ignore_ascii_case(title));
    let lacking: Vec<_> = required.iter().copied().filter(|title| place(title).is_none()).collect();
    if !lacking.is_empty() {
        return Err(vec![format!(
            "line 1: lacks the columns {}; the first line names the columns, of {}",
            lacking.join(", "),
            columns.join(", ")
        )]);
    }
    let places: Vec<_> = columns.iter().filter_map(|title| Some((*title, place(title)?))).collect();
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => {
                let place = format!("line {}", record.position().map_or(0, csv::Position::line));
                let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
                let row =
                    Row { place, cells: places.iter().map(|(title, at)| (*title, cell(*at))).collect() };
                let lacks = required.iter().filter(|title| row.cell(title).is_none());
                let lacks: Vec<_> = lacks.map(|title| format!("{}: lacks `{title}`", row.place)).collect();
                wrong.extend(lacks);
                rows.push(row);
            }
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<String, CliError> {
    let bytes = fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    String::from_utf8(bytes)
        .map_err(|_| CliError::Refused(format!("{} is not UTF-8; save it as UTF-8", path.display())))
}

/// How many mistakes of a file are told.
const TOLD_MAX: usize = 20;

/// A file that is refused, with what is wrong with it.
pub(super) fn wrong_file(name: &str, wrong: &[String]) -> CliError {
    let mut lines: Vec<_> = wrong.iter().take(TOLD_MAX).map(|wrong| format!("{name}: {wrong}")).collect();
    if wrong.len() > TOLD_MAX {
        lines.push(format!("{name}: and {} more", wrong.len() - TOLD_MAX));
    }
    CliError::Refused(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["id", "name", "domains"];

    #[test]
    fn columns_stand_in_any_order_and_a_spreadsheets_own_form_is_understood() {
        for text in [
            "id,name,domains\nromashka,\"ООО «Ромашка», Тверь\",a.example.ru b.example.ru\n",
            "\u{feff}Name;x;ID;domains\r\nООО «Ромашка», Тверь;1; romashka ;a.example.ru  b.example.ru\r\n",
        ] {
            let rows = read(text, &COLUMNS, &["id", "name"]).unwrap();
            let [row] = rows.as_slice() else { panic!("{rows:?}") };
            assert_eq!((row.place.as_str(), row.cell("id")), ("line 2", Some("romashka")));
            assert_eq!(row.cell("name"), Some("ООО «Ромашка», Тверь"));
            assert_eq!(row.words("domains"), ["a.example.ru", "b.example.ru"]);
            assert_eq!(row.cell("nothing"), None);
        }
    }

    #[test]
    fn each_mistake_is_told_by_its_line() {
        let wrong = read("id,name\n,Анна\nb,\nc,Вера\n", &COLUMNS, &["id", "name"]).unwrap_err();
        assert_eq!(wrong, ["line 2: lacks `id`", "line 3: lacks `name`"]);
        let wrong = read("a,b\n1,2\n", &COLUMNS, &["id", "name"]).unwrap_err();
        assert_eq!(
            wrong,
            ["line 1: lacks the columns id, name; the first line names the columns, of id, name, domains"]
        );
    }
}
