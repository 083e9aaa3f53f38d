//! The archive: stories of tickets that are long over, compressed, a file for each year.
//!
//! `archive/2026.jsonl.gz` is a gzip file of many members, so any `zcat` reads it: a line of JSON for each ticket,
//! `{"number":…,"ticket":{…},"entries":[…]}`. A ticket that was archived again stands in it again; the later line
//! counts. `archive/index` finds a ticket by its number in one read, and costs no memory for each.
//!
//! This is a projection, as the [`tickets`](crate::store::tickets) are. All of it can be made again from the
//! [`ledger`](crate::store::ledger), so nothing here is ever the only copy. Whoever takes tickets out of the database
//! because they are here keeps the archive's [`Mark`] with it, and learns at the next open by [`Archive::still_has`]
//! whether they are here still.
//!
//! Tickets are added in whole members, synced before they are indexed. What a crash left of one is cut off at open. A
//! member that is not as it was written is reported, copied to the quarantine and given up: the others stay readable.
//! The index is made again from the archives when it is missing, torn or does not match.
//!
//! Left to others: what a story is, which are to be archived, and the year they belong to.

mod error;
mod index;
mod member;
mod open;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use error::{ArchiveError, Damage};
pub use index::YearHeld;
use index::{Entry, Held, Index, Place, YEARS_MAX};
pub use open::ArchiveReport;
use open::{Members, Piece, quarantine};

use member::{lines, pack, unpack};

use super::whole::sync_dir;

/// How many tickets a member holds at most …
const MEMBER_TICKETS: usize = 64;
/// … and how much text, in bytes, unless one ticket has more: what is unpacked to read one.
const MEMBER_TEXT_BYTES: usize = 256 << 10;
/// How many members are kept unpacked, for those who read one ticket after the other …
const UNPACKED_MEMBERS: usize = 8;
/// … and how much text, in bytes.
const UNPACKED_BYTES: usize = 2 << 20;

/// A ticket's whole story, as JSON that the caller wants back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The ticket's number.
    pub number: u64,
    /// When it was closed, UTC milliseconds; for the overview of a year.
    pub at_ms: i64,
    /// The ticket, JSON without a line break.
    pub ticket: Vec<u8>,
    /// The entries about it, each JSON without a line break.
    pub entries: Vec<Vec<u8>>,
}

impl Story {
    /// The story as one line of JSON, without the line break.
    pub fn line(&self) -> Vec<u8> {
        let Self { number, ticket, entries, .. } = self;
        let mut line = format!("{{\"number\":{number},\"ticket\":").into_bytes();
        line.extend_from_slice(ticket);
        line.extend_from_slice(b",\"entries\":[");
        line.extend_from_slice(&entries.join(&b','));
        line.extend_from_slice(b"]}");
        line
    }
}

/// How much was put into an archive up to a time; one from which as much can be read has lost nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The newest member's place in the order of all.
    pub order: u64,
    /// How many tickets were put into it, also those that cannot be read any more.
    pub tickets: u64,
}

impl Mark {
    /// The mark as 16 bytes, big-endian.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.order) << 64 | u128::from(self.tickets)).to_be_bytes()
    }

    /// The mark that [`to_bytes`](Self::to_bytes) packed.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let [order, tickets] =
            [0, 8].map(|at| bytes[at..at + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
        Self { order, tickets }
    }
}

/// The archive, open; clones are the same one, for any thread.
#[derive(Clone, Debug)]
pub struct Archive(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The state directory, for the quarantine.
    state: PathBuf,
    dir: PathBuf,
    /// Held while tickets are added or given up, and while the index is made again.
    writing: Mutex<()>,
    files: RwLock<Files>,
    unpacked: Mutex<VecDeque<Unpacked>>,
    /// What was found damaged and nobody has been told yet.
    damage: Mutex<Vec<Damage>>,
}

/// What is open, and what it is known to hold.
#[derive(Clone, Debug, Default)]
struct Files {
    /// `None` before the first ticket.
    index: Option<Arc<Index>>,
    years: BTreeMap<u16, Arc<File>>,
    held: Held,
    /// Something was being written and failed: what is there is to be looked at before more is.
    is_doubtful: bool,
}

/// A member's text.
#[derive(Debug)]
struct Unpacked {
    year: u16,
    offset: u64,
    text: Arc<Vec<u8>>,
}

/// What a check found in a year's archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearChecked {
    /// Which year.
    pub year: u16,
    /// How many members could be read.
    pub members: u64,
    /// How many stories are in them; a ticket that was archived again has more than one.
    pub stories: u64,
    /// Stretches that could not be read.
    pub damage: Vec<Damage>,
    /// How many tickets were in such a stretch, and have not been archived again since.
    pub given_up: u64,
}

impl Archive {
    /// Adds `stories` to the archive of `year`; they are durable, and found by their numbers, when it returns. No event
    /// in them has the number `upto_seq` or a later one.
    ///
    /// A ticket that is archived already has the new story from here on.
    ///
    /// # Errors
    /// [`ArchiveError::Append`]: the archive is as before.
    pub fn append(&self, year: u16, upto_seq: u64, stories: &[Story]) -> Result<(), ArchiveError> {
        let _writing = self.writing();
        let path = self.file_of(year);
        let fail = |source| ArchiveError::Append { file: path.clone(), source };
        if stories.is_empty() {
            return Ok(());
        }
        if self.files().is_doubtful {
            self.load()?;
        }
        let mut files = self.files().clone();
        self.files_mut().is_doubtful = true;
        let written = self
            .open_year(&mut files, year)
            .and_then(|(file, index)| append(&file, &index, &mut files.held, (year, upto_seq), stories));
        written.map_err(fail)?;
        *self.files_mut() = files;
        Ok(())
    }

    /// The story of ticket `number`, the newest, as one line of JSON.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] and later [`ArchiveError::GivenUp`] where it cannot be read; [`ArchiveError::Read`].
    pub fn get(&self, number: u64) -> Result<Option<Vec<u8>>, ArchiveError> {
        match self.entry(number)? {
            Entry::Nothing | Entry::Torn => Ok(None),
            Entry::At(place) => self.line(number, place).map(Some),
        }
    }

    /// Archived tickets with numbers in `numbers`, the newest first, at most `limit`: number and story. Those that cannot
    /// be read are left out.
    ///
    /// # Errors
    /// [`ArchiveError::Read`]: the index cannot be read.
    pub fn newest(&self, numbers: Range<u64>, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, ArchiveError> {
        let mut found = Vec::new();
        let Some(index) = self.files().index.clone() else { return Ok(found) };
        let sought = index.newest(numbers.start, numbers.end, |number, _| {
            if found.len() < limit {
                found.extend(self.get(number).ok().flatten().map(|line| (number, line)));
            }
            found.len() < limit
        });
        sought.map_err(|source| self.cannot_read_index(source))?;
        Ok(found)
    }

    /// What each year's archive holds, the earliest first.
    pub fn years(&self) -> Vec<(u16, YearHeld)> {
        self.files().held.years.iter().map(|(year, held)| (*year, *held)).collect()
    }

    /// How many tickets are archived.
    pub fn tickets(&self) -> u64 {
        self.files().held.tickets()
    }

    /// How large it is on disk, with its index, in bytes.
    pub fn size_bytes(&self) -> u64 {
        let files = self.files();
        let index = files.index.as_ref().and_then(|index| index.0.metadata().ok());
        files.held.years.values().map(|year| year.bytes).sum::<u64>() + index.map_or(0, |index| index.len())
    }

    /// How much it holds, for [`still_has`](Self::still_has).
    pub fn mark(&self) -> Mark {
        let files = self.files();
        Mark { order: files.held.order, tickets: files.held.tickets() + files.held.given_up }
    }

    /// Whether all that was in it at `mark` can be read.
    pub fn still_has(&self, mark: Mark) -> bool {
        let held = &self.files().held;
        held.given_up == 0 && held.order >= mark.order && held.tickets() >= mark.tickets
    }

    /// Reads every member. What cannot be read is copied to the quarantine and given up, so that the next start makes
    /// these tickets again.
    ///
    /// # Errors
    /// [`ArchiveError::Read`]: a file cannot be read at all.
    pub fn check(&self) -> Result<Vec<YearChecked>, ArchiveError> {
        let files = self.files().clone();
        files
            .years
            .iter()
            .map(|(year, file)| self.check_year(*year, file, files.held.years.get(year)))
            .collect()
    }

    fn check_year(
        &self,
        year: u16,
        file: &File,
        held: Option<&YearHeld>,
    ) -> Result<YearChecked, ArchiveError> {
        let mut checked = YearChecked { year, members: 0, stories: 0, damage: Vec::new(), given_up: 0 };
        let end = held.map_or(0, |held| held.bytes);
        for piece in Members::new(file, 0, end) {
            let piece = piece.map_err(|source| ArchiveError::Read { file: self.file_of(year), source })?;
            match piece {
                Piece::Member { text, .. } => {
                    checked.members += 1;
                    checked.stories += lines(&text).count() as u64;
                }
                Piece::Bad { from, to } => checked.damage.push(self.give_up(year, from, to)),
            }
        }
        if let Some(index) = self.files().index.clone() {
            let given_up =
                |entry| matches!(entry, Entry::At(place) if place.year == year && place.bytes == 0);
            index
                .newest(0, u64::MAX, |_, entry| {
                    checked.given_up += u64::from(given_up(entry));
                    true
                })
                .map_err(|source| self.cannot_read_index(source))?;
        }
        Ok(checked)
    }

    /// What was found damaged since this was asked last.
    pub fn take_damage(&self) -> Vec<Damage> {
        std::mem::take(&mut *self.0.damage.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the index says of `number`. One that is torn is made again.
    fn entry(&self, number: u64) -> Result<Entry, ArchiveError> {
        let look = || match self.files().index.clone() {
            Some(index) => index.get(number).map_err(|source| self.cannot_read_index(source)),
            None => Ok(Entry::Nothing),
        };
        let said = look()?;
        if said != Entry::Torn {
            return Ok(said);
        }
        let _writing = self.writing();
        // It may have been read while it was being written.
        let said = look()?;
        if said != Entry::Torn {
            return Ok(said);
        }
        self.load()?;
        look()
    }

    fn line(&self, number: u64, place: Place) -> Result<Vec<u8>, ArchiveError> {
        if place.bytes == 0 {
            return Err(ArchiveError::GivenUp { number });
        }
        let text = self.text(place)?;
        let line = lines(&text).flatten().filter(|(of, _)| *of == number).last();
        let line = line.map(|(_, line)| line.to_vec());
        line.ok_or_else(|| ArchiveError::Damaged(self.give_up_at(place)))
    }

    fn text(&self, place: Place) -> Result<Arc<Vec<u8>>, ArchiveError> {
        let Place { year, offset, bytes } = place;
        if let Some(text) = self.known_text(year, offset) {
            return Ok(text);
        }
        let mut member = vec![0; bytes as usize];
        let file = self.files().years.get(&year).cloned();
        match file.map(|file| file.read_exact_at(&mut member, offset)) {
            Some(Err(source)) if source.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(ArchiveError::Read { file: self.file_of(year), source });
            }
            // What is not there fails to unpack.
            None | Some(Err(_)) => member.clear(),
            Some(Ok(())) => {}
        }
        let Ok(text) = unpack(&member) else { return Err(ArchiveError::Damaged(self.give_up_at(place))) };
        let text = Arc::new(text);
        self.remember(Unpacked { year, offset, text: Arc::clone(&text) });
        Ok(text)
    }

    fn known_text(&self, year: u16, offset: u64) -> Option<Arc<Vec<u8>>> {
        let mut unpacked = self.0.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        let at = unpacked.iter().position(|known| (known.year, known.offset) == (year, offset))?;
        let known = unpacked.remove(at)?;
        let text = Arc::clone(&known.text);
        unpacked.push_front(known);
        Some(text)
    }

    fn remember(&self, member: Unpacked) {
        let mut unpacked = self.0.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        unpacked.push_front(member);
        unpacked.truncate(UNPACKED_MEMBERS);
        let mut bytes = 0;
        unpacked.retain(|known| {
            bytes += known.text.len();
            bytes <= UNPACKED_BYTES
        });
    }

    fn give_up_at(&self, place: Place) -> Damage {
        self.give_up(place.year, place.offset, place.offset + u64::from(place.bytes))
    }

    /// Copies a stretch that cannot be read to the quarantine, and notes that its tickets are not to be read here.
    fn give_up(&self, year: u16, from: u64, to: u64) -> Damage {
        let _writing = self.writing();
        let file = self.file_of(year);
        let kept = quarantine(&self.0.state, &file, from, to).ok();
        let files = self.files().clone();
        if let Some(index) = &files.index {
            let mut held = files.held;
            if give_up(index, &mut held, year, from..to).is_ok() {
                self.files_mut().held = held;
            }
        }
        let damage = Damage { file, from, to, kept };
        self.0.damage.lock().unwrap_or_else(PoisonError::into_inner).push(damage.clone());
        damage
    }

    /// The year's file and the index, made if they are not there, and closed behind what the archive holds.
    fn open_year(&self, files: &mut Files, year: u16) -> io::Result<(Arc<File>, Arc<Index>)> {
        let (state, dir) = (&self.0.state, &self.0.dir);
        let is_new = !files.held.years.contains_key(&year);
        if is_new && files.held.years.len() == YEARS_MAX {
            return Err(io::Error::other(format!("it has {YEARS_MAX} years already")));
        }
        if files.index.is_none() {
            fs::create_dir_all(dir)?;
            sync_dir(state)?;
            files.index = Some(Arc::new(Index(open_file(&dir.join("index"))?)));
        }
        if let std::collections::btree_map::Entry::Vacant(vacant) = files.years.entry(year) {
            vacant.insert(Arc::new(open_file(&self.file_of(year))?));
            sync_dir(dir)?;
        }
        let file = Arc::clone(&files.years[&year]);
        let held = files.held.years.entry(year).or_default();
        if file.metadata()?.len() != held.bytes {
            file.set_len(held.bytes)?;
        }
        let index = files.index.clone().expect("it was just made");
        Ok((file, index))
    }

    fn file_of(&self, year: u16) -> PathBuf {
        self.0.dir.join(format!("{year}.jsonl.gz"))
    }

    fn cannot_read_index(&self, source: io::Error) -> ArchiveError {
        ArchiveError::Read { file: self.0.dir.join("index"), source }
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> RwLockReadGuard<'_, Files> {
        self.0.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn files_mut(&self) -> RwLockWriteGuard<'_, Files> {
        self.0.files.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `stories` behind what `held` says of the year, and only then the index.
fn append(
    file: &File,
    index: &Index,
    held: &mut Held,
    (year, upto_seq): (u16, u64),
    stories: &[Story],
) -> io::Result<()> {
    let start = held.years.get(&year).map_or(0, |held| held.bytes);
    let (mut bytes, mut placed, mut now) = (Vec::new(), Vec::new(), held.clone());
    for stories in in_members(stories) {
        let (header, packed) = pack(stories, now.order + 1, upto_seq)?;
        let place = Place { year, offset: start + bytes.len() as u64, bytes: header.bytes };
        placed.extend(stories.iter().map(|story| (story.number, place)));
        now.take_in(year, header, place.offset);
        bytes.extend(packed);
    }
    let written = file.write_all_at(&bytes, start).and_then(|()| Ok(rustix::fs::fdatasync(file)?));
    if written.is_err() {
        // Else the next append does it.
        let _ = file.set_len(start);
    }
    written?;
    for (number, place) in placed {
        now.moved(index.get(number)?, Entry::At(place));
        index.put(number, place)?;
    }
    index.seal(&now)?;
    *held = now;
    Ok(())
}

/// The stories in lots of one member each.
fn in_members(mut stories: &[Story]) -> impl Iterator<Item = &[Story]> {
    std::iter::from_fn(move || {
        let mut text_bytes = 0;
        let fits = stories.iter().take(MEMBER_TICKETS).take_while(|story| {
            let is_first = text_bytes == 0;
            text_bytes += story.ticket.len() + story.entries.iter().map(Vec::len).sum::<usize>();
            is_first || text_bytes <= MEMBER_TEXT_BYTES
        });
        let (member, rest) = stories.split_at(fits.count());
        stories = rest;
        (!member.is_empty()).then_some(member)
    })
}

/// Notes in the index that the tickets in a stretch of a year's archive are not to be read there.
fn give_up(index: &Index, held: &mut Held, year: u16, stretch: Range<u64>) -> io::Result<()> {
    let mut given_up = Vec::new();
    index.newest(0, u64::MAX, |number, entry| {
        if let Entry::At(place) = entry {
            let is_there = place.year == year && stretch.contains(&place.offset) && place.bytes > 0;
            given_up.extend(is_there.then_some((number, Place { bytes: 0, ..place })));
        }
        true
    })?;
    for (number, place) in given_up {
        held.moved(index.get(number)?, Entry::At(place));
        index.put(number, place)?;
    }
    index.seal(held)
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}
