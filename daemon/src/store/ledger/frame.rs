//! A frame: one entry of the ledger as it lies on disk.
//!
//! | bytes | what, big-endian |
//! | --- | --- |
//! | 0..4 | length of the payload |
//! | 4..8 | count: how many events the entry holds, at least 1 |
//! | 8..16 | number of its first event |
//! | 16..20 | back: how many bytes before this frame its batch started |
//! | 20..24 | crc32c over the frame's position, the 20 bytes above and the payload |
//! | 24.. | payload |
//!
//! *back* tells a torn write from damage: a batch is written only after the one before it is durable, so a bad frame
//! in front of the start of a later batch had been durable once. The position is under the checksum so that a block
//! which the card wrote to the wrong place does not pass for a frame.

use crate::store::Position;

/// Bytes in front of each payload.
pub(super) const FRAME_HEADER_BYTES: usize = 24;

/// The longest payload that an entry may have, in bytes: 8 MiB.
pub const MAX_PAYLOAD_BYTES: usize = 8 << 20;

/// An entry of the ledger: one accepted command with its events.
///
/// Its events have the numbers `first_seq..first_seq + count`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The number of the entry's first event; the ledger's first is 1.
    pub first_seq: u64,
    /// How many events the entry holds, at least 1.
    pub count: u32,
    /// What the caller keeps; the ledger does not look into it. At most [`MAX_PAYLOAD_BYTES`].
    pub payload: Vec<u8>,
}

impl Frame {
    /// The number that the event after this entry's last has.
    pub fn next_seq(&self) -> u64 {
        self.first_seq.saturating_add(u64::from(self.count))
    }

    /// Bytes of the frame on disk.
    pub(super) fn disk_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + self.payload.len()
    }

    /// Appends the frame as it lies at `at`, in a batch that started `back` bytes before it.
    ///
    /// The payload's length was checked to be at most [`MAX_PAYLOAD_BYTES`].
    pub(super) fn encode(&self, at: Position, back: u32, out: &mut Vec<u8>) {
        let length = u32::try_from(self.payload.len()).expect("payloads are limited to 8 MiB");
        let mut header = [0; 20];
        header[..4].copy_from_slice(&length.to_be_bytes());
        header[4..8].copy_from_slice(&self.count.to_be_bytes());
        header[8..16].copy_from_slice(&self.first_seq.to_be_bytes());
        header[16..].copy_from_slice(&back.to_be_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(&checksum(at, &header, &self.payload).to_be_bytes());
        out.extend_from_slice(&self.payload);
    }
}

/// What stands in front of a payload, before its checksum is known to be right.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHeader {
    bytes: [u8; 20],
    checksum: u32,
}

impl FrameHeader {
    /// Takes the header apart; `None` when no frame could have it.
    pub(super) fn parse(bytes: [u8; FRAME_HEADER_BYTES]) -> Option<Self> {
        let (fields, checksum) = bytes.split_at(20);
        let header = Self { bytes: fields.try_into().ok()?, checksum: be_u32(checksum, 0) };
        let possible = header.length() <= MAX_PAYLOAD_BYTES && header.count() > 0 && header.first_seq() > 0;
        possible.then_some(header)
    }

    pub(super) fn length(&self) -> usize {
        be_u32(&self.bytes, 0) as usize
    }

    pub(super) fn count(&self) -> u32 {
        be_u32(&self.bytes, 4)
    }

    pub(super) fn first_seq(&self) -> u64 {
        u64::from(be_u32(&self.bytes, 8)) << 32 | u64::from(be_u32(&self.bytes, 12))
    }

    pub(super) fn back(&self) -> u32 {
        be_u32(&self.bytes, 16)
    }

    /// Whether this header and `payload` were written together, at `at`.
    pub(super) fn fits(&self, at: Position, payload: &[u8]) -> bool {
        payload.len() == self.length() && checksum(at, &self.bytes, payload) == self.checksum
    }

    pub(super) fn with(&self, payload: Vec<u8>) -> Frame {
        Frame { first_seq: self.first_seq(), count: self.count(), payload }
    }
}

fn checksum(at: Position, header: &[u8; 20], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(&at.to_bytes()), header), payload)
}

/// The big-endian number at `at`; the caller knows that four bytes are there.
pub(super) fn be_u32(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_fits_only_at_its_own_place_and_with_every_bit_as_written() {
        let at = Position { segment: 1, offset: 24 };
        let frame = Frame { first_seq: 7, count: 2, payload: b"two events".to_vec() };
        let mut bytes = Vec::new();
        frame.encode(at, 0, &mut bytes);
        assert_eq!(bytes.len(), frame.disk_bytes());
        assert_eq!(decoded(at, &bytes), Some(frame));
        assert_eq!(decoded(Position { offset: 25, ..at }, &bytes), None);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decoded(at, &flipped), None, "bit {bit}");
        }
    }

    fn decoded(at: Position, bytes: &[u8]) -> Option<Frame> {
        let (header, payload) = bytes.split_at(FRAME_HEADER_BYTES);
        let header = FrameHeader::parse(header.try_into().unwrap())?;
        header.fits(at, payload).then(|| header.with(payload.to_vec()))
    }
}
