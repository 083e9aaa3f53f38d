//! The ledger: every accepted command with its events, in order, for ever.
//!
//! Entries are appended in batches: one write and one `fdatasync` for all that waits. What [`Ledger::append`] has
//! acknowledged survives a power cut; what it refused is cut off again before anything else is written.
//!
//! The files are `STATE/ledger/0000000000000001.ledger` and so on, each named by its first event and about
//! [`SEGMENT_BYTES`] long; `frame.rs` and `segment.rs` say how they look inside. The file being written is filled with
//! zeros some [`AHEAD_BYTES`] ahead, by the same write that needs the room. So most batches change no length and no
//! block map, and their sync costs one write to the card and not a file system journal's as well.
//!
//! At open the newest segment is read through. Bytes at its end that make no frame are a batch that was never
//! acknowledged: they are cut off. Bad bytes in front of a later batch were durable once, so they are damage: they stay
//! where they are, are copied to `STATE/quarantine` and reported, and the entries behind them stay readable. Older
//! segments are read through by [`LedgerReader::check`], or when their entries are asked for.
//!
//! Left to others: what is in an entry, and keeping other processes away (see [`StateLock`](crate::store::StateLock)).

mod check;
mod error;
mod frame;
mod open;
mod quarantine;
mod reader;
mod segment;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::LedgerError;
pub use frame::{Frame, MAX_PAYLOAD_BYTES};
pub use open::LedgerReport;
pub use quarantine::{KEPT_TAILS, Stretch};
pub use reader::{Durable, Frames, LedgerReader};
use segment::SEGMENT_HEADER_BYTES;

use crate::store::Position;
use crate::store::disk::{Access, Disk, DiskFile, RealDisk, read_exact_at};

/// A segment that would grow beyond this is closed and a new one started: 16 MiB. One batch may be longer.
pub const SEGMENT_BYTES: u32 = 16 << 20;

/// How far ahead the file being written is filled with zeros, in bytes: 256 KiB.
pub const AHEAD_BYTES: u32 = 256 << 10;

/// The longest batch that is appended at once, in bytes on disk: 64 MiB.
pub const MAX_BATCH_BYTES: usize = 64 << 20;

/// The buffer of a batch is given back when it has grown beyond this, in bytes.
const KEPT_BUFFER_BYTES: usize = 1 << 20;

/// What a device writes at once, in bytes; the block that a failed sync may have spoilt.
const BLOCK_BYTES: u32 = 4096;

/// The ledger, open for appending; there is one per state directory.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    segment_bytes: u32,
    reader: LedgerReader,
    tail: Tail,
    buffer: Vec<u8>,
}

/// The segment that is being written.
#[derive(Debug)]
struct Tail {
    file: Arc<dyn DiskFile>,
    segment: u64,
    /// Bytes of the file that are durable; the next frame starts here.
    end: u32,
    /// Bytes of the file, with the zeros behind the end.
    length: u32,
    state: TailState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TailState {
    /// Frames may be appended.
    Ready,
    /// A new segment was to be started, and may be there in part: nothing may be appended to this one.
    Full,
    /// A failed append may have left bytes behind the end, and these must go first.
    Torn,
}

impl Ledger {
    /// Opens the ledger of the state directory `dir`, or starts one, and says what was found.
    ///
    /// The caller holds the directory's [`StateLock`](crate::store::StateLock).
    pub fn open(dir: &Path) -> Result<(Self, LedgerReport), LedgerError> {
        Self::open_on(dir, Arc::new(RealDisk), SEGMENT_BYTES)
    }

    /// Makes the entries of `batch` durable, with one write and one sync, and says where each of them starts.
    ///
    /// On an error nothing of the batch is left in the ledger, and later batches may be tried; only after
    /// [`LedgerError::CutBack`] is that not known, and then every append first tries [`recover`](Self::recover).
    pub fn append(&mut self, batch: &[Frame]) -> Result<Vec<Position>, LedgerError> {
        let bytes = self.check(batch)?;
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.recover()?;
        self.make_room(bytes)?;
        let positions = self.encode(batch);
        let written_to =
            self.tail.end + u32::try_from(self.buffer.len()).expect("batches are limited to 64 MiB");
        let written = self.write();
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BUFFER_BYTES);
        if let Err(source) = written {
            let file = self.tail_path();
            self.tail.state = TailState::Torn;
            self.recover()?;
            return Err(LedgerError::Append { file, source });
        }
        self.acknowledge(batch, bytes, written_to);
        Ok(positions)
    }

    /// Cuts off what a failed append left behind; does nothing when there is none.
    ///
    /// # Errors
    /// [`LedgerError::CutBack`]; [`LedgerError::Removed`] where somebody removed the newest segment's file.
    pub fn recover(&mut self) -> Result<(), LedgerError> {
        let removed = |source| LedgerError::Removed { file: self.tail_path(), source };
        let has_name = self.tail.file.has_name().map_err(removed)?;
        if !has_name {
            return Err(removed(io::ErrorKind::NotFound.into()));
        }
        if self.tail.state == TailState::Torn {
            self.cut_back().map_err(|source| LedgerError::CutBack { file: self.tail_path(), source })?;
            self.tail.length = self.tail.end;
            self.tail.state = TailState::Ready;
        }
        Ok(())
    }

    /// The frame that starts at `at`; see [`LedgerReader::read`].
    pub fn read(&self, at: Position) -> Result<Frame, LedgerError> {
        self.reader.read(at)
    }

    /// The entries from the one that holds event `first_seq` on; see [`LedgerReader::frames_from`].
    pub fn frames_from(&self, first_seq: u64) -> Frames {
        self.reader.frames_from(first_seq)
    }

    /// The number that the next event must have.
    pub fn next_seq(&self) -> u64 {
        self.reader.next_seq()
    }

    /// Bytes of the ledger on disk, without the zeros ahead.
    pub fn bytes(&self) -> u64 {
        self.reader.with_extent(|extent| extent.bytes)
    }

    /// A handle that reads what is durable, from any thread, while this one appends.
    pub fn reader(&self) -> LedgerReader {
        self.reader.clone()
    }

    /// The bytes that `batch` takes, if the ledger may take it.
    fn check(&self, batch: &[Frame]) -> Result<usize, LedgerError> {
        let mut expected = self.next_seq();
        let mut bytes = 0;
        for frame in batch {
            let first_seq = frame.first_seq;
            if first_seq != expected {
                return Err(LedgerError::Sequence { expected, found: first_seq });
            }
            if frame.count == 0 {
                return Err(LedgerError::NoEvent { first_seq });
            }
            bytes += frame.disk_bytes();
            within(first_seq, frame.payload.len(), MAX_PAYLOAD_BYTES)?;
            within(first_seq, bytes, MAX_BATCH_BYTES)?;
            expected = frame.next_seq();
        }
        Ok(bytes)
    }

    /// Starts a new segment if `bytes` more would make this one too long.
    fn make_room(&mut self, bytes: usize) -> Result<(), LedgerError> {
        let fits = self.tail.end as usize + bytes <= self.segment_bytes as usize;
        if self.tail.state == TailState::Ready && (fits || self.tail.end == SEGMENT_HEADER_BYTES) {
            return Ok(());
        }
        self.tail.state = TailState::Full;
        let segment = self.next_seq();
        let file = segment::path(&self.dir, segment);
        let tail = start_segment(self.disk.as_ref(), &self.dir, segment).map_err(|source| {
            let _ = self.disk.remove(&file);
            LedgerError::Roll { file, source }
        })?;
        self.leave_tail();
        self.tail = tail;
        self.reader.change_extent(|extent| {
            extent.segments.push(segment);
            extent.end = SEGMENT_HEADER_BYTES;
            extent.bytes += u64::from(SEGMENT_HEADER_BYTES);
        });
        Ok(())
    }

    /// Gives back the zeros behind the segment that is left. If that fails they are only room lost: readers know them.
    fn leave_tail(&self) {
        let _ = self.tail.file.set_length(u64::from(self.tail.end));
    }

    /// Fills the buffer with the batch, and with zeros behind it when the file must grow for it.
    fn encode(&mut self, batch: &[Frame]) -> Vec<Position> {
        let (segment, end) = (self.tail.segment, self.tail.end);
        let mut positions = Vec::with_capacity(batch.len());
        for frame in batch {
            let back = u32::try_from(self.buffer.len()).expect("batches are limited to 64 MiB");
            let at = Position { segment, offset: end + back };
            frame.encode(at, back, &mut self.buffer);
            positions.push(at);
        }
        let needed = end as usize + self.buffer.len();
        if needed > self.tail.length as usize {
            let ahead = needed.next_multiple_of(AHEAD_BYTES as usize).min(self.segment_bytes as usize);
            self.buffer.resize(ahead.max(needed) - end as usize, 0);
        }
        positions
    }

    fn write(&self) -> io::Result<()> {
        self.tail.file.write_at(&self.buffer, u64::from(self.tail.end))?;
        self.tail.file.sync()
    }

    /// Counts the batch, which is durable now, and shows it to readers.
    fn acknowledge(&mut self, batch: &[Frame], bytes: usize, written_to: u32) {
        let Some(last) = batch.last() else { return };
        self.tail.end += u32::try_from(bytes).expect("batches are limited to 64 MiB");
        self.tail.length = self.tail.length.max(written_to);
        self.reader.change_extent(|extent| {
            extent.end = self.tail.end;
            extent.next_seq = last.next_seq();
            extent.bytes += bytes as u64;
        });
    }

    /// Cuts the file to what is durable. Its last block is written again, for after a failed sync the kernel takes it
    /// for clean though the device may not have it.
    fn cut_back(&self) -> io::Result<()> {
        let Tail { file, end, .. } = &self.tail;
        let start = end - end % BLOCK_BYTES;
        let mut block = vec![0; (end - start) as usize];
        read_exact_at(file.as_ref(), &mut block, u64::from(start))?;
        file.write_at(&block, u64::from(start))?;
        file.set_length(u64::from(*end))?;
        file.sync()
    }

    fn tail_path(&self) -> PathBuf {
        segment::path(&self.dir, self.tail.segment)
    }
}

fn within(first_seq: u64, bytes: usize, limit: usize) -> Result<(), LedgerError> {
    if bytes > limit { Err(LedgerError::TooLong { first_seq, bytes, limit }) } else { Ok(()) }
}

/// Makes the segment whose first event will be `segment`, durable with its name before it is used.
fn start_segment(disk: &dyn Disk, dir: &Path, segment: u64) -> io::Result<Tail> {
    let file = disk.open(&segment::path(dir, segment), Access::Create)?;
    file.write_at(&segment::header(segment), 0)?;
    file.sync()?;
    disk.sync_dir(dir)?;
    let (end, length) = (SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES);
    Ok(Tail { file, segment, end, length, state: TailState::Ready })
}
