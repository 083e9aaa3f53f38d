//! A page of plain text: headings and tables no wider than a terminal or a sheet of paper.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width};

/// How wide tables are at most, in characters.
const WIDTH: u16 = 118;

/// Spaces between two columns.
const PADDING: u16 = 2;

/// A row of titles over a rule, and nothing else drawn.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The text as far as it is written.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn title(&mut self, title: &str) {
        let rule = "═".repeat(title.chars().count());
        self.line(title);
        self.line(&rule);
    }

    pub(super) fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A table under its title, without the columns that are empty in every row; nothing at all where there are no
    /// rows.
    pub(super) fn table(&mut self, title: &str, columns: &[&str], rows: Vec<Vec<String>>) {
        if rows.is_empty() {
            return;
        }
        let filled: Vec<bool> =
            (0..columns.len()).map(|i| rows.iter().any(|row| !row[i].is_empty())).collect();
        let columns = columns.iter().zip(&filled).filter(|(_, filled)| **filled).map(|(column, _)| *column);
        let rows = rows.into_iter().map(|row| {
            row.into_iter()
                .zip(&filled)
                .filter(|(_, filled)| **filled)
                .map(|(cell, _)| cell)
                .collect::<Vec<_>>()
        });
        let mut table = comfy_table::Table::new();
        table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
        table.set_header(columns);
        table.add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, PADDING));
        }
        keep_words_whole(&mut table);
        if !title.is_empty() {
            self.line("");
            self.line(&title.to_uppercase());
        }
        self.line(&table.trim_fmt());
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// An id must not be broken in two, where there is room for all of them.
fn keep_words_whole(table: &mut comfy_table::Table) {
    let longest = |text: String| text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
    let widths: Vec<u16> = table
        .column_iter()
        .map(|column| {
            let cells =
                table.row_iter().chain(table.header()).filter_map(|row| row.cell_iter().nth(column.index));
            let width = cells.map(|cell| longest(cell.content())).max().unwrap_or(0);
            u16::try_from(width).unwrap_or(WIDTH).saturating_add(PADDING)
        })
        .collect();
    if widths.iter().copied().fold(0, u16::saturating_add) > WIDTH {
        return;
    }
    for (column, width) in table.column_iter_mut().zip(widths) {
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
}
