//! Opening the ledger: where it ends, and what of it is no longer readable.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::quarantine::{self, Cause, Stretch};
use super::reader::{Extent, LedgerReader};
use super::segment::{self, FORMAT_VERSION, HeaderState, SEGMENT_HEADER_BYTES, Step, Walk};
use super::{BLOCK_BYTES, Ledger, LedgerError, Tail, TailState, start_segment};
use crate::store::disk::{Access, Disk, read_exact_at};

/// What was found when the ledger was opened or checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerReport {
    /// How many segments there are.
    pub segments: usize,
    /// The number that the next event will have.
    pub next_seq: u64,
    /// The end that was cut off: a batch that was being written when the power went, and was never acknowledged.
    pub torn_tail: Option<Stretch>,
    /// What was durable once and cannot be read any more, in order.
    pub damage: Vec<Stretch>,
    /// Segments whose header is unreadable though their frames are not.
    pub bad_headers: Vec<PathBuf>,
}

impl LedgerReport {
    /// Whether all that was ever acknowledged is still there, as far as it was read.
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty() && self.bad_headers.is_empty()
    }
}

impl Ledger {
    /// [`Ledger::open`] on any disk, with segments of about `segment_bytes`.
    pub fn open_on(
        state: &Path,
        disk: Arc<dyn Disk>,
        segment_bytes: u32,
    ) -> Result<(Self, LedgerReport), LedgerError> {
        let dir = state.join("ledger");
        let open_error = |source| LedgerError::Open { dir: dir.clone(), source };
        let made = disk.create_dir_all(&dir).and_then(|()| disk.sync_dir(state));
        made.and_then(|()| disk.sync_dir(&dir)).map_err(open_error)?;
        let mut segments = segment::list(disk.as_ref(), &dir).map_err(open_error)?;
        let mut report = LedgerReport::default();
        let tail = match find_tail(disk.as_ref(), state, &mut segments, &mut report)? {
            Some(tail) => tail,
            None => start_segment(disk.as_ref(), &dir, report.next_seq).map_err(open_error)?,
        };
        segments.truncate(segments.partition_point(|older| *older < tail.segment));
        let older = segments
            .iter()
            .try_fold(0, |sum, older| disk.length(&segment::path(&dir, *older)).map(|length| sum + length));
        let bytes = older.map_err(open_error)? + u64::from(tail.end);
        segments.push(tail.segment);
        report.segments = segments.len();
        report.damage.splice(..0, missing_start(&dir, segments[0]));
        let extent = Extent { segments, end: tail.end, next_seq: report.next_seq, bytes };
        let reader = LedgerReader::new(state, Arc::clone(&disk), extent);
        Ok((Self { dir, disk, segment_bytes, reader, tail, buffer: Vec::new() }, report))
    }
}

/// Finds the newest segment that holds an event and takes it up for writing; `None` when there is none.
///
/// Segments behind it without an event were being started when the power went: they are removed, and will be started
/// again when they are needed.
fn find_tail(
    disk: &dyn Disk,
    state: &Path,
    segments: &mut Vec<u64>,
    report: &mut LedgerReport,
) -> Result<Option<Tail>, LedgerError> {
    report.next_seq = 1;
    let dir = state.join("ledger");
    while let Some(newest) = segments.pop() {
        let file = segment::path(&dir, newest);
        let read_error = |source| LedgerError::Read { file: file.clone(), source };
        let found = Found::read(disk, &file, newest).map_err(read_error)?;
        if let HeaderState::Newer(found) = found.header {
            return Err(LedgerError::Newer { file, found, known: FORMAT_VERSION });
        }
        found.report(disk, state, (newest, &file), report);
        if found.next_seq > newest {
            return found.take_up(disk, &file, newest).map(Some).map_err(read_error);
        }
        disk.remove(&file).and_then(|()| disk.sync_dir(&dir)).map_err(read_error)?;
    }
    Ok(None)
}

/// What reading through the newest segment found.
struct Found {
    header: HeaderState,
    /// Where the last batch starts; what is in front of it was durable before it was written.
    last_batch: u32,
    /// The first byte behind the last whole frame that stays.
    end: u32,
    next_seq: u64,
    torn_tail: Option<Stretch>,
    damage: Vec<Stretch>,
}

impl Found {
    fn read(disk: &dyn Disk, path: &Path, segment: u64) -> io::Result<Self> {
        let file = disk.open(path, Access::Read)?;
        let header = segment::check_header(file.as_ref(), segment)?;
        let mut walk = Walk::new(file, segment, u32::MAX, segment)?;
        let mut found = Self {
            header,
            last_batch: SEGMENT_HEADER_BYTES,
            end: SEGMENT_HEADER_BYTES,
            next_seq: segment,
            torn_tail: None,
            damage: Vec::new(),
        };
        loop {
            match walk.step()? {
                Step::Frame { batch, .. } => {
                    found.last_batch = batch;
                    (found.end, found.next_seq) = (walk.offset(), walk.expected());
                }
                Step::Bad { from, to, first_seq, next_seq } => {
                    let file = path.to_owned();
                    found.damage.push(Stretch { file, from, to, first_seq, next_seq, kept: None });
                }
                Step::End => break,
            }
        }
        found.tell_torn_from_damaged();
        Ok(found)
    }

    /// A stretch in the last batch or behind it may never have been durable: there the ledger ends. One in front of it
    /// was durable before that batch was written.
    fn tell_torn_from_damaged(&mut self) {
        let durable = self.damage.partition_point(|stretch| stretch.from < self.last_batch);
        if let Some(first) = self.damage.drain(durable..).next() {
            (self.end, self.next_seq) = (first.from, first.first_seq);
            self.torn_tail = Some(first);
        }
    }

    /// Copies what is about to be cut off and what is damaged, and adds both to `report`.
    ///
    /// A copy that cannot be written stops nobody: a full disk must not keep the desk from starting.
    fn report(
        &self,
        disk: &dyn Disk,
        state: &Path,
        (segment, file): (u64, &Path),
        report: &mut LedgerReport,
    ) {
        let copied = |stretch: &Stretch, cause| Stretch {
            kept: quarantine::keep(disk, state, stretch, cause).ok(),
            ..stretch.clone()
        };
        if let Some(tail) = &self.torn_tail {
            report.torn_tail = Some(copied(tail, Cause::TornTail));
        }
        report.damage.extend(self.damage.iter().map(|stretch| copied(stretch, Cause::Damage)));
        // One without an event was being started: it is no loss, and about to be removed.
        let spoilt = self.header == HeaderState::Bad && self.next_seq > segment;
        report.bad_headers.extend(spoilt.then(|| file.to_owned()));
        report.next_seq = self.next_seq;
    }

    /// Opens the segment for writing behind its last frame. What a killed process had written and not synced is synced
    /// now, for it counts from here on. It is written once more before that: where a sync of that process failed, the
    /// kernel takes it for written though the device may not have it.
    fn take_up(&self, disk: &dyn Disk, path: &Path, segment: u64) -> io::Result<Tail> {
        let file = disk.open(path, Access::Write)?;
        let start = self.last_batch - self.last_batch % BLOCK_BYTES;
        let mut batch = vec![0; self.end.saturating_sub(start) as usize];
        read_exact_at(file.as_ref(), &mut batch, u64::from(start))?;
        file.write_at(&batch, u64::from(start))?;
        if self.torn_tail.is_some() {
            file.set_length(u64::from(self.end))?;
        }
        file.sync()?;
        let length = u32::try_from(file.length()?).unwrap_or(u32::MAX).max(self.end);
        Ok(Tail { file, segment, end: self.end, length, state: TailState::Ready })
    }
}

/// The events in front of the oldest segment, when that does not start with the first.
fn missing_start(dir: &Path, oldest: u64) -> Option<Stretch> {
    let file = segment::path(dir, oldest);
    let stretch = Stretch { file, from: 0, to: 0, first_seq: 1, next_seq: Some(oldest), kept: None };
    (oldest > 1).then_some(stretch)
}
