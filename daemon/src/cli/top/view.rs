//! What is shown and what keys do. Pure: time is an argument, in milliseconds of this process's own clock.

use calendars::Timestamp;
use firmware_board::Scene;

use super::asked::{Board, Deed, News, Queued};
use super::key::Key;

/// How long what was said of a deed stays, in milliseconds.
const SAID_MS: u64 = 10_000;
/// How far a page is.
const PAGE: usize = 10;

/// What a key asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Ask(Deed),
    Quit,
}

/// One of the three lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum List {
    #[default]
    Alarms,
    Deadlines,
    Queue,
}

impl List {
    pub(super) const ALL: [Self; 3] = [Self::Alarms, Self::Deadlines, Self::Queue];
}

/// What is known of the desk, and where whoever looks is.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The wall, as it tells itself; old where the daemon is away.
    pub(super) scene: Scene,
    /// What was asked for, and when it was heard.
    board: Option<(Board, u64)>,
    pub(super) queue: Vec<Queued>,
    /// Why the daemon does not answer, while it does not.
    pub(super) away: Option<String>,
    /// What was said of the last deed, and when.
    said: Option<(String, u64)>,
    /// The list that keys go to.
    pub(super) list: List,
    /// The alarm that is chosen, by its id: the list may move under it.
    chosen: Option<String>,
    /// The line at the top of deadlines and of the queue.
    tops: [usize; 2],
}

impl View {
    /// Takes in what the daemon told.
    pub(super) fn told(&mut self, news: News, now_ms: u64) {
        match news {
            News::Board(board) => {
                let is_first = self.board.is_none();
                let is_there = |id: &String| board.alarms.iter().any(|alarm| alarm.id == *id);
                // Of an alarm that is over nothing is chosen: the next one in its place is another.
                self.chosen = self.chosen.take().filter(is_there);
                if is_first {
                    self.chosen = board.alarms.first().map(|alarm| alarm.id.clone());
                }
                self.board = Some((board, now_ms));
                self.away = None;
            }
            News::Queue(queue) => self.queue = queue,
            News::Said(said) => self.said = Some((said, now_ms)),
            News::Away(why) => self.away = Some(why),
        }
    }

    /// What a key asks for, if it does not only move.
    pub(super) fn press(&mut self, key: Key, now_ms: u64) -> Option<Order> {
        let step = |list: List, by: usize| List::ALL[(list as usize + by) % List::ALL.len()];
        match key {
            Key::Up => self.go(|at| at.saturating_sub(1)),
            Key::Down => self.go(|at| at + 1),
            Key::PageUp => self.go(|at| at.saturating_sub(PAGE)),
            Key::PageDown => self.go(|at| at + PAGE),
            Key::First => self.go(|_| 0),
            Key::Last => self.go(|_| usize::MAX),
            Key::Next => self.list = step(self.list, 1),
            Key::Before => self.list = step(self.list, 2),
            Key::Take => match self.chosen.clone() {
                Some(id) => return Some(Order::Ask(Deed::Take(id))),
                None => self.said = Some(("choose an alarm with the arrows first".to_owned(), now_ms)),
            },
            Key::Silence => return Some(Order::Ask(Deed::Silence)),
            Key::Mute => return Some(Order::Ask(Deed::Mute)),
            Key::Unmute => return Some(Order::Ask(Deed::Unmute)),
            Key::Quit => return Some(Order::Quit),
        }
        None
    }

    /// Moves in the list that keys go to, as far as it goes.
    fn go(&mut self, to: impl Fn(usize) -> usize) {
        let last = self.len(self.list).saturating_sub(1);
        let place = |at: usize| to(at).min(last);
        match self.list {
            List::Alarms => {
                // From no alarm the first step is to the first.
                let place = self.place().map_or(0, place);
                let alarm = self.board().and_then(|board| board.alarms.get(place));
                self.chosen = alarm.map(|alarm| alarm.id.clone());
            }
            List::Deadlines => self.tops[0] = place(self.tops[0]),
            List::Queue => self.tops[1] = place(self.tops[1]),
        }
    }

    pub(super) fn board(&self) -> Option<&Board> {
        self.board.as_ref().map(|(board, _)| board)
    }

    /// How many lines a list has.
    pub(super) fn len(&self, list: List) -> usize {
        match list {
            List::Alarms => self.board().map_or(0, |board| board.alarms.len()),
            List::Deadlines => self.board().map_or(0, |board| board.next.len()),
            List::Queue => self.queue.len(),
        }
    }

    /// Where the chosen alarm stands.
    pub(super) fn place(&self) -> Option<usize> {
        let (chosen, board) = (self.chosen.as_ref()?, self.board()?);
        board.alarms.iter().position(|alarm| alarm.id == *chosen)
    }

    /// The first line of a list that is shown, where so many fit.
    pub(super) fn top(&self, list: List, fitting: usize) -> usize {
        let most = self.len(list).saturating_sub(fitting);
        match list {
            List::Alarms => self.place().map_or(0, |place| (place + 1).saturating_sub(fitting)),
            List::Deadlines => self.tops[0].min(most),
            List::Queue => self.tops[1].min(most),
        }
    }

    /// What was said of the last deed, for a while.
    pub(super) fn said(&self, now_ms: u64) -> Option<&str> {
        let (said, at_ms) = self.said.as_ref()?;
        (now_ms.saturating_sub(*at_ms) < SAID_MS).then_some(said)
    }

    /// What time the desk has: what it told, and what has gone by since.
    pub(super) fn now(&self, now_ms: u64) -> Option<Timestamp> {
        let (board, heard_ms) = self.board.as_ref()?;
        let told = Timestamp::parse_rfc3339(&board.at).ok()?;
        let since_ms = i64::try_from(now_ms.saturating_sub(*heard_ms)).unwrap_or(i64::MAX);
        Some(told.plus_ms(since_ms))
    }
}

/// How many lines each list gets of those there are: what it has, and none less than a third because another has more.
pub(super) fn shares(lines: usize, lens: [usize; 3]) -> [usize; 3] {
    let third = lines / 3;
    let mut shares = lens.map(|len| len.clamp(1, third.max(1)));
    let mut left = lines.saturating_sub(shares.iter().sum());
    for (share, len) in shares.iter_mut().zip(lens) {
        let more = len.saturating_sub(*share).min(left);
        *share += more;
        left -= more;
    }
    // What nobody has lines for stays empty at the end.
    shares[2] += left;
    shares
}
