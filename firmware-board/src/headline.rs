//! What the wall says of the level in a word and a number, on panels and in lines alike.

use crate::words::Words;
use crate::{Level, Scene};

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
