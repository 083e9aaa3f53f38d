//! Sense: what a word of a subject says.
//!
//! Most words of a subject say what it is about. Some only say that something fails, some are said of everything, and some
//! say nothing: greetings, hurry, «вопрос». The lists are short, and what is not in them is a thing. They are of beginnings
//! of words in lower case with `е` for `ё`, Russian and English as desks write them; a list that was complete would be
//! wrong as often, and nobody could tell why.

use std::collections::HashMap;

use smol_str::SmolStr;

use crate::desk::words;

/// What a word says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// Nothing of what is wrong.
    Nothing,
    /// That something fails or is not there.
    Fails,
    /// The same, and a number after it is of the error.
    Error,
    /// What everything does or does not: of a failure it says no more than that it fails.
    Usual(SmolStr),
    /// That it is slow: a failure, and which.
    Slow,
    /// Where: with a number beside it, it says no more than the number.
    Place(SmolStr),
    /// A number by itself.
    Number,
    /// What it is about: its stem, or the one word for what is said in several; more than one where it is short for them.
    Thing(SmolStr),
}

/// Beginnings of words that say nothing.
const NOTHING: [&str; 39] = [
    "добр",
    "здравств",
    "пожалуйст",
    "срочн",
    "вопрос",
    "помощ",
    "помог",
    "помож",
    "консультац",
    "заявк",
    "обращен",
    "просьб",
    "подскаж",
    "нужн",
    "необходим",
    "сегодн",
    "вчера",
    "снова",
    "опять",
    "постоянн",
    "очень",
    "котор",
    "такж",
    "коллег",
    "внимани",
    "уважаем",
    "электрон",
    "вообще",
    "совсем",
    "hello",
    "please",
    "urgent",
    "question",
    "help",
    "ticket",
    "request",
    "subject",
    "again",
    "since",
];
/// Words that say nothing, whole: longer ones begin so.
const NOTHING_WHOLE: [&str; 47] = [
    "при",
    "для",
    "или",
    "что",
    "как",
    "это",
    "день",
    "дня",
    "вечер",
    "все",
    "всех",
    "вся",
    "всё",
    "так",
    "где",
    "мне",
    "нас",
    "наш",
    "вас",
    "его",
    "она",
    "они",
    "and",
    "the",
    "for",
    "with",
    "from",
    "fwd",
    "does",
    "doesn",
    "вай",
    "еще",
    "уже",
    "кто",
    "над",
    "тема",
    "темы",
    "теме",
    "утра",
    "утром",
    "после",
    "надо",
    "прошу",
    "новый",
    "новая",
    "новом",
    "новое",
];
/// Words that say so, though they are short.
const SHORT: [(&str, &str); 9] = [
    ("км", "код маркировк"),
    ("лк", "личн кабинет"),
    ("эп", "подпис"),
    ("fi", "фай"),
    ("фай", "фай"),
    ("пк", "компьютер"),
    ("бд", "баз данн"),
    ("1c", "1с"),
    ("тв", "телевизор"),
];
/// Whole words that say that something fails.
const FAILS_WHOLE: [&str; 15] = [
    "не",
    "нет",
    "нету",
    "без",
    "not",
    "no",
    "t",
    "cannot",
    "down",
    "пустой",
    "пустая",
    "дайте",
    "дать",
    "упал",
    "упала",
];
/// Beginnings of words that say it.
const FAILS: [&str; 29] = [
    "недоступ",
    "завис",
    "висн",
    "висит",
    "виснет",
    "пропа",
    "слома",
    "лома",
    "проблем",
    "сбой",
    "сбои",
    "сбоя",
    "глюч",
    "неисправ",
    "предостав",
    "отказ",
    "fail",
    "broken",
    "crash",
    "issue",
    "problem",
    "неработа",
    "отсутств",
    "вылет",
    "отвал",
    "рухн",
    "неверн",
    "некоррект",
    "неправил",
];
/// Beginnings of words for an error, which may have a number.
const ERROR: [&str; 2] = ["ошиб", "error"];
/// Beginnings of words for what is slow.
const SLOW: [&str; 6] = ["тормоз", "медлен", "долго", "подвис", "slow", "лага"];
/// Beginnings of what everything does.
const USUAL: [&str; 19] = [
    "работа",
    "откры",
    "загруж",
    "загруз",
    "грузи",
    "грузя",
    "запуска",
    "запуст",
    "функцион",
    "отвеча",
    "реагир",
    "получается",
    "получилос",
    "могу",
    "может",
    "можем",
    "open",
    "load",
    "work",
];
/// Whole words of the kind.
const USUAL_WHOLE: [&str; 8] =
    ["удается", "удалось", "удастся", "удаеться", "выходит", "выдает", "start", "starts"];
/// Beginnings of places.
const PLACES: [&str; 8] = ["каб", "офис", "комнат", "этаж", "аудитор", "помещен", "room", "floor"];
/// What is said in several ways, by the beginnings of words.
const SAME: [(&str, &str); 40] = [
    ("войт", "вход"),
    ("войд", "вход"),
    ("вход", "вход"),
    ("заход", "вход"),
    ("зайт", "вход"),
    ("авториз", "вход"),
    ("логин", "вход"),
    ("login", "вход"),
    ("приход", "приход"),
    ("принима", "приход"),
    ("поступ", "приход"),
    ("пришл", "приход"),
    ("письм", "почт"),
    ("писем", "почт"),
    ("получа", "приход"),
    ("получен", "приход"),
    ("отображ", "видн"),
    ("видн", "видн"),
    ("видим", "видн"),
    ("вижу", "видн"),
    ("показыва", "видн"),
    ("sms", "смс"),
    ("zoom", "зум"),
    ("wifi", "фай"),
    ("вайфа", "фай"),
    ("excel", "эксел"),
    ("word", "ворд"),
    ("впн", "vpn"),
    ("скан", "скан"),
    ("чита", "скан"),
    ("считыва", "скан"),
    ("эцп", "подпис"),
    ("кэп", "подпис"),
    ("укэп", "подпис"),
    ("подпис", "подпис"),
    ("email", "почт"),
    ("mail", "почт"),
    ("internet", "интернет"),
    ("printer", "принтер"),
    ("забы", "сброс"),
];
/// A word with letters only is at least so long, in characters.
const WORD_MIN_CHARS: usize = 3;
/// Of a longer stem the beginning is kept, in characters: nothing is told by what comes after.
const STEM_MAX_CHARS: usize = 16;

/// So many words' senses are kept in mind, about half a megabyte.
const SENSES_MAX: usize = 8_192;

/// Senses of words that were met lately: most words of a desk come again and again, and stemming takes longest of all.
#[derive(Debug, Default)]
pub(super) struct Senses(HashMap<Box<str>, Sense>);

impl Senses {
    /// The sense of a word.
    pub(super) fn of(&mut self, word: &str) -> Sense {
        if self.0.len() >= SENSES_MAX {
            self.0.clear();
        }
        if let Some(known) = self.0.get(word) {
            return known.clone();
        }
        let sense = Sense::of(word);
        self.0.insert(Box::from(word), sense.clone());
        sense
    }
}

impl Sense {
    /// Of a word in lower case, with `е` for `ё`.
    pub(super) fn of(word: &str) -> Self {
        let begins = |list: &[&str]| list.iter().any(|begin| word.starts_with(begin));
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Number;
        }
        if let Some((_, means)) = SHORT.iter().find(|(short, _)| *short == word) {
            return Self::Thing(SmolStr::new_static(means));
        }
        if FAILS_WHOLE.contains(&word) || begins(&FAILS) {
            return Self::Fails;
        }
        let is_long =
            word.chars().nth(WORD_MIN_CHARS - 1).is_some() || word.bytes().any(|b| b.is_ascii_digit());
        if !is_long || NOTHING_WHOLE.contains(&word) || begins(&NOTHING) {
            return Self::Nothing;
        }
        if begins(&ERROR) {
            return Self::Error;
        }
        if begins(&SLOW) {
            return Self::Slow;
        }
        let stem: SmolStr = words::stem(word).chars().take(STEM_MAX_CHARS).collect();
        if USUAL_WHOLE.contains(&word) || begins(&USUAL) {
            return Self::Usual(stem);
        }
        if let Some((_, means)) = SAME.iter().find(|(begin, _)| word.starts_with(begin)) {
            return Self::Thing(SmolStr::new_static(means));
        }
        if begins(&PLACES) { Self::Place(stem) } else { Self::Thing(stem) }
    }
}
