//! What a driver sends, in transfers that the kernel takes: none that is empty, none beyond its limit, and one that was
//! cut short is finished.

use std::path::Path;
use std::time::Duration;

use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};

/// The most bytes of one transfer where the kernel does not say.
const LIMIT: usize = firmware_board::panel::BUS_LIMIT;
/// Where the kernel says it, from the root of the file system.
const SAID_AT: &str = "sys/module/spidev/parameters/bufsiz";

/// A bus as the kernel gives it.
pub(super) trait Takes {
    /// Sends bytes in one transfer; tells how many were taken.
    ///
    /// # Errors
    /// What the kernel said, in words.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, String>;
}

/// A bus as embedded-hal sees it.
#[derive(Debug)]
pub(super) struct Chunks<B> {
    bus: B,
    limit: usize,
}

impl<B: Takes> Chunks<B> {
    /// A bus that takes so many bytes at once; at least one.
    pub(super) fn new(bus: B, limit: usize) -> Self {
        Self { bus, limit: limit.max(1) }
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), SpiFault> {
        while !bytes.is_empty() {
            let chunk = &bytes[..bytes.len().min(self.limit)];
            match self.bus.take(chunk).map_err(SpiFault)? {
                0 => return Err(SpiFault("the bus takes nothing".to_owned())),
                taken => bytes = &bytes[taken.min(chunk.len())..],
            }
        }
        Ok(())
    }
}

/// The most bytes of one transfer, as the kernel under this root says; 4096 where it does not.
pub(crate) fn limit(root: &Path) -> usize {
    let said = std::fs::read_to_string(root.join(SAID_AT)).ok();
    said.and_then(|said| said.trim().parse().ok()).filter(|limit| *limit > 0).unwrap_or(LIMIT)
}

/// A transfer failed.
#[derive(thiserror::Error)]
#[error("{0}")]
pub(super) struct SpiFault(String);

impl std::fmt::Debug for SpiFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl embedded_hal::spi::Error for SpiFault {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl<B> ErrorType for Chunks<B> {
    type Error = SpiFault;
}

impl<B: Takes> SpiDevice for Chunks<B> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), SpiFault> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => self.write(bytes)?,
                Operation::DelayNs(ns) => std::thread::sleep(Duration::from_nanos((*ns).into())),
                Operation::Read(_) | Operation::Transfer(..) | Operation::TransferInPlace(_) => {
                    return Err(SpiFault("panels are only written to".to_owned()));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bus that takes at most so many bytes at once, whatever it is given, and remembers each transfer.
    struct Short {
        most: usize,
        transfers: Vec<(usize, Vec<u8>)>,
    }

    impl Takes for &mut Short {
        fn take(&mut self, bytes: &[u8]) -> Result<usize, String> {
            let taken = bytes.len().min(self.most);
            self.transfers.push((bytes.len(), bytes[..taken].to_vec()));
            Ok(taken)
        }
    }

    fn sent(limit: usize, most: usize, writes: &[&[u8]]) -> (Vec<usize>, Vec<u8>, bool) {
        let mut short = Short { most, transfers: Vec::new() };
        let mut bus = Chunks::new(&mut short, limit);
        let is_ok = writes.iter().all(|bytes| SpiDevice::write(&mut bus, bytes).is_ok());
        let lengths = short.transfers.iter().map(|(length, _)| *length).collect();
        (lengths, short.transfers.into_iter().flat_map(|(_, taken)| taken).collect(), is_ok)
    }

    #[test]
    fn no_transfer_is_empty_or_beyond_the_limit() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let (lengths, taken, is_ok) = sent(4_096, usize::MAX, &[&[], &bytes, &[], &[7]]);
        assert!(is_ok);
        assert_eq!(lengths, [4_096, 4_096, 1_808, 1]);
        assert_eq!(taken[..10_000], bytes);
        assert_eq!(sent(0, usize::MAX, &[&[1, 2]]).0, [1, 1], "no limit is none at all");
    }

    #[test]
    fn a_transfer_that_was_cut_short_is_finished() {
        let bytes: Vec<u8> = (0..100).collect();
        let (lengths, taken, is_ok) = sent(64, 30, &[&bytes]);
        assert!(is_ok);
        assert_eq!(taken, bytes);
        assert_eq!(lengths, [64, 64, 40, 10]);
    }

    #[test]
    fn a_bus_that_takes_nothing_fails_and_is_not_asked_for_ever() {
        assert_eq!(sent(64, 0, &[&[1, 2, 3]]), (vec![3], vec![], false));
    }

    #[test]
    fn the_kernel_says_how_much_it_takes() {
        let root = tempfile::tempdir().expect("a directory");
        assert_eq!(limit(root.path()), 4_096);
        let said = root.path().join(SAID_AT);
        std::fs::create_dir_all(said.parent().expect("it is in a directory")).expect("a directory");
        for (text, bytes) in [("65536\n", 65_536), ("1024", 1_024), ("0", 4_096), ("much", 4_096)] {
            std::fs::write(&said, text).expect("a file");
            assert_eq!(limit(root.path()), bytes, "{text:?}");
        }
    }
}
