//! Whether the pages that hang beside the wall say what it says and does.

use firmware_board::{AlarmKind, Buzzer, Language, PAGE_MS};
use serde_json::{Value, json};

use crate::config::Config;

const RUSSIAN: &str = include_str!("../../docs/room.ru.html");
const ENGLISH: &str = include_str!("../../docs/room.en.html");

/// Units and dates, which explain themselves.
const LEFT_OUT: [&str; 6] =
    ["day_unit", "hour_unit", "minute_unit", "minute_unit_long", "second_unit", "under_a_minute"];

/// What is read of a page, in small letters: its text without style and tags, a space between words.
fn read(page: &str) -> String {
    let (_, body) = page.split_once("</style>").expect("a page has a style");
    let texts = body.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    let words: Vec<_> = texts.flat_map(str::split_whitespace).collect();
    words.join(" ").to_lowercase()
}

fn pages() -> [(Language, String); 2] {
    [(Language::Russian, read(RUSSIAN)), (Language::English, read(ENGLISH))]
}

#[test]
fn every_word_of_the_wall_stands_in_the_rooms_guide() {
    for (language, page) in pages() {
        let Value::Object(words) = json!(language.words()) else { panic!("words are an object") };
        assert!(words.len() > 40, "only {} words", words.len());
        for (name, word) in words.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())) {
            // Days and months are lists.
            let Some(word) = word.as_str() else { continue };
            assert!(page.contains(&word.to_lowercase()), "{language:?}: {name}: {word}");
        }
    }
}

#[test]
fn every_kind_of_alarm_that_is_raised_stands_in_the_rooms_guide() {
    for (language, page) in [(Language::Russian, RUSSIAN), (Language::English, ENGLISH)] {
        for kind in AlarmKind::ALL {
            let beside_its_mark = format!("</svg> <b>{}</b>", language.kind(kind));
            assert!(page.contains(&beside_its_mark), "{language:?}: {kind:?}");
        }
    }
}

/// How often a sound repeats itself, in seconds.
fn period_s(sound: Buzzer) -> u64 {
    let repeats = |s: &u64| (0..5_000).all(|t_ms| sound.sounding(t_ms) == sound.sounding(t_ms + s * 1_000));
    (1..=60).find(repeats).expect("a sound repeats itself within a minute")
}

#[test]
fn the_rooms_guide_has_the_times_of_sounds_pages_and_button() {
    let [(_, russian), (_, english)] = pages();
    for sound in [Buzzer::Critical, Buzzer::Breach, Buzzer::Warning] {
        let seconds = period_s(sound);
        assert!(russian.contains(&format!("каждые {seconds} с:")), "{sound:?}: {seconds}");
        assert!(english.contains(&format!("every {seconds} s:")), "{sound:?}: {seconds}");
    }
    let turn_s = PAGE_MS / 1_000;
    assert!(russian.contains(&format!("каждые {turn_s} секунд")));
    assert!(english.contains(&format!("every {turn_s} seconds")));
    let config = Config::parse("andon.toml".as_ref(), "[board.button]\npin = 26\n").expect("a button");
    let button = config.board.button.expect("a button");
    let (hold_s, mute_min) = (button.hold.0 / 1_000, button.mute.0 / 60_000);
    assert!(russian.contains(&format!("держать {hold_s} секунды без звука на {mute_min} минут")));
    assert!(english.contains(&format!("hold for {hold_s} seconds muted for {mute_min} minutes")));
}

#[test]
fn the_rooms_guide_loads_nothing_and_runs_nothing() {
    for page in [RUSSIAN, ENGLISH] {
        for foreign in ["<script", "http:", "https:", "src=", "@import", "url("] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}
