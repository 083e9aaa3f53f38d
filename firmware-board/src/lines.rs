//! The wall as plain lines of text: for a pipe, a log, a terminal too small for a picture, a screen reader.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::words::Words;
use crate::{AlarmLine, AlarmState, Link, NextLine, Scene, clean, headline};

/// What the wall says, a line each: the level, the alarms, what runs out next, the figures.
///
/// No line holds a character that could move a cursor or a neighbour.
pub fn lines(scene: &Scene) -> Vec<String> {
    let words = scene.language.words();
    let mut lines = Vec::new();
    match scene.link {
        Link::Live => {}
        Link::Stale { since_s } => {
            lines.push(format!("{}: {} {}", words.no_link, words.picture_is_old, words.span(since_s)));
        }
        Link::Starting { progress } => {
            let told =
                progress.map_or_else(|| String::from(words.reading), |progress| words.so_far(progress));
            return [format!("{}: {told}", words.starting)].into();
        }
        Link::Blocked { by } => return [format!("{}: {}", words.not_started, words.disk(by))].into(),
        Link::Stopped => return [format!("{}: {}", words.stopped, words.nothing_watched)].into(),
    }
    lines.push(level(scene, words));
    if !scene.trusted {
        lines.push(String::from(words.time_not_trusted));
    }
    if let Some(minutes) = scene.muted_min {
        lines.push(format!("{} {}", words.muted, words.age(u32::from(minutes) * 60)));
    }
    lines.extend(scene.alarms.iter().map(|line| alarm(scene, words, line)));
    let hidden = usize::try_from(scene.alarms_total).unwrap_or(usize::MAX).saturating_sub(scene.alarms.len());
    if hidden > 0 {
        lines.push(format!("+{hidden} {}", words.more));
    }
    lines.extend(scene.next.iter().map(|line| next(words, line)));
    lines.push(figures(scene, words));
    lines
}

fn level(scene: &Scene, words: &Words) -> String {
    let word = headline::word(scene, words);
    let count = headline::number(scene).map_or_else(String::new, |number| format!(" {number}"));
    let taken = headline::taken(scene, words);
    let between = if taken.is_empty() { "" } else { " · " };
    format!("{word}{count}{between}{taken}")
}

fn alarm(scene: &Scene, words: &Words, line: &AlarmLine) -> String {
    let kind = scene.language.kind(line.kind);
    let number = line.ticket.map_or_else(String::new, |number| format!(" {}{number}", words.number_sign));
    let state = match line.state {
        AlarmState::Unacked => '!',
        AlarmState::Acked => '✓',
        AlarmState::ClearedUnacked => '~',
        AlarmState::Shelved => '=',
    };
    let age = match line.state {
        AlarmState::ClearedUnacked => String::from(words.cleared),
        AlarmState::Unacked | AlarmState::Acked | AlarmState::Shelved => words.age(line.age_s),
    };
    format!("{state} {kind}{number} {} ({age})", clean(&line.text))
}

fn next(words: &Words, line: &NextLine) -> String {
    let NextLine { number, metric, in_s, priority: _, subject } = line;
    format!("  {}{number} {} · {} ({})", words.number_sign, clean(metric), clean(subject), words.left(*in_s))
}

fn figures(scene: &Scene, words: &Words) -> String {
    let counts = scene.counts;
    let line = format!(
        "{} {}, {} {}, {} {}, {} {}",
        words.open,
        counts.open,
        words.waiting,
        counts.waiting,
        words.critical_short,
        counts.critical,
        words.overdue_short,
        counts.breached
    );
    let staffing = scene.staffing.map_or_else(String::new, |staffing| {
        format!(", {} {}/{}", words.on_shift, staffing.on_shift, staffing.required)
    });
    let at = scene.at_text;
    format!("{line}{staffing} · {:02}:{:02}:{:02}, {}", at.hh, at.mm, at.ss, words.date_short(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AlarmKind, ClockText, Counts, DiskFault, Level, Progress};

    fn breach() -> Scene {
        let alarm = |state, text: &str| AlarmLine {
            kind: AlarmKind::Breach,
            ticket: Some(1024),
            text: text.into(),
            age_s: 4_325,
            state,
        };
        Scene {
            at_text: ClockText { hh: 14, mm: 37, ss: 20, day: 21, month: 11, weekday: 5 },
            level: Level::Breach,
            link: Link::Live,
            counts: Counts { open: 41, waiting: 9, breached: 2, ..Counts::default() },
            alarms: [alarm(AlarmState::Unacked, "Касса\u{1b}[2J"), alarm(AlarmState::Acked, "Вход")].into(),
            alarms_total: 12,
            muted_min: Some(28),
            ..Scene::default()
        }
    }

    #[test]
    fn the_wall_is_said_in_lines_and_no_line_moves_a_cursor() {
        assert_eq!(
            lines(&breach()),
            [
                "ПРОСРОЧЕНО 2 · не принято: 1+",
                "ВРЕМЯ НЕ ПРОВЕРЕНО",
                "БЕЗ ЗВУКА 28 мин",
                "! СРОК №1024 Касса\u{FFFD}[2J (1 ч 12 м)",
                "✓ СРОК №1024 Вход (1 ч 12 м)",
                "+10 ещё",
                "открыто 41, ждут 9, критич. 0, просроч. 2 · 14:37:20, сб 21 ноя",
            ]
        );
    }

    /// A level with alarms and no ticket behind them: the panels say how many alarms there are, and so do the lines.
    #[test]
    fn the_number_beside_the_word_is_the_panels_own() {
        let first = |level, counts| lines(&Scene { level, counts, ..breach() }).swap_remove(0);
        let none = Counts::default();
        assert_eq!(first(Level::Breach, none), "ПРОСРОЧЕНО 12 · не принято: 1+");
        assert_eq!(first(Level::DueSoon, none), "ВНИМАНИЕ 12 · не принято: 1+");
        assert_eq!(first(Level::DueSoon, Counts { due_soon: 3, ..none }), "СКОРО СРОК 3 · не принято: 1+");
        assert_eq!(first(Level::Normal, none), "ВСЁ В ПОРЯДКЕ · не принято: 1+");
    }

    #[test]
    fn a_picture_that_is_not_live_says_so_first() {
        let first = |link| lines(&Scene { link, ..breach() }).swap_remove(0);
        let progress = Progress { done: 412_000, of: 1_000_000 };
        assert_eq!(first(Link::Stale { since_s: 70 }), "НЕТ СВЯЗИ: картина устарела на 1 мин 10 с");
        assert_eq!(
            first(Link::Starting { progress: Some(progress) }),
            "ЗАПУСК: восстановление: 412 000 из 1 000 000"
        );
        assert_eq!(first(Link::Blocked { by: DiskFault::Full }), "НЕ ЗАПУЩЕНО: диск полон");
        assert_eq!(first(Link::Stopped), "ОСТАНОВЛЕНО: за сроками никто не следит");
    }
}
