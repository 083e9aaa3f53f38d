//! The keys, as they are pressed.

use std::io;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// The next list.
    Next,
    /// The list before.
    Before,
    Take,
    Silence,
    Mute,
    Unmute,
    Quit,
}

impl Key {
    /// What a key event means, if anything. On a Russian keyboard the same keys write other letters.
    fn of(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        if event.modifiers.contains(KeyModifiers::CONTROL) {
            return matches!(event.code, KeyCode::Char('c' | 'd')).then_some(Self::Quit);
        }
        Some(match event.code {
            KeyCode::Up | KeyCode::Char('k' | 'л') => Self::Up,
            KeyCode::Down | KeyCode::Char('j' | 'о') => Self::Down,
            KeyCode::PageUp => Self::PageUp,
            KeyCode::PageDown => Self::PageDown,
            KeyCode::Home => Self::First,
            KeyCode::End => Self::Last,
            KeyCode::Tab | KeyCode::Right => Self::Next,
            KeyCode::BackTab | KeyCode::Left => Self::Before,
            KeyCode::Char('a' | 'ф') => Self::Take,
            KeyCode::Char('s' | 'ы') => Self::Silence,
            KeyCode::Char('m' | 'ь') => Self::Mute,
            KeyCode::Char('u' | 'г') => Self::Unmute,
            KeyCode::Char('q' | 'Q' | 'й' | 'Й') => Self::Quit,
            _ => return None,
        })
    }
}

/// The keys that mean something; it ends when none can come any more.
///
/// # Errors
/// The system has no thread to give.
pub(super) fn keys() -> io::Result<mpsc::Receiver<Key>> {
    let (to, keys) = mpsc::channel(16);
    std::thread::Builder::new().name("keys".into()).spawn(move || {
        while let Ok(event) = event::read() {
            let Event::Key(event) = event else { continue };
            if Key::of(&event).is_some_and(|key| to.blocking_send(key).is_err()) {
                return;
            }
        }
    })?;
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_russian_keyboard_has_the_same_keys() {
        for (latin, russian) in
            [('q', 'й'), ('a', 'ф'), ('s', 'ы'), ('m', 'ь'), ('u', 'г'), ('j', 'о'), ('k', 'л')]
        {
            let of = |letter| Key::of(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
            assert!(of(latin).is_some(), "{latin}");
            assert_eq!(of(latin), of(russian), "{latin}");
        }
    }

    #[test]
    fn control_c_ends_it_and_control_a_takes_nothing() {
        let of = |letter| Key::of(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
        assert_eq!([of('c'), of('a')], [Some(Key::Quit), None]);
    }
}
