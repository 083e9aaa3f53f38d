//! Keys and records: how the projection looks inside the database.
//!
//! A key is a byte for its kind and then big-endian fields, so that keys sort as what they stand for. A record is a
//! version byte, the number of continuations (u32), a crc32c over key, continuations and value, and the value. Values
//! longer than [`BODY_BYTES`] go on in continuations, records of their own, for the database writes long values to
//! files that it never syncs.

/// The version of the records that this build writes and reads.
const RECORD_VERSION: u8 = 1;

const RECORD_HEADER_BYTES: usize = 9;

/// The longest record, in bytes: 32 KiB.
pub(super) const MAX_RECORD_BYTES: usize = 32 << 10;

/// How much of a value one record holds.
pub(super) const BODY_BYTES: usize = MAX_RECORD_BYTES - RECORD_HEADER_BYTES;

/// The keys of all records but receipts and references fit into so many bytes.
const KEY_BYTES: usize = 24;

/// Set in the kind of a continuation.
const CONTINUATION: u8 = 0x80;

/// What a record is about: the first byte of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// How much the archive held when tickets left for it.
    Archive = b'a',
    Closed = b'c',
    Deadline = b'd',
    Desk = b'k',
    History = b'h',
    /// Whose projection it is.
    Origin = b'o',
    Position = b'p',
    Receipt = b'r',
    /// The newest ticket that another system knows by a key.
    Reference = b'f',
    /// What was added to the figures of a month since the tally was kept.
    Score = b'q',
    Sentinel = b's',
    /// How much the database holds, in bytes.
    Size = b'z',
    /// The sums of the months that are not closed, as they were before the scores.
    Tally = b'y',
    Ticket = b't',
}

impl Kind {
    /// The key of this kind with `fields` behind it.
    pub(super) fn key(self, fields: &[&[u8]]) -> Vec<u8> {
        let mut key = Vec::with_capacity(KEY_BYTES);
        key.push(self as u8);
        for field in fields {
            key.extend_from_slice(field);
        }
        key
    }
}

/// Whether the record at `key` may have continuations.
pub(super) fn may_be_long(key: &[u8]) -> bool {
    let long =
        [Kind::Closed, Kind::Desk, Kind::History, Kind::Receipt, Kind::Score, Kind::Tally, Kind::Ticket];
    key.first().is_some_and(|kind| long.iter().any(|long| *long as u8 == *kind))
}

/// The key of a deadline: instants before 1970 sort before those after.
pub(super) fn deadline_key(at_ms: i64, ticket: u64) -> Vec<u8> {
    let at = at_ms.cast_unsigned() ^ 1 << 63;
    Kind::Deadline.key(&[&at.to_be_bytes(), &ticket.to_be_bytes()])
}

/// The instant and the ticket of a deadline's key.
pub(super) fn deadline_of(key: &[u8]) -> Option<(i64, u64)> {
    let (at, ticket) = (be_u64(key, 1)?, be_u64(key, 9)?);
    Some(((at ^ 1 << 63).cast_signed(), ticket))
}

/// The big-endian number at `at` of `bytes`.
pub(super) fn be_u64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The key of continuation `part`, counted from 1, of the record at `key`.
pub(super) fn continuation_key(key: &[u8], part: u32) -> Vec<u8> {
    let mut key = [key, &part.to_be_bytes()].concat();
    key[0] |= CONTINUATION;
    key
}

/// The records that hold `value` at `key`.
pub(super) fn seal(key: Vec<u8>, value: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut bodies = value.chunks(BODY_BYTES);
    let first = bodies.next().unwrap_or_default();
    let parts = u32::try_from(bodies.len()).expect("values are far shorter than 128 TiB");
    let mut records = Vec::with_capacity(1 + bodies.len());
    let head = record(&key, parts, first, value);
    let continuations = (1..).zip(bodies).map(|(part, body)| {
        let key = continuation_key(&key, part);
        let continuation = record(&key, 0, body, body);
        (key, continuation)
    });
    let continuations: Vec<_> = continuations.collect();
    records.push((key, head));
    records.extend(continuations);
    records
}

fn record(key: &[u8], parts: u32, body: &[u8], checked: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(RECORD_HEADER_BYTES + body.len());
    record.push(RECORD_VERSION);
    record.extend_from_slice(&parts.to_be_bytes());
    record.extend_from_slice(&checksum(key, parts, checked).to_be_bytes());
    record.extend_from_slice(body);
    record
}

fn checksum(key: &[u8], parts: u32, value: &[u8]) -> u32 {
    let checksum = crc32c::crc32c_append(crc32c::crc32c(key), &parts.to_be_bytes());
    crc32c::crc32c_append(checksum, value)
}

/// How many continuations the record has; `None` when it is no record.
pub(super) fn continuations(record: &[u8]) -> Option<u32> {
    let version = record.first()?;
    let parts = u32::from_be_bytes(*record.get(1..)?.first_chunk()?);
    (*version == RECORD_VERSION && record.len() >= RECORD_HEADER_BYTES).then_some(parts)
}

/// The value of `record` at `key`, with its continuations taken from `get`; `None` when it is not as it was written.
pub(super) fn unseal<E>(
    key: &[u8],
    record: &[u8],
    mut get: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Option<Vec<u8>>, E> {
    let Some(parts) = continuations(record) else { return Ok(None) };
    let mut value = record[RECORD_HEADER_BYTES..].to_vec();
    for part in 1..=parts {
        let key = continuation_key(key, part);
        let Some(record) = get(&key)? else { return Ok(None) };
        let whole =
            continuations(&record).is_some_and(|_| fits(&key, &record, &record[RECORD_HEADER_BYTES..]));
        if !whole {
            return Ok(None);
        }
        value.extend_from_slice(&record[RECORD_HEADER_BYTES..]);
    }
    Ok(fits(key, record, &value).then_some(value))
}

fn fits(key: &[u8], record: &[u8], value: &[u8]) -> bool {
    let parts = continuations(record).unwrap_or(0);
    record[5..RECORD_HEADER_BYTES] == checksum(key, parts, value).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn round_trip(records: &BTreeMap<Vec<u8>, Vec<u8>>, key: &[u8]) -> Option<Vec<u8>> {
        unseal::<()>(key, &records[key], |key| Ok(records.get(key).cloned())).unwrap()
    }

    #[test]
    fn values_of_any_length_come_back_from_records_of_at_most_32_kib() {
        let key = Kind::Ticket.key(&[&7_u64.to_be_bytes()]);
        for length in [0, 1, BODY_BYTES - 1, BODY_BYTES, BODY_BYTES + 1, 3 * BODY_BYTES, 1 << 20] {
            let value: Vec<u8> = (0..length).map(|n| n.to_le_bytes()[0]).collect();
            let mut records: BTreeMap<_, _> = seal(key.clone(), &value).into_iter().collect();
            assert!(records.values().all(|record| record.len() <= MAX_RECORD_BYTES));
            assert_eq!(records.len(), length.div_ceil(BODY_BYTES).max(1));
            assert_eq!(round_trip(&records, &key), Some(value));
            if records.len() > 1 {
                let last = records.keys().next_back().unwrap().clone();
                *records.get_mut(&last).unwrap().last_mut().unwrap() ^= 1;
                assert_eq!(round_trip(&records, &key), None);
                records.remove(&last);
                assert_eq!(round_trip(&records, &key), None);
            }
        }
    }

    #[test]
    fn deadlines_sort_by_instant_and_come_back() {
        let instants = [i64::MIN, -1, 0, 1, 1_700_000_000_000, i64::MAX];
        let keys: Vec<_> = instants.iter().map(|at| deadline_key(*at, 3)).collect();
        assert!(keys.is_sorted());
        for (at, key) in instants.iter().zip(&keys) {
            assert_eq!(deadline_of(key), Some((*at, 3)));
        }
    }
}
