//! Checking a backup and taking it apart. Nothing that a file says of itself is believed.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Take, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};

use super::seal::{SEAL_BYTES, Seal};
use super::{BackupError, MANIFEST, MANIFEST_MAX_BYTES, Manifest, WHAT};
use crate::hex::hex;
use crate::store::attachments::{ATTACHMENTS_DIR, AttachmentName};
use crate::store::format::{self, Format};
use crate::store::mail_books::is_book;
use crate::store::regulations::is_name;
use crate::store::{MAIL_DIR, PAGE_KEY_FILE, QUARANTINE_DIR};

/// How much is read at once, in bytes.
const STEP_BYTES: usize = 64 << 10;
/// How every gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The longest name of a member, in bytes.
const NAME_MAX_BYTES: u64 = 1_024;
/// What may stand behind the last member: the zeros that end an archive, filled up as GNU tar does.
const END_MAX_BYTES: u64 = 64 << 10;
/// What a file system needs besides, in bytes.
const SPARE_BYTES: u64 = 1 << 20;

type Archive = tar::Archive<GzDecoder<BufReader<Take<File>>>>;

/// What a backup says of itself, without looking at the rest of it.
pub fn manifest(file: &Path) -> Result<Manifest, BackupError> {
    let mut archive = Reader::open(file)?.archive;
    let mut entries = Members::of(&mut archive, file)?;
    read_manifest(&mut entries, file)
}

/// Checks the backup `file` from its first byte to its last and unpacks it into the empty directory `into`, with the
/// format it has. The files are not synced.
///
/// What the ledger's frames hold is not looked at; that is for who opens it.
pub fn unpack(file: &Path, into: &Path) -> Result<Manifest, BackupError> {
    let mut reader = Reader::open(file)?;
    reader.check_seal(file)?;
    let mut members = Members::of(&mut reader.archive, file)?;
    let manifest = read_manifest(&mut members, file)?;
    check_room(&manifest, file, into)?;
    let quarantine = format!("{MAIL_DIR}/{QUARANTINE_DIR}");
    let has = |dir: &&str| manifest.members.iter().any(|member| member.name.starts_with(dir));
    let some = [ATTACHMENTS_DIR, MAIL_DIR, quarantine.as_str()].into_iter().filter(has);
    for dir in ["ledger", "regulations"].into_iter().chain(some) {
        let path = into.join(dir);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| BackupError::Unpack { file: path, source })?;
    }
    for member in &manifest.members {
        let (name, mut content) = members.next()?.ok_or_else(|| {
            wrong(file, format!("{} is not in it, though its manifest says so", member.name))
        })?;
        if name != member.name.as_bytes() || content.size() != member.bytes {
            let found = String::from_utf8_lossy(&name).into_owned();
            let what = format!("its manifest says that {} of {} bytes comes", member.name, member.bytes);
            return Err(wrong(file, format!("{what}, and {found:?} of {} does", content.size())));
        }
        if copy(file, &mut content, &into.join(&member.name))? != member.sha256 {
            return Err(wrong(file, format!("{} is not what its manifest says", member.name)));
        }
    }
    if let Some((name, _)) = members.next()? {
        let name = String::from_utf8_lossy(&name).into_owned();
        return Err(wrong(file, format!("it holds {name:?}, of which its manifest says nothing")));
    }
    check_end(reader.archive.into_inner(), file)?;
    let Manifest { format, program, .. } = &manifest;
    format::write(into, &Format { format: *format, program: program.clone(), migrated_at: None })?;
    Ok(manifest)
}

/// A backup's file, and the archive in it.
struct Reader {
    seal: Vec<u8>,
    archive: Archive,
}

impl Reader {
    fn open(file: &Path) -> Result<Self, BackupError> {
        let failed = |source| BackupError::Read { file: file.to_owned(), source };
        let mut open = File::open(file).map_err(failed)?;
        let meta = open.metadata().map_err(failed)?;
        if !meta.is_file() {
            return Err(foreign(file, "it is no file"));
        }
        let mut magic = Vec::new();
        (&open).take(GZIP.len() as u64).read_to_end(&mut magic).map_err(failed)?;
        if magic.is_empty() {
            return Err(foreign(file, "it is empty"));
        }
        if magic != GZIP {
            return Err(foreign(file, "it is not packed with gzip"));
        }
        let sealed = meta.len().checked_sub(SEAL_BYTES as u64);
        let sealed = sealed.ok_or_else(|| BackupError::Unsealed { file: file.to_owned() })?;
        let mut seal = Vec::new();
        open.seek(SeekFrom::Start(sealed)).map_err(failed)?;
        (&open).take(SEAL_BYTES as u64).read_to_end(&mut seal).map_err(failed)?;
        open.seek(SeekFrom::Start(0)).map_err(failed)?;
        let packed = BufReader::with_capacity(STEP_BYTES, open.take(sealed));
        Ok(Self { seal, archive: tar::Archive::new(GzDecoder::new(packed)) })
    }

    /// Reads through the file once and holds its seal against it.
    fn check_seal(&self, file: &Path) -> Result<(), BackupError> {
        let failed = |source| BackupError::Read { file: file.to_owned(), source };
        let mut open = File::open(file).map_err(failed)?;
        let mut left = open.metadata().map_err(failed)?.len().saturating_sub(SEAL_BYTES as u64);
        let (mut seal, mut buffer) = (Seal::default(), vec![0; STEP_BYTES]);
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(STEP_BYTES).min(STEP_BYTES);
            open.read_exact(&mut buffer[..wanted]).map_err(failed)?;
            seal.take(&buffer[..wanted]);
            left -= wanted as u64;
        }
        if seal.bytes() == self.seal { Ok(()) } else { Err(BackupError::Unsealed { file: file.to_owned() }) }
    }
}

/// The members of an archive, one by one; only plain files are members.
struct Members<'a> {
    entries: tar::Entries<'a, GzDecoder<BufReader<Take<File>>>>,
    file: &'a Path,
}

type Content<'a> = tar::Entry<'a, GzDecoder<BufReader<Take<File>>>>;

impl<'a> Members<'a> {
    fn of(archive: &'a mut Archive, file: &'a Path) -> Result<Self, BackupError> {
        // Raw: the library would hold names and maps of any length in memory that an archive claims to have.
        let entries = archive.entries().map_err(|_| no_archive(file))?.raw(true);
        Ok(Self { entries, file })
    }

    /// The next member with its name.
    fn next(&mut self) -> Result<Option<(Vec<u8>, Content<'a>)>, BackupError> {
        let mut long_name = None;
        loop {
            let Some(entry) = self.entries.next() else { return Ok(None) };
            let mut entry = entry.map_err(|_| no_archive(self.file))?;
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() && long_name.is_none() && entry.size() <= NAME_MAX_BYTES {
                let mut name = Vec::new();
                entry.read_to_end(&mut name).map_err(|_| no_archive(self.file))?;
                name.pop_if(|last| *last == 0);
                long_name = Some(name);
                continue;
            }
            let name = long_name.unwrap_or_else(|| entry.path_bytes().into_owned());
            if !kind.is_file() {
                let name = String::from_utf8_lossy(&name).into_owned();
                return Err(wrong(self.file, format!("{name:?} in it is no plain file")));
            }
            return Ok(Some((name, entry)));
        }
    }
}

fn read_manifest(members: &mut Members<'_>, file: &Path) -> Result<Manifest, BackupError> {
    let none = || foreign(file, "it does not begin with manifest.json");
    let first = members.next().map_err(|_| none())?;
    let (_, content) = first.filter(|(name, _)| name == MANIFEST.as_bytes()).ok_or_else(none)?;
    if content.size() > MANIFEST_MAX_BYTES {
        return Err(wrong(file, format!("its manifest is longer than {MANIFEST_MAX_BYTES} bytes")));
    }
    let mut text = Vec::new();
    content
        .take(MANIFEST_MAX_BYTES)
        .read_to_end(&mut text)
        .map_err(|_| BackupError::Unsealed { file: file.to_owned() })?;
    parse_manifest(&text, file)
}

/// Reads a manifest. A newer version's may look otherwise, so its format is read first.
fn parse_manifest(text: &[u8], file: &Path) -> Result<Manifest, BackupError> {
    let bad = |error: serde_json::Error| wrong(file, format!("its manifest cannot be read: {error}"));
    let value: serde_json::Value = serde_json::from_slice(text).map_err(bad)?;
    if value["andon"] != WHAT {
        return Err(foreign(file, "its manifest.json is not Andon Desk's"));
    }
    let number = value["format"].as_u64().and_then(|format| u32::try_from(format).ok());
    let number = number.filter(|number| *number > 0);
    let number = number.ok_or_else(|| wrong(file, "its manifest says no format".to_owned()))?;
    let program = value["program"].as_str().unwrap_or("of an unknown version");
    format::check_known(|| format!("the backup {}", file.display()), number, program)?;
    let manifest: Manifest = serde_json::from_value(value).map_err(bad)?;
    let mut names = HashSet::new();
    for member in &manifest.members {
        let name = &member.name;
        if !is_member(name) {
            return Err(wrong(file, format!("its manifest names {name:?}, which is no file of a backup")));
        }
        if !names.insert(name) {
            return Err(wrong(file, format!("its manifest names {name} twice")));
        }
    }
    Ok(manifest)
}

/// Whether a file of that name is one that a backup has; no other is ever written, wherever it would lie.
fn is_member(name: &str) -> bool {
    match name.split_once('/') {
        Some(("ledger", segment)) => segment
            .strip_suffix(".ledger")
            .is_some_and(|number| number.len() >= 16 && number.bytes().all(|digit| digit.is_ascii_digit())),
        Some(("regulations", text)) => is_name(text),
        Some((MAIL_DIR, book)) => is_book(book),
        Some((ATTACHMENTS_DIR, file)) => AttachmentName::parse(file).is_some(),
        None => name == PAGE_KEY_FILE,
        Some(_) => false,
    }
}

fn check_room(manifest: &Manifest, file: &Path, dir: &Path) -> Result<(), BackupError> {
    let failed =
        |source: rustix::io::Errno| BackupError::Unpack { file: dir.to_owned(), source: source.into() };
    let disk = rustix::fs::statvfs(dir).map_err(failed)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let bytes = manifest.bytes();
    if bytes.saturating_add(SPARE_BYTES) <= free {
        return Ok(());
    }
    Err(BackupError::NoRoom { file: file.to_owned(), bytes, dir: dir.to_owned(), free })
}

/// Writes a member and says what its bytes sum up to.
fn copy(file: &Path, content: &mut Content<'_>, to: &Path) -> Result<String, BackupError> {
    let failed = |source| BackupError::Unpack { file: to.to_owned(), source };
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    let (mut sum, mut buffer) = (Sha256::new(), vec![0; STEP_BYTES]);
    loop {
        let read = content.read(&mut buffer).map_err(|_| no_archive(file))?;
        if read == 0 {
            return Ok(hex(&sum.finalize()));
        }
        sum.update(&buffer[..read]);
        out.write_all(&buffer[..read]).map_err(failed)?;
    }
}

/// Nothing but the archive's end stands behind the last member, and nothing but the seal behind that.
fn check_end(mut gzip: GzDecoder<BufReader<Take<File>>>, file: &Path) -> Result<(), BackupError> {
    let mut rest = Vec::new();
    (&mut gzip).take(END_MAX_BYTES + 1).read_to_end(&mut rest).map_err(|_| no_archive(file))?;
    let packed = gzip.into_inner();
    let is_end = rest.len() as u64 <= END_MAX_BYTES
        && rest.iter().all(|byte| *byte == 0)
        && packed.buffer().is_empty()
        && packed.get_ref().limit() == 0;
    if is_end { Ok(()) } else { Err(wrong(file, "something stands behind its end".to_owned())) }
}

fn no_archive(file: &Path) -> BackupError {
    wrong(file, "what is packed in it is no whole archive".to_owned())
}

fn foreign(file: &Path, why: &'static str) -> BackupError {
    BackupError::Foreign { file: file.to_owned(), why }
}

fn wrong(file: &Path, why: String) -> BackupError {
    BackupError::Wrong { file: file.to_owned(), why }
}
