//! What the page says, in the requester's language.

use calendars::{Timestamp, Tz};
use firmware_board::Language;

use crate::dates;

/// The words of one language.
#[derive(Clone, Copy)]
pub(super) struct Words(pub Language);

impl Words {
    /// One of both.
    pub(super) fn of(self, russian: &'static str, english: &'static str) -> &'static str {
        match self.0 {
            Language::Russian => russian,
            Language::English => english,
        }
    }

    /// The language, as HTML names it.
    pub(super) fn lang(self) -> &'static str {
        self.of("ru", "en")
    }

    /// When something was, in the zone of who promised: «24.11.2026 в 10:02 Мск».
    pub(super) fn moment(self, at: Timestamp, zone: Tz) -> String {
        dates::moment(at, zone, self.0)
    }

    /// Until when something is to be: «24.11.2026 18:00 Мск».
    pub(super) fn deadline(self, at: Timestamp, zone: Tz) -> String {
        dates::deadline(at, zone, self.0)
    }

    /// A link that opens nothing.
    pub(super) fn no_link(self) -> &'static str {
        self.of(
            "Такой страницы нет. Проверьте, что ссылка из письма скопирована целиком.",
            "There is no such page. Check that the link of the letter was copied whole.",
        )
    }

    /// The books cannot be read, or the desk is busy.
    pub(super) fn later(self) -> &'static str {
        self.of(
            "Сейчас показать обращение не получается. Попробуйте через несколько минут.",
            "The request cannot be shown now. Try again in a few minutes.",
        )
    }

    /// A form that is none of ours, or too long.
    pub(super) fn not_read(self) -> &'static str {
        self.of(
            "Форма пришла не целиком, и ничего не изменилось. Откройте ссылку из письма ещё раз.",
            "The form did not come whole, and nothing was changed. Open the link of the letter again.",
        )
    }

    /// Why nothing was done, by the stable code of the refusal.
    pub(super) fn refused(self, verb: &str, code: &str) -> &'static str {
        match (code, verb) {
            ("invalid-fields", "return") => {
                self.of("Напишите, что осталось не так.", "Say what is still wrong.")
            }
            ("invalid-fields", "answer") => self.of(
                "Напишите хотя бы слово; текст не должен быть длиннее 64 КБ.",
                "Write a word at least; the text may have 64 KB at most.",
            ),
            ("invalid-fields", _) => self.of(
                "Выберите одну из оценок; комментарий не должен быть длиннее 64 КБ.",
                "Choose one of the marks; the comment may have 64 KB at most.",
            ),
            ("revision-changed", _) => self.of(
                "Пока страница была открыта, обращение изменилось. Посмотрите, как оно выглядит теперь, и повторите, если нужно.",
                "The request has changed while the page was open. See how it stands now, and repeat it if needed.",
            ),
            ("window-over", _) => self.of(
                "Время, чтобы вернуть обращение, вышло. Напишите нам: мы заведём новое и свяжем его с этим.",
                "The time to return this request is over. Write to us: we will open another that follows it.",
            ),
            ("closed", _) => self.of("Обращение уже закрыто.", "The request is closed already."),
            ("not-resolved" | "not-open", _) => {
                self.of("Сейчас это уже нельзя сделать.", "This cannot be done any more now.")
            }
            _ => self.of(
                "Сейчас это не получилось, и ничего не изменилось. Попробуйте через несколько минут.",
                "That did not work, and nothing was changed. Try again in a few minutes.",
            ),
        }
    }
}
