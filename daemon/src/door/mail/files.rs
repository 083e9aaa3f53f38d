//! Files that come with a mail: looked at and kept by the same rules as those of the HTTP door.
//!
//! What the regulation does not take is named in the ticket and stays with the mail, wherever that is. A file that the
//! ticket has already, such as the picture in somebody's signature, is not kept again.

use sha2::{Digest, Sha256};

use super::read::MailFile;
use crate::chain::chain;
use crate::desk::attachment::ATTACHMENTS_MAX;
use crate::desk::{Attached, AttachmentKind, Ticket};
use crate::door::content::{Content, Looking};
use crate::store::attachments::Incoming;
use crate::store::{AttachmentError, Attachments};

/// What Outlook packs formatted text and files into.
const TNEF: [&str; 2] = ["application/ms-tnef", "application/vnd.ms-tnef"];

/// The files of a mail, by what becomes of them.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Those that a ticket may have, with what they are.
    pub taken: Vec<(MailFile, &'static str)>,
    /// The others, each with why, for people.
    pub left_out: Vec<String>,
}

/// Sorts the files of a mail by what the regulation takes.
pub(super) fn sort(files: Vec<MailFile>, kinds: &[AttachmentKind], file_max_bytes: u64) -> Sorted {
    let mut sorted = Sorted::default();
    for file in files {
        match look(&file, kinds, file_max_bytes) {
            Ok(_) if sorted.taken.len() == ATTACHMENTS_MAX => {
                sorted.left_out.push(format!("{}: more than {ATTACHMENTS_MAX} files", file.name));
            }
            Ok(media_type) => sorted.taken.push((file, media_type)),
            Err(why) => sorted.left_out.push(format!("{}: {why}", file.name)),
        }
    }
    sorted
}

fn look(file: &MailFile, kinds: &[AttachmentKind], file_max_bytes: u64) -> Result<&'static str, String> {
    let bytes = file.bytes.len();
    if TNEF.contains(&file.said_type.as_str()) || file.name.eq_ignore_ascii_case("winmail.dat") {
        return Err(format!("winmail.dat (Outlook RTF), {bytes} bytes"));
    }
    if bytes as u64 > file_max_bytes {
        return Err(format!("{bytes} bytes, more than {file_max_bytes}"));
    }
    let mut looking = Looking::default();
    let looked = looking.take(&file.bytes).and_then(|()| looking.end());
    match looked {
        Ok(Content { kind, media_type }) if kinds.contains(&kind) => Ok(media_type),
        Ok(Content { media_type, .. }) => Err(format!("{media_type}, {bytes} bytes")),
        Err(_) if file.said_type.is_empty() => Err(format!("{bytes} bytes")),
        Err(_) => Err(format!("{}, {bytes} bytes", file.said_type)),
    }
}

/// Files that are durable, and what the record is to say of them.
#[derive(Default)]
pub(super) struct Kept {
    pub files: Vec<Attached>,
    pub bytes: Vec<Incoming>,
    /// Files for which there is no room, each with why.
    pub left_out: Vec<String>,
}

/// Makes files durable that a ticket does not have yet.
///
/// # Errors
/// [`AttachmentError::Io`]: the disk fails, it is to be tried again.
pub(super) fn keep(
    attachments: &Attachments,
    ticket: &Ticket,
    taken: &[(MailFile, &'static str)],
) -> Result<Kept, AttachmentError> {
    let mut kept = Kept::default();
    for (file, media_type) in taken {
        let sum =
            Sha256::digest(&file.bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let is_known = ticket.attachments.iter().any(|known| known.file.sha256 == sum)
            || kept.files.iter().any(|known| known.sha256 == sum);
        if is_known {
            continue;
        }
        let id = new_id();
        let written = write(attachments, ticket.number.0, &id, &file.bytes);
        match written {
            Ok(incoming) => {
                kept.files.push(Attached {
                    id: id.into(),
                    name: file.name.clone(),
                    media_type: (*media_type).into(),
                    bytes: file.bytes.len() as u64,
                    sha256: sum.into(),
                });
                kept.bytes.push(incoming);
            }
            Err(error @ AttachmentError::Io { .. }) => return Err(error),
            Err(error) => kept.left_out.push(format!("{}: {}", file.name, chain(&error))),
        }
    }
    Ok(kept)
}

fn write(
    attachments: &Attachments,
    ticket: u64,
    id: &str,
    bytes: &[u8],
) -> Result<Incoming, AttachmentError> {
    let mut incoming = attachments.begin(ticket, id)?;
    incoming.write(bytes)?;
    incoming.make_durable()?;
    Ok(incoming)
}

/// A name for a file: 64 random bits.
fn new_id() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("a system that runs has randomness");
    format!("{:016x}", u64::from_le_bytes(bytes))
}
