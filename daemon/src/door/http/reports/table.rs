//! A report as CSV: ids and numbers for programs and spreadsheets.
//!
//! A program wants plain UTF-8 with commas and points. A spreadsheet takes a file without a mark for one of its own old
//! character set; and a Russian one takes commas for decimals, so it wants semicolons between cells.

/// Who reads a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A program, by RFC 4180.
    Program,
    /// A spreadsheet that was set up for English.
    EnglishSpreadsheet,
    /// A spreadsheet that was set up for Russian.
    RussianSpreadsheet,
}

/// By what a spreadsheet knows UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Rows of cells under titles.
pub(super) struct Table {
    pub titles: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table as CSV, UTF-8.
    pub(super) fn csv(&self, reader: Reader) -> Vec<u8> {
        let (begins, between): (&[u8], u8) = match reader {
            Reader::Program => (&[], b','),
            Reader::EnglishSpreadsheet => (MARK, b','),
            Reader::RussianSpreadsheet => (MARK, b';'),
        };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(between)
            .terminator(csv::Terminator::CRLF)
            .from_writer(begins.to_vec());
        writer.write_record(&self.titles).expect("memory takes it");
        for row in &self.rows {
            let cells = row.iter().map(|cell| match reader {
                Reader::Program | Reader::EnglishSpreadsheet => harmless(cell),
                Reader::RussianSpreadsheet => with_comma(harmless(cell)),
            });
            writer.write_record(cells).expect("rows are as long as the titles");
        }
        writer.into_inner().expect("memory takes it")
    }
}

/// A number with a decimal comma; what is none stays.
fn with_comma(cell: String) -> String {
    if cell.parse::<f64>().is_ok() { cell.replace('.', ",") } else { cell }
}

/// A cell that no spreadsheet takes for a formula: names of services come from outside.
fn harmless(cell: &str) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    if !is_number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_no_formula_comes_out() {
        let cells = ["a,b", "say \"so\"", "=HYPERLINK(1)", "@x", "-12.5", "Печать"];
        let table = Table {
            titles: vec!["one", "two", "three", "four", "five", "six"],
            rows: vec![cells.map(str::to_owned).to_vec()],
        };
        assert_eq!(
            String::from_utf8(table.csv(Reader::Program)).unwrap(),
            "one,two,three,four,five,six\r\n\"a,b\",\"say \"\"so\"\"\",'=HYPERLINK(1),'@x,-12.5,Печать\r\n"
        );
        let of = |reader| String::from_utf8(table.csv(reader)).unwrap();
        assert_eq!(
            of(Reader::RussianSpreadsheet),
            "\u{feff}one;two;three;four;five;six\r\na,b;\"say \"\"so\"\"\";'=HYPERLINK(1);'@x;-12,5;Печать\r\n"
        );
        assert_eq!(of(Reader::EnglishSpreadsheet), format!("\u{feff}{}", of(Reader::Program)));
    }
}
