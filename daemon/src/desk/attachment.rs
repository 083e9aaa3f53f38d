//! What belongs to a ticket and is no part of its record: files, and access data that is sealed.
//!
//! The desk knows that they are there, whose they are and who may have them. Their bytes are kept elsewhere
//! (`crate::store`), each under the `id` that the record names.

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

/// The most attachments of a ticket.
pub const ATTACHMENTS_MAX: usize = 100;
/// The longest name of an attachment, in characters.
pub const NAME_MAX_CHARS: usize = 200;

/// What an attachment can be, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttachmentKind {
    /// A JPEG picture.
    Jpg,
    /// A GIF picture.
    Gif,
    /// A PNG picture.
    Png,
    /// A PDF document.
    Pdf,
    /// Plain text: a log.
    Text,
}

impl AttachmentKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Jpg, Self::Gif, Self::Png, Self::Pdf, Self::Text];

    /// The id as it stands in regulations.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Gif => "gif",
            Self::Png => "png",
            Self::Pdf => "pdf",
            Self::Text => "text",
        }
    }

    /// The kind of that id.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// The kind of that media type, whatever its parameters say.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type.split(';').next().unwrap_or_default().trim() {
            "image/jpeg" => Some(Self::Jpg),
            "image/gif" => Some(Self::Gif),
            "image/png" => Some(Self::Png),
            "application/pdf" => Some(Self::Pdf),
            "text/plain" => Some(Self::Text),
            _ => None,
        }
    }

    /// The ids of these, for people.
    pub fn list(kinds: &[Self]) -> String {
        kinds.iter().map(|kind| kind.id()).collect::<Vec<_>>().join(", ")
    }
}

/// A file as it came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Names its bytes; unique on the box.
    pub id: SmolStr,
    /// What the sender called it, made harmless.
    pub name: String,
    /// What it is, by its content.
    pub media_type: SmolStr,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: SmolStr,
}

/// A file of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file.
    #[serde(flatten)]
    pub file: Attached,
    /// When it came in.
    pub at: Timestamp,
    /// Who brought it.
    pub by: SmolStr,
}

/// Access data of a ticket: that it is there. What it says is sealed (PM-C7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedText {
    /// Which of the regulation's sealed fields, without `fields.`.
    pub field: SmolStr,
    /// Names its bytes; another each time it is put.
    pub id: SmolStr,
    /// When it was put.
    pub at: Timestamp,
    /// Who put it.
    pub by: SmolStr,
}

/// What a sender calls a file, made harmless: one line of at most [`NAME_MAX_CHARS`], with nothing in it that is a path,
/// that cannot be seen, or that turns the order of the letters round. `file` where nothing is left.
pub fn harmless_name(given: &str) -> String {
    // A browser of old sends the whole path.
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = |c: &char| !c.is_control() && !is_invisible(*c);
    let seen: String =
        last.chars().filter(shown).map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    // Neither a hidden file nor one above, wherever it is saved.
    let name = seen.trim().trim_start_matches('.').trim_end_matches(['.', ' ']);
    if name.is_empty() { "file".to_owned() } else { shortened(name) }
}

/// Characters without a width, and those that turn the direction of what follows.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The name, shortened in its middle, so that its end still says what it is.
fn shortened(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    if chars.len() <= NAME_MAX_CHARS {
        return name.to_owned();
    }
    let end = chars.len() - 20;
    chars[..NAME_MAX_CHARS - 21].iter().chain(&['…']).chain(&chars[end..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_harmless_line() {
        for (given, expected) in [
            ("Скриншот 1.png", "Скриншот 1.png"),
            ("C:\\Users\\Анна\\отчёт.pdf", "отчёт.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..", "file"),
            ("", "file"),
            ("a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1"),
            ("invoice\u{202e}gpj.exe", "invoicegpj.exe"),
            (".bashrc", "bashrc"),
            ("a\u{0}b\u{200b}c", "abc"),
            ("\"><script>", "___script_"),
        ] {
            assert_eq!(harmless_name(given), expected, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        let name = harmless_name(&format!("{}.png", "ж".repeat(5_000)));
        assert_eq!(name.chars().count(), NAME_MAX_CHARS);
        assert!(name.ends_with("жж.png") && name.contains('…'), "{name}");
    }

    #[test]
    fn every_kind_is_known_by_its_id() {
        for kind in AttachmentKind::ALL {
            assert_eq!(AttachmentKind::of_id(kind.id()), Some(kind));
        }
        assert_eq!(AttachmentKind::of_media_type("text/plain; charset=utf-8"), Some(AttachmentKind::Text));
        assert_eq!(AttachmentKind::of_media_type("text/html"), None);
    }
}
