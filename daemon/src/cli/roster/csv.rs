//! Shifts from a table: agent, date, from, to.

use chrono::NaiveDate;
use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Planned, Read, Shifts, Written};

/// The columns, which may stand in any order.
const COLUMNS: [&str; 4] = ["agent", "date", "from", "to"];

/// Reads shifts; `agent` says whose they are where the file does not.
pub(super) fn read(text: &str, agent: Option<&str>) -> Read {
    // Of two characters at a line's end the reader counts the second to the next line.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains(';') { b';' } else { b',' };
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).flexible(true).from_reader(text.as_bytes());
    let titles = reader.headers().map_err(|error| vec![error.to_string()])?.clone();
    let place = |title: &str| titles.iter().position(|known| known.eq_ignore_ascii_case(title));
    let places = COLUMNS.map(place);
    let lacking: Vec<_> = COLUMNS
        .into_iter()
        .zip(places)
        .filter(|(title, place)| place.is_none() && !(*title == "agent" && agent.is_some()))
        .map(|(title, _)| title)
        .collect();
    if !lacking.is_empty() {
        return Err(vec![format!(
            "line 1: lacks the columns {}; the first line names the columns {}",
            lacking.join(", "),
            COLUMNS.join(", ")
        )]);
    }
    let (mut shifts, mut wrong) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => match shift(&record, places, agent) {
                Ok(shift) => shifts.push(Written { place: line(&record), is_day: false, shift }),
                Err(message) => wrong.push(format!("{}: {message}", line(&record))),
            },
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if wrong.is_empty() { Ok(Shifts { shifts, passed_over: Vec::new() }) } else { Err(wrong) }
}

fn line(record: &StringRecord) -> String {
    format!("line {}", record.position().map_or(0, csv::Position::line))
}

fn shift(record: &StringRecord, places: [Option<usize>; 4], agent: Option<&str>) -> Result<Planned, String> {
    let [name, date, from, to] =
        places.map(|place| place.and_then(|place| record.get(place)).unwrap_or_default());
    let name = agent.unwrap_or(name);
    let lacking = [("agent", name), ("date", date), ("from", from), ("to", to)];
    if let Some((column, _)) = lacking.iter().find(|(_, value)| value.is_empty()) {
        return Err(format!("lacks `{column}`"));
    }
    let date =
        date.parse::<NaiveDate>().map_err(|_| format!("`{date}` is no date; write it as 2026-11-23"))?;
    // A spreadsheet writes 9:00.
    let time = |text: &str| if text.len() == 4 { format!("0{text}") } else { text.to_owned() };
    Ok(Planned { agent: name.to_owned(), date, from: time(from), to: time(to) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(agent: &str, date: &str, from: &str, to: &str) -> Planned {
        Planned { agent: agent.into(), date: date.parse().unwrap(), from: from.into(), to: to.into() }
    }

    #[test]
    fn columns_stand_in_any_order_and_a_spreadsheets_own_form_is_understood() {
        for text in [
            "agent,date,from,to\nivanova,2026-11-23,09:00,18:00\n",
            "\u{feff}date;agent;from;to;note\r\n2026-11-23; ivanova ;9:00;18:00;x\r\n",
        ] {
            let read = read(text, None).unwrap().shifts;
            let shift = planned("ivanova", "2026-11-23", "09:00", "18:00");
            assert_eq!(read, [Written { place: "line 2".to_owned(), is_day: false, shift }], "{text}");
        }
        let read = super::read("date,from,to\n2026-11-23,21:00,09:00\n", Some("petrov")).unwrap();
        assert_eq!(read.shifts[0].shift, planned("petrov", "2026-11-23", "21:00", "09:00"));
    }

    #[test]
    fn each_mistake_is_told_by_its_line() {
        let text = "agent,date,from,to\nivanova,23.11.2026,09:00,18:00\n,2026-11-23,09:00,18:00\nanna,2026-11-23,09:00\n";
        assert_eq!(
            read(text, None).unwrap_err(),
            [
                "line 2: `23.11.2026` is no date; write it as 2026-11-23",
                "line 3: lacks `agent`",
                "line 4: lacks `to`"
            ]
        );
        assert_eq!(
            read("a,b\n1,2\n", None).unwrap_err(),
            [
                "line 1: lacks the columns agent, date, from, to; the first line names the columns agent, date, from, to"
            ]
        );
    }
}
