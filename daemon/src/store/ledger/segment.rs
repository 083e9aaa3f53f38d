//! A segment: one file of the ledger, a header and then frames, perhaps zeros behind them.
//!
//! The file is named by the number of its first event. Its header is 24 bytes, big-endian: `ANDONLDG`, format version
//! (u32), number of the first event (u64), crc32c of the 20 bytes before.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::frame::{FRAME_HEADER_BYTES, Frame, FrameHeader, be_u32};
use crate::store::Position;
use crate::store::disk::{Cursor, Disk, DiskFile, read_exact_at};

/// Bytes of the header of a segment.
pub(super) const SEGMENT_HEADER_BYTES: u32 = 24;

/// The version of the format that this build writes, and the newest that it reads.
pub(super) const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"ANDONLDG";

/// How far the number of a frame behind a damaged stretch may be from the one expected; more is not believed.
const MAX_LOST_EVENTS: u64 = 1 << 24;

/// The path of the segment whose first event is `first_seq`.
pub(super) fn path(ledger_dir: &Path, first_seq: u64) -> PathBuf {
    ledger_dir.join(format!("{first_seq:016}.ledger"))
}

/// The segments in `ledger_dir`, oldest first. Files with other names are left alone.
pub(super) fn list(disk: &dyn Disk, ledger_dir: &Path) -> io::Result<Vec<u64>> {
    let mut segments = Vec::new();
    for name in disk.list(ledger_dir)? {
        let number =
            name.to_str().and_then(|name| name.strip_suffix(".ledger")).and_then(|n| n.parse::<u64>().ok());
        segments.extend(number.filter(|number| *number > 0));
    }
    segments.sort_unstable();
    Ok(segments)
}

/// The header of the segment whose first event is `first_seq`.
pub(super) fn header(first_seq: u64) -> [u8; SEGMENT_HEADER_BYTES as usize] {
    let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_be_bytes());
    bytes[12..20].copy_from_slice(&first_seq.to_be_bytes());
    let checksum = crc32c::crc32c(&bytes[..20]);
    bytes[20..].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// What the header of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderState {
    /// As this build writes it.
    Good,
    /// Whole, but of a format that this build does not read.
    Newer(u32),
    /// Not a header, or not this segment's.
    Bad,
}

/// Reads the header of the segment in `file`, which is to start with event `first_seq`.
pub(super) fn check_header(file: &dyn DiskFile, first_seq: u64) -> io::Result<HeaderState> {
    let length = file.length()?.min(u64::from(SEGMENT_HEADER_BYTES));
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    read_exact_at(file, &mut bytes, 0)?;
    if bytes == header(first_seq) {
        return Ok(HeaderState::Good);
    }
    let whole = bytes.len() == SEGMENT_HEADER_BYTES as usize
        && bytes.starts_with(&MAGIC)
        && crc32c::crc32c(&bytes[..20]) == be_u32(&bytes, 20);
    let version = if whole { be_u32(&bytes, 8) } else { 0 };
    Ok(if version > FORMAT_VERSION { HeaderState::Newer(version) } else { HeaderState::Bad })
}

/// One step of a [`Walk`].
#[derive(Debug)]
pub(super) enum Step {
    /// A whole frame at `offset`, of the batch that started at `batch`.
    Frame { offset: u32, batch: u32, frame: Frame },
    /// Bytes `[from, to)` that are no frame; the event expected there was `first_seq`. `next_seq` is the event of the
    /// frame behind, when there is one. An empty stretch says that events are missing between two whole frames.
    Bad { from: u32, to: u32, first_seq: u64, next_seq: Option<u64> },
    /// Nothing but zeros from here on.
    End,
}

/// A walk over the frames of one segment, in order, that finds its way again behind bytes that are no frame.
#[derive(Debug)]
pub(super) struct Walk {
    file: BufReader<Cursor>,
    segment: u64,
    offset: u32,
    limit: u32,
    expected: u64,
}

impl Walk {
    /// Starts at the first frame of `segment` and ends before `limit`, or where the file ends.
    ///
    /// `expected` is the number that the first event is to have.
    pub(super) fn new(file: Arc<dyn DiskFile>, segment: u64, limit: u32, expected: u64) -> io::Result<Self> {
        let length = file.length()?;
        let limit = limit.min(u32::try_from(length).unwrap_or(u32::MAX));
        let mut file = BufReader::with_capacity(64 << 10, Cursor::new(file));
        file.seek(SeekFrom::Start(u64::from(SEGMENT_HEADER_BYTES)))?;
        Ok(Self { file, segment, offset: SEGMENT_HEADER_BYTES, limit, expected })
    }

    /// Where the next step starts, in bytes.
    pub(super) fn offset(&self) -> u32 {
        self.offset
    }

    /// The number that the next event is to have.
    pub(super) fn expected(&self) -> u64 {
        self.expected
    }

    pub(super) fn segment(&self) -> u64 {
        self.segment
    }

    /// Goes on to the next frame, stretch or end.
    pub(super) fn step(&mut self) -> io::Result<Step> {
        if self.offset >= self.limit {
            return Ok(Step::End);
        }
        match self.read_frame()? {
            Some((header, _)) if header.first_seq() > self.expected => self.gap(header.first_seq()),
            Some((header, payload)) => Ok(self.pass(header, payload)),
            None => self.find_next(),
        }
    }

    /// The whole frame here, if one is; numbers already passed make it none.
    fn read_frame(&mut self) -> io::Result<Option<(FrameHeader, Vec<u8>)>> {
        let left = (self.limit - self.offset) as usize;
        if left < FRAME_HEADER_BYTES {
            return Ok(None);
        }
        let mut bytes = [0; FRAME_HEADER_BYTES];
        self.file.read_exact(&mut bytes)?;
        let Some(header) = FrameHeader::parse(bytes) else { return Ok(None) };
        if header.first_seq() < self.expected || header.length() > left - FRAME_HEADER_BYTES {
            return Ok(None);
        }
        let mut payload = vec![0; header.length()];
        self.file.read_exact(&mut payload)?;
        Ok(header.fits(self.here(), &payload).then_some((header, payload)))
    }

    fn pass(&mut self, header: FrameHeader, payload: Vec<u8>) -> Step {
        let offset = self.offset;
        let frame = header.with(payload);
        self.offset += u32::try_from(frame.disk_bytes()).expect("a frame that was read is within the limit");
        self.expected = frame.next_seq();
        Step::Frame { offset, batch: offset.saturating_sub(header.back()), frame }
    }

    /// Says that the events up to `found` are missing though the bytes here are whole.
    fn gap(&mut self, found: u64) -> io::Result<Step> {
        let first_seq = std::mem::replace(&mut self.expected, found);
        self.file.seek(SeekFrom::Start(u64::from(self.offset)))?;
        Ok(Step::Bad { from: self.offset, to: self.offset, first_seq, next_seq: Some(found) })
    }

    /// Looks for the next whole frame, byte by byte: the length of a bad one cannot be trusted.
    fn find_next(&mut self) -> io::Result<Step> {
        let from = self.offset;
        let rest = self.read_rest()?;
        let used = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if used == 0 {
            self.offset = self.limit;
            return Ok(Step::End);
        }
        let found = (1..used).find_map(|skip| self.frame_in(&rest, skip).map(|header| (skip, header)));
        let first_seq = self.expected;
        let (to, next_seq) = match found {
            Some((skip, header)) => (self.offset_after(skip), Some(header.first_seq())),
            None => (self.offset_after(used), None),
        };
        self.offset = if next_seq.is_some() { to } else { self.limit };
        self.expected = next_seq.unwrap_or(first_seq);
        self.file.seek(SeekFrom::Start(u64::from(self.offset)))?;
        Ok(Step::Bad { from, to, first_seq, next_seq })
    }

    fn read_rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.file.seek(SeekFrom::Start(u64::from(self.offset)))?;
        self.file.by_ref().take(u64::from(self.limit - self.offset)).read_to_end(&mut rest)?;
        Ok(rest)
    }

    /// The header of the whole frame `skip` bytes from here, if one starts there with a number to be believed.
    fn frame_in(&self, rest: &[u8], skip: usize) -> Option<FrameHeader> {
        let header = FrameHeader::parse(*rest.get(skip..)?.first_chunk()?)?;
        let ahead = header.first_seq().checked_sub(self.expected)?;
        let payload = rest.get(skip + FRAME_HEADER_BYTES..)?.get(..header.length())?;
        let at = Position { segment: self.segment, offset: self.offset_after(skip) };
        (ahead <= MAX_LOST_EVENTS && header.fits(at, payload)).then_some(header)
    }

    fn offset_after(&self, bytes: usize) -> u32 {
        self.offset + u32::try_from(bytes).expect("what was read is within the limit")
    }

    fn here(&self) -> Position {
        Position { segment: self.segment, offset: self.offset }
    }
}
