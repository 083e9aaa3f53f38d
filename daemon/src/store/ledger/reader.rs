//! Reading the ledger, from any thread, while it is appended to.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::LedgerError;
use super::frame::{FRAME_HEADER_BYTES, Frame, FrameHeader};
use super::quarantine::Stretch;
use super::segment::{self, Step, Walk};
use crate::store::Position;
use crate::store::disk::{Access, Disk, DiskFile, read_exact_at};

/// What is durable: the part of the ledger that may be read.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// The segments by their first event, oldest first; the last is being written.
    pub(super) segments: Vec<u64>,
    /// The first byte of the last segment that is not durable.
    pub(super) end: u32,
    /// The number that the next event will have.
    pub(super) next_seq: u64,
    /// Bytes of all segments, headers included, zeros behind the end not.
    pub(super) bytes: u64,
}

/// The segments of the ledger, as they were durable at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable {
    /// Each segment's file and how many bytes of it were durable, oldest first.
    pub files: Vec<(PathBuf, u64)>,
    /// The number that the next event was to have.
    pub next_seq: u64,
}

/// Reads what is durable in the ledger. Cheap to clone, and its reads wait for no append.
#[derive(Clone, Debug)]
pub struct LedgerReader {
    state: Arc<PathBuf>,
    disk: Arc<dyn Disk>,
    extent: Arc<RwLock<Extent>>,
}

impl LedgerReader {
    pub(super) fn new(state: &Path, disk: Arc<dyn Disk>, extent: Extent) -> Self {
        Self { state: Arc::new(state.to_owned()), disk, extent: Arc::new(RwLock::new(extent)) }
    }

    /// What tells this ledger from others: no two desks have the same first entry, for it has its time and a random token.
    /// None where there is no entry, or the first cannot be read.
    pub fn origin(&self) -> Option<u32> {
        let (_, first) = self.frames_from(1).next()?.ok()?;
        (first.first_seq == 1).then(|| crc32c::crc32c(&first.payload))
    }

    /// The frame that starts at `at`, read from the disk and checked.
    pub fn read(&self, at: Position) -> Result<Frame, LedgerError> {
        let limit = self.limit(at.segment).ok_or(LedgerError::NoFrame { at })?;
        let path = self.path(at.segment);
        let read = self.disk.open(&path, Access::Read).and_then(|file| frame_at(file.as_ref(), at, limit));
        read.map_err(|source| LedgerError::Read { file: path, source })?.ok_or(LedgerError::NoFrame { at })
    }

    /// The entries from the one that holds event `first_seq` on, in order, up to what is durable now.
    ///
    /// A damaged stretch is given as [`LedgerError::Damaged`] at its place, and then the entries behind it: the caller
    /// decides whether to go on. After any other error nothing follows.
    pub fn frames_from(&self, first_seq: u64) -> Frames {
        let extent = self.with_extent(Clone::clone);
        let start = extent.segments.partition_point(|segment| *segment <= first_seq).saturating_sub(1);
        let segments = extent.segments[start..].to_vec();
        Frames {
            reader: self.clone(),
            first_seq,
            next_seq: extent.next_seq,
            segments: segments.into_iter(),
            walk: None,
        }
    }

    /// The number that the next event will have.
    pub fn next_seq(&self) -> u64 {
        self.with_extent(|extent| extent.next_seq)
    }

    /// How large the ledger is, in bytes; room that it has made and not used yet does not count.
    pub fn bytes(&self) -> u64 {
        self.with_extent(|extent| extent.bytes)
    }

    /// What is durable now, as files: what a [`Durable`] names does not change any more.
    pub fn durable(&self) -> Result<Durable, LedgerError> {
        let extent = self.with_extent(Clone::clone);
        let mut files = Vec::with_capacity(extent.segments.len());
        for segment in &extent.segments {
            let file = self.path(*segment);
            let bytes = match extent.segments.last() {
                Some(last) if last == segment => u64::from(extent.end),
                _ => {
                    file.metadata().map_err(|source| LedgerError::Read { file: file.clone(), source })?.len()
                }
            };
            files.push((file, bytes));
        }
        Ok(Durable { files, next_seq: extent.next_seq })
    }

    /// The first byte of `segment` that may not be read; `None` when the ledger has no such segment.
    fn limit(&self, segment: u64) -> Option<u32> {
        self.with_extent(|extent| match extent.segments.binary_search(&segment) {
            Ok(index) if index + 1 == extent.segments.len() => Some(extent.end),
            Ok(_) => Some(u32::MAX),
            Err(_) => None,
        })
    }

    /// The state directory that the ledger is in.
    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// The disk that it is on.
    pub(super) fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }

    fn path(&self, segment: u64) -> PathBuf {
        segment::path(&self.state.join("ledger"), segment)
    }

    pub(super) fn with_extent<T>(&self, look: impl FnOnce(&Extent) -> T) -> T {
        look(&self.extent.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change_extent(&self, change: impl FnOnce(&mut Extent)) {
        change(&mut self.extent.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The whole frame at `at` in front of `limit`, if there is one.
fn frame_at(file: &dyn DiskFile, at: Position, limit: u32) -> io::Result<Option<Frame>> {
    let length = file.length()?.min(u64::from(limit));
    let start = u64::from(at.offset);
    let payload_start = start + FRAME_HEADER_BYTES as u64;
    if payload_start > length {
        return Ok(None);
    }
    let mut bytes = [0; FRAME_HEADER_BYTES];
    read_exact_at(file, &mut bytes, start)?;
    let Some(header) = FrameHeader::parse(bytes) else { return Ok(None) };
    if header.length() as u64 > length - payload_start {
        return Ok(None);
    }
    let mut payload = vec![0; header.length()];
    read_exact_at(file, &mut payload, payload_start)?;
    Ok(header.fits(at, &payload).then(|| header.with(payload)))
}

/// The entries of the ledger in order; made by [`LedgerReader::frames_from`].
#[derive(Debug)]
pub struct Frames {
    reader: LedgerReader,
    first_seq: u64,
    next_seq: u64,
    segments: std::vec::IntoIter<u64>,
    walk: Option<Walk>,
}

impl Frames {
    fn next_item(&mut self) -> Result<Option<(Position, Frame)>, LedgerError> {
        loop {
            let Some(walk) = &mut self.walk else {
                let Some(segment) = self.segments.next() else { return Ok(None) };
                self.walk = Some(self.enter(segment)?);
                continue;
            };
            let (segment, reader) = (walk.segment(), self.reader.clone());
            let file = || reader.path(segment);
            match walk.step().map_err(|source| LedgerError::Read { file: file(), source })? {
                Step::Frame { frame, .. } if frame.next_seq() <= self.first_seq => {}
                Step::Frame { offset, frame, .. } => return Ok(Some((Position { segment, offset }, frame))),
                Step::Bad { from, to, first_seq, next_seq: Some(next) } => {
                    self.lost(file(), from..to, first_seq..next)?;
                }
                Step::Bad { from, to, first_seq, next_seq: None } => {
                    self.walk = None;
                    self.lost(file(), from..to, first_seq..self.after())?;
                }
                Step::End => {
                    let (end, first_seq) = (walk.offset(), walk.expected());
                    self.walk = None;
                    self.lost(file(), end..end, first_seq..self.after())?;
                }
            }
        }
    }

    fn enter(&self, segment: u64) -> Result<Walk, LedgerError> {
        let file = self.reader.path(segment);
        let limit = self.reader.limit(segment).unwrap_or(u32::MAX);
        let oldest = self.reader.with_extent(|extent| extent.segments.first() == Some(&segment));
        let expected = if oldest { 1 } else { segment };
        let opened = self.reader.disk.open(&file, Access::Read);
        opened
            .and_then(|open| Walk::new(open, segment, limit, expected))
            .map_err(|source| LedgerError::Read { file, source })
    }

    /// The event with which the ledger goes on behind the segment that is being walked.
    fn after(&self) -> u64 {
        self.segments.as_slice().first().copied().unwrap_or(self.next_seq)
    }

    /// Says so when `events`, of which `bytes` of `file` are no frame, are some that the caller asked for.
    fn lost(&self, file: PathBuf, bytes: Range<u32>, events: Range<u64>) -> Result<(), LedgerError> {
        if events.is_empty() || events.end <= self.first_seq {
            return Ok(());
        }
        let Range { start: first_seq, end: next_seq } = events;
        let stretch = Stretch {
            file,
            from: bytes.start,
            to: bytes.end,
            first_seq,
            next_seq: Some(next_seq),
            kept: None,
        };
        Err(LedgerError::Damaged(stretch))
    }
}

impl Iterator for Frames {
    type Item = Result<(Position, Frame), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.next_item().transpose();
        if let Some(Err(error)) = &item
            && !matches!(error, LedgerError::Damaged(_))
        {
            self.segments = Vec::new().into_iter();
            self.walk = None;
        }
        item
    }
}
