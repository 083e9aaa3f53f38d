//! A button that people press: what they meant by it.
//!
//! Contacts bounce, fingers rest, water gets in. What counts is a level that stays for [`DEBOUNCE_MS`]. A press acts when
//! the button is let go, since until then it may still become a hold; a hold acts while the button is down, so that the
//! hand feels when it has been long enough. A button that is down from the first look on, or stays down, is told once as
//! stuck and does nothing until it was let go.

/// How long a level must stay to count, in milliseconds: contacts bounce for 5 to 30.
pub const DEBOUNCE_MS: u64 = 30;
/// How often it is to be looked at, in milliseconds.
pub const LOOK_MS: u64 = 20;
/// How long a button is down before it is stuck, in milliseconds.
pub const STUCK_MS: u64 = 30_000;

/// A button, from one look to the next.
#[derive(Debug, Clone)]
pub struct Button {
    hold_ms: u64,
    /// The level that was seen last, and since when; none before the first look.
    seen: Option<(bool, u64)>,
    /// What it is since when.
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    /// It went down at that time, and has not acted yet.
    Down(u64),
    /// It went down at that time, and has done what it does until it is let go.
    Spent(u64),
    Stuck,
}

/// What somebody meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ButtonEvent {
    /// It was pressed and let go.
    Pressed,
    /// It has been held for as long as a hold takes.
    Held,
    /// It does not come up.
    Stuck,
    /// It was stuck and has come up.
    Freed,
}

impl Button {
    /// A button whose hold takes so long.
    pub fn new(hold_ms: u64) -> Self {
        Self { hold_ms, seen: None, state: State::Up }
    }

    /// A look at it: whether it is down at `t_ms`, milliseconds that only go forward. Gives what somebody meant, if now is
    /// when that is known.
    pub fn look(&mut self, is_down: bool, t_ms: u64) -> Option<ButtonEvent> {
        let is_first = self.seen.is_none();
        let (level, since_ms) = self.seen.filter(|(level, _)| *level == is_down).unwrap_or((is_down, t_ms));
        self.seen = Some((level, since_ms));
        if is_first && is_down {
            // Nobody presses it just now: it was down when we came.
            self.state = State::Spent(t_ms);
        }
        let is_steady = t_ms.saturating_sub(since_ms) >= DEBOUNCE_MS;
        match (self.state, level) {
            (State::Up, true) if is_steady => {
                self.state = State::Down(since_ms);
                None
            }
            (State::Down(_), false) if is_steady => {
                self.state = State::Up;
                Some(ButtonEvent::Pressed)
            }
            (State::Spent(_), false) if is_steady => {
                self.state = State::Up;
                None
            }
            (State::Stuck, false) if is_steady => {
                self.state = State::Up;
                Some(ButtonEvent::Freed)
            }
            (State::Down(down_ms), true) if t_ms.saturating_sub(down_ms) >= self.hold_ms => {
                self.state = State::Spent(down_ms);
                Some(ButtonEvent::Held)
            }
            (State::Spent(down_ms), true) if t_ms.saturating_sub(down_ms) >= STUCK_MS => {
                self.state = State::Stuck;
                Some(ButtonEvent::Stuck)
            }
            (State::Up | State::Down(_) | State::Spent(_) | State::Stuck, _) => None,
        }
    }
}
