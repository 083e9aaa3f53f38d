//! What an error says of the disk.

use std::error::Error;
use std::io;

use firmware_board::DiskFault;

/// The system's number for a device that does not do what it is told.
const EIO: i32 = 5;

/// Whether an error comes from a disk without space.
pub(super) fn is_full(error: &(dyn Error + 'static)) -> bool {
    disk_fault(error) == Some(DiskFault::Full)
}

/// What is wrong with the disk, where an error comes from that and may go away by itself.
pub fn disk_fault(error: &(dyn Error + 'static)) -> Option<DiskFault> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return match io.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(DiskFault::Full),
                io::ErrorKind::ReadOnlyFilesystem => Some(DiskFault::ReadOnly),
                _ if io.raw_os_error() == Some(EIO) => Some(DiskFault::Fails),
                _ => None,
            };
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LedgerError;

    #[test]
    fn only_what_a_disk_says_of_itself_is_its_fault() {
        let read = |number| LedgerError::Read {
            file: "ledger".into(),
            source: io::Error::from_raw_os_error(number),
        };
        let faults =
            [(28, Some(DiskFault::Full)), (30, Some(DiskFault::ReadOnly)), (5, Some(DiskFault::Fails))];
        for (number, fault) in faults.into_iter().chain([(13, None), (20, None)]) {
            assert_eq!(disk_fault(&read(number)), fault, "{number}");
        }
        assert_eq!(disk_fault(&LedgerError::Sequence { expected: 1, found: 2 }), None);
    }
}
