//! Delivery reports (RFC 3464): what a mail server says became of a mail.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use super::marks::first_text;
use super::read::{cut, one_line};

/// The longest of its texts, in characters.
pub(super) const WORDS_MAX_CHARS: usize = 500;

/// What a mail server reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The id of the mail that it is about, without brackets.
    pub of: Option<String>,
    /// `failed`, `delayed`, `delivered`, …; empty where it does not say.
    pub action: String,
    /// Whom the mail could not be brought to.
    pub recipient: String,
    /// The status and the other server's words.
    pub words: String,
}

impl Report {
    /// What a mail reports; none where it is no report.
    pub(super) fn of(message: &Message<'_>) -> Option<Self> {
        let told = message.content_type()?;
        let is_report = told.ctype().eq_ignore_ascii_case("multipart")
            && told.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"));
        if !is_report {
            return None;
        }
        let mut report = Self::default();
        for part in &message.parts {
            let Some(told) = part.content_type() else { continue };
            match (told.ctype(), told.subtype().unwrap_or_default(), &part.body) {
                ("message", "delivery-status" | "global-delivery-status", body) => report.note(&text(body)),
                ("message" | "text", "rfc822-headers" | "global-headers", body) => {
                    let headers = text(body);
                    let inner = MessageParser::default().parse_headers(headers.as_bytes());
                    report.of = inner.and_then(|inner| first_text(inner.header("Message-ID")?));
                }
                ("message", _, PartType::Message(inner)) => {
                    report.of = inner.message_id().map(str::to_owned);
                }
                _ => {}
            }
        }
        Some(report)
    }

    /// Whether it says that somebody has not got a mail, and will not.
    pub fn is_failure(&self) -> bool {
        matches!(self.action.as_str(), "failed" | "")
    }

    /// Takes what it says of the first recipient that it failed for, or of the first.
    fn note(&mut self, text: &str) {
        for line in cut(text, 16 << 10).lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = one_line(value.split_once(';').map_or(value, |(_, value)| value), WORDS_MAX_CHARS);
            let place = match name.trim().to_ascii_lowercase().as_str() {
                "action" => &mut self.action,
                "final-recipient" => &mut self.recipient,
                "diagnostic-code" => &mut self.words,
                "status" if self.words.is_empty() => &mut self.words,
                _ => continue,
            };
            if place.is_empty() || name.trim().eq_ignore_ascii_case("diagnostic-code") {
                *place = value;
            }
        }
        self.action = self.action.to_lowercase();
    }
}

fn text(body: &PartType<'_>) -> String {
    match body {
        PartType::Text(text) | PartType::Html(text) => text.to_string(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        PartType::Message(_) | PartType::Multipart(_) => String::new(),
    }
}
