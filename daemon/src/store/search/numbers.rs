//! Numbers of tickets within a block, and how a part keeps them.

use std::io;

use roaring::RoaringBitmap;

/// Numbers from 0 to 65,535: a ticket's number less the block's first.
pub(super) type Numbers = RoaringBitmap;

/// So many are kept as they are, two bytes each: most words are rare.
const PLAIN_MAX: usize = 24;
/// In front of more: a bitmap.
const BITMAP: u8 = u8::MAX;

/// Tickets that were found in a block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    first: u64,
    numbers: Numbers,
}

impl Found {
    pub(super) fn new(first: u64, numbers: Numbers) -> Self {
        Self { first, numbers }
    }

    /// Adds a ticket of the block.
    pub fn insert(&mut self, number: u64) {
        self.numbers.extend(number.checked_sub(self.first).and_then(|number| u32::try_from(number).ok()));
    }

    /// Their numbers, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = u64> {
        self.numbers.iter().rev().map(|number| self.first + u64::from(number))
    }
}

/// Numbers as bytes.
pub(super) fn encode(numbers: &Numbers, to: &mut Vec<u8>) {
    if let Some(count) = u8::try_from(numbers.len()).ok().filter(|count| usize::from(*count) <= PLAIN_MAX) {
        to.push(count);
        for number in numbers {
            to.extend_from_slice(&u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes());
        }
    } else {
        to.push(BITMAP);
        let mut packed = numbers.clone();
        packed.optimize();
        packed.serialize_into(to).expect("memory takes it");
    }
}

/// Adds the numbers that were encoded to `to`.
///
/// # Errors
/// These are not the bytes of any.
pub(super) fn decode(bytes: &[u8], to: &mut Numbers) -> io::Result<()> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "these are no ticket numbers");
    match bytes.split_first().ok_or_else(wrong)? {
        (&BITMAP, rest) => *to |= Numbers::deserialize_from(rest)?,
        (&count, rest) if rest.len() == 2 * usize::from(count) => {
            to.extend(rest.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))));
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_many_and_all_come_back_and_other_bytes_do_not() {
        for count in [0, 1, 24, 25, 300, 40_000, 65_536] {
            for apart in [1, 7] {
                let numbers: Numbers = (0..count).map(|n| n * apart % 65_536).collect();
                let mut bytes = Vec::new();
                encode(&numbers, &mut bytes);
                let mut back = Numbers::new();
                decode(&bytes, &mut back).unwrap();
                assert_eq!(back, numbers, "{count} numbers, {apart} apart");
                bytes.pop();
                assert!(decode(&bytes, &mut Numbers::new()).is_err(), "{count} numbers cut short");
            }
        }
    }
}
