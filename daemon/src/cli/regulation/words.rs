//! The words of the rows of `regulation diff`: a regulation's own titles for its ids, and words for what its file says.
//!
//! What is not known here is shown as the file has it, so that a key that is added to the files needs no word.

use toml::{Table, Value};

use crate::desk::regulation::{Difference, Language};

/// Sections in the order they are told.
const SECTIONS: [(&str, &str, &str); 18] = [
    ("regulation", "Весь регламент", "The whole"),
    ("type", "Типы", "Types"),
    ("priority", "Приоритеты", "Priorities"),
    ("priority-rule", "Правила приоритета", "Priority rules"),
    ("status", "Статусы", "Statuses"),
    ("verb", "Команды", "Verbs"),
    ("line", "Линии", "Lines"),
    ("calendar", "Календари", "Calendars"),
    ("channel", "Каналы", "Channels"),
    ("field", "Поля", "Fields"),
    ("field.values", "Значения полей", "Field values"),
    ("clock", "Сроки", "Clocks"),
    ("clock.target", "Сколько дано", "Terms"),
    ("mark", "Оценки", "Marks"),
    ("reason", "Причины", "Reasons"),
    ("source", "Источники проблем", "Sources"),
    ("bug-report", "Сообщение об ошибке", "Bug report"),
    ("forbidden-phrase", "Запретные слова", "Forbidden phrases"),
];

/// Keys, for readers of Russian; an English one reads the key itself.
const KEYS: [(&str, &str); 58] = [
    ("alarm", "тревога, пока открыто"),
    ("at-end", "по истечении"),
    ("basis", "что считает"),
    ("calendar", "календарь"),
    ("channel", "канал"),
    ("channels", "каналы"),
    ("clause", "пункт"),
    ("close", "до"),
    ("criteria", "признаки"),
    ("days", "дни"),
    ("default", "если не поставлена"),
    ("end-reason", "причина закрытия"),
    ("end-status", "статус закрытия"),
    ("fields", "поля"),
    ("from", "из статуса"),
    ("holds-from", "действует с"),
    ("hours", "часы"),
    ("initial-status", "первый статус"),
    ("kind", "что в нём"),
    ("knowledge-base", "база знаний"),
    ("line", "линия"),
    ("moves", "куда переводят"),
    ("note", "примечание"),
    ("open", "с"),
    ("or", "или"),
    ("outcome", "что делается"),
    ("passes-to", "сам переходит в"),
    ("pauses-in", "стоит в"),
    ("priority", "приоритет"),
    ("priority-source", "откуда приоритет"),
    ("production", "производственный календарь"),
    ("reopens", "снова идёт"),
    ("required", "обязательно"),
    ("restarts", "начинается заново"),
    ("roles", "кому можно"),
    ("routes", "передаёт на линии"),
    ("service", "услуга"),
    ("set-by-lines", "ставят только линии"),
    ("short-days", "короткие дни"),
    ("site", "решает площадка"),
    ("stage", "стадия"),
    ("starts", "идёт с"),
    ("stops", "идёт до"),
    ("target", "сколько дано"),
    ("term", "срок"),
    ("title", "название"),
    ("title-words", "слов в заголовке"),
    ("to", "в статус"),
    ("type", "тип"),
    ("types", "типы"),
    ("urgency", "срочность"),
    ("urgent-channel", "канал срочных сообщений"),
    ("values", "значения"),
    ("version", "версия"),
    ("waiting", "ждём других"),
    ("warn-before", "предупреждение за"),
    ("wished", "желательно"),
    ("zone", "часовой пояс"),
];

/// Keys whose words are the files' own vocabulary.
const VOCABULARY: [&str; 11] = [
    "at-end",
    "basis",
    "calendar",
    "kind",
    "priority-source",
    "reopens",
    "restarts",
    "short-days",
    "stage",
    "starts",
    "stops",
];

/// That vocabulary, for readers of Russian.
const VALUES: [(&str, &str); 30] = [
    ("answered", "ответ заявителя"),
    ("asked", "вопрос заявителю"),
    ("breach", "срок нарушен"),
    ("calendar-days", "календарные дни"),
    ("calendar-hours", "календарные часы"),
    ("close", "закрывается"),
    ("closed", "закрыто"),
    ("email", "адрес почты"),
    ("enum", "одно из значений"),
    ("ignore", "не учитываются"),
    ("inn", "ИНН"),
    ("line-entered", "приход на линию"),
    ("line-left", "уход с линии"),
    ("observe", "учитываются"),
    ("of-channel", "канала"),
    ("of-line", "линии"),
    ("phone", "телефон"),
    ("registered", "регистрация"),
    ("reopened", "возврат"),
    ("replied", "ответ поддержки"),
    ("requester", "называет заявитель"),
    ("resolved", "отвечено"),
    ("rules", "по правилам"),
    ("status-entered", "вход в"),
    ("status-left", "выход из"),
    ("steps", "шаги"),
    ("tell", "сообщается"),
    ("text", "текст"),
    ("working-days", "рабочие дни"),
    ("working-hours", "рабочие часы"),
];

/// Keys whose words are ids of another section.
const REFERENCES: [(&str, &str); 16] = [
    ("calendar", "calendar"),
    ("channel", "channel"),
    ("channels", "channel"),
    ("end-status", "status"),
    ("from", "status"),
    ("initial-status", "status"),
    ("moves", "status"),
    ("passes-to", "status"),
    ("pauses-in", "status"),
    ("priorities", "priority"),
    ("priority", "priority"),
    ("status", "status"),
    ("statuses", "status"),
    ("to", "status"),
    ("type", "type"),
    ("types", "type"),
];

/// The days of the week, for readers of Russian.
const DAYS: [(&str, &str); 7] =
    [("mon", "пн"), ("tue", "вт"), ("wed", "ср"), ("thu", "чт"), ("fri", "пт"), ("sat", "сб"), ("sun", "вс")];

/// Keys that hold a length of time.
const LENGTHS: [&str; 2] = ["term", "warn-before"];

/// Keys that a cell about a whole entry leaves to the row's other cells, or to the file.
const TOLD_ELSEWHERE: [&str; 4] = ["title", "clause", "note", "when"];

/// Keys that name an entry.
const NAMES: [&str; 4] = ["id", "metric", "path", "text"];

/// Where a section is told: the known ones first, and each with the lists within it.
pub(super) fn place(section: &str) -> (usize, String) {
    let outer = section.split('.').next().unwrap_or_default();
    let known = SECTIONS.iter().position(|(known, ..)| *known == outer);
    (known.unwrap_or(SECTIONS.len()), outer.to_owned())
}

/// The words of two files: ids are looked up in the first and then in the second.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    language: Language,
    first: &'a Table,
    second: &'a Table,
}

impl<'a> Words<'a> {
    pub(super) fn new(language: Language, first: &'a Table, second: &'a Table) -> Self {
        Self { language, first, second }
    }

    pub(super) fn of(&self, russian: &'static str, english: &'static str) -> &'static str {
        match self.language {
            Language::Russian => russian,
            Language::English => english,
        }
    }

    pub(super) fn section(&self, section: &str) -> String {
        let known = SECTIONS.iter().find(|(known, ..)| *known == section);
        known.map_or_else(|| section.to_owned(), |(_, russian, english)| self.of(russian, english).to_owned())
    }

    /// The entry's title with what it looks at, or else its id.
    pub(super) fn entry(&self, difference: &Difference) -> String {
        let Difference { entry, title, when, .. } = difference;
        let Some(when) = when else {
            return if title.is_empty() { entry.clone() } else { title.clone() };
        };
        let parts = when.iter().map(|(key, words)| {
            let words: Vec<_> = words.iter().map(|word| self.looked_at(key, word)).collect();
            format!("{}: {}", self.subject(key), words.join(", "))
        });
        let parts: Vec<_> = parts.collect();
        let when =
            if parts.is_empty() { self.of("всегда", "always").to_owned() } else { parts.join("; ") };
        if title.is_empty() { when } else { format!("{title}; {when}") }
    }

    /// What a rule looks at: a field's title, or a key.
    fn subject(&self, key: &str) -> String {
        self.title("field", "path", key).map_or_else(|| self.key(key), str::to_owned)
    }

    fn looked_at(&self, key: &str, word: &str) -> String {
        if !key.starts_with("fields.") {
            return self.word(key, word);
        }
        let field = |tree: &'a Table| find(tree.get("field")?, "path", key);
        let mut values = [self.first, self.second].into_iter().filter_map(|tree| field(tree)?.get("values"));
        let title = values.find_map(|values| find(values, "id", word)?.get("title")?.as_str());
        title.unwrap_or(word).to_owned()
    }

    pub(super) fn key(&self, key: &str) -> String {
        if self.language == Language::English {
            return key.to_owned();
        }
        let words = key
            .split('.')
            .map(|part| KEYS.iter().find(|(known, _)| *known == part).map_or(part, |(_, russian)| *russian));
        words.collect::<Vec<_>>().join(": ")
    }

    /// What a key says, in a cell.
    pub(super) fn value(&self, key: &str, value: &Value) -> String {
        let last = key.rsplit('.').next().unwrap_or_default();
        match value {
            Value::String(word) => self.word(last, word),
            Value::Boolean(true) => self.of("да", "yes").to_owned(),
            Value::Boolean(false) => self.of("нет", "no").to_owned(),
            Value::Array(values) if values.is_empty() => self.of("ничего", "nothing").to_owned(),
            Value::Array(values) => {
                let separator = if values.iter().any(Value::is_table) { "; " } else { ", " };
                values.iter().map(|value| self.value(last, value)).collect::<Vec<_>>().join(separator)
            }
            Value::Table(table) => self.table(table),
            Value::Integer(_) | Value::Float(_) | Value::Datetime(_) => value.to_string(),
        }
    }

    /// A whole entry in a cell of its own: its id and what it says; what it looks at stands in the row's entry.
    pub(super) fn whole(&self, entry: &Value) -> String {
        let Value::Table(entry) = entry else { return self.value("", entry) };
        let id = NAMES.iter().find_map(|key| entry.get(*key)).map(|id| self.value("", id));
        let rest = self.members(entry);
        id.into_iter().chain((!rest.is_empty()).then_some(rest)).collect::<Vec<_>>().join("; ")
    }

    /// A table within a cell.
    fn table(&self, table: &Table) -> String {
        if let Some((days, open, close)) = hours(table) {
            return format!("{} {open}–{close}", self.days(days));
        }
        if let (Some(Value::String(id)), Some(Value::String(title)), 2) =
            (table.get("id"), table.get("title"), table.len())
        {
            return format!("{title} ({id})");
        }
        let told = match table.get("term") {
            Some(term) => self.value("term", term),
            None => self.members(table),
        };
        match table.get("when") {
            Some(Value::Table(when)) => format!("{told} ({})", self.members(when)),
            _ => told,
        }
    }

    /// `key: value; key: value`.
    fn members(&self, table: &Table) -> String {
        let hidden = |key: &str| TOLD_ELSEWHERE.contains(&key) || NAMES.contains(&key);
        let told = table.iter().filter(|(key, _)| !hidden(key)).map(|(key, value)| {
            let (word, value_told) = (self.key(key), self.value(key, value));
            match value {
                Value::Array(values) if values.iter().any(Value::is_table) => {
                    format!("{word}: [{value_told}]")
                }
                _ => format!("{word}: {value_told}"),
            }
        });
        told.collect::<Vec<_>>().join("; ")
    }

    fn word(&self, key: &str, word: &str) -> String {
        if LENGTHS.contains(&key) {
            return self.length(word);
        }
        let reference = REFERENCES.iter().find(|(known, _)| *known == key);
        if let Some(title) = reference.and_then(|(_, section)| self.title(section, "id", word)) {
            return title.to_owned();
        }
        if !VOCABULARY.contains(&key) {
            return word.to_owned();
        }
        match word.split_once(':') {
            Some((trigger, status)) => {
                let status = self.title("status", "id", status).unwrap_or(status);
                format!("{} «{status}»", self.vocabulary(trigger))
            }
            None => self.vocabulary(word).to_owned(),
        }
    }

    fn vocabulary<'b>(&self, word: &'b str) -> &'b str
    where
        'a: 'b,
    {
        match self.language {
            Language::English => word,
            Language::Russian => {
                VALUES.iter().find(|(known, _)| *known == word).map_or(word, |(_, russian)| *russian)
            }
        }
    }

    /// «12 ч», «1 ч 30 мин», «2 дн.».
    fn length(&self, written: &str) -> String {
        match written {
            "none" => return self.of("без срока", "no term").to_owned(),
            "estimate" => return self.of("по оценке", "by estimate").to_owned(),
            _ => {}
        }
        if written.bytes().all(|byte| byte.is_ascii_digit()) {
            return format!("{written} {}", self.of("дн.", "days"));
        }
        let told: String = written
            .chars()
            .map(|c| match c {
                'h' => self.of(" ч ", "h").to_owned(),
                'm' => self.of(" мин ", "m").to_owned(),
                's' => self.of(" с ", "s").to_owned(),
                other => other.to_string(),
            })
            .collect();
        told.trim_end().to_owned()
    }

    /// «пн-пт» for `mon-fri`.
    fn days(&self, days: &str) -> String {
        let mut told = days.to_owned();
        if self.language == Language::Russian {
            for (english, russian) in DAYS {
                told = told.replace(english, russian);
            }
        }
        told
    }

    /// The title of an entry.
    fn title(&self, section: &str, key: &str, id: &str) -> Option<&'a str> {
        let title = |tree: &'a Table| find(tree.get(section)?, key, id)?.get("title")?.as_str();
        title(self.first).or_else(|| title(self.second))
    }
}

/// The table of a list in which `key` is `id`.
fn find<'a>(list: &'a Value, key: &str, id: &str) -> Option<&'a Table> {
    let tables = list.as_array()?.iter().filter_map(Value::as_table);
    tables.into_iter().find(|table| table.get(key).and_then(Value::as_str) == Some(id))
}

/// Days, opening and closing of weekly hours.
fn hours(table: &Table) -> Option<(&str, &str, &str)> {
    let text = |key| table.get(key).and_then(Value::as_str);
    if table.len() == 3 { Some((text("days")?, text("open")?, text("close")?)) } else { None }
}
