//! How far a mailbox has been read.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::store::whole;

/// How far a mailbox has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Whose, on which server.
    pub mailbox: String,
    /// What the numbers hold for.
    pub validity: u32,
    /// The last mail that was taken in, by its number; 0 where none was.
    pub uid: u32,
}

impl Place {
    /// The place in that mailbox; none where it is not known, or the file is of another mailbox.
    pub(super) fn read(path: &Path, mailbox: &str) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let read = serde_json::from_slice::<Self>(&bytes);
        read.ok().filter(|place| place.mailbox == mailbox)
    }

    /// Keeps it, durably.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(self).expect("it is plain data");
        whole::write(path, &path.with_extension("new"), &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_for_its_own_mailbox() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("imap");
        let place = Place { mailbox: "desk@mail.example/INBOX".to_owned(), validity: 7, uid: 42 };
        assert_eq!(Place::read(&path, &place.mailbox), None);
        place.write(&path).unwrap();
        assert_eq!(Place::read(&path, &place.mailbox), Some(place));
        assert_eq!(Place::read(&path, "other@mail.example/INBOX"), None);
    }
}
