//! Mail as bytes, read into what the desk needs of it: who writes, what they say, what they send along.
//!
//! Strangers write it, so nothing in it is trusted: texts are cut, names are made harmless, and what would take too much
//! memory or stack is not read at all ([`Unreadable`]). Each header that counts is read once here; what it means is for
//! [`super::kind`] and [`super::thread`].

use std::sync::Arc;

use mail_parser::{
    Addr, Address, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};
use sha2::{Digest, Sha256};

use super::charset;
use super::html::html_to_text;
use super::marks::Marks;
use super::report::Report;
use super::unflow::unflow;
use crate::desk::attachment::harmless_name;

/// How deep mails may lie in one another.
pub const NESTED_MAX: usize = 100;
/// How often two hyphens may stand in a mail: each may begin a part, and each part takes memory.
pub const DASHES_MAX: usize = 200_000;
/// How many parts a mail has at most.
pub const PARTS_MAX: usize = 1_000;
/// The longest text that is read, in bytes; what is behind is cut off.
pub const TEXT_MAX_BYTES: usize = 1 << 20;
/// How much of a part's text is looked at for it, in bytes: empty lines and what does not show are left out of it.
const READ_MAX_BYTES: usize = 2 * TEXT_MAX_BYTES;
/// The longest subject, in characters.
pub const SUBJECT_MAX_CHARS: usize = 900;
/// The longest name of a person, in characters.
const NAME_MAX_CHARS: usize = 200;
/// The longest address, in characters; that of SMTP.
const ADDRESS_MAX_CHARS: usize = 254;
/// How many of the ids that a mail answers are looked at, from the newest on.
const ANSWERS_MAX: usize = 50;
/// How many recipients are looked at.
const RECIPIENTS_MAX: usize = 100;

/// A mail, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// What tells it from all others, in hex: the same however often and by whatever way it comes.
    pub sum: String,
    /// Its own id, without brackets.
    pub id: Option<String>,
    /// The ids of what it answers, the nearest first.
    pub answers: Vec<String>,
    /// Who writes; none where that is no address.
    pub from: Option<Sender>,
    /// Where answers are to go, where that is not `from`.
    pub reply_to: Option<Sender>,
    /// Whom it is to, in lower case: from all headers that say so.
    pub to: Vec<String>,
    /// One line; empty where there is none.
    pub subject: String,
    /// The words, with everything they quote.
    pub text: String,
    /// What was sent along.
    pub files: Vec<MailFile>,
    /// What tells that no person wrote it.
    pub marks: Marks,
    /// What a mail server reports of a mail of ours.
    pub report: Option<Report>,
}

impl Mail {
    /// Whoever is to be answered.
    pub(super) fn writer(&self) -> Option<&Sender> {
        self.reply_to.as_ref().or(self.from.as_ref())
    }
}

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Their name, on one line.
    pub name: Option<String>,
    /// Their address, in lower case.
    pub address: String,
}

/// A file that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFile {
    /// What its sender calls it, made harmless.
    pub name: String,
    /// What its sender says it is.
    pub said_type: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

/// Why a mail is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It has no headers.
    #[error("it has no headers, so it is no mail")]
    NoHeaders,
    /// Mails lie in mails too deep.
    #[error("more than {NESTED_MAX} mails may lie in it")]
    Nested,
    /// It may have more parts than there is memory for.
    #[error("it has more than {PARTS_MAX} parts, or may have")]
    Parts,
}

/// Reads a mail.
///
/// # Errors
/// [`Unreadable`]: it would take too much, or it is none.
pub fn read(raw: &[u8]) -> Result<Mail, Unreadable> {
    bounded(raw)?;
    let raw = charset::with_readable_head(raw);
    let parser = MessageParser::default();
    let message = parser.parse(raw.as_ref()).ok_or(Unreadable::NoHeaders)?;
    if message.headers().is_empty() {
        return Err(Unreadable::NoHeaders);
    }
    if message.parts.len() > PARTS_MAX {
        return Err(Unreadable::Parts);
    }
    let mail = Mail {
        sum: String::new(),
        id: message.message_id().map(|id| one_line(id, ADDRESS_MAX_CHARS * 4)),
        answers: answers(&message),
        from: message.from().and_then(first_of),
        reply_to: message.reply_to().and_then(first_of),
        to: recipients(&message),
        subject: one_line(message.subject().unwrap_or_default(), SUBJECT_MAX_CHARS),
        text: text(&message),
        files: files(&message),
        marks: Marks::of(&message),
        report: Report::of(&message),
    };
    Ok(Mail { sum: sum(&mail, &message, &raw), ..mail })
}

/// Refuses what would take too much before it is parsed: a parser keeps each part, and lets go of mails in mails one in
/// another.
fn bounded(raw: &[u8]) -> Result<(), Unreadable> {
    let nested = ["rfc822", "global", "digest"].iter().map(|word| count(raw, word.as_bytes())).sum::<usize>();
    // In plain text these words may stand as often as they like; only where a type is told they count.
    if nested > NESTED_MAX && types_told(raw) > NESTED_MAX {
        return Err(Unreadable::Nested);
    }
    let mut dashes = 0;
    let mut rest = raw.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'-' && rest.as_slice().first() == Some(&b'-') {
            rest.next();
            dashes += 1;
            if dashes > DASHES_MAX {
                return Err(Unreadable::Parts);
            }
        }
    }
    Ok(())
}

/// How often a part may be told to be a mail or a digest of mails.
fn types_told(raw: &[u8]) -> usize {
    let words: [&[u8]; 3] = [b"rfc822", b"global", b"digest"];
    let is_told = |at: usize, word: &[u8]| {
        raw[at..].get(..word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word))
            && raw[..at]
                .iter()
                .rev()
                .find(|byte| !byte.is_ascii_whitespace())
                .is_some_and(|byte| b"/)".contains(byte))
    };
    (0..raw.len()).filter(|at| words.iter().any(|word| is_told(*at, word))).count()
}

/// How often a word of ASCII stands there, in whatever case.
fn count(raw: &[u8], word: &[u8]) -> usize {
    raw.windows(word.len()).filter(|here| here.eq_ignore_ascii_case(word)).count()
}

/// What tells it from all others. A mail that comes by two ways has other `Received` headers in each, so they do not count;
/// and an id alone is not enough: there are programs that give all their mails one id, and whoever knows an id could send
/// another mail under it before. Where it has neither id nor date, nothing but the whole mail tells it from one with the
/// same words.
fn sum(mail: &Mail, message: &Message<'_>, raw: &[u8]) -> String {
    let mut sum = Sha256::new();
    let mut part = |bytes: &[u8]| {
        sum.update((bytes.len() as u64).to_be_bytes());
        sum.update(bytes);
    };
    let date = message.header_raw(HeaderName::Date).map(str::trim);
    if mail.id.is_none() && date.is_none() {
        part(raw);
    }
    part(mail.id.as_deref().unwrap_or_default().as_bytes());
    part(date.unwrap_or_default().as_bytes());
    part(mail.from.as_ref().map_or("", |from| from.address.as_str()).as_bytes());
    part(mail.subject.as_bytes());
    let words: Vec<&str> = mail.text.split_whitespace().collect();
    part(words.join(" ").as_bytes());
    for file in &mail.files {
        part(&file.bytes);
    }
    sum.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn answers(message: &Message<'_>) -> Vec<String> {
    let ids = |value: &HeaderValue<'_>| match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let references = ids(message.references()).into_iter().rev();
    let mut answers: Vec<String> = Vec::new();
    for id in ids(message.in_reply_to()).into_iter().chain(references).take(ANSWERS_MAX) {
        if !answers.contains(&id) {
            answers.push(id);
        }
    }
    answers
}

fn first_of(address: &Address<'_>) -> Option<Sender> {
    address.iter().find_map(sender)
}

fn sender(addr: &Addr<'_>) -> Option<Sender> {
    let address = address(addr.address.as_deref()?)?;
    let name = addr.name.as_deref().map(|name| one_line(name, NAME_MAX_CHARS));
    Some(Sender { name: name.filter(|name| !name.is_empty()), address })
}

/// An address in lower case; none where letters could not go there.
pub(super) fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c);
    let is_one = !local.is_empty() && !domain.is_empty() && !text.contains(odd) && !local.contains('@');
    (is_one && text.chars().count() <= ADDRESS_MAX_CHARS).then(|| text.to_lowercase())
}

/// Everybody whom it is to, by what its senders and its servers say.
fn recipients(message: &Message<'_>) -> Vec<String> {
    let by_senders = [message.to(), message.cc()].into_iter().flatten().flat_map(Address::iter);
    let by_senders = by_senders.filter_map(|addr| address(addr.address.as_deref()?));
    let by_servers = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];
    let by_servers = by_servers
        .into_iter()
        .filter_map(|name| address(message.header_raw(name)?.trim().trim_matches(['<', '>'])));
    let mut all: Vec<String> = Vec::new();
    for recipient in by_servers.chain(by_senders).take(RECIPIENTS_MAX) {
        if !all.contains(&recipient) {
            all.push(recipient);
        }
    }
    all
}

/// A text as one line of so many characters at most, without anything that does not show.
pub(super) fn one_line(text: &str, max_chars: usize) -> String {
    let hidden = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let shown: String =
        text.chars().filter(|c| !hidden(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max_chars {
        return line;
    }
    line.chars().take(max_chars - 1).chain(['…']).collect()
}

/// The words: the plain ones where there are any, else those of the HTML, else those of texts that are neither, for a
/// mail's parts may be told wrong.
fn text(message: &Message<'_>) -> String {
    let lists = [&message.text_body, &message.html_body, &nameless(message)];
    lists.into_iter().map(|parts| joined(message, parts)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// Texts that are no part of the body, and that nobody gave a name.
fn nameless(message: &Message<'_>) -> Vec<u32> {
    let is_nameless = |part: &MessagePart<'_>| {
        let is_file = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
        matches!(part.body, PartType::Text(_) | PartType::Html(_))
            && part.attachment_name().is_none()
            && !is_file
    };
    message.attachments.iter().copied().filter(|id| message.part(*id).is_some_and(is_nameless)).collect()
}

fn joined(message: &Message<'_>, parts: &[u32]) -> String {
    let mut text = String::new();
    for part in parts.iter().filter_map(|id| message.part(*id)) {
        let words = match &part.body {
            PartType::Text(_) => unflow(cut(&charset::text_of(message, part), READ_MAX_BYTES), part),
            PartType::Html(_) => html_to_text(&charset::text_of(message, part)),
            PartType::Binary(_)
            | PartType::InlineBinary(_)
            | PartType::Message(_)
            | PartType::Multipart(_) => continue,
        };
        let words = tidy(&words);
        if words.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&words);
        if text.len() > TEXT_MAX_BYTES {
            text.truncate(text.floor_char_boundary_of(TEXT_MAX_BYTES));
            break;
        }
    }
    text
}

/// Where a text may be cut.
trait Cut {
    /// The last place at or before `at` that is none within a character.
    fn floor_char_boundary_of(&self, at: usize) -> usize;
}

impl Cut for str {
    fn floor_char_boundary_of(&self, at: usize) -> usize {
        (0..=at.min(self.len())).rev().find(|at| self.is_char_boundary(*at)).unwrap_or(0)
    }
}

/// A text cut to so many bytes.
pub(super) fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary_of(max_bytes)]
}

/// Lines without what does not show, no more than two empty ones together, none at either end.
fn tidy(text: &str) -> String {
    let shown = |c: &char| {
        *c == '\n'
            || *c == '\t'
            || !(c.is_control()
                || matches!(c, '\u{200b}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'))
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\u{a0}', " ");
    let mut tidied = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line: String = line.chars().filter(shown).collect();
        let line = line.trim_end();
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= 2 && !(line.is_empty() && tidied.is_empty()) {
            tidied.push_str(line);
            tidied.push('\n');
        }
    }
    tidied.trim_end().to_owned()
}

fn files(message: &Message<'_>) -> Vec<MailFile> {
    let has_body = !message.text_body.is_empty() || !message.html_body.is_empty();
    let nameless = if has_body { Vec::new() } else { nameless(message) };
    let words =
        |id: &u32| [&message.text_body, &message.html_body, &nameless].iter().any(|parts| parts.contains(id));
    let parts = message.attachments.iter().filter(|id| !words(id)).filter_map(|id| message.part(*id));
    parts.map(|part| file(message, part)).collect()
}

fn file(message: &Message<'_>, part: &MessagePart<'_>) -> MailFile {
    let said_type = part.content_type().map_or_else(String::new, |told| {
        let subtype = told.subtype().unwrap_or_default();
        one_line(&format!("{}/{subtype}", told.ctype()), 100)
    });
    let bytes: Arc<[u8]> = match &part.body {
        PartType::Message(inner) => inner.raw_message().into(),
        PartType::Text(_) | PartType::Html(_) => charset::bytes_of(message, part).into(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.as_ref().into(),
        PartType::Multipart(_) => Arc::from([]),
    };
    let name = part.attachment_name().map(harmless_name);
    let name =
        name.unwrap_or_else(|| if part.is_message() { "letter.eml".to_owned() } else { "file".to_owned() });
    MailFile { name, said_type, bytes }
}
