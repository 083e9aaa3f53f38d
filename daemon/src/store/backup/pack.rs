//! Making a backup.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::seal::Sealing;
use super::{BackupError, Damage, MANIFEST, Manifest, Member, WHAT};
use crate::hex::hex;
use crate::store::attachments::{ATTACHMENTS_DIR, AttachmentName};
use crate::store::format::FORMAT;
use crate::store::ledger::Durable;
use crate::store::regulations::kept_files;
use crate::store::{Frame, LedgerError, LedgerReader, MailBooks, PAGE_KEY_FILE};

/// How much is read at once, in bytes.
const STEP_BYTES: usize = 64 << 10;
/// A compression that takes a fifth of the time of the best, and a tenth more room on such text.
const COMPRESSION: u32 = 4;
/// Who may read a member once it is unpacked by hand: its owner.
const MODE: u32 = 0o600;

/// What the store does not know of itself.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The version of the program.
    pub program: String,
    /// Now, RFC 3339.
    pub taken_at: String,
    /// How many tickets the events before `durable.next_seq` opened.
    pub tickets: u64,
    /// Notes what a frame of the ledger says of attachments: takes their names in, or out.
    pub attachments: fn(&Frame, &mut BTreeSet<String>),
}

/// Packs what was durable in the ledger of the state directory `state_dir`, and the kept texts, into `out`. The books of mail
/// were taken before `durable`.
///
/// Reads everything twice, since the manifest with the checksums stands first, and holds no more than a little of it in
/// memory. The ledger may be written meanwhile.
pub fn pack(
    ledger: &LedgerReader,
    durable: &Durable,
    mail: MailBooks,
    state_dir: &Path,
    facts: Facts,
    out: impl Write,
) -> Result<Manifest, BackupError> {
    let mut sources: Vec<Origin> =
        durable.files.iter().map(|(file, bytes)| Origin::at(file.clone(), *bytes)).collect();
    for file in kept_files(state_dir).map_err(|source| unreadable(&state_dir.join("regulations"), source))? {
        let bytes = file.metadata().map_err(|source| unreadable(&file, source))?.len();
        sources.push(Origin::at(file, bytes));
    }
    let key = state_dir.join(PAGE_KEY_FILE);
    match key.metadata() {
        Ok(found) => sources.push(Origin::at(key, found.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(unreadable(&key, source)),
    }
    let opened =
        mail.open.into_iter().map(|(path, file, bytes)| Origin { path, kept: Kept::Open(file), bytes });
    let known = mail.known.into_iter().map(|(path, text)| {
        let bytes = text.len() as u64;
        Origin { path, kept: Kept::Here(text.into()), bytes }
    });
    let mails = mail.mails.into_iter().map(|(file, bytes)| Origin::at(file, bytes));
    sources.extend(opened.chain(known).chain(mails));
    let Facts { program, taken_at, tickets, attachments } = facts;
    let mut names = BTreeSet::new();
    let damage = damage(ledger, durable.next_seq, |frame| attachments(frame, &mut names))?;
    let mut members: Vec<Member> =
        sources.iter().map(|origin| member(state_dir, origin)).collect::<Result<_, _>>()?;
    let mut attachments_lost = Vec::new();
    for name in names {
        let file = state_dir.join(ATTACHMENTS_DIR).join(&name);
        match attachment(state_dir, &file, &name) {
            Some(member) => {
                sources.push(Origin::at(file, member.bytes));
                members.push(member);
            }
            None => attachments_lost.push(name),
        }
    }
    let manifest = Manifest {
        andon: WHAT.to_owned(),
        format: FORMAT,
        program,
        taken_at,
        events: durable.next_seq - 1,
        tickets,
        damage,
        attachments_lost,
        members,
    };
    write(&manifest, &sources, out)?;
    Ok(manifest)
}

/// An attachment, where it is whole.
fn attachment(state_dir: &Path, file: &Path, name: &str) -> Option<Member> {
    let sha256 = AttachmentName::parse(name)?.sha256;
    let bytes = file.metadata().ok()?.len();
    member(state_dir, &Origin::at(file.to_owned(), bytes)).ok().filter(|member| member.sha256 == sha256)
}

/// The events before `next_seq` that cannot be read any more. Each frame that can be is shown to `each`.
fn damage(
    ledger: &LedgerReader,
    next_seq: u64,
    mut each: impl FnMut(&Frame),
) -> Result<Vec<Damage>, BackupError> {
    let mut damage = Vec::new();
    for frame in ledger.frames_from(1) {
        match frame {
            Ok((_, frame)) if frame.first_seq >= next_seq => break,
            Ok((_, frame)) => each(&frame),
            Err(LedgerError::Damaged(stretch)) => damage.push(Damage {
                first_event: stretch.first_seq,
                next_event: stretch.next_seq.unwrap_or(next_seq),
            }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(damage)
}

fn member(state_dir: &Path, origin: &Origin) -> Result<Member, BackupError> {
    let Origin { path: file, bytes, .. } = origin;
    let mut source = Source::open(origin).map_err(|source| unreadable(file, source))?;
    io::copy(&mut source, &mut io::sink()).map_err(|source| unreadable(file, source))?;
    let below = file.strip_prefix(state_dir).unwrap_or(file);
    let name = below.to_str().ok_or_else(|| {
        let is_no_text = io::Error::new(io::ErrorKind::InvalidInput, "its name is no text");
        unreadable(file, is_no_text)
    })?;
    Ok(Member { name: name.to_owned(), bytes: *bytes, sha256: source.sum() })
}

fn write(manifest: &Manifest, sources: &[Origin], out: impl Write) -> Result<(), BackupError> {
    let gzip = GzEncoder::new(Sealing::new(out), Compression::new(COMPRESSION));
    let mut tar = tar::Builder::new(gzip);
    let mut text = serde_json::to_vec_pretty(manifest).expect("a manifest is plain data");
    text.push(b'\n');
    append(&mut tar, MANIFEST, text.len() as u64, text.as_slice()).map_err(BackupError::Write)?;
    for (origin, member) in sources.iter().zip(&manifest.members) {
        let file = &origin.path;
        let mut source = Source::open(origin).map_err(|source| unreadable(file, source))?;
        if let Err(error) = append(&mut tar, &member.name, member.bytes, &mut source) {
            return Err(source.failed.take().map_or(BackupError::Write(error), |why| unreadable(file, why)));
        }
        if source.sum() != member.sha256 {
            return Err(BackupError::Changed { file: file.clone() });
        }
    }
    let sealing = tar.into_inner().and_then(GzEncoder::finish).map_err(BackupError::Write)?;
    sealing.finish().map_err(BackupError::Write)?;
    Ok(())
}

fn append(tar: &mut tar::Builder<impl Write>, name: &str, bytes: u64, content: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(MODE);
    tar.append_data(&mut header, name, content)
}

fn unreadable(file: &Path, source: io::Error) -> BackupError {
    BackupError::Source { file: file.to_owned(), source }
}

/// What a member is made of: a file up to a length.
struct Origin {
    path: PathBuf,
    kept: Kept,
    bytes: u64,
}

/// Where a file is to be had.
enum Kept {
    /// By its path: it stays there.
    There,
    /// Open, since another may take its name meanwhile.
    Open(File),
    /// As it was read before, since it may go.
    Here(Arc<[u8]>),
}

impl Origin {
    fn at(path: PathBuf, bytes: u64) -> Self {
        Self { path, kept: Kept::There, bytes }
    }
}

/// A file up to a length, which it must have, and the sum of what was read.
struct Source {
    file: Box<dyn Read>,
    left: u64,
    sum: Sha256,
    /// Why it could not be read, told apart from why what was read could not be written.
    failed: Option<io::Error>,
}

impl Source {
    fn open(origin: &Origin) -> io::Result<Self> {
        let file: Box<dyn Read> = match &origin.kept {
            Kept::There => Box::new(File::open(&origin.path)?),
            Kept::Open(open) => {
                let mut file = open.try_clone()?;
                file.seek(SeekFrom::Start(0))?;
                Box::new(file)
            }
            Kept::Here(text) => Box::new(Cursor::new(Arc::clone(text))),
        };
        Ok(Self { file, left: origin.bytes, sum: Sha256::new(), failed: None })
    }

    fn sum(&self) -> String {
        hex(&self.sum.clone().finalize())
    }

    fn step(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(STEP_BYTES).min(STEP_BYTES).min(buffer.len());
        let read = self.file.read(&mut buffer[..wanted])?;
        if read == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        self.sum.update(&buffer[..read]);
        Ok(read)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.step(buffer).map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }
}
