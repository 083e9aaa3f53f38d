//! What a file is, by what is in it: neither its name nor what its sender says counts.
//!
//! A picture or a document is told by how it begins and, where its form has an end, by how it ends, so that nothing
//! stands behind it: a file that is a picture to one program and an archive or a page to another is refused. None is
//! decoded: a picture that unpacks to a thousand times its size is harmless here, and its reader's matter.
//!
//! Text is what has no control characters but those of texts and logs, and is UTF-8, or by its letters Russian in
//! windows-1251 or in the code page 866 of a console. Markup that a browser would carry out is no text.

use std::collections::VecDeque;

use crate::desk::AttachmentKind;

/// How much of the beginning is looked at, in bytes.
const HEAD_BYTES: usize = 4 << 10;
/// How much of the end is looked at, in bytes.
const TAIL_BYTES: usize = 1 << 10;
/// What makes text a page, wherever it stands in the beginning.
const HTML: [&str; 12] = [
    "<!doctype html",
    "<html",
    "<head",
    "<body",
    "<script",
    "<iframe",
    "<title",
    "<style",
    "<table",
    "<a ",
    "<img",
    "<meta",
];
/// How every PNG ends: an empty chunk `IEND` and its checksum.
const PNG_END: [u8; 12] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82];

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Which kind.
    pub kind: AttachmentKind,
    /// With the parameter `charset`, where it is text.
    pub media_type: &'static str,
}

/// Why a file is none that is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It is something else.
    #[error("is {0}")]
    Other(String),
    /// It begins as what it seems to be and does not end so.
    #[error("begins as {0}, but is cut short or has something behind its end")]
    End(&'static str),
}

/// Looks at a file as it comes in.
#[derive(Debug, Default)]
pub struct Looking {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    text: Text,
}

impl Looking {
    /// Looks at what comes next.
    ///
    /// # Errors
    /// [`NotTaken`] as soon as it can be said, so that the rest need not come.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), NotTaken> {
        let was_short = self.head.len() < HEAD_BYTES;
        let room = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        let end = &piece[piece.len().saturating_sub(TAIL_BYTES)..];
        self.tail.extend(end);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL_BYTES));
        if picture_or_document(&self.head).is_some() {
            return Ok(());
        }
        self.text.take(piece);
        // Longer beginnings tell better what it is.
        if !self.text.may_be_text() && (self.head.len() == HEAD_BYTES || !was_short) {
            return Err(self.other());
        }
        Ok(())
    }

    /// What it is, when all of it has come.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn end(mut self) -> Result<Content, NotTaken> {
        if self.head.is_empty() {
            return Err(NotTaken::Empty);
        }
        let tail = self.tail.make_contiguous();
        if let Some(content) = picture_or_document(&self.head) {
            let ends = match content.kind {
                AttachmentKind::Png => tail.ends_with(&PNG_END),
                AttachmentKind::Gif => tail.ends_with(&[0x3b]),
                AttachmentKind::Pdf => find(tail, b"%%EOF"),
                // Cameras and telephones write their own behind its end.
                AttachmentKind::Jpg | AttachmentKind::Text => true,
            };
            return if ends { Ok(content) } else { Err(NotTaken::End(content.media_type)) };
        }
        if let Some(markup) = markup(&self.head) {
            return Err(NotTaken::Other(markup.to_owned()));
        }
        let media_type = self.text.charset().ok_or_else(|| self.other())?;
        Ok(Content { kind: AttachmentKind::Text, media_type })
    }

    fn other(&self) -> NotTaken {
        let known = infer::get(&self.head).map(|known| known.mime_type().to_owned());
        NotTaken::Other(known.unwrap_or_else(|| {
            if self.head.starts_with(&[0xff, 0xfe]) || self.head.starts_with(&[0xfe, 0xff]) {
                "text in UTF-16, which is to be saved as UTF-8".to_owned()
            } else {
                "of no known kind (application/octet-stream)".to_owned()
            }
        }))
    }
}

/// A picture or document by its beginning.
fn picture_or_document(head: &[u8]) -> Option<Content> {
    let (kind, media_type) = match infer::get(head)?.mime_type() {
        // A segment begins behind the start, as in every real one.
        "image/jpeg" if matches!(head.get(3), Some(0xc0..=0xfe)) => (AttachmentKind::Jpg, "image/jpeg"),
        "image/gif" if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") => {
            (AttachmentKind::Gif, "image/gif")
        }
        "image/png" if head.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") => {
            (AttachmentKind::Png, "image/png")
        }
        "application/pdf" if head.starts_with(b"%PDF-") => (AttachmentKind::Pdf, "application/pdf"),
        _ => return None,
    };
    Some(Content { kind, media_type })
}

/// What a browser would carry out, by its beginning.
fn markup(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head).to_lowercase();
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !begins.starts_with('<') {
        return None;
    }
    if begins.contains("<svg") || begins.contains("<!doctype svg") {
        return Some("image/svg+xml");
    }
    HTML.iter().any(|tag| begins.contains(tag)).then_some("text/html")
}

fn find(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

/// Whether what has come is text, and in which letters.
#[derive(Debug, Default)]
struct Text {
    has_control: bool,
    is_not_utf8: bool,
    /// The beginning of a character whose rest is still to come.
    begun: Vec<u8>,
    /// How many bytes are no ASCII, and how many of them are letters of a Russian text by either table.
    high: u64,
    letters_1251: u64,
    letters_866: u64,
    /// A byte that windows-1251 does not have.
    has_hole: bool,
}

impl Text {
    fn take(&mut self, piece: &[u8]) {
        for byte in piece {
            match byte {
                b'\t' | b'\n' | b'\r' | 0x08 | 0x0c | 0x1b | 0x20..=0x7e => {}
                0..=0x1f | 0x7f => self.has_control = true,
                0x80.. => self.high(*byte),
            }
        }
        self.take_utf8(piece);
    }

    fn high(&mut self, byte: u8) {
        self.high += 1;
        self.has_hole |= byte == 0x98;
        self.letters_1251 += u64::from(matches!(byte, 0xc0..=0xff | 0xa8 | 0xb8));
        self.letters_866 += u64::from(matches!(byte, 0x80..=0xaf | 0xe0..=0xf1));
    }

    fn take_utf8(&mut self, piece: &[u8]) {
        if self.is_not_utf8 {
            return;
        }
        let joined;
        let piece = if self.begun.is_empty() {
            piece
        } else {
            joined = [self.begun.as_slice(), piece].concat();
            &joined
        };
        let left = match std::str::from_utf8(piece) {
            Ok(_) => Vec::new(),
            Err(error) if error.error_len().is_none() => piece[error.valid_up_to()..].to_vec(),
            Err(_) => {
                self.is_not_utf8 = true;
                Vec::new()
            }
        };
        self.begun = left;
    }

    fn may_be_text(&self) -> bool {
        !self.has_control && (!self.is_not_utf8 || self.russian().is_some())
    }

    fn charset(&self) -> Option<&'static str> {
        if self.has_control {
            return None;
        }
        if !self.is_not_utf8 && self.begun.is_empty() {
            return Some("text/plain; charset=utf-8");
        }
        self.russian()
    }

    /// Nearly all that is no ASCII are letters, by the table that makes more of it so.
    fn russian(&self) -> Option<&'static str> {
        let enough = |letters: u64| letters * 10 >= self.high * 8;
        if self.letters_1251 >= self.letters_866 {
            (enough(self.letters_1251) && !self.has_hole).then_some("text/plain; charset=windows-1251")
        } else {
            enough(self.letters_866).then_some("text/plain; charset=ibm866")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0....\0\0\0\0IEND\xae\x42\x60\x82";
    const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0....\x3b";
    const JPG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0....\xff\xd9";
    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n";

    fn told(bytes: &[u8]) -> Result<Content, NotTaken> {
        let whole = {
            let mut looking = Looking::default();
            looking.take(bytes).and_then(|()| looking.end())
        };
        let mut looking = Looking::default();
        let in_pieces =
            bytes.chunks(3).try_for_each(|piece| looking.take(piece)).and_then(|()| looking.end());
        assert_eq!(whole.is_ok(), in_pieces.is_ok(), "however it comes in");
        whole
    }

    fn media_type(bytes: &[u8]) -> &'static str {
        told(bytes).unwrap().media_type
    }

    #[test]
    fn pictures_and_documents_are_known_by_beginning_and_end() {
        for (bytes, expected) in
            [(PNG, "image/png"), (GIF, "image/gif"), (JPG, "image/jpeg"), (PDF, "application/pdf")]
        {
            assert_eq!(media_type(bytes), expected);
            if expected != "image/jpeg" {
                assert!(told(&bytes[..bytes.len() - 8]).is_err(), "{expected} cut short");
            }
        }
    }

    #[test]
    fn what_is_a_picture_and_something_else_besides_is_refused() {
        let behind = |picture: &[u8], more: &[u8]| told(&[picture, more].concat());
        assert_eq!(behind(PNG, b"PK\x03\x04 an archive"), Err(NotTaken::End("image/png")));
        assert_eq!(behind(GIF, b"<script>alert(1)</script>"), Err(NotTaken::End("image/gif")));
        assert_eq!(behind(PDF, &[0x20; 2 * TAIL_BYTES]), Err(NotTaken::End("application/pdf")));
        assert!(told(b"GIF89a=1;alert(1)//").is_err());
    }

    #[test]
    fn text_is_utf8_or_russian_letters_of_one_of_two_tables() {
        assert_eq!(media_type("Ошибка 500\r\n\tв отчёте".as_bytes()), "text/plain; charset=utf-8");
        assert_eq!(media_type(b"\xef\xbb\xbfplain"), "text/plain; charset=utf-8");
        assert_eq!(media_type(b"\x1b[31mERROR\x1b[0m red\n"), "text/plain; charset=utf-8");
        // «Ошибка печати» by either table.
        let by_1251 = b"\xce\xf8\xe8\xe1\xea\xe0 \xef\xe5\xf7\xe0\xf2\xe8";
        assert_eq!(media_type(by_1251), "text/plain; charset=windows-1251");
        let by_866 = b"\x8e\xe8\xa8\xa1\xaa\xa0 \xaf\xa5\xe7\xa0\xe2\xa8";
        assert_eq!(media_type(by_866), "text/plain; charset=ibm866");
    }

    #[test]
    fn what_only_looks_like_text_is_none() {
        let check = |bytes: &[u8], what: &str| match told(bytes) {
            Err(NotTaken::Other(told)) => assert!(told.contains(what), "{told} is not {what}"),
            other => panic!("{what}: {other:?}"),
        };
        check(b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff", "portable-executable");
        check(&[b"\x7fELF\x02\x01\x01\0".as_slice(), &[0; 60]].concat(), "x-executable");
        check(b"PK\x03\x04\x14\0\0\0", "zip");
        check(b"<!DOCTYPE html><p>", "text/html");
        check(b"  \n<ScRiPt>alert(1)</script>", "text/html");
        check(b"<!-- a --><body onload=alert(1)>", "text/html");
        check(b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "svg");
        check(b"\xff\xfea\0b\0", "UTF-16");
        check(b"a\0b", "application/octet-stream");
        check(&[0x90, 0x02].repeat(100), "application/octet-stream");
        // Lines of a table's frame are no letters, and by the other table their bytes are no text at all.
        check(&[0xb0, 0xb2, 0x98, 0xfe].repeat(50), "application/octet-stream");
        assert_eq!(told(b""), Err(NotTaken::Empty));
        // A log in XML is a log.
        assert_eq!(media_type(b"<?xml version=\"1.0\"?><log><e>1</e></log>"), "text/plain; charset=utf-8");
        // Half a character at the end.
        assert!(told("печат\u{44c}".as_bytes().split_last().unwrap().1).is_err());
    }

    #[test]
    fn what_is_no_text_is_told_before_all_of_it_has_come() {
        let mut looking = Looking::default();
        let mut taken = 0;
        let refused = (0..100).find_map(|_| {
            taken += 1;
            looking.take(&[0x01; 1_000]).err()
        });
        assert!(refused.is_some() && taken < 10, "{taken}");
    }
}
