//! Merging parts of one block: one part that says what they all said, the newest first word on each ticket.

use std::io;

use super::numbers::{Numbers, decode};
use super::part::{Part, Shared};
use super::write::Push;

/// Walks through a part's entries in order.
struct Walk<'a> {
    part: &'a Part,
    /// The tickets that no newer part speaks for.
    counts: Numbers,
    /// The next group to read.
    next: usize,
    /// The rest of the group that was read, the last entry first.
    entries: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Walk<'_> {
    /// The next entry's term; none at the end.
    fn term(&mut self) -> io::Result<Option<&[u8]>> {
        while self.entries.is_empty() && self.next < self.part.groups() {
            let group = self.part.group(self.next).map_err(io::Error::other)?;
            self.next += 1;
            for entry in group.entries() {
                let (term, numbers) = entry?;
                self.entries.push((term.to_vec(), numbers.to_vec()));
            }
            self.entries.reverse();
        }
        Ok(self.entries.last().map(|(term, _)| term.as_slice()))
    }

    /// Takes the entry whose term was asked for.
    fn take(&mut self, to: &mut Numbers) -> io::Result<()> {
        let Some((_, numbers)) = self.entries.pop() else { return Ok(()) };
        let mut known = Numbers::new();
        decode(&numbers, &mut known)?;
        known &= &self.counts;
        *to |= known;
        Ok(())
    }
}

/// Tells `to` what `parts`, the newest first, say together; the tickets that they speak for.
pub(super) fn merge(parts: &[Shared], to: &mut dyn Push) -> io::Result<Numbers> {
    let mut seen = Numbers::new();
    let mut walks = Vec::with_capacity(parts.len());
    for part in parts {
        let counts = part.docs() - &seen;
        seen |= part.docs();
        walks.push(Walk { part, counts, next: 0, entries: Vec::new() });
    }
    loop {
        let mut least: Option<Vec<u8>> = None;
        for walk in &mut walks {
            if let Some(term) = walk.term()?
                && least.as_deref().is_none_or(|least| term < least)
            {
                least = Some(term.to_vec());
            }
        }
        let Some(least) = least else { return Ok(seen) };
        let mut numbers = Numbers::new();
        for walk in &mut walks {
            if walk.term()? == Some(&least) {
                walk.take(&mut numbers)?;
            }
        }
        if !numbers.is_empty() {
            to.push(&least, &numbers)?;
        }
    }
}
