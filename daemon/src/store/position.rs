//! Where a frame of the ledger starts.

use serde::{Deserialize, Serialize};

/// The place in the ledger where a frame starts; it never changes as long as the ledger lives.
///
/// Positions are ordered as their frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The segment, by the number of the first event in it.
    pub segment: u64,
    /// Bytes from the start of the segment's file.
    pub offset: u32,
}

impl Position {
    /// The position as 12 bytes, big-endian: bytes sort as positions do.
    pub fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.segment.to_be_bytes());
        bytes[8..].copy_from_slice(&self.offset.to_be_bytes());
        bytes
    }

    /// The position that [`to_bytes`](Self::to_bytes) packed.
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        let [s0, s1, s2, s3, s4, s5, s6, s7, o0, o1, o2, o3] = bytes;
        Self {
            segment: u64::from_be_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
            offset: u32::from_be_bytes([o0, o1, o2, o3]),
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.segment, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_positions_come_back_and_sort_as_they_are() {
        let early = Position { segment: 1, offset: u32::MAX };
        let late = Position { segment: 256, offset: 24 };
        assert_eq!(Position::from_bytes(early.to_bytes()), early);
        assert_eq!(Position::from_bytes(late.to_bytes()), late);
        assert!(early < late && early.to_bytes() < late.to_bytes());
    }
}
