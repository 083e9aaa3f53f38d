//! Texts whose charset nobody told, or told wrong. What is no UTF-8 is taken for Russian in windows-1251 or KOI8-R,
//! whichever its letters make likelier.

use std::borrow::Cow;

use encoding_rs::{Encoding, KOI8_R, WINDOWS_1251};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding as Transfer, Message, MessagePart, MimeHeaders, PartType};

use super::read::cut;

/// How much of a text is looked at to see in which charset it is, in bytes.
const HEAD_BYTES: usize = 64 << 10;

/// A mail whose headers are UTF-8: those of old programs are written as they came from the keyboard.
pub(super) fn with_readable_head(raw: &[u8]) -> Cow<'_, [u8]> {
    let end = head_end(raw);
    if std::str::from_utf8(&raw[..end]).is_ok() {
        return Cow::Borrowed(raw);
    }
    let mut readable = guess(&raw[..end]).into_bytes();
    readable.extend_from_slice(&raw[end..]);
    Cow::Owned(readable)
}

/// Where the headers end.
fn head_end(raw: &[u8]) -> usize {
    let mut line_start = 0;
    while let Some(length) = raw[line_start..].iter().position(|byte| *byte == b'\n') {
        if raw[line_start..line_start + length].iter().all(|byte| *byte == b'\r') {
            return line_start;
        }
        line_start += length + 1;
    }
    raw.len()
}

/// The text of a part of a mail.
pub(super) fn text_of<'a>(message: &'a Message<'_>, part: &'a MessagePart<'_>) -> Cow<'a, str> {
    let (PartType::Text(text) | PartType::Html(text)) = &part.body else { return Cow::Borrowed("") };
    let told = part.content_type().and_then(|told| told.attribute("charset"));
    let says_nothing = told.is_none_or(|charset| {
        let charset = charset.to_ascii_lowercase();
        matches!(charset.as_str(), "us-ascii" | "utf-8" | "utf8" | "unknown-8bit" | "iso-8859-1")
            || Encoding::for_label(charset.as_bytes()).is_none()
    });
    // `iso-8859-1` is what programs say that do not know; read so, Russian letters are Latin ones with accents.
    let head = cut(text, HEAD_BYTES);
    let is_doubtful = text.contains('\u{fffd}')
        || head.chars().filter(|c| matches!(c, 'À'..='ÿ')).count() * 4 > head.len() / 2;
    if !says_nothing || !is_doubtful {
        return Cow::Borrowed(text);
    }
    let bytes = bytes_of(message, part);
    if std::str::from_utf8(&bytes).is_ok() { Cow::Borrowed(text) } else { Cow::Owned(guess(&bytes)) }
}

/// The bytes of a part as its sender had them.
pub(super) fn bytes_of(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    let (start, end) = (part.raw_body_offset() as usize, part.raw_end_offset() as usize);
    let raw = message.raw_message().get(start..end).unwrap_or_default();
    let decoded = match part.encoding {
        Transfer::None => None,
        Transfer::QuotedPrintable => quoted_printable_decode(raw),
        Transfer::Base64 => base64_decode(raw),
    };
    decoded.unwrap_or_else(|| raw.to_vec())
}

/// A text that is UTF-8, or Russian in one of two charsets: small letters are most of a text, and they lie in the upper
/// half of the one and in the lower half of the other.
fn guess(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let upper = bytes.iter().filter(|byte| **byte >= 0xe0).count();
    let lower = bytes.iter().filter(|byte| matches!(byte, 0xc0..=0xdf)).count();
    let charset = if upper >= lower { WINDOWS_1251 } else { KOI8_R };
    charset.decode_without_bom_handling(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_that_nobody_told_the_charset_of_is_read_by_its_letters() {
        let text = "Не печатается накладная, посмотрите пожалуйста";
        for charset in [WINDOWS_1251, KOI8_R] {
            let (bytes, _, _) = charset.encode(text);
            assert_eq!(guess(&bytes), text, "{}", charset.name());
        }
        assert_eq!(guess(text.as_bytes()), text);
    }

    #[test]
    fn headers_end_at_the_first_empty_line_however_lines_end() {
        assert_eq!(head_end(b"A: b\r\n\r\nbody"), 6);
        assert_eq!(head_end(b"A: b\n\nbody"), 5);
        assert_eq!(head_end(b"A: b"), 4);
    }
}
