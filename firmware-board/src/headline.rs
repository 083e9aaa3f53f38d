//! What the wall says of the level in a word and a number, on panels and in lines alike.

use alloc::format;
use alloc::string::String;

use crate::wall::LOOKED_AT;
use crate::words::Words;
use crate::{AlarmState, Level, Scene};

/// The level in a word.
pub(crate) fn word(scene: &Scene, words: &Words) -> &'static str {
    match scene.level {
        Level::Normal => words.all_well,
        Level::DueSoon if scene.counts.due_soon == 0 => words.attention,
        Level::DueSoon => words.due_soon,
        Level::Breach => words.overdue,
        Level::Critical => words.critical,
    }
}

/// The word where there is less room.
pub(crate) fn word_short(scene: &Scene, words: &Words) -> &'static str {
    match scene.level {
        Level::Normal => words.well_short,
        Level::DueSoon if scene.counts.due_soon == 0 => words.attention,
        Level::DueSoon => words.soon_short,
        Level::Breach => words.overdue_short,
        Level::Critical => words.critical_short,
    }
}

/// How many there are of what the word says; where the figures know none, how many alarms.
pub(crate) fn number(scene: &Scene) -> Option<u32> {
    let figure = match scene.level {
        Level::Normal => return None,
        Level::DueSoon => scene.counts.due_soon,
        Level::Breach => scene.counts.breached,
        Level::Critical => scene.counts.critical,
    };
    [figure, scene.alarms_total].into_iter().find(|number| *number > 0)
}

/// What the room has done about the alarms: how many nobody has taken, else how many went away unseen or are put aside, else
/// that all are taken. Where not all are counted it is a least number.
pub(crate) fn taken(scene: &Scene, words: &Words) -> String {
    let counted = || scene.alarms.iter().take(LOOKED_AT);
    let more = if counted().count() < scene.alarms_total as usize { "+" } else { "" };
    let of = |state| counted().filter(|alarm| alarm.state == state).count();
    let told = [
        (AlarmState::Unacked, words.not_taken),
        (AlarmState::ClearedUnacked, words.unseen),
        (AlarmState::Shelved, words.put_aside),
    ];
    match told.into_iter().map(|(state, word)| (of(state), word)).find(|(count, _)| *count > 0) {
        Some((count, word)) => format!("{word}: {count}{more}"),
        None if scene.alarms.is_empty() => String::new(),
        None => String::from(words.all_taken),
    }
}
