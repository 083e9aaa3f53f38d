//! Colours of what is told, where a terminal shows them.

use super::Io;

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    /// All is well.
    Good,
    /// Somebody is needed.
    Bad,
}

impl Io<'_> {
    /// A text in a colour, where colours are wanted; what could do anything else to a terminal is taken out of it.
    pub(super) fn paint(&self, paint: Paint, text: &str) -> String {
        let text = super::text::one_line(text);
        if !self.is_coloured {
            return text;
        }
        let colour = match paint {
            Paint::Good => 32,
            Paint::Bad => 31,
        };
        format!("\x1b[1;{colour}m{text}\x1b[0m")
    }
}
