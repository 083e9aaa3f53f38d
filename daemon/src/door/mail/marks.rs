//! What a mail's headers tell of who or what wrote it. Read here, judged in [`super::kind`].

use mail_parser::{HeaderName, HeaderValue, Message};

use super::read::one_line;
use crate::mail::OF_A_DESK;

/// What tells that no person wrote a mail, or not to the desk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a header that is there or not")]
pub struct Marks {
    /// `Auto-Submitted`, in lower case without its parameters; empty where it is not there.
    pub auto_submitted: String,
    /// `Precedence`, in lower case.
    pub precedence: String,
    /// Whether it comes from a mailing list.
    pub is_of_list: bool,
    /// What that list is called: the addresses and ids in `List-Post` and `List-Id`, in lower case.
    pub lists: Vec<String>,
    /// Whether a program says of it that it answers by itself: `X-Autoreply`, `X-Autorespond`, `X-Auto-Reply`.
    pub is_auto_reply: bool,
    /// Whether whoever sent it is nobody: an empty `Return-Path`.
    pub has_no_return: bool,
    /// Whether a filter marked it as spam.
    pub is_spam: bool,
    /// Whether this desk, or another one, wrote it: `X-Andon`.
    pub is_of_desk: bool,
    /// How many servers it has passed.
    pub received: usize,
}

impl Marks {
    pub(super) fn of(message: &Message<'_>) -> Self {
        let text =
            |name: &'static str| message.header_raw(name).map(|value| one_line(value, 200).to_lowercase());
        let first_word = |name| {
            let word = text(name).unwrap_or_default();
            word.split([';', ' ', '(']).next().unwrap_or_default().to_owned()
        };
        let is_there = |names: &[&'static str]| names.iter().any(|name| message.header_raw(*name).is_some());
        let says_yes = |name| text(name).is_some_and(|value| value.starts_with("yes"));
        let subject = message.subject().unwrap_or_default().trim().to_lowercase();
        Self {
            auto_submitted: first_word("Auto-Submitted"),
            precedence: first_word("Precedence"),
            is_of_list: is_there(&["List-Id", "List-Unsubscribe", "List-Post", "Mailing-List"]),
            lists: ["List-Id", "List-Post"]
                .into_iter()
                .filter_map(text)
                .flat_map(|value| names_in(&value))
                .collect(),
            is_auto_reply: is_there(&["X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Mail-Autoreply"])
                || is_auto_reply(&subject),
            // A server on its way may have put one of its own below ours.
            has_no_return: message
                .headers_raw()
                .any(|(name, path)| name.eq_ignore_ascii_case("Return-Path") && path.trim() == "<>"),
            is_spam: says_yes("X-Spam-Flag")
                || says_yes("X-Spam-Status")
                || says_yes("X-Spam")
                || is_yandex_spam(message),
            is_of_desk: is_there(&[OF_A_DESK]),
            received: message.headers().iter().filter(|header| header.name == HeaderName::Received).count(),
        }
    }
}

/// The subjects of those who answer by themselves and say so nowhere else.
const AUTO_REPLY_SUBJECTS: [&str; 9] = [
    "out of office",
    "out of office autoreply",
    "automatic reply",
    "auto-reply",
    "autoreply",
    "автоответ",
    "автоматический ответ",
    "нет на рабочем месте",
    "я в отпуске",
];

/// Whether a subject is one of a program: nothing but such words, or a colon behind them. «Автоответчик не работает» is a
/// person's.
fn is_auto_reply(subject: &str) -> bool {
    let is_all = |rest: &str| rest.is_empty() || rest.starts_with(':');
    AUTO_REPLY_SUBJECTS.iter().any(|words| subject.strip_prefix(words).is_some_and(is_all))
}

/// The addresses and ids in a header of a list.
fn names_in(value: &str) -> Vec<String> {
    let names = value.split(|c: char| c.is_whitespace() || "<>,:".contains(c));
    names.filter(|name| name.contains(['@', '.'])).map(str::to_owned).collect()
}

fn is_yandex_spam(message: &Message<'_>) -> bool {
    message.header_raw("X-Yandex-Spam").is_some_and(|value| value.trim() == "4")
}

/// The first text of a header's value.
pub(super) fn first_text(value: &HeaderValue<'_>) -> Option<String> {
    match value {
        HeaderValue::Text(text) => Some(text.to_string()),
        HeaderValue::TextList(texts) => texts.first().map(ToString::to_string),
        _ => None,
    }
}
