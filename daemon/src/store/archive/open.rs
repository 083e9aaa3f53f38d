//! Opening the archive: what a crash left is cut off, what is damaged is told, and the index is made again where it is
//! of no use. It never stops the desk for what the ledger can mend.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

use super::index::{Entry, Held, Index, Place};
use super::member::{HEADER_BYTES, Header, lines, unpack};
use super::{Archive, ArchiveError, Damage, Files, Inner, open_file};
use crate::store::whole::sync_dir;

/// How much is looked through at once for the next member behind a damaged one, in bytes.
const SEARCH_BYTES: usize = 64 << 10;

/// What opening the archive found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// Why the index was made again, if it was.
    pub reindexed: Option<&'static str>,
    /// Archives whose end was cut off: the file, and where it ends now. Nothing of it had left the database.
    pub cut_off: Vec<(PathBuf, u64)>,
    /// Stretches that cannot be read. Their tickets are to be made again from the ledger.
    pub damage: Vec<Damage>,
    /// The archive that was there told of events that the ledger does not have; where it is now.
    pub set_aside: Option<PathBuf>,
}

impl Archive {
    /// Opens the archive of the state directory `state`; `next_seq` is the ledger's next event. Nothing is written where
    /// there is none yet.
    ///
    /// An archive that tells of events which the ledger does not have is of another ledger, or of one that was longer: it
    /// is renamed to `archive.bad`, in the place of an earlier one. The caller holds the directory's [`StateLock`](crate::store::StateLock).
    ///
    /// # Errors
    /// [`ArchiveError::Open`]: the system does not let us at it.
    pub fn open(state: &Path, next_seq: u64) -> Result<(Self, ArchiveReport), ArchiveError> {
        let archive = Self(Arc::new(Inner {
            state: state.to_owned(),
            dir: state.join("archive"),
            writing: Mutex::default(),
            files: RwLock::default(),
            unpacked: Mutex::new(VecDeque::new()),
            damage: Mutex::default(),
        }));
        let mut report = archive.load()?;
        if archive.files().held.upto_seq > next_seq {
            let aside = archive.set_aside();
            let dir = archive.0.dir.clone();
            report.set_aside = Some(aside.map_err(|source| ArchiveError::Open { dir, source })?);
            archive.load()?;
        }
        Ok((archive, report))
    }

    fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = self.0.dir.with_extension("bad");
        match fs::remove_dir_all(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs::rename(&self.0.dir, &aside)?;
        sync_dir(&self.0.state)?;
        Ok(aside)
    }

    /// Looks at what is there, and brings the index up to it. The caller keeps writers away.
    pub(super) fn load(&self) -> Result<ArchiveReport, ArchiveError> {
        let (state, dir) = (&self.0.state, &self.0.dir);
        let mut report = ArchiveReport::default();
        let loaded = load(state, dir, &mut report);
        *self.files_mut() = loaded.map_err(|source| ArchiveError::Open { dir: dir.clone(), source })?;
        Ok(report)
    }
}

fn load(state: &Path, dir: &Path, report: &mut ArchiveReport) -> io::Result<Files> {
    if !dir.try_exists()? {
        return Ok(Files::default());
    }
    let years = years_in(dir)?;
    let index =
        if dir.join("index").try_exists()? { Some(Index(open_file(&dir.join("index"))?)) } else { None };
    let known = match &index {
        None if years.is_empty() => return Ok(Files::default()),
        None => Err("it was missing"),
        Some(index) => match index.held()? {
            None => Err("it was torn"),
            Some(held) if !matches(&held, &years)? => Err("archives were missing or too short"),
            Some(_) if has_torn_entries(index)? => Err("entries of it were torn"),
            Some(held) => Ok(held),
        },
    };
    match known {
        Ok(held) => {
            let index = index.expect("it was read");
            let held = catch_up(&index, held, &years, dir, report)?;
            Ok(Files { index: Some(Arc::new(index)), years, held, is_doubtful: false })
        }
        Err(why) => {
            report.reindexed = Some(why);
            let (index, held) = index_anew(state, dir, &years, report)?;
            Ok(Files { index: Some(Arc::new(index)), years, held, is_doubtful: false })
        }
    }
}

fn years_in(dir: &Path) -> io::Result<BTreeMap<u16, Arc<File>>> {
    let mut years = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let year = name.to_str().and_then(|name| name.strip_suffix(".jsonl.gz")?.parse().ok());
        if let Some(year) = year {
            years.insert(year, Arc::new(open_file(&entry.path())?));
        }
    }
    Ok(years)
}

/// Whether the archives have all that the index says.
fn matches(held: &Held, years: &BTreeMap<u16, Arc<File>>) -> io::Result<bool> {
    for (year, held) in &held.years {
        let length = years.get(year).map_or(Ok(0), |file| Ok::<_, io::Error>(file.metadata()?.len()))?;
        if length < held.bytes {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has_torn_entries(index: &Index) -> io::Result<bool> {
    let mut is_torn = false;
    index.newest(0, u64::MAX, |_, entry| {
        is_torn = entry == Entry::Torn;
        !is_torn
    })?;
    Ok(is_torn)
}

/// Indexes what was added and not indexed when the daemon ended; what is no whole member there is cut off.
fn catch_up(
    index: &Index,
    mut held: Held,
    years: &BTreeMap<u16, Arc<File>>,
    dir: &Path,
    report: &mut ArchiveReport,
) -> io::Result<Held> {
    let mut has_more = false;
    for (year, file) in years {
        let (from, end) = (held.years.get(year).map_or(0, |held| held.bytes), file.metadata()?.len());
        for piece in Members::new(file, from, end) {
            has_more = true;
            match piece? {
                Piece::Member { header, offset, text } => {
                    held.take_in(*year, header, offset);
                    put_all(index, years, Place { year: *year, offset, bytes: header.bytes }, header, &text)?;
                }
                Piece::Bad { from, .. } => {
                    file.set_len(from)?;
                    report.cut_off.push((dir.join(format!("{year}.jsonl.gz")), from));
                    break;
                }
            }
        }
    }
    if has_more {
        count(index, &mut held)?;
        index.seal(&held)?;
    }
    Ok(held)
}

/// Makes the index from the archives alone.
fn index_anew(
    state: &Path,
    dir: &Path,
    years: &BTreeMap<u16, Arc<File>>,
    report: &mut ArchiveReport,
) -> io::Result<(Index, Held)> {
    let new = dir.join("index.new");
    let index = Index(open_file(&new)?);
    index.0.set_len(0)?;
    let mut held = Held::default();
    for (year, file) in years {
        let (path, end) = (dir.join(format!("{year}.jsonl.gz")), file.metadata()?.len());
        held.years.entry(*year).or_default();
        for piece in Members::new(file, 0, end) {
            match piece? {
                Piece::Member { header, offset, text } => {
                    held.take_in(*year, header, offset);
                    put_all(
                        &index,
                        years,
                        Place { year: *year, offset, bytes: header.bytes },
                        header,
                        &text,
                    )?;
                }
                Piece::Bad { from, to } => {
                    let kept = quarantine(state, &path, from, to).ok();
                    if to == end {
                        // A member that was being written, as far as can be told.
                        file.set_len(from)?;
                        report.cut_off.push((path.clone(), from));
                    } else {
                        report.damage.push(Damage { file: path.clone(), from, to, kept });
                    }
                }
            }
        }
    }
    count(&index, &mut held)?;
    index.seal(&held)?;
    fs::rename(&new, dir.join("index"))?;
    sync_dir(dir)?;
    Ok((index, held))
}

/// Indexes the tickets of a member, but those that a later member has.
fn put_all(
    index: &Index,
    years: &BTreeMap<u16, Arc<File>>,
    place: Place,
    header: Header,
    text: &[u8],
) -> io::Result<()> {
    for (number, _) in lines(text).flatten() {
        let later = match index.get(number)? {
            Entry::At(known) if known.bytes > 0 => {
                order_at(years, known)?.is_some_and(|order| order > header.order)
            }
            Entry::At(_) | Entry::Nothing | Entry::Torn => false,
        };
        if !later {
            index.put(number, place)?;
        }
    }
    Ok(())
}

fn order_at(years: &BTreeMap<u16, Arc<File>>, place: Place) -> io::Result<Option<u64>> {
    let Some(file) = years.get(&place.year) else { return Ok(None) };
    let mut bytes = [0; HEADER_BYTES];
    match file.read_exact_at(&mut bytes, place.offset) {
        Ok(()) => Ok(Header::read(&bytes).map(|header| header.order)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Counts each year's tickets by the index.
fn count(index: &Index, held: &mut Held) -> io::Result<()> {
    held.years.values_mut().for_each(|year| year.tickets = 0);
    held.given_up = 0;
    index.newest(0, u64::MAX, |_, entry| {
        held.moved(Entry::Nothing, entry);
        true
    })
}

impl Held {
    /// A member was found or written at `offset` of the year's file.
    pub(super) fn take_in(&mut self, year: u16, header: Header, offset: u64) {
        self.order = self.order.max(header.order);
        self.upto_seq = self.upto_seq.max(header.upto_seq);
        let held = self.years.entry(year).or_default();
        let is_first = held.members == 0;
        held.members += 1;
        held.bytes = held.bytes.max(offset + u64::from(header.bytes));
        held.first_ms = if is_first { header.first_ms } else { held.first_ms.min(header.first_ms) };
        held.last_ms = if is_first { header.last_ms } else { held.last_ms.max(header.last_ms) };
    }

    /// A ticket's entry was one and is another.
    pub(super) fn moved(&mut self, from: Entry, to: Entry) {
        let readable = |entry| match entry {
            Entry::At(place) if place.bytes > 0 => Some(place.year),
            Entry::At(_) | Entry::Nothing | Entry::Torn => None,
        };
        let given_up = |entry| u64::from(matches!(entry, Entry::At(place) if place.bytes == 0));
        self.given_up = (self.given_up + given_up(to)).saturating_sub(given_up(from));
        if let Some(year) = readable(from).and_then(|year| self.years.get_mut(&year)) {
            year.tickets = year.tickets.saturating_sub(1);
        }
        if let Some(year) = readable(to).and_then(|year| self.years.get_mut(&year)) {
            year.tickets += 1;
        }
    }
}

/// A part of an archive's file.
#[derive(Debug)]
pub(super) enum Piece {
    /// A whole member, unpacked.
    Member { header: Header, offset: u64, text: Vec<u8> },
    /// Bytes that are none.
    Bad { from: u64, to: u64 },
}

/// Goes through an archive's file from one member to the next.
pub(super) struct Members<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl<'a> Members<'a> {
    /// From `from`, where a member starts, up to `end`.
    pub(super) fn new(file: &'a File, from: u64, end: u64) -> Self {
        Self { file, at: from, end }
    }

    fn piece(&mut self) -> io::Result<Piece> {
        let offset = self.at;
        if let Some(header) = self.header_at(offset)? {
            let mut member = vec![0; header.bytes as usize];
            self.file.read_exact_at(&mut member, offset)?;
            self.at += u64::from(header.bytes);
            return Ok(match unpack(&member) {
                Ok(text) => Piece::Member { header, offset, text },
                Err(_) => Piece::Bad { from: offset, to: self.at },
            });
        }
        self.at = self.next_header(offset + 1)?;
        Ok(Piece::Bad { from: offset, to: self.at })
    }

    /// The header at `offset` of a member that ends within the file.
    fn header_at(&self, offset: u64) -> io::Result<Option<Header>> {
        if self.end.saturating_sub(offset) < HEADER_BYTES as u64 {
            return Ok(None);
        }
        let mut bytes = [0; HEADER_BYTES];
        self.file.read_exact_at(&mut bytes, offset)?;
        let header = Header::read(&bytes);
        Ok(header.filter(|header| {
            header.bytes as usize > HEADER_BYTES && u64::from(header.bytes) <= self.end - offset
        }))
    }

    /// Where the next member starts, from `from` on, or the file ends.
    fn next_header(&self, from: u64) -> io::Result<u64> {
        let mut start = from;
        let mut bytes = vec![0; SEARCH_BYTES];
        while start < self.end {
            let length = usize::try_from(self.end - start).unwrap_or(SEARCH_BYTES).min(SEARCH_BYTES);
            self.file.read_exact_at(&mut bytes[..length], start)?;
            let magic = bytes[..length].windows(2).enumerate().filter(|(_, two)| **two == [0x1f, 0x8b]);
            for (at, _) in magic {
                let at = start + at as u64;
                if self.header_at(at)?.is_some() {
                    return Ok(at);
                }
            }
            // A header may begin with the last byte.
            start += (length as u64).saturating_sub(1).max(1);
        }
        Ok(self.end)
    }
}

impl Iterator for Members<'_> {
    type Item = io::Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let piece = self.piece();
        if piece.is_err() {
            self.at = self.end;
        }
        Some(piece)
    }
}

/// Copies a stretch of an archive's file to the quarantine of the state directory, unless it was copied before.
pub(super) fn quarantine(state: &Path, file: &Path, from: u64, to: u64) -> io::Result<PathBuf> {
    let dir = state.join("quarantine");
    let year = file.file_name().and_then(|name| name.to_str()?.split('.').next()).unwrap_or_default();
    let path = dir.join(format!("archive-{year}-{from:012}-{to:012}"));
    if fs::metadata(&path).is_ok_and(|kept| kept.len() == to - from) {
        return Ok(path);
    }
    let mut source = File::open(file)?;
    source.seek(SeekFrom::Start(from))?;
    fs::create_dir_all(&dir)?;
    let mut copy = File::create(&path)?;
    io::copy(&mut source.take(to - from), &mut copy)?;
    copy.sync_all()?;
    Ok(path)
}
