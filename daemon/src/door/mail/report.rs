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
    /// Whom it was to, where somebody has it sent on from there; empty where it does not say.
    pub original: String,
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
        let text = cut(text, 16 << 10).replace("\r\n", "\n");
        let told: Vec<Self> = text.split("\n\n").map(Self::of_recipient).collect();
        let some = |told: &&Self| !told.action.is_empty() || !told.recipient.is_empty();
        let failed = told.iter().filter(some).find(|told| told.is_failure());
        if let Some(told) = failed.or_else(|| told.iter().find(some)) {
            *self = Self { of: self.of.take(), ..told.clone() };
        }
    }

    /// What stands in the lines of one recipient.
    fn of_recipient(lines: &str) -> Self {
        let mut told = Self::default();
        for line in lines.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = one_line(value.split_once(';').map_or(value, |(_, value)| value), WORDS_MAX_CHARS);
            match name.trim().to_ascii_lowercase().as_str() {
                "action" => told.action = value.to_lowercase(),
                "final-recipient" => told.recipient = value,
                "original-recipient" => told.original = value,
                "diagnostic-code" => told.words = value,
                "status" if told.words.is_empty() => told.words = value,
                _ => {}
            }
        }
        told
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_recipients_the_one_counts_that_it_failed_for() {
        let told = "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n\r\n\
                    Original-Recipient: rfc822; c@b.example\r\nFinal-Recipient: rfc822; d@b.example\r\nAction: Failed\r\nStatus: 5.1.1\r\n\
                    Diagnostic-Code: smtp; 550 unknown\r\n";
        let mut report = Report { of: Some("x".to_owned()), ..Report::default() };
        report.note(told);
        let expected = Report {
            of: Some("x".to_owned()),
            action: "failed".to_owned(),
            recipient: "d@b.example".to_owned(),
            original: "c@b.example".to_owned(),
            words: "550 unknown".to_owned(),
        };
        assert_eq!(report, expected);
        assert!(report.is_failure());
    }

    #[test]
    fn what_is_late_has_not_failed() {
        let mut report = Report::default();
        report.note("Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b.example\nAction: delayed\nStatus: 4.4.1\n");
        assert_eq!(
            (report.action.as_str(), report.words.as_str(), report.is_failure()),
            ("delayed", "4.4.1", false)
        );
    }
}
