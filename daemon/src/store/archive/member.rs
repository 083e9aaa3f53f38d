//! A member of an archive: some dozens of tickets, compressed as one, that any `zcat` reads.
//!
//! A member is a gzip member whose extra field says what it is, so that a reader gets from one to the next without
//! unpacking it: subfield `AD`, big-endian: version (u8), tickets (u32), length of the member in bytes (u32), its place
//! in the order in which members were written (u64), the event before which its stories end (u64), the earliest and the
//! latest instant of its tickets (i64 each, UTC milliseconds), crc32c (u32) of all that. Its text is one line of JSON for each ticket, which starts with
//! `{"number":N,`; gzip's own checksum covers it.

use std::io::{self, Read, Write};

use flate2::bufread::GzDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::Story;

/// How long a member's header is, in bytes.
pub(super) const HEADER_BYTES: usize = 12 + 4 + EXTRA_BYTES;

/// How every member starts: gzip, deflated, an extra field; no time, no system; the lengths of the field and of ours.
#[expect(clippy::cast_possible_truncation, reason = "both lengths are below 256")]
const START: [u8; 16] =
    [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, EXTRA_BYTES as u8 + 4, 0, b'A', b'D', EXTRA_BYTES as u8, 0];

const EXTRA_BYTES: usize = 45;
const VERSION: u8 = 1;

/// The longest text that is unpacked, in bytes. A ticket is far shorter.
const TEXT_MAX: u64 = 1 << 30;

/// What a member's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// How many tickets it holds.
    pub(super) tickets: u32,
    /// How long it is, header and all, in bytes.
    pub(super) bytes: u32,
    /// Its place in the order in which all members of all years were written, from 1.
    pub(super) order: u64,
    /// All events before this number are in its stories.
    pub(super) upto_seq: u64,
    /// The earliest instant of its tickets, UTC milliseconds.
    pub(super) first_ms: i64,
    /// The latest.
    pub(super) last_ms: i64,
}

impl Header {
    /// The header that `bytes` start with; `None` when they start with no whole one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let extra: &[u8; EXTRA_BYTES] = bytes.strip_prefix(&START)?.first_chunk()?;
        let (said, checksum) = extra.split_last_chunk::<4>()?;
        let number = |at: usize, length: usize| {
            said[at..at + length].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let is_known = said[0] == VERSION && u32::from_be_bytes(*checksum) == crc32c::crc32c(said);
        is_known.then_some(Self {
            tickets: u32::try_from(number(1, 4)).ok()?,
            bytes: u32::try_from(number(5, 4)).ok()?,
            order: number(9, 8),
            upto_seq: number(17, 8),
            first_ms: number(25, 8).cast_signed(),
            last_ms: number(33, 8).cast_signed(),
        })
    }

    fn write(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..16].copy_from_slice(&START);
        let extra = &mut bytes[16..];
        extra[0] = VERSION;
        extra[1..5].copy_from_slice(&self.tickets.to_be_bytes());
        extra[5..9].copy_from_slice(&self.bytes.to_be_bytes());
        extra[9..17].copy_from_slice(&self.order.to_be_bytes());
        extra[17..25].copy_from_slice(&self.upto_seq.to_be_bytes());
        extra[25..33].copy_from_slice(&self.first_ms.to_be_bytes());
        extra[33..41].copy_from_slice(&self.last_ms.to_be_bytes());
        let checksum = crc32c::crc32c(&extra[..41]);
        extra[41..].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }
}

/// The member that holds `stories`, one at least, of the events before `upto_seq`, as the `order`-th of all.
pub(super) fn pack(stories: &[Story], order: u64, upto_seq: u64) -> io::Result<(Header, Vec<u8>)> {
    let text = text_of(stories);
    let mut crc = Crc::new();
    crc.update(&text);
    let mut packed = DeflateEncoder::new(vec![0; HEADER_BYTES], Compression::default());
    packed.write_all(&text)?;
    let mut bytes = packed.finish()?;
    bytes.extend_from_slice(&crc.sum().to_le_bytes());
    bytes.extend_from_slice(&crc.amount().to_le_bytes());
    let too_long =
        |_| io::Error::new(io::ErrorKind::FileTooLarge, "a ticket is longer than the archive takes");
    let instants = || stories.iter().map(|story| story.at_ms);
    let header = Header {
        tickets: u32::try_from(stories.len()).map_err(too_long)?,
        bytes: u32::try_from(bytes.len()).map_err(too_long)?,
        order,
        upto_seq,
        first_ms: instants().min().unwrap_or_default(),
        last_ms: instants().max().unwrap_or_default(),
    };
    bytes[..HEADER_BYTES].copy_from_slice(&header.write());
    Ok((header, bytes))
}

/// The text of a whole member; an error when it is not as it was written.
pub(super) fn unpack(member: &[u8]) -> io::Result<Vec<u8>> {
    if Header::read(member).is_none_or(|header| header.bytes as usize != member.len()) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut text = Vec::new();
    let mut unpacked = GzDecoder::new(member).take(TEXT_MAX);
    unpacked.read_to_end(&mut text)?;
    let rest = unpacked.into_inner().into_inner();
    if !rest.is_empty() || !(text.is_empty() || text.ends_with(b"\n")) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(text)
}

fn text_of(stories: &[Story]) -> Vec<u8> {
    let mut text = Vec::new();
    for story in stories {
        text.extend(story.line());
        text.push(b'\n');
    }
    text
}

/// The lines of a member's text, each with its ticket's number; `None` for one that is no ticket's.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Option<(u64, &[u8])>> {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n")?;
        let rest = line.strip_prefix(b"{\"number\":")?;
        let digits = rest.iter().position(|byte| *byte == b',')?;
        Some((std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(number: u64, at_ms: i64) -> Story {
        let ticket = format!("{{\"subject\":\"{}\"}}", "printer ".repeat(9)).into_bytes();
        Story { number, at_ms, ticket, entries: vec![b"{\"a\":1}".to_vec(), b"{\"b\":2}".to_vec()] }
    }

    #[test]
    fn a_member_comes_back_and_says_what_it_is() {
        let (header, bytes) = pack(&[story(7, -5), story(u64::MAX, 90), story(8, 3)], 12, 40).unwrap();
        assert_eq!(Header::read(&bytes), Some(header));
        let expected = Header {
            tickets: 3,
            bytes: bytes.len().try_into().unwrap(),
            order: 12,
            upto_seq: 40,
            first_ms: -5,
            last_ms: 90,
        };
        assert_eq!(header, expected);
        let text = unpack(&bytes).unwrap();
        let lines: Vec<_> = lines(&text).map(Option::unwrap).collect();
        assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [7, u64::MAX, 8]);
        let line = format!(
            "{{\"number\":7,\"ticket\":{{\"subject\":\"{}\"}},\"entries\":[{{\"a\":1}},{{\"b\":2}}]}}",
            "printer ".repeat(9)
        );
        assert_eq!(lines[0].1, line.as_bytes());
    }

    #[test]
    fn a_member_that_was_cut_or_flipped_anywhere_is_no_member() {
        let (_, bytes) = pack(&[story(7, 1), story(9, 2)], 1, 2).unwrap();
        let text = unpack(&bytes).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x80;
            // The last bits of what is packed may stand for nothing.
            let is_none = unpack(&flipped).map_or(true, |found| at == bytes.len() - 9 && found == text);
            assert!(is_none, "flipped at {at}");
            assert_eq!(Header::read(&flipped).is_some(), at >= HEADER_BYTES);
            assert!(unpack(&bytes[..at]).is_err(), "cut at {at}");
        }
        assert!(unpack(&[bytes.as_slice(), &[0]].concat()).is_err());
    }
}
