//! The reader of mail as a function of bytes, for the fuzzers of `tests/fuzz`.

use super::read::{self, PARTS_MAX, SUBJECT_MAX_CHARS, TEXT_MAX_BYTES, one_line};
use super::trim::own_words;

/// What is read of a mail holds its bounds, whatever is sent.
pub fn mail(bytes: &[u8]) {
    let Ok(mail) = read::read(bytes) else { return };
    assert!(mail.subject.chars().count() <= SUBJECT_MAX_CHARS, "the subject is bounded");
    assert_eq!(
        mail.subject,
        one_line(&mail.subject, SUBJECT_MAX_CHARS),
        "the subject is one line that shows"
    );
    assert!(mail.text.len() <= TEXT_MAX_BYTES, "the text is bounded");
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!mail.text.contains(odd), "the text has nothing that controls: {:?}", mail.text);
    assert!(own_words(&mail.text).len() <= mail.text.len(), "an answer is a part of the text");
    assert!(mail.files.len() <= PARTS_MAX, "files are bounded");
    let all: usize = mail.files.iter().map(|file| file.bytes.len()).sum();
    assert!(all <= bytes.len() * 4, "files are no longer than the mail");
    assert_eq!(mail.sum.len(), 64, "a sum is SHA-256 in hex");
    for sender in mail.from.iter().chain(&mail.reply_to) {
        let is_one = sender.address.matches('@').count() == 1
            && !sender.address.contains(['\r', '\n', ' ', '<', '>', ',']);
        assert!(is_one, "an address is one: {:?}", sender.address);
        assert!(!sender.name.as_deref().unwrap_or_default().contains(['\r', '\n']), "a name is one line");
    }
    assert_eq!(read::read(bytes).map(|again| again.sum), Ok(mail.sum), "a mail has one sum");
}
