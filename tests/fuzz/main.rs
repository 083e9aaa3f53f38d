//! Bytes thrown at the parsers of what strangers send.
//!
//! Here, on any toolchain: what is kept in `corpus/` is thrown again, and then mixtures of it, the same each time.
//! `tests/fuzz/guided` throws with coverage as its guide for as long as one likes; what it finds goes into `corpus/`.

use std::path::{Path, PathBuf};

use andon::door::http::fuzz::TARGETS;
use andon_tests::Random;

/// How many mixtures are thrown at each target.
const THROWS: u32 = 20_000;
/// The same, in the long form.
const THROWS_LONG: u32 = 2_000_000;
/// The longest mixture, in bytes.
const LENGTH_MAX: usize = 4_096;
/// What parsers stumble over.
const WORDS: [&[u8]; 42] = [
    b"\r\n",
    b"--edge",
    b"Content-Disposition: form-data; name=\"file\"; filename=\"",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"\\ud800",
    b"\\u0000",
    b"\xef\xbb\xbf",
    b"\xff",
    b"%FF",
    b"%",
    b"&",
    b"=",
    b"+",
    b"%D1%91",
    b"*",
    b"W/\"7\"",
    b"\"7\"",
    b"Bearer ",
    b"bearer\t",
    b"andon_",
    b"\0",
    b"\x7f",
    b"\xd1\x91",
    b"\xe2\x80\xae",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=edge\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"=?utf-8?B?0K8=?=",
    b"Content-Type: text/html; charset=koi8-r\r\n",
    b" ",
];

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a directory can be read").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has seeds", dir.display());
    files.into_iter().map(|file| (file.clone(), std::fs::read(file).expect("a seed can be read"))).collect()
}

/// Something between the seeds: cut, joined, with bytes changed and words put in.
fn mixture(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = random.pick(seeds).clone();
    for _ in 0..=random.index(8) {
        let at = random.index(bytes.len() + 1);
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => {
                let other = random.pick(seeds);
                let from = random.index(other.len() + 1);
                bytes.extend_from_slice(&other[from..]);
            }
            2 | 3 => drop(bytes.splice(at..at, random.pick(&WORDS).iter().copied())),
            4 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).expect("it is a byte"),
            _ if at < bytes.len() => drop(bytes.remove(at)),
            _ => {}
        }
    }
    bytes.truncate(LENGTH_MAX);
    bytes
}

fn throw(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).expect("it is a target");
    let seeds = corpus(name);
    for (file, bytes) in &seeds {
        let held = std::panic::catch_unwind(|| target(bytes));
        assert!(held.is_ok(), "{} does not hold any more", file.display());
    }
    let seeds: Vec<Vec<u8>> = seeds.into_iter().map(|(_, bytes)| bytes).collect();
    let mut random = Random::new(6);
    let throws = if std::env::var_os("ANDON_TESTS_LONG").is_some() { THROWS_LONG } else { THROWS };
    for throw in 0..throws {
        let bytes = mixture(&seeds, &mut random);
        let held = std::panic::catch_unwind(|| target(&bytes));
        assert!(held.is_ok(), "throw {throw} at {name}: {}", bytes.escape_ascii());
    }
}

#[test]
fn the_json_of_commands_holds_whatever_is_thrown() {
    throw("command");
}

#[test]
fn the_filters_of_lists_hold_whatever_is_thrown() {
    throw("filters");
}

#[test]
fn the_header_with_the_token_holds_whatever_is_thrown() {
    throw("token");
}

#[test]
fn the_headers_with_conditions_hold_whatever_is_thrown() {
    throw("conditions");
}

#[test]
fn forms_with_files_hold_whatever_is_thrown() {
    throw("multipart");
}

#[test]
fn every_target_has_a_test_and_seeds() {
    let source = include_str!("main.rs");
    for (name, _) in TARGETS {
        assert!(source.contains(&format!("throw(\"{name}\")")), "{name} has no test");
        assert!(!corpus(name).is_empty(), "{name} has no seeds");
    }
}

#[test]
fn mail_holds_whatever_is_thrown() {
    throw("mail");
}
