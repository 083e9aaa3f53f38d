//! Likeness: what a subject is about, and how alike two of them are, by those two alone.
//!
//! 1. A subject is *about* its things: the stems of its words, one word for what is said in several, without what says
//!    nothing ([`Sense`]). It *fails* where it says so: «не», «ошибка», «завис». A subject without things («Без темы»,
//!    «Вопрос») is alike to nothing, itself included.
//! 2. Things that both have are counted, a misspelt one and another form of it among them. The score is twice those over
//!    the things of each.
//! 3. Where each has a thing that the other has not, they are about two things («Excel» and «Word», «включить» and
//!    «отключить», «Петров» and «Сидоров»), and the score falls. Three common things of two failures outweigh that; and what
//!    a thing does not do is said in many words («отчёт не строится», «не формируется»), so that is no thing of its own.
//! 4. One common thing is little where one of them says more: that is suggested, and not counted.
//! 5. What works and what fails are two things. Of two requests so are two numbers: a cartridge in room 12 and one in room
//!    47. Failures in two rooms may well be one.

use smol_str::SmolStr;

use super::sense::Sense;
use super::{STEMS_MAX, sum};
use crate::desk::words;

/// What is left of a score where each has a thing of its own, in hundredths.
const OWN_THINGS_PERCENT: usize = 60;
/// The same of two failures with so many common things.
const OWN_THINGS_OF_FAILURES_PERCENT: usize = 90;
const COMMON_OUTWEIGH: usize = 3;
/// What is left where one works and the other fails, or two requests have other numbers.
const OPPOSITE_PERCENT: usize = 45;
/// The most that one common thing is worth where one of them says more.
const ONE_COMMON_MAX: usize = 600;
/// Two forms of a word have as many characters in common at the beginning …
const FORMS_COMMON_CHARS: usize = 5;
/// … and at most so many after that.
const FORMS_OWN_CHARS: usize = 2;
/// A word that is as long may be misspelt by a character.
const MISSPELT_MIN_CHARS: usize = 6;
/// A key has so many letters.
const KEY_CHARS: usize = 4;

/// Between the things and what they do not do.
const VERBS: char = '|';
/// After these it is said what something does not do.
const DENIALS: [&str; 3] = ["не", "not", "t"];

/// By what a subject is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// Its things in order, with a space between them; after [`VERBS`] what it does not do.
    text: Box<str>,
    /// A sum over its numbers; 0 where it has none.
    numbers: u32,
    /// Whether it says that something fails.
    fails: bool,
}

impl Likeness {
    /// Of a subject.
    pub fn of(subject: &str) -> Self {
        Self::by(subject, Sense::of)
    }

    /// Of a subject whose words have these senses.
    pub(super) fn by(subject: &str, mut sense: impl FnMut(&str) -> Sense) -> Self {
        let mut said: Vec<(SmolStr, Sense)> = Vec::new();
        words::each_in(subject, &mut |word| {
            let sense = sense(word);
            said.push((word.into(), sense));
        });
        let fails = said.iter().any(|(_, sense)| matches!(sense, Sense::Fails | Sense::Error | Sense::Slow));
        let is_number = |at: usize| said.get(at).is_some_and(|(_, sense)| *sense == Sense::Number);
        let (mut things, mut verbs, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (word, sense)) in said.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| &said[before]);
            let is_denied = before.is_some_and(|(word, _)| DENIALS.contains(&word.as_str()));
            match sense {
                Sense::Nothing | Sense::Fails | Sense::Error => {}
                Sense::Usual(_) if fails => {}
                Sense::Place(_)
                    if is_number(at + 1) || before.is_some_and(|(_, sense)| *sense == Sense::Number) => {}
                // The number of an error says which error it is.
                Sense::Number if before.is_some_and(|(_, sense)| *sense == Sense::Error) => {
                    things.push(word.clone());
                }
                Sense::Number => numbers.push(word.as_str()),
                Sense::Slow => things.push(SmolStr::new_static("медлен")),
                Sense::Thing(verb) if is_denied => verbs.push(verb.clone()),
                Sense::Usual(thing) | Sense::Place(thing) | Sense::Thing(thing) => {
                    things.extend(thing.split(' ').map(SmolStr::from));
                }
            }
        }
        things.truncate(STEMS_MAX);
        verbs.truncate(STEMS_MAX - things.len());
        let tidy = |mut words: Vec<SmolStr>| {
            words.sort_unstable();
            words.dedup();
            words.join(" ")
        };
        numbers.sort_unstable();
        let numbers = if numbers.is_empty() { 0 } else { sum(numbers.join(" ").as_bytes()).max(1) };
        let text = format!("{}{VERBS}{}", tidy(things), tidy(verbs));
        Self { text: text.into(), numbers, fails }
    }

    /// The keys that it is found by: what others have who may be alike. A key is the beginning of a thing without its
    /// vowels, which are misspelt first.
    pub(super) fn keys(&self) -> Vec<u32> {
        let told = self.told();
        let mut keys: Vec<u32> = told.things().iter().map(|thing| sum(key(thing).as_bytes())).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// How alike two are, from 0 to 1,000.
    pub fn score(&self, other: &Self) -> u16 {
        self.told().score(&other.told())
    }

    /// The same, laid out to be compared with many.
    pub(super) fn told(&self) -> Told<'_> {
        let mut told =
            Told { words: [""; STEMS_MAX], count: 0, nouns: 0, numbers: self.numbers, fails: self.fails };
        let (things, verbs) = self.text.split_once(VERBS).unwrap_or((&self.text, ""));
        told.take(things);
        told.nouns = told.count;
        told.take(verbs);
        told
    }
}

/// A likeness that is laid out.
pub(super) struct Told<'a> {
    /// Its things, and after them what it does not do.
    words: [&'a str; STEMS_MAX],
    count: usize,
    /// How many are things.
    nouns: usize,
    numbers: u32,
    fails: bool,
}

impl<'a> Told<'a> {
    fn take(&mut self, text: &'a str) {
        for word in text.split(' ').filter(|word| !word.is_empty()).take(STEMS_MAX - self.count) {
            self.words[self.count] = word;
            self.count += 1;
        }
    }

    fn things(&self) -> &[&'a str] {
        &self.words[..self.count]
    }

    /// Whether any of these, a bit for each, is a thing.
    fn is_any_noun(&self, own: u16) -> bool {
        own & ((1 << self.nouns) - 1) != 0
    }

    /// How alike two are, from 0 to 1,000.
    pub(super) fn score(&self, other: &Told<'_>) -> u16 {
        let (own, their_own) = own(self.things(), other.things());
        let left = (own.count_ones() + their_own.count_ones()) as usize;
        let common = self.count - own.count_ones() as usize;
        let Some(dice) = (2_000 * common).checked_div(self.count + other.count) else { return 0 };
        let both_fail = self.fails && other.fails;
        // What neither does, though it is said in two words, is no thing of its own.
        let is_told_apart = self.is_any_noun(own) || other.is_any_noun(their_own) || !both_fail;
        let mut score = dice;
        if own != 0 && their_own != 0 && is_told_apart {
            let outweigh = both_fail && common >= COMMON_OUTWEIGH;
            score = score * if outweigh { OWN_THINGS_OF_FAILURES_PERCENT } else { OWN_THINGS_PERCENT } / 100;
        }
        if common == 1 && left > 0 {
            score = score.min(ONE_COMMON_MAX);
        }
        let other_numbers = self.numbers != 0 && other.numbers != 0 && self.numbers != other.numbers;
        if self.fails != other.fails || (!both_fail && other_numbers) {
            score = score * OPPOSITE_PERCENT / 100;
        }
        u16::try_from(score).unwrap_or(u16::MAX)
    }
}

/// Which things of each the other has not, a bit for each. Each is matched once: the same ones first, then those alike.
fn own(ours: &[&str], theirs: &[&str]) -> (u16, u16) {
    let (mut own, mut their_own) = ((1_u16 << ours.len()) - 1, (1_u16 << theirs.len()) - 1);
    let mut take = |is: fn(&str, &str) -> bool| {
        for (at, one) in ours.iter().enumerate() {
            let is_left = |bits: u16, at: usize| (bits >> at) & 1 == 1;
            let mut left = theirs.iter().enumerate().filter(|(other, _)| is_left(their_own, *other));
            let found = left.find(|(_, word)| is_left(own, at) && is(one, word));
            if let Some((other, _)) = found {
                own &= !(1 << at);
                their_own &= !(1 << other);
            }
        }
    };
    take(|one, other| one == other);
    take(|one, other| {
        one.bytes().take(2).eq(other.bytes().take(2)) && (is_form(one, other) || is_misspelt(one, other))
    });
    (own, their_own)
}

/// Whether two stems are of one word: «обновля» and «обнов», «выгружа» and «выгруз».
fn is_form(one: &str, other: &str) -> bool {
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let own = |stem: &str| stem.chars().count() - common;
    common >= FORMS_COMMON_CHARS && own(one) <= FORMS_OWN_CHARS && own(other) <= FORMS_OWN_CHARS
}

/// Whether two stems differ by one character that was left out, put in or mistaken; not the first one, by which «установка»
/// is no «остановка».
fn is_misspelt(one: &str, other: &str) -> bool {
    let (mut short, mut long): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if short.len() > long.len() {
        std::mem::swap(&mut short, &mut long);
    }
    if short.len() < MISSPELT_MIN_CHARS || long.len() > short.len() + 1 || short[0] != long[0] {
        return false;
    }
    let begin = short.iter().zip(&long).take_while(|(a, b)| a == b).count();
    let end = short[begin..].iter().rev().zip(long[begin..].iter().rev()).take_while(|(a, b)| a == b).count();
    long.len() - begin - end <= 1
}

/// The first letter and the consonants after it, a few of them; a word with digits is its own key.
fn key(thing: &str) -> SmolStr {
    let is_vowel = |c: char| "аеиоуыэюяйьъaeiouy".contains(c);
    if thing.bytes().any(|byte| byte.is_ascii_digit()) {
        return thing.into();
    }
    let mut letters: Vec<char> = Vec::new();
    for (at, c) in thing.chars().enumerate() {
        if (at == 0 || !is_vowel(c)) && letters.last() != Some(&c) {
            letters.push(c);
        }
    }
    letters.into_iter().take(KEY_CHARS).collect()
}
