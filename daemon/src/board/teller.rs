//! What a thread of the wall tells the desk: that a part fails or works again, and what somebody did at the button.

use std::time::Duration;

use crate::desk::{Actor, AlarmKind, Command, DeskAct, Role};
use crate::run::opening::Stage;
use crate::run::{Handle, Opening};

/// Who says so when a part of the wall fails.
const WALL: &str = "wall";
/// Who did it when it was done at the button.
const BUTTON: &str = "button";

/// The way to the desk, which may not be there yet.
pub(super) struct Teller {
    opening: Opening,
    handle: Option<Handle>,
    /// What is to be told once it is there.
    untold: Vec<DeskAct>,
}

impl Teller {
    pub(super) fn new(opening: Opening) -> Self {
        Self { opening, handle: None, untold: Vec::new() }
    }

    /// How far the opening is.
    pub(super) fn stage(&self) -> Stage {
        self.opening.stage()
    }

    /// Waits for the desk, at most so long. It is told at once what could not be told before.
    pub(super) fn wait(&mut self, patience: Duration) -> Option<Handle> {
        let handle = self.opening.wait(patience)?;
        let wall = Actor::named(WALL, Role::Admin);
        self.untold.drain(..).for_each(|act| handle.tell(Command::Desk(act), wall.clone()));
        self.handle = Some(handle.clone());
        Some(handle)
    }

    /// Tells the desk that a part failed or works again, if that is news.
    pub(super) fn part(&mut self, part: &str, news: Option<Result<(), String>>) {
        let (kind, part) = (AlarmKind::Panel, part.to_owned());
        let act = match news {
            None => return,
            Some(Ok(())) => DeskAct::PartWorks { kind, part },
            Some(Err(text)) => {
                log::error!("the wall's {part}: {text}");
                DeskAct::PartFailed { kind, part, text }
            }
        };
        match &self.handle {
            Some(handle) => handle.tell(Command::Desk(act), Actor::named(WALL, Role::Admin)),
            None => self.untold.push(act),
        }
    }

    /// Has the desk do what somebody meant at the button; nothing where it is not there.
    pub(super) fn button(&self, act: DeskAct) {
        if let Some(handle) = &self.handle {
            handle.tell(Command::Desk(act), Actor::named(BUTTON, Role::Agent));
        }
    }
}
