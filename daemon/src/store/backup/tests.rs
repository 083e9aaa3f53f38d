//! Backups as they are made and taken apart, and files that only look like one.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::seal::Sealing;
use super::*;
use crate::hex::hex;
use crate::store::{Frame, Ledger, MailBooks, keep_text, ledger};

fn frame(first_seq: u64, payload: &[u8]) -> Frame {
    Frame { first_seq, count: 1, payload: payload.to_vec() }
}

/// A state directory with a few entries and a kept text.
fn state() -> (TempDir, Ledger) {
    let dir = TempDir::new().unwrap();
    let (mut ledger, _) = Ledger::open(dir.path()).unwrap();
    for seq in 1..=5 {
        ledger.append(&[frame(seq, format!("entry {seq}").as_bytes())]).unwrap();
    }
    keep_text(dir.path(), "getmark", "2024-06-14", "id = \"getmark\"\n").unwrap();
    (dir, ledger)
}

fn facts() -> Facts {
    Facts {
        program: "0.1.0".into(),
        taken_at: "2026-11-22T06:00:00+03:00".into(),
        tickets: 3,
        attachments: noted,
    }
}

/// In these ledgers an entry that names an attachment is its name.
fn noted(frame: &Frame, names: &mut std::collections::BTreeSet<String>) {
    let text = String::from_utf8_lossy(&frame.payload).into_owned();
    if let Some(gone) = text.strip_prefix("without ") {
        names.remove(gone);
    } else if crate::store::AttachmentName::parse(&text).is_some() {
        names.insert(text);
    }
}

fn packed(dir: &TempDir, ledger: &Ledger) -> Vec<u8> {
    let mut bytes = Vec::new();
    let reader = ledger.reader();
    pack(
        &reader,
        &reader.durable().unwrap(),
        MailBooks::of(dir.path()).unwrap(),
        dir.path(),
        facts(),
        &mut bytes,
    )
    .unwrap();
    bytes
}

/// What unpacking `bytes` comes to; what it wrote is nowhere but in the directory it was given.
fn unpacked(bytes: &[u8]) -> (TempDir, Result<Manifest, BackupError>) {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("backup.tar.gz");
    fs::write(&file, bytes).unwrap();
    let into = dir.path().join("in/to");
    fs::create_dir_all(&into).unwrap();
    let manifest = unpack(&file, &into);
    assert_eq!(names(&dir.path().join("in")), ["to"]);
    assert_eq!(names(dir.path()), ["backup.tar.gz", "in"]);
    (dir, manifest)
}

fn refusal(bytes: &[u8]) -> String {
    unpacked(bytes).1.unwrap_err().to_string()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn entries(dir: &Path) -> Vec<Frame> {
    let (ledger, report) = Ledger::open(dir).unwrap();
    assert!(report.is_whole() && report.torn_tail.is_none(), "{report:?}");
    ledger.frames_from(1).map(|frame| frame.unwrap().1).collect()
}

#[test]
fn a_backup_has_what_was_durable_when_it_was_taken_and_nothing_after() {
    let (dir, mut ledger) = state();
    let (reader, durable) = (ledger.reader(), ledger.reader().durable().unwrap());
    let before = entries_of(&ledger);
    ledger.append(&[frame(6, b"after")]).unwrap();
    let mut bytes = Vec::new();
    let told = pack(&reader, &durable, MailBooks::default(), dir.path(), facts(), &mut bytes).unwrap();
    let (restored, manifest) = unpacked(&bytes);
    let manifest = manifest.unwrap();
    assert_eq!(manifest, told);
    assert_eq!((manifest.events, manifest.tickets, manifest.format), (5, 3, 1));
    let into = restored.path().join("in/to");
    assert_eq!(names(&into), ["format", "ledger", "regulations"]);
    assert_eq!(entries(&into), before);
    let text = fs::read_to_string(into.join("regulations/getmark@2024-06-14.toml")).unwrap();
    assert_eq!(text, "id = \"getmark\"\n");
}

fn entries_of(ledger: &Ledger) -> Vec<Frame> {
    ledger.frames_from(1).map(|frame| frame.unwrap().1).collect()
}

#[test]
fn what_is_kept_of_mail_is_in_it_as_it_was_when_it_began() {
    let (dir, ledger) = state();
    let (mail, quarantine) = (dir.path().join("mail"), dir.path().join("mail/quarantine"));
    fs::create_dir_all(&quarantine).unwrap();
    let (id, half) = ("0123456789abcdef0123456789abcdef", "ffffffffffffffffffffffffffffffff");
    for (file, text) in [
        (mail.join("seen"), "all 00 1\n"),
        (mail.join("imap"), "{}"),
        (mail.join("lmtp.sock"), "no book"),
        (quarantine.join(format!("{id}.json")), "{\"id\":1}"),
        (quarantine.join(format!("{id}.eml")), "From: a\r\n\r\nhi"),
        // A crash left half of it.
        (quarantine.join(format!("{half}.eml")), "half"),
    ] {
        fs::write(file, text).unwrap();
    }
    let books = MailBooks::of(dir.path()).unwrap();
    // One line more, and the file written anew, as the door does.
    fs::write(mail.join("seen"), "all 00 1\nall 01 2\n").unwrap();
    fs::write(mail.join("new"), "{\"uid\":7}").unwrap();
    fs::rename(mail.join("new"), mail.join("imap")).unwrap();
    let mut bytes = Vec::new();
    let reader = ledger.reader();
    pack(&reader, &reader.durable().unwrap(), books, dir.path(), facts(), &mut bytes).unwrap();
    let (restored, told) = unpacked(&bytes);
    told.unwrap();
    let into = restored.path().join("in/to");
    assert_eq!(names(&into.join("mail")), ["imap", "quarantine", "seen"]);
    assert_eq!(names(&into.join("mail/quarantine")), [format!("{id}.eml"), format!("{id}.json")]);
    assert_eq!(fs::read_to_string(into.join("mail/seen")).unwrap(), "all 00 1\n");
    assert_eq!(fs::read_to_string(into.join("mail/imap")).unwrap(), "{}");
    assert_eq!(fs::read(into.join(format!("mail/quarantine/{id}.eml"))).unwrap(), b"From: a\r\n\r\nhi");
}

#[test]
fn what_is_known_of_a_held_mail_is_backed_up_as_it_was_though_it_goes_meanwhile() {
    let (dir, ledger) = state();
    let quarantine = dir.path().join("mail/quarantine");
    fs::create_dir_all(&quarantine).unwrap();
    let file = quarantine.join("0123456789abcdef0123456789abcdef.json");
    fs::write(&file, "{}").unwrap();
    fs::write(file.with_extension("eml"), "hi").unwrap();
    let reader = ledger.reader();
    let books = MailBooks::of(dir.path()).unwrap();
    fs::remove_file(&file).unwrap();
    let mut bytes = Vec::new();
    pack(&reader, &reader.durable().unwrap(), books, dir.path(), facts(), &mut bytes).unwrap();
    let (restored, told) = unpacked(&bytes);
    told.unwrap();
    let held = restored.path().join("in/to/mail/quarantine");
    assert_eq!(
        names(&held),
        ["0123456789abcdef0123456789abcdef.eml", "0123456789abcdef0123456789abcdef.json"]
    );
}

#[test]
fn a_ledger_of_several_segments_comes_back_whole_though_a_new_one_was_started_meanwhile() {
    let dir = TempDir::new().unwrap();
    let (mut ledger, _) = Ledger::open(dir.path()).unwrap();
    for seq in 1..=5 {
        ledger.append(&[frame(seq, &vec![u8::try_from(seq).unwrap(); 7 << 20])]).unwrap();
    }
    let (reader, durable) = (ledger.reader(), ledger.reader().durable().unwrap());
    let before = entries_of(&ledger);
    for seq in 6..=8 {
        ledger.append(&[frame(seq, &vec![0; 7 << 20])]).unwrap();
    }
    let mut bytes = Vec::new();
    let manifest = pack(&reader, &durable, MailBooks::default(), dir.path(), facts(), &mut bytes).unwrap();
    assert_eq!(manifest.members.len(), 3);
    let (restored, told) = unpacked(&bytes);
    told.unwrap();
    assert_eq!(entries(&restored.path().join("in/to")), before);
}

#[test]
fn any_tool_lists_it_with_the_manifest_in_front() {
    let (dir, ledger) = state();
    let bytes = packed(&dir, &ledger);
    // As gzip and tar read it: every gzip member, the seal included.
    let mut archive = tar::Archive::new(MultiGzDecoder::new(bytes.as_slice()));
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        found.push((entry.path().unwrap().display().to_string(), content));
    }
    let listed: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["manifest.json", "ledger/0000000000000001.ledger", "regulations/getmark@2024-06-14.toml"];
    assert_eq!(listed, expected);
    let manifest: Value = serde_json::from_slice(&found[0].1).unwrap();
    assert_eq!(manifest["members"][0]["name"], expected[1]);
    assert_eq!(manifest["members"][0]["bytes"], found[1].1.len());
    assert_eq!(manifest["taken_at"], "2026-11-22T06:00:00+03:00");
}

#[test]
fn a_text_with_a_name_as_long_as_they_get_comes_back() {
    let (dir, ledger) = state();
    let version = "ё".repeat(61);
    keep_text(dir.path(), "a", &version, "long").unwrap();
    let (restored, manifest) = unpacked(&packed(&dir, &ledger));
    assert_eq!(manifest.unwrap().members.len(), 3);
    let (kept, from) = (restored.path().join("in/to/regulations"), dir.path().join("regulations"));
    assert_eq!(names(&kept), names(&from));
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let (dir, ledger) = state();
    let bytes = packed(&dir, &ledger);
    assert!(unpacked(&bytes).1.is_ok());
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        let told = refusal(&flipped);
        let expected = if at < 2 { "not packed with gzip" } else { "is damaged or its end is cut off" };
        assert!(told.contains(expected), "byte {at}: {told}");
    }
}

#[test]
fn a_file_that_ends_too_early_or_too_late_is_found() {
    let (dir, ledger) = state();
    let bytes = packed(&dir, &ledger);
    for length in 2..bytes.len() {
        assert!(refusal(&bytes[..length]).contains("its end is cut off"), "{length} bytes");
    }
    assert!(refusal(&[&bytes, b"\0".as_slice()].concat()).contains("its end is cut off"));
    let check = |bytes: &[u8]| {
        let mut check = SealCheck::new(Vec::new());
        // In pieces, as they come over a socket.
        bytes.chunks(7).for_each(|piece| check.write_all(piece).unwrap());
        check.is_whole()
    };
    assert!(check(&bytes) && !check(&bytes[..bytes.len() - 1]) && !check(b""));
}

#[test]
fn what_is_no_backup_is_told_as_such() {
    let gzip = |content: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(content).unwrap();
        gzip.finish().unwrap()
    };
    for (bytes, told) in [
        (Vec::new(), "it is empty"),
        (b"id = \"getmark\"".to_vec(), "it is not packed with gzip"),
        (gzip(b""), "its checksum is not the one of its bytes"),
        (gzip(&vec![7; 100_000]), "its checksum is not the one of its bytes"),
        (sealed(b"no archive"), "it does not begin with manifest.json"),
        (sealed(&tar_of(&[("notes.txt", b"hello")])), "it does not begin with manifest.json"),
        (sealed(&tar_of(&[("manifest.json", b"{\"of\":\"a plugin\"}")])), "is not Andon Desk's"),
        (sealed(&tar_of(&[("manifest.json", b"hello")])), "its manifest cannot be read"),
    ] {
        let refused = refusal(&bytes);
        assert!(refused.contains(told), "{told}: {refused}");
    }
    let dir = TempDir::new().unwrap();
    assert!(manifest(dir.path()).unwrap_err().to_string().contains("it is no file"));
    let missing = manifest(&dir.path().join("none")).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the backup "), "{missing}");
}

/// Packed and sealed as a backup is, whatever it is.
fn sealed(archive: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Sealing::new(Vec::new()), Compression::fast());
    gzip.write_all(archive).unwrap();
    gzip.finish().unwrap().finish().unwrap()
}

fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in members {
        raw(&mut tar, name, tar::EntryType::Regular, content.len() as u64, content);
    }
    tar.into_inner().unwrap()
}

/// Writes a member as nobody would who means well.
fn raw(tar: &mut tar::Builder<Vec<u8>>, name: &str, kind: tar::EntryType, bytes: u64, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append(&header, content).unwrap();
}

fn member(name: &str, content: &[u8]) -> Value {
    json!({"name": name, "bytes": content.len(), "sha256": hex(&sha2::Digest::finalize(
        sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), content)))})
}

fn manifest_of(members: &[Value]) -> Vec<u8> {
    json!({"andon": "backup", "format": 1, "program": "0.1.0", "taken_at": "2026-11-22T06:00:00Z", "events": 0,
        "tickets": 0, "members": members})
    .to_string()
    .into_bytes()
}

const SEGMENT: &str = "ledger/0000000000000001.ledger";

#[test]
fn a_backup_made_by_hand_as_it_should_be_is_taken() {
    // So that the tests below fail for what they are about.
    let bytes =
        sealed(&tar_of(&[("manifest.json", &manifest_of(&[member(SEGMENT, b"x")])), (SEGMENT, b"x")]));
    let (dir, manifest) = unpacked(&bytes);
    manifest.unwrap();
    assert_eq!(fs::read(dir.path().join("in/to").join(SEGMENT)).unwrap(), b"x");
}

#[test]
fn no_path_leads_out_of_the_directory_or_to_a_file_that_is_not_a_backups() {
    for name in [
        "../evil",
        "/tmp/evil",
        "ledger/../../evil",
        "ledger/0000000000000001.ledger/../../../evil",
        "regulations/../first-token",
        "regulations/../a@1.toml",
        "regulations/a.toml",
        "regulations/a@1.toml/b@1.toml",
        "mail/../evil",
        "mail/lmtp.sock",
        "mail/quarantine/../../evil",
        "mail/quarantine/0123456789abcdef0123456789abcdef.sh",
        "ledger/1.ledger",
        "ledger/",
        "sled/db",
        "first-token",
        "format",
        "",
    ] {
        let manifest = manifest_of(&[member(name, b"x")]);
        let told = refusal(&sealed(&tar_of(&[("manifest.json", &manifest), (name, b"x")])));
        assert!(told.contains("is no file of a backup"), "{name}: {told}");
        let told = refusal(&sealed(&tar_of(&[("manifest.json", &manifest_of(&[])), (name, b"x")])));
        assert!(told.contains("of which its manifest says nothing"), "{name}: {told}");
        let manifest = manifest_of(&[member(SEGMENT, b"x")]);
        let told = refusal(&sealed(&tar_of(&[("manifest.json", &manifest), (name, b"x")])));
        assert!(told.contains("its manifest says that ledger/"), "{name}: {told}");
    }
}

#[test]
fn a_link_or_a_device_is_no_member() {
    let kinds = [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Fifo,
        tar::EntryType::Char,
        tar::EntryType::Directory,
        tar::EntryType::GNUSparse,
        tar::EntryType::XHeader,
    ];
    for kind in kinds {
        let mut tar = tar::Builder::new(Vec::new());
        let manifest = manifest_of(&[member(SEGMENT, b"")]);
        raw(&mut tar, "manifest.json", tar::EntryType::Regular, manifest.len() as u64, &manifest);
        raw(&mut tar, SEGMENT, kind, 0, b"");
        let told = refusal(&sealed(&tar.into_inner().unwrap()));
        assert!(told.contains("is no plain file"), "{kind:?}: {told}");
    }
}

#[test]
fn what_claims_to_be_huge_is_refused_before_anything_is_written() {
    let huge = json!({"name": SEGMENT, "bytes": 1_u64 << 50, "sha256": "0".repeat(64)});
    let manifest = manifest_of(&[huge]);
    let mut tar = tar::Builder::new(Vec::new());
    raw(&mut tar, "manifest.json", tar::EntryType::Regular, manifest.len() as u64, &manifest);
    raw(&mut tar, SEGMENT, tar::EntryType::Regular, 1 << 50, b"");
    let (dir, refused) = unpacked(&sealed(&tar.into_inner().unwrap()));
    assert!(refused.unwrap_err().to_string().contains("unpacks to 1125899906842624 bytes"));
    assert_eq!(names(&dir.path().join("in/to")), [] as [&str; 0]);

    let most = json!({"name": SEGMENT, "bytes": u64::MAX, "sha256": ""});
    let twice = json!({"name": "ledger/0000000000000002.ledger", "bytes": u64::MAX, "sha256": ""});
    let told = refusal(&sealed(&tar_of(&[("manifest.json", &manifest_of(&[most, twice]))])));
    assert!(told.contains("unpacks to 18446744073709551615 bytes"), "{told}");

    for kind in [tar::EntryType::Regular, tar::EntryType::GNULongName] {
        let mut tar = tar::Builder::new(Vec::new());
        raw(&mut tar, "manifest.json", kind, 1 << 40, b"{}");
        let told = refusal(&sealed(&tar.into_inner().unwrap()));
        let expected =
            if kind.is_file() { "its manifest is longer than" } else { "does not begin with manifest.json" };
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn members_that_are_not_what_the_manifest_says_are_refused() {
    let one = member(SEGMENT, b"x");
    let text = "regulations/a@1.toml";
    for (manifest, members, told) in [
        (vec![one.clone()], vec![], "is not in it, though its manifest says so"),
        (vec![one.clone()], vec![(SEGMENT, b"y".as_slice())], "is not what its manifest says"),
        (vec![one.clone()], vec![(SEGMENT, b"xx")], "of 1 bytes comes"),
        (vec![one.clone()], vec![(SEGMENT, b"x"), (text, b"x")], "of which its manifest says nothing"),
        (vec![one.clone(), member(text, b"x")], vec![(text, b"x"), (SEGMENT, b"x")], "comes, and"),
        (vec![one.clone(), one.clone()], vec![(SEGMENT, b"x"), (SEGMENT, b"x")], "twice"),
    ] {
        let manifest = manifest_of(&manifest);
        let all = [vec![("manifest.json", manifest.as_slice())], members].concat();
        let refused = refusal(&sealed(&tar_of(&all)));
        assert!(refused.contains(told), "{told}: {refused}");
    }
    let whole = tar_of(&[("manifest.json", &manifest_of(&[])), (SEGMENT, b"")]);
    assert!(refusal(&sealed(&whole[..700])).contains("is no whole archive"));
    let behind = [tar_of(&[("manifest.json", &manifest_of(&[]))]), b"something".to_vec()].concat();
    assert!(refusal(&sealed(&behind)).contains("something stands behind its end"));
    let two_streams = {
        let mut gzip = GzEncoder::new(Sealing::new(Vec::new()), Compression::fast());
        gzip.write_all(&tar_of(&[("manifest.json", &manifest_of(&[]))])).unwrap();
        let mut sealing = gzip.finish().unwrap();
        sealing.write_all(b"more").unwrap();
        sealing.finish().unwrap()
    };
    assert!(refusal(&two_streams).contains("something stands behind its end"));
}

#[test]
fn a_newer_versions_backup_is_refused_with_both_numbers_however_its_manifest_looks() {
    let manifest = json!({"andon": "backup", "format": 9, "program": "4.0.0", "parts": {}}).to_string();
    let told = refusal(&sealed(&tar_of(&[("manifest.json", manifest.as_bytes())])));
    for word in ["format 9", "up to format 1", "andond 4.0.0 or newer"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let manifest = json!({"andon": "backup", "format": 0}).to_string();
    assert!(refusal(&sealed(&tar_of(&[("manifest.json", manifest.as_bytes())]))).contains("says no format"));
}

#[test]
fn a_damaged_ledger_is_backed_up_as_it_is_and_the_manifest_says_so() {
    let (dir, ledger) = state();
    let segment = dir.path().join(SEGMENT);
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(7).position(|window| window == b"entry 3").unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (restored, manifest) = unpacked(&packed(&dir, &ledger));
    assert_eq!(manifest.unwrap().damage, [Damage { first_event: 3, next_event: 4 }]);
    let (ledger, report) = Ledger::open(&restored.path().join("in/to")).unwrap();
    assert_eq!((report.damage.len(), ledger.next_seq()), (1, 6));
}

#[test]
fn a_file_that_changes_or_goes_while_it_is_packed_is_told() {
    struct Meddling(PathBuf, bool);
    impl Write for Meddling {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if !self.1 {
                self.1 = true;
                let mut content = fs::read(&self.0).unwrap();
                content[30] ^= 1;
                fs::write(&self.0, content).unwrap();
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (dir, ledger) = state();
    let (reader, segment) = (ledger.reader(), dir.path().join(SEGMENT));
    let durable = reader.durable().unwrap();
    let told =
        pack(&reader, &durable, MailBooks::default(), dir.path(), facts(), Meddling(segment.clone(), false))
            .unwrap_err();
    assert!(told.to_string().contains("changed while it was backed up"), "{told}");
    let too_long = ledger::Durable { files: vec![(segment, 1 << 40)], ..durable };
    let told = pack(&reader, &too_long, MailBooks::default(), dir.path(), facts(), Vec::new())
        .unwrap_err()
        .to_string();
    assert!(told.starts_with("cannot read "), "{told}");
}

#[test]
fn attachments_that_the_ledger_names_are_in_a_backup_and_those_that_are_lost_are_told() {
    let (dir, mut ledger) = state();
    let sum = |bytes: &[u8]| crate::store::attachments::sum_of(&mut &*bytes).unwrap();
    let name = |id: &str, bytes: &[u8]| format!("7-{id}-{}", sum(bytes));
    let (whole, missing, damaged) = (name("aa", b"whole"), name("ab", b"missing"), name("ac", b"damaged"));
    let (removed, orphan) = (name("ad", b"removed"), name("ae", b"orphan"));
    let files = dir.path().join("attachments");
    fs::create_dir(&files).unwrap();
    for (name, bytes) in
        [(&whole, "whole"), (&damaged, "DAMAGED"), (&removed, "removed"), (&orphan, "orphan")]
    {
        fs::write(files.join(name), bytes).unwrap();
    }
    let without = format!("without {removed}");
    for (seq, text) in (6..).zip([&whole, &missing, &damaged, &removed, &without]) {
        ledger.append(&[frame(seq, text.as_bytes())]).unwrap();
    }
    let (restored, manifest) = unpacked(&packed(&dir, &ledger));
    let mut lost = [missing, damaged];
    lost.sort();
    assert_eq!(manifest.unwrap().attachments_lost, lost);
    let into = restored.path().join("in/to/attachments");
    assert_eq!(names(&into), [whole.as_str()]);
    assert_eq!(fs::read(into.join(whole)).unwrap(), b"whole");
}
