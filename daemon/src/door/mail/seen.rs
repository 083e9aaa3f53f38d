//! Which mails have been handled, so that each is handled once: whatever comes again within two months, by whatever way.
//!
//! The record has a receipt of every mail that changed something, and those count for a day only; a mail server tries for
//! five days, and a mailbox that is made anew shows all its mail again. So the sums of mails are kept here, in
//! `STATE/mail/seen`: a line when a mail's words are durable, another when its files are, too. A crash may lose the last
//! lines; what the record tells of the time since the last `upto` line is read from there at the start.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use calendars::Timestamp;

use crate::desk::{Entry, TicketNumber};
use crate::store::{SEEN_FILE, whole};

/// How many mails are remembered; the one that came first is forgotten first.
pub const SEEN_MAX: usize = 100_000;
/// How long each is, in milliseconds: 60 days.
pub(super) const REMEMBERED_MS: i64 = 60 * 86_400_000;
/// What begins the key of a mail's receipt. A token's name has no `/`, so no caller has such a key.
const KEY: &str = "mail/";
/// How many lines there are more than mails when the file is written anew.
const SPARE_LINES: usize = 20_000;

/// How far a mail has been handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handled {
    /// Its words are durable, on that ticket; its files may not be.
    Words(TicketNumber),
    /// All of it is.
    All,
}

/// The mails that have been handled.
pub(super) struct Seen {
    path: PathBuf,
    file: File,
    known: HashMap<[u8; 16], Handled>,
    by_age: VecDeque<(Timestamp, [u8; 16])>,
    /// What the record tells of mails before this event is known.
    upto: u64,
    lines: usize,
}

/// The key of a mail's receipt.
pub(super) fn receipt_key(sum: &str) -> String {
    format!("{KEY}{sum}")
}

impl Seen {
    /// What was kept in `dir`; a file that cannot be read as ours is begun anew, and the record tells the rest.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join(SEEN_FILE);
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            // A line that a crash cut off is not to swallow the next one.
            file.write_all(b"\n")?;
        }
        let mut seen = Self { path, file, known: HashMap::new(), by_age: VecDeque::new(), upto: 1, lines: 0 };
        for line in text.lines() {
            seen.lines += 1;
            // A line that was cut off by a crash tells nothing.
            let _ = seen.read(line);
        }
        Ok(seen)
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        match words.next()? {
            "upto" => self.upto = self.upto.max(words.next()?.parse().ok()?),
            kind @ ("words" | "all") => {
                let sum = short(words.next()?)?;
                let at = Timestamp::from_millis(words.next()?.parse().ok()?);
                let handled = match kind {
                    "all" => Handled::All,
                    _ => Handled::Words(TicketNumber(words.next()?.parse().ok()?)),
                };
                self.put(sum, at, handled);
            }
            _ => {}
        }
        Some(())
    }

    fn put(&mut self, sum: [u8; 16], at: Timestamp, handled: Handled) {
        let known = self.known.get(&sum).copied();
        if known == Some(Handled::All) {
            return;
        }
        if known.is_none() {
            self.by_age.push_back((at, sum));
        }
        self.known.insert(sum, handled);
        let newest = self.by_age.back().map_or(at, |(at, _)| *at);
        while let Some((first, sum)) = self.by_age.front().copied() {
            if self.by_age.len() <= SEEN_MAX && newest.ms_since(first) <= REMEMBERED_MS {
                break;
            }
            self.by_age.pop_front();
            self.known.remove(&sum);
        }
    }

    /// The first event whose entry is yet to be taken in.
    pub(super) fn upto(&self) -> u64 {
        self.upto
    }

    /// How far the mail of that sum has been handled; none where it is new.
    pub(super) fn of(&self, sum: &str) -> Option<Handled> {
        self.known.get(&short(sum)?).copied()
    }

    /// What the record tells of a mail, if it does.
    pub(super) fn take_in(&mut self, entry: &Entry) -> io::Result<()> {
        let sum = entry.receipt.as_ref().and_then(|receipt| receipt.key.strip_prefix(KEY));
        let Some((sum, ticket)) = sum.zip(entry.about()) else { return Ok(()) };
        if self.of(sum).is_none() {
            self.note(sum, entry.at, Handled::Words(ticket))?;
        }
        Ok(())
    }

    /// A mail was handled so far.
    pub(super) fn note(&mut self, sum: &str, at: Timestamp, handled: Handled) -> io::Result<()> {
        let Some(key) = short(sum) else { return Ok(()) };
        self.put(key, at, handled);
        let line = line(&key, at, handled);
        self.lines += 1;
        self.file.write_all(line.as_bytes())
    }

    /// All that the record tells before that event has been taken in; durable when this returns.
    pub(super) fn reached(&mut self, upto: u64) -> io::Result<()> {
        self.upto = upto;
        if self.lines > self.known.len() + SPARE_LINES {
            return self.write_anew();
        }
        self.file.sync_data()?;
        self.lines += 1;
        writeln!(self.file, "upto {upto}")?;
        self.file.sync_data()
    }

    fn write_anew(&mut self) -> io::Result<()> {
        let mut text = String::new();
        for (at, sum) in &self.by_age {
            text.push_str(&line(sum, *at, self.known[sum]));
        }
        let _ = writeln!(text, "upto {}", self.upto);
        whole::write(&self.path, &self.path.with_extension("new"), text.as_bytes())?;
        self.lines = self.known.len() + 1;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        Ok(())
    }
}

fn line(sum: &[u8; 16], at: Timestamp, handled: Handled) -> String {
    let hex = sum.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    match handled {
        Handled::Words(ticket) => format!("words {hex} {} {ticket}\n", at.millis()),
        Handled::All => format!("all {hex} {}\n", at.millis()),
    }
}

/// The first half of a sum; nobody finds another mail with the same.
fn short(sum: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(sum.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn sum(number: u64) -> String {
        format!("{number:064x}").chars().rev().collect()
    }

    fn day(number: i64) -> Timestamp {
        Timestamp::from_millis(number * DAY_MS)
    }

    #[test]
    fn a_mail_is_known_for_two_months_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = Seen::open(dir.path()).unwrap();
        seen.note(&sum(1), day(0), Handled::Words(TicketNumber(7))).unwrap();
        seen.note(&sum(1), day(0), Handled::All).unwrap();
        seen.note(&sum(2), day(1), Handled::Words(TicketNumber(8))).unwrap();
        let mut seen = Seen::open(dir.path()).unwrap();
        assert_eq!(seen.of(&sum(1)), Some(Handled::All), "a mail server that tries for a week is known");
        assert_eq!(seen.of(&sum(2)), Some(Handled::Words(TicketNumber(8))));
        seen.note(&sum(3), day(60), Handled::All).unwrap();
        assert_eq!(seen.of(&sum(1)), Some(Handled::All));
        seen.note(&sum(4), day(61), Handled::All).unwrap();
        assert_eq!((seen.of(&sum(1)), seen.of(&sum(3))), (None, Some(Handled::All)));
    }

    #[test]
    fn what_was_handled_is_not_made_undone_by_an_older_word() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = Seen::open(dir.path()).unwrap();
        seen.note(&sum(1), day(0), Handled::All).unwrap();
        seen.note(&sum(1), day(0), Handled::Words(TicketNumber(7))).unwrap();
        assert_eq!(seen.of(&sum(1)), Some(Handled::All));
    }

    #[test]
    fn a_line_that_a_crash_cut_off_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = Seen::open(dir.path()).unwrap();
        seen.note(&sum(1), day(0), Handled::All).unwrap();
        seen.reached(42).unwrap();
        seen.note(&sum(2), day(0), Handled::All).unwrap();
        let path = dir.path().join(SEEN_FILE);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
        let seen = Seen::open(dir.path()).unwrap();
        assert_eq!((seen.upto(), seen.of(&sum(1)), seen.of(&sum(2))), (42, Some(Handled::All), None));
    }

    #[test]
    fn the_file_is_written_anew_before_it_grows_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = Seen::open(dir.path()).unwrap();
        for _ in 0..SPARE_LINES + 10 {
            seen.note(&sum(1), day(0), Handled::All).unwrap();
        }
        seen.note(&sum(2), day(1), Handled::Words(TicketNumber(3))).unwrap();
        seen.reached(7).unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join(SEEN_FILE)).unwrap().lines().count(), 3);
        let seen = Seen::open(dir.path()).unwrap();
        assert_eq!(
            (seen.upto(), seen.of(&sum(1)), seen.of(&sum(2))),
            (7, Some(Handled::All), Some(Handled::Words(TicketNumber(3))))
        );
    }
}
