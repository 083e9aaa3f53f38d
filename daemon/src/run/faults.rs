//! What an error says of the disk.

use std::error::Error;
use std::io;

/// Whether an error comes from a disk without space.
pub(super) fn is_full(error: &(dyn Error + 'static)) -> bool {
    cause(error).is_some_and(|kind| matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
}

/// What the system said, where an error comes from it.
fn cause(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}
