//! A report as CSV: ids and numbers for programs and spreadsheets.

/// Rows of cells under titles.
pub(super) struct Table {
    pub titles: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table as CSV (RFC 4180), UTF-8.
    pub(super) fn csv(&self) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(&self.titles).expect("memory takes it");
        for row in &self.rows {
            writer
                .write_record(row.iter().map(|cell| harmless(cell)))
                .expect("rows are as long as the titles");
        }
        writer.into_inner().expect("memory takes it")
    }
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
            String::from_utf8(table.csv()).unwrap(),
            "one,two,three,four,five,six\r\n\"a,b\",\"say \"\"so\"\"\",'=HYPERLINK(1),'@x,-12.5,Печать\r\n"
        );
    }
}
