//! Words: what is looked for with `q`, what a ticket has of them, and by what tickets are alike.
//!
//! A word is a run of letters and digits, in lower case, with `е` for `ё`. A word that is looked for finds those that begin
//! so, and those with the same stem: «принтера» finds «принтеры», and so does «прин». Stems are Snowball's, Russian for
//! Cyrillic and English for Latin letters. This is the only file that names `frostem`.

use std::borrow::Cow;
use std::collections::HashMap;

use frostem::{Algorithm, Stemmer};

use super::ticket::Ticket;

/// What is longer is cut, in bytes: nobody types it.
const WORD_MAX_BYTES: usize = 120;
/// Of a description the words in its beginning are found, in bytes of UTF-8: a log that was pasted in is not worth its room.
pub const DESCRIPTION_MAX_BYTES: usize = 2_048;
/// So many words' stems are kept in mind, about half a megabyte.
const STEMS_MAX: usize = 8_192;
/// The digits of a telephone number without the country's.
const PHONE_DIGITS: usize = 10;

/// A word that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    text: String,
    stem: String,
}

impl Word {
    fn new(text: String) -> Self {
        let stem = stem(&text).into_owned();
        Self { text, stem }
    }

    /// As it was asked for, in lower case.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its stem.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Whether it finds a ticket's word.
    pub fn finds(&self, word: &str) -> bool {
        word.starts_with(&self.text) || stem(word) == self.stem
    }
}

/// The words of a question. Where it has no letter and no digit it is a word that finds nothing.
pub fn asked(question: &str) -> Vec<Word> {
    let question = question.trim();
    if question.is_empty() {
        return Vec::new();
    }
    if let Some(digits) = phone_asked(question) {
        return vec![Word::new(digits)];
    }
    let mut words = Vec::new();
    each_in(question, &mut |word| words.push(Word::new(word.to_owned())));
    if words.is_empty() {
        words.push(Word { text: question.to_lowercase(), stem: question.to_lowercase() });
    }
    words.sort_by(|a, b| a.text.cmp(&b.text));
    words.dedup();
    words
}

/// Calls `each` with every word of a ticket, some more than once.
pub fn each_of(ticket: &Ticket, each: &mut dyn FnMut(&str)) {
    let (facts, requester) = (&ticket.facts, &ticket.facts.requester);
    each(&ticket.number.to_string());
    each_in(&facts.subject, each);
    if let Some(description) = &facts.description {
        each_in(cut(description, DESCRIPTION_MAX_BYTES), each);
    }
    let others = [
        &facts.client,
        &requester.name,
        &requester.email,
        &requester.phone,
        &requester.inn,
        &requester.login,
    ];
    for text in others.into_iter().flatten() {
        each_in(text, each);
    }
    if let Some(digits) = requester.phone.as_deref().and_then(phone_digits) {
        each(&digits);
    }
}

/// Calls `each` with every word of a text, some more than once.
pub fn each_in(text: &str, each: &mut dyn FnMut(&str)) {
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        match c {
            // As some systems write what others write in one character.
            '\u{306}' if word.ends_with('и') => {
                word.pop();
                word.push('й');
            }
            '\u{306}' | '\u{308}' => {}
            // Nearly all there is, without a look into Unicode's tables: they took a fifth of the time.
            'a'..='z' | '0'..='9' | 'а'..='я' => word.push(c),
            'A'..='Z' => word.push(c.to_ascii_lowercase()),
            'А'..='Я' => word.extend(char::from_u32(u32::from(c) + 0x20)),
            'ё' | 'Ё' => word.push('е'),
            c if !c.is_ascii() && c.is_alphanumeric() => {
                word.extend(
                    c.to_lowercase().filter(|c| *c != '\u{307}').map(|c| if c == 'ё' { 'е' } else { c }),
                );
            }
            _ if word.is_empty() => {}
            _ => {
                each(cut(&word, WORD_MAX_BYTES));
                word.clear();
            }
        }
    }
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// The stem of a word.
pub fn stem(word: &str) -> Cow<'_, str> {
    let is_cyrillic = |c: char| ('а'..='я').contains(&c);
    if word.chars().all(is_cyrillic) {
        return without_fleeting_vowel(Stemmer::new(Algorithm::Russian).stem(word));
    }
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Stemmer::new(Algorithm::English).stem(word);
    }
    Cow::Borrowed(word)
}

/// Stems of words that were met lately: most words of a desk come again and again, and stemming takes longest of all.
#[derive(Debug, Default)]
pub struct Stems(HashMap<Box<str>, Box<str>>);

impl Stems {
    /// The stem of a word.
    pub fn of(&mut self, word: &str) -> &str {
        if self.0.len() >= STEMS_MAX {
            self.0.clear();
        }
        if !self.0.contains_key(word) {
            self.0.insert(Box::from(word), Box::from(stem(word).as_ref()));
        }
        self.0.get(word).map_or("", AsRef::as_ref)
    }

    /// The stem of a word that does not begin with it; none where it does.
    pub fn apart(&mut self, word: &str) -> Option<&str> {
        let stem = self.of(word);
        (!word.starts_with(stem)).then_some(stem)
    }
}

/// A Russian stem without the vowel that comes and goes before its last `к`, which Snowball leaves: «этикеток», «этикетки».
fn without_fleeting_vowel(stem: Cow<'_, str>) -> Cow<'_, str> {
    let is_vowel = |c: char| "аеиоуыэюя".contains(c);
    let Some(start) = stem.strip_suffix("ок").or_else(|| stem.strip_suffix("ек")) else { return stem };
    match start.chars().next_back() {
        // «ячеек», «ячейки».
        Some(last) if is_vowel(last) && stem.ends_with("ек") => Cow::Owned(format!("{start}йк")),
        Some(last) if !is_vowel(last) && start.contains(is_vowel) => Cow::Owned(format!("{start}к")),
        Some(_) | None => stem,
    }
}

/// The digits of a telephone number, without the country's where it is Russian; none where they are too few for one.
fn phone_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_russian = digits.len() == PHONE_DIGITS + 1 && digits.starts_with(['7', '8']);
    let local = if is_russian { digits[1..].to_owned() } else { digits };
    (local.len() >= PHONE_DIGITS).then_some(local)
}

/// The digits of a question that is a telephone number as people write them.
fn phone_asked(question: &str) -> Option<String> {
    let is_written = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ');
    let digits = question.chars().filter(char::is_ascii_digit).count();
    let has_signs = question.contains(['+', '-', '(']);
    let is_russian = digits == PHONE_DIGITS + 1 && question.starts_with(['7', '8']);
    let is_phone = question.chars().all(is_written) && (has_signs || is_russian);
    phone_digits(question).filter(|_| is_phone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_in(text, &mut |word| words.push(word.to_owned()));
        words
    }

    fn finds(question: &str, word: &str) -> bool {
        let asked = asked(question);
        assert_eq!(asked.len(), 1, "{question}");
        asked[0].finds(word)
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        for (text, expected) in [
            ("Не печатаются «Этикетки»!", vec!["не", "печатаются", "этикетки"]),
            ("ЁЛКА ёж", vec!["елка", "еж"]),
            ("и\u{306}од е\u{308}ж", vec!["йод", "еж"]),
            ("1С:ERP, код 0x80070057", vec!["1с", "erp", "код", "0x80070057"]),
            ("a.petrov@Example.ru", vec!["a", "petrov", "example", "ru"]),
            ("…", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert_eq!(words(&"ж".repeat(500))[0].len(), WORD_MAX_BYTES);
    }

    #[test]
    fn a_word_finds_its_other_forms_and_what_begins_with_it() {
        for (question, found, passed_over) in [
            ("принтера", vec!["принтер", "принтеры", "принтером", "принтерам"], vec!["принт", "спринтер"]),
            ("прин", vec!["принтер", "принцип"], vec!["при"]),
            ("этикетка", vec!["этикетки", "этикеткой", "этикеток", "этикетка"], vec!["этика"]),
            ("Ёлки", vec!["елка", "елку", "елками"], vec!["ель"]),
            ("стола", vec!["стол", "столы"], vec!["столица", "столовая"]),
            ("ошибок", vec!["ошибки", "ошибка", "ошибок"], vec!["ошиваться"]),
            ("ячеек", vec!["ячейки", "ячейка"], vec!["яче"]),
            ("звонки", vec!["звонок", "звонком"], vec!["звон"]),
            ("чек", vec!["чеки", "чеков"], vec!["чк"]),
            ("уроки", vec!["урок", "уроков"], vec!["урна"]),
            ("printers", vec!["printer", "printers"], vec!["print", "sprinters"]),
            ("connection", vec!["connection", "connections", "connected", "connecting"], vec!["cone"]),
            ("happy", vec!["happy", "happiness"], vec!["happen"]),
            ("102", vec!["102", "1024"], vec!["1002", "2102"]),
        ] {
            for word in found {
                assert!(finds(question, word), "{question} finds {word}");
            }
            for word in passed_over {
                assert!(!finds(question, word), "{question} passes over {word}");
            }
        }
    }

    #[test]
    fn a_telephone_number_is_found_however_it_is_written() {
        let digits = phone_digits("+7 (912) 345-67-89");
        assert_eq!(digits.as_deref(), Some("9123456789"));
        for question in
            ["+7 912 345-67-89", "8 912 345 67 89", "89123456789", "(912) 345-67-89", "9123456789"]
        {
            assert_eq!(asked(question), [Word::new("9123456789".to_owned())], "{question}");
        }
        assert_eq!(asked("1024 7707083893").len(), 2, "a number and an INN");
        assert_eq!(phone_digits("112"), None);
    }

    #[test]
    fn a_question_of_signs_alone_finds_nothing() {
        assert_eq!(asked("  "), []);
        assert!(!finds("!?", "x"));
    }
}
