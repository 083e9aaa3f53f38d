//! The archive's index: where each ticket lies, found by one read and kept in no memory.
//!
//! The file is a header of 4 KiB and then 16 bytes for each ticket number from 0: the year (u16), where in its archive
//! the member starts (48 bits) and how long it is (u32), crc32c (u32) over the number and these, all big-endian. Zeros
//! stand for a ticket that is not archived, a length of 0 for one whose member was found damaged.
//!
//! The header says up to where each archive is indexed, and is written after the entries are durable. What an archive
//! has beyond that is indexed at the next open. All of the index can be made again from the archives.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const MAGIC: [u8; 8] = *b"ANDONARX";
const VERSION: u32 = 2;
pub(super) const HEADER_BYTES: usize = 4096;
const FIXED_BYTES: usize = 48;
const YEAR_BYTES: usize = 42;

/// How many years one archive may span.
pub(super) const YEARS_MAX: usize = (HEADER_BYTES - FIXED_BYTES) / YEAR_BYTES;

/// How long an entry is, in bytes.
pub(super) const ENTRY_BYTES: usize = 16;

/// Entries that are read at once when many are.
const ENTRIES_AT_ONCE: u64 = 4096;

/// What an archive of one year holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YearHeld {
    /// How many tickets are to be read in it. One that was archived again later counts there.
    pub tickets: u64,
    /// How long the file is, in bytes.
    pub bytes: u64,
    /// How many members it has.
    pub members: u64,
    /// When the first of its tickets was closed, UTC milliseconds.
    pub first_ms: i64,
    /// When the last of its tickets was closed, UTC milliseconds.
    pub last_ms: i64,
}

/// All that the index says of the archive as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// The newest member's place in the order of all.
    pub(super) order: u64,
    /// All events before this number may be in it.
    pub(super) upto_seq: u64,
    /// How many tickets were in members that were found damaged, and have not been archived again since.
    pub(super) given_up: u64,
    pub(super) years: BTreeMap<u16, YearHeld>,
}

impl Held {
    /// How many tickets are archived.
    pub(super) fn tickets(&self) -> u64 {
        self.years.values().map(|year| year.tickets).sum()
    }
}

/// Where a ticket lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) year: u16,
    /// Where its member starts in the year's file.
    pub(super) offset: u64,
    /// How long the member is; 0 where it was found damaged.
    pub(super) bytes: u32,
}

/// What the index says about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Nothing,
    At(Place),
    /// It is not as it was written.
    Torn,
}

/// The index's file, open.
#[derive(Debug)]
pub(super) struct Index(pub(super) File);

impl Index {
    /// What the header says; `None` when there is no whole one.
    pub(super) fn held(&self) -> io::Result<Option<Held>> {
        let mut bytes = [0; HEADER_BYTES];
        match self.0.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(decode(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the entries that were put durable, and then says that they hold.
    pub(super) fn seal(&self, held: &Held) -> io::Result<()> {
        rustix::fs::fdatasync(&self.0)?;
        self.0.write_all_at(&encode(held), 0)?;
        Ok(rustix::fs::fdatasync(&self.0)?)
    }

    pub(super) fn get(&self, number: u64) -> io::Result<Entry> {
        let mut bytes = [0; ENTRY_BYTES];
        let Some(at) = offset_of(number) else { return Ok(Entry::Nothing) };
        match self.0.read_exact_at(&mut bytes, at) {
            Ok(()) => Ok(entry(number, bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Entry::Nothing),
            Err(error) => Err(error),
        }
    }

    pub(super) fn put(&self, number: u64, place: Place) -> io::Result<()> {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..8].copy_from_slice(&(u64::from(place.year) << 48 | place.offset).to_be_bytes());
        bytes[8..12].copy_from_slice(&place.bytes.to_be_bytes());
        let checksum = checksum(number, &bytes[..12]);
        bytes[12..].copy_from_slice(&checksum.to_be_bytes());
        let at = offset_of(number).ok_or(io::ErrorKind::FileTooLarge)?;
        self.0.write_all_at(&bytes, at)
    }

    /// The first number that the file has no room for.
    pub(super) fn end(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len().saturating_sub(HEADER_BYTES as u64) / ENTRY_BYTES as u64)
    }

    /// Calls `each` with every number in `from..to` of which something is said, the greatest first, until it returns
    /// false.
    pub(super) fn newest(
        &self,
        from: u64,
        to: u64,
        mut each: impl FnMut(u64, Entry) -> bool,
    ) -> io::Result<()> {
        let mut to = to.min(self.end()?);
        let mut bytes = Vec::new();
        while from < to {
            let first = to.saturating_sub(ENTRIES_AT_ONCE).max(from);
            bytes.resize(usize::try_from(to - first).unwrap_or_default() * ENTRY_BYTES, 0);
            self.0.read_exact_at(&mut bytes, HEADER_BYTES as u64 + first * ENTRY_BYTES as u64)?;
            let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
            for (number, bytes) in (first..to).rev().zip(entries.iter().rev()) {
                let said = entry(number, *bytes);
                if said != Entry::Nothing && !each(number, said) {
                    return Ok(());
                }
            }
            to = first;
        }
        Ok(())
    }
}

fn offset_of(number: u64) -> Option<u64> {
    number.checked_mul(ENTRY_BYTES as u64)?.checked_add(HEADER_BYTES as u64)
}

fn entry(number: u64, bytes: [u8; ENTRY_BYTES]) -> Entry {
    if bytes == [0; ENTRY_BYTES] {
        return Entry::Nothing;
    }
    let [y0, y1, o0, o1, o2, o3, o4, o5, b0, b1, b2, b3, crc @ ..] = bytes;
    if u32::from_be_bytes(crc) != checksum(number, &bytes[..12]) {
        return Entry::Torn;
    }
    Entry::At(Place {
        year: u16::from_be_bytes([y0, y1]),
        offset: u64::from_be_bytes([0, 0, o0, o1, o2, o3, o4, o5]),
        bytes: u32::from_be_bytes([b0, b1, b2, b3]),
    })
}

fn checksum(number: u64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_be_bytes()), bytes)
}

fn encode(held: &Held) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_be_bytes());
    bytes[16..24].copy_from_slice(&held.order.to_be_bytes());
    bytes[24..32].copy_from_slice(&held.upto_seq.to_be_bytes());
    bytes[32..40].copy_from_slice(&(held.years.len() as u64).to_be_bytes());
    bytes[40..48].copy_from_slice(&held.given_up.to_be_bytes());
    for ((year, held), bytes) in held.years.iter().zip(bytes[FIXED_BYTES..].chunks_exact_mut(YEAR_BYTES)) {
        bytes[..2].copy_from_slice(&year.to_be_bytes());
        bytes[2..10].copy_from_slice(&held.tickets.to_be_bytes());
        bytes[10..18].copy_from_slice(&held.bytes.to_be_bytes());
        bytes[18..26].copy_from_slice(&held.members.to_be_bytes());
        bytes[26..34].copy_from_slice(&held.first_ms.to_be_bytes());
        bytes[34..42].copy_from_slice(&held.last_ms.to_be_bytes());
    }
    let checksum = crc32c::crc32c(&bytes[16..]);
    bytes[12..16].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Held> {
    let number = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
    let is_known = bytes.starts_with(&MAGIC) && bytes[8..12] == VERSION.to_be_bytes();
    if !is_known || bytes[12..16] != crc32c::crc32c(&bytes[16..]).to_be_bytes() {
        return None;
    }
    let (order, upto_seq, given_up) = (number(16)?, number(24)?, number(40)?);
    let mut held = Held { order, upto_seq, given_up, years: BTreeMap::new() };
    for n in 0..usize::try_from(number(32)?).ok()?.min(YEARS_MAX) {
        let at = FIXED_BYTES + n * YEAR_BYTES;
        let year = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let of_year = YearHeld {
            tickets: number(at + 2)?,
            bytes: number(at + 10)?,
            members: number(at + 18)?,
            first_ms: number(at + 26)?.cast_signed(),
            last_ms: number(at + 34)?.cast_signed(),
        };
        held.years.insert(year, of_year);
    }
    Some(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_whole_or_not_at_all() {
        let year =
            |n: u16| YearHeld { tickets: n.into(), bytes: 7, members: 2, first_ms: -1, last_ms: i64::MAX };
        let years = (0..u16::try_from(YEARS_MAX).unwrap()).map(|n| (1970 + n, year(n))).collect();
        let held = Held { order: 9, upto_seq: 70, given_up: 3, years };
        let bytes = encode(&held);
        assert_eq!(decode(&bytes), Some(held));
        for at in 0..HEADER_BYTES {
            let mut flipped = bytes;
            flipped[at] ^= 4;
            assert_eq!(decode(&flipped), None, "flipped at {at}");
        }
    }

    #[test]
    fn an_entry_holds_only_for_its_number() {
        let index = Index(tempfile::tempfile().unwrap());
        assert_eq!(index.get(3).unwrap(), Entry::Nothing);
        let place = Place { year: 2026, offset: (1 << 48) - 1, bytes: u32::MAX };
        index.put(3, place).unwrap();
        assert_eq!((index.get(3).unwrap(), index.get(2).unwrap()), (Entry::At(place), Entry::Nothing));
        assert_eq!((index.get(4).unwrap(), index.get(u64::MAX).unwrap()), (Entry::Nothing, Entry::Nothing));
        let mut bytes = [0; ENTRY_BYTES];
        index.0.read_exact_at(&mut bytes, offset_of(3).unwrap()).unwrap();
        index.0.write_all_at(&bytes, offset_of(5).unwrap()).unwrap();
        assert_eq!(index.get(5).unwrap(), Entry::Torn);
        let mut seen = Vec::new();
        index
            .newest(0, u64::MAX, |number, said| {
                seen.push((number, said));
                true
            })
            .unwrap();
        assert_eq!(seen, [(5, Entry::Torn), (3, Entry::At(place))]);
    }
}
