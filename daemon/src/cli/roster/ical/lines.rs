//! The lines of a calendar file, unfolded; and whether it is whole: a file that was cut would take shifts off the roster.

use std::mem;

/// A calendar of a file, with the lines on which its events begin.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// Its text, from `BEGIN:VCALENDAR` to `END:VCALENDAR`.
    pub(super) text: String,
    /// On which line of the file each event begins, in order.
    pub(super) events: Vec<usize>,
}

/// The calendars of a file: there may be several.
///
/// # Errors
/// Where it is cut short, not UTF-8, or no calendar, with the line.
pub(super) fn sections(bytes: &[u8]) -> Result<Vec<Section>, String> {
    let (mut sections, mut open) = (Vec::new(), Vec::<String>::new());
    let mut section = Section::default();
    for (number, line) in unfolded(bytes)? {
        if line.trim().is_empty() {
            continue;
        }
        let upper = line.trim_end().to_uppercase();
        if let Some(name) = upper.strip_prefix("BEGIN:") {
            if name == "VEVENT" {
                section.events.push(number);
            }
            open.push(name.to_owned());
        }
        if open.first().is_none_or(|first| first != "VCALENDAR") {
            return Err(format!("line {number}: stands in no VCALENDAR"));
        }
        section.text.push_str(&line);
        section.text.push_str("\r\n");
        if let Some(name) = upper.strip_prefix("END:") {
            if open.last().is_none_or(|last| last != name) {
                open.reverse();
                let open = open.join(" in ");
                return Err(format!("line {number}: ends {name}, but what is open is {open}"));
            }
            open.pop();
            if open.is_empty() {
                sections.push(mem::take(&mut section));
            }
        }
    }
    match open.last() {
        Some(last) => Err(format!(
            "is cut short: it ends within {last}, before END:VCALENDAR; fetch it anew. Nothing was changed"
        )),
        None => Ok(sections),
    }
}

/// Whole lines, each with the number of its first. A line goes on in the next where that begins with a space, and be it in the
/// middle of a letter, so bytes are put together before they are read as text.
fn unfolded(bytes: &[u8]) -> Result<Vec<(usize, String)>, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (at, line) in physical(bytes).into_iter().enumerate() {
        match (line.strip_prefix(b" ").or_else(|| line.strip_prefix(b"\t")), lines.last_mut()) {
            (Some(more), Some((_, whole))) => whole.extend_from_slice(more),
            (_, _) => lines.push((at + 1, line.to_vec())),
        }
    }
    let text = |(number, line): (usize, Vec<u8>)| match String::from_utf8(line) {
        Ok(line) => Ok((number, line)),
        Err(_) => Err(format!("line {number}: is not UTF-8; save the file as UTF-8")),
    };
    lines.into_iter().map(text).collect()
}

/// Lines as they stand: they end with CR LF, LF, or CR alone.
fn physical(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        lines.push(&rest[..end]);
        let is_pair = rest[end..].starts_with(b"\r\n");
        rest = &rest[end + if is_pair { 2 } else { 1 }..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "BEGIN:VEVENT\r\nSUMMARY:anna\r\nEND:VEVENT\r\n";

    fn file(inside: &str) -> String {
        format!("BEGIN:VCALENDAR\r\n{inside}END:VCALENDAR\r\n")
    }

    #[test]
    fn each_calendar_of_a_file_is_read_and_its_events_know_their_lines() {
        let text = format!("\u{feff}{}\r\n{}", file(&format!("{EVENT}{EVENT}")), file(EVENT));
        let sections = sections(text.as_bytes()).unwrap();
        assert_eq!(
            sections.iter().map(|section| section.events.clone()).collect::<Vec<_>>(),
            [vec![2, 5], vec![11]]
        );
        assert_eq!(sections[1].text, file(EVENT));
        for other in ["\n", "\r"] {
            assert_eq!(
                super::sections(text.replace("\r\n", other).as_bytes()).unwrap(),
                sections,
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_line_may_be_folded_within_a_letter() {
        let mut bytes = b"BEGIN:VCALENDAR\r\nSUMMARY:".to_vec();
        let name = "Анна".as_bytes();
        bytes.extend([&name[..3], b"\r\n ".as_slice(), &name[3..], b"\r\nEND:VCALENDAR\r\n"].concat());
        assert_eq!(sections(&bytes).unwrap()[0].text, file("SUMMARY:Анна\r\n"));
        assert_eq!(
            sections(b"BEGIN:VCALENDAR\r\nSUMMARY:\xff\r\nEND:VCALENDAR\r\n"),
            Err("line 2: is not UTF-8; save the file as UTF-8".to_owned())
        );
    }

    #[test]
    fn a_file_that_was_cut_anywhere_is_told_from_a_whole_one() {
        let text = file(&format!("{EVENT}{EVENT}"));
        for (at, _) in text.match_indices("\r\n") {
            let cut = sections(&text.as_bytes()[..at]);
            assert_eq!(cut.is_ok(), at + 2 == text.len(), "{at}: {cut:?}");
        }
        let told = sections(file(EVENT).trim_end().strip_suffix("END:VCALENDAR").unwrap().as_bytes());
        assert!(told.unwrap_err().starts_with("is cut short: it ends within VCALENDAR"));
        let crossed = file("BEGIN:VEVENT\r\nEND:VALARM\r\n");
        assert_eq!(
            sections(crossed.as_bytes()).unwrap_err(),
            "line 3: ends VALARM, but what is open is VEVENT in VCALENDAR"
        );
        assert_eq!(sections(b"agent,date\r\n").unwrap_err(), "line 1: stands in no VCALENDAR");
    }
}
