//! The mails of `tests/mails`, each with what a person makes of it, and mails that are made here since they are too long.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{DESK, domain};
use crate::door::mail::HeldWhy;
use crate::door::mail::kind::Kind;
use crate::door::mail::read::{self, NESTED_MAX, TEXT_MAX_BYTES, Unreadable};
use crate::door::mail::thread;
use crate::door::mail::trim::{is_only_thanks, own_words};

/// What a person makes of a mail.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Expected {
    kind: String,
    from: Option<String>,
    name: Option<String>,
    subject: String,
    own: String,
    ticket: Option<u64>,
    #[serde(default)]
    file: Vec<ExpectedFile>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct ExpectedFile {
    name: String,
    bytes: usize,
}

fn kind_of(mail: &read::Mail) -> &'static str {
    match Kind::of(mail, &[DESK], &domain()) {
        Kind::Letter => "letter",
        other => HeldWhy::from(other).id(),
    }
}

fn mails() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/mails");
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let mut mails: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    mails.sort();
    mails
}

#[test]
fn each_mail_of_the_corpus_is_read_as_a_person_reads_it() {
    let mut wrong = Vec::new();
    for path in mails() {
        let raw = std::fs::read(&path).unwrap();
        let text = std::fs::read_to_string(path.with_extension("toml")).unwrap();
        let expected: Expected = toml::from_str(&text).unwrap();
        let mail = read::read(&raw).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let is_answer = expected.ticket.is_some();
        let found = Expected {
            kind: kind_of(&mail).to_owned(),
            from: mail.from.as_ref().map(|from| from.address.clone()),
            name: mail.from.as_ref().and_then(|from| from.name.clone()),
            subject: mail.subject.clone(),
            own: if is_answer { own_words(&mail.text).to_owned() } else { mail.text.clone() },
            ticket: thread::ticket_of(&mail, &domain()).map(|number| number.0),
            file: mail
                .files
                .iter()
                .map(|file| ExpectedFile { name: file.name.clone(), bytes: file.bytes.len() })
                .collect(),
        };
        if found != expected {
            wrong.push(format!("{}\n  found    {found:?}\n  expected {expected:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mail_of_the_corpus_has_a_sum_of_its_own() {
    let sums: BTreeSet<String> =
        mails().iter().map(|path| read::read(&std::fs::read(path).unwrap()).unwrap().sum).collect();
    assert_eq!(sums.len(), mails().len());
}

fn plain(id: &str, received: &str, date: &str, text: &str) -> String {
    let head = |name: &str, value: &str| {
        if value.is_empty() { String::new() } else { format!("{name}: {value}\r\n") }
    };
    format!(
        "{}{}{}From: a@b.example\r\nSubject: x\r\n\r\n{text}\r\n",
        head("Received", received),
        head("Message-ID", id),
        head("Date", date)
    )
}

fn sum(text: &str) -> String {
    read::read(text.as_bytes()).unwrap().sum
}

#[test]
fn a_mail_is_the_same_by_whatever_way_it_comes_and_another_under_its_id_is_another() {
    let date = "Fri, 20 Nov 2026 14:02:11 +0300";
    let one = sum(&plain("<1@b>", "from a by b; Fri, 20 Nov 2026 14:02:12 +0300", date, "text"));
    assert_eq!(one, sum(&plain("<1@b>", "from c by d; Fri, 20 Nov 2026 14:02:13 +0300", date, "text")));
    assert_ne!(one, sum(&plain("<1@b>", "", date, "another text")));
    assert_ne!(one, sum(&plain("<2@b>", "", date, "text")));
    assert_ne!(
        one,
        sum(&plain("<1@b>", "", "Sat, 21 Nov 2026 14:02:11 +0300", "text")),
        "a script may have one id for all"
    );
}

#[test]
fn a_mail_with_neither_id_nor_date_is_known_by_all_of_it() {
    let one = sum(&plain("", "from a by b; Fri, 20 Nov 2026 14:02:12 +0300", "", "text"));
    assert_eq!(one, sum(&plain("", "from a by b; Fri, 20 Nov 2026 14:02:12 +0300", "", "text")));
    assert_ne!(one, sum(&plain("", "from a by b; Fri, 20 Nov 2026 14:02:13 +0300", "", "text")));
}

#[test]
fn a_mail_of_thirty_megabytes_is_read_and_its_text_is_bounded() {
    let line = "ж".repeat(500) + "\r\n";
    let raw = plain("<long@b>", "", "", &line.repeat((30 << 20) / line.len()));
    assert!(raw.len() > 29 << 20);
    let mail = read::read(raw.as_bytes()).unwrap();
    assert!(mail.text.len() <= TEXT_MAX_BYTES && mail.text.len() > TEXT_MAX_BYTES - 4);
}

#[test]
fn mails_in_mails_are_read_up_to_a_depth_and_not_beyond_it() {
    let nested = |depth: usize| {
        let mut raw = "From: a@b.example\r\n".to_owned();
        raw.push_str(&"Content-Type: message/rfc822\r\n\r\n".repeat(depth));
        raw + "Subject: inner\r\n\r\ntext"
    };
    assert!(read::read(nested(NESTED_MAX).as_bytes()).is_ok());
    assert_eq!(read::read(nested(NESTED_MAX + 1).as_bytes()), Err(Unreadable::Nested));
    // A reader that goes down by itself for each would have no stack left.
    assert_eq!(read::read(nested(500_000).as_bytes()), Err(Unreadable::Nested));
    let folded = nested(500_000).replace("message/rfc822", "message/\r\n global");
    assert_eq!(read::read(folded.as_bytes()), Err(Unreadable::Nested));
}

#[test]
fn a_mail_that_talks_of_mails_is_none_of_them() {
    let talk = plain("<talk@b>", "", "", &"rfc822 and global and digest, again and again\r\n".repeat(1_000));
    assert!(read::read(talk.as_bytes()).is_ok());
}

#[test]
fn too_many_parts_are_not_read() {
    let head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    let many = |parts: usize| format!("{head}{}--b--", "--b\r\n\r\nx\r\n".repeat(parts));
    assert!(read::read(many(900).as_bytes()).is_ok());
    assert_eq!(read::read(many(1_100).as_bytes()), Err(Unreadable::Parts));
    assert_eq!(read::read(many(300_000).as_bytes()), Err(Unreadable::Parts));
}

#[test]
fn what_has_no_headers_is_no_mail() {
    for none in ["", "\r\n", "\r\n\r\ntext"] {
        assert_eq!(read::read(none.as_bytes()), Err(Unreadable::NoHeaders), "{none:?}");
    }
}

#[test]
fn thanks_are_told_from_words_that_want_something() {
    for thanks in [
        "Спасибо!",
        "Большое спасибо, всё работает.",
        "Thank you very much",
        "Добрый день! Спасибо за помощь.",
        "Спасибо!\n\nС уважением,\nАнна Петрова\nООО «Ромашка», тел. +7 900 000-00-00",
        "Спасибо, всё работает.\n\n-- \nАнна Петрова",
        "Спасибо\nОтправлено из мобильной Почты",
    ] {
        assert!(is_only_thanks(thanks), "{thanks}");
    }
    for more in [
        "Спасибо, но не работает",
        "Не помогло",
        "Спасибо, а как быть с накладной 18?",
        "Теперь всё работает?",
        "Спасибо!\nС уважением, Анна\nP. S. Накладная опять пустая",
        "Спасибо!\n\n-- \nАнна\n\nНо печать не идёт",
        "С уважением, Анна",
        "",
        "?",
        "Нет",
    ] {
        assert!(!is_only_thanks(more), "{more}");
    }
}
