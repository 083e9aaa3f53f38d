//! The wall of few pixels: a LED matrix, an OLED, a terminal; from 32x8 on.
//!
//! Every pixel is lit or dark, so that the picture is the same on a panel without colours; where there are colours, they say the level besides.
//! A picture is a head with the level's mark, the number and the word, as large as it can be; then lines of alarms; then a foot. What has no room
//! is left out, from the foot up: on a single line there are the mark, the number and one alarm at a time. Nothing scrolls; what is wider than
//! the wall and has to be read is shown in pieces that take turns.

mod brush;
mod calm;
mod foot;
mod head;
mod lines;
mod one_line;
mod veil;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::pages::{self, Lines, Page};
use super::{band, palette};
use crate::{Level, Link, Phase, Scene};
use brush::{Brush, Type};

/// The smallest wall.
pub(super) const LEAST: (u16, u16) = (32, 8);

/// What goes where on a wall of few pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plan {
    /// How many pixels a dot of the head has.
    head_times: i32,
    /// Rows of the head.
    head: i32,
    /// Whether lines are written in the bolder face.
    bold: bool,
    /// Lines of alarms.
    lines: usize,
    /// Whether there is a foot.
    foot: bool,
}

impl Plan {
    fn of(width: i32, height: i32) -> Self {
        let bold = height >= 84 && width >= 160;
        let pitch = line_type(bold).pitch();
        let head_times = match height {
            ..24 => 1,
            _ => (height * 2 / 5 / 8).max(2),
        };
        let head = head_times * 8;
        let room = height - head;
        let foot = room >= pitch * 3;
        let lines = usize::try_from(room / pitch).unwrap_or(0) - usize::from(foot);
        Self { head_times, head, bold, lines, foot }
    }

    /// Whether head and alarm share a single line.
    fn is_one_line(self) -> bool {
        self.lines == 0
    }
}

fn line_type(bold: bool) -> Type {
    if bold { Type::BOLD } else { Type::small(1) }
}

/// The page of alarms.
pub(super) fn page(scene: &Scene, (width, height): (u16, u16), turn: u64) -> Page {
    let plan = Plan::of(width.into(), height.into());
    let lines = plan.lines.max(1);
    // A banner is a line among the others here.
    let lines = lines - usize::from(pages::banner(scene).is_some() && lines > 1);
    let lines = Lines { whole: lines, paged: lines };
    let alarm_turn =
        if plan.is_one_line() { turn / one_line::pieces_of_alarms(scene, width.into()) } else { turn };
    Page::of(scene, lines, alarm_turn)
}

/// How often a page turns until the wall begins anew; 1 where none does.
pub(super) fn turns(scene: &Scene, size: (u16, u16)) -> u64 {
    let (width, height) = (i32::from(size.0), i32::from(size.1));
    match scene.link {
        Link::Live if is_calm(scene) => 1,
        Link::Live => {
            let plan = Plan::of(width, height);
            let pieces = if plan.is_one_line() { one_line::pieces_of_alarms(scene, width) } else { 1 };
            let marks =
                if plan.is_one_line() && width < NARROW && head::trouble_of(scene).is_some() { 2 } else { 1 };
            page(scene, size, 0).of as u64 * pieces * marks
        }
        Link::Starting { .. } | Link::Blocked { .. } | Link::Stale { .. } | Link::Stopped => {
            veil::turns(scene, width, height)
        }
    }
}

/// Draws the scene on so many columns and rows.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    target: &mut D,
    size: (u16, u16),
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let brush = &mut Brush::new(target, size);
    let plan = Plan::of(brush.width, brush.height);
    brush.fill((0, 0), (brush.width, brush.height), palette::DOTS.ground)?;
    match scene.link {
        Link::Live if is_calm(scene) => calm::draw(brush, plan, scene),
        Link::Live if plan.is_one_line() => {
            one_line::draw(brush, scene, size, phase)?;
            foot::heartbeat(brush, scene)
        }
        Link::Live => {
            head::draw(brush, plan, scene, phase)?;
            let page = page(scene, size, phase.turn);
            lines::draw(brush, plan, scene, &page, phase)?;
            if plan.foot { foot::draw(brush, plan, scene, &page) } else { foot::heartbeat(brush, scene) }
        }
        Link::Starting { .. } | Link::Blocked { .. } | Link::Stale { .. } | Link::Stopped => {
            veil::draw(brush, plan, scene, phase)
        }
    }
}

fn is_calm(scene: &Scene) -> bool {
    scene.level == Level::Normal && scene.alarms.is_empty()
}

/// Columns of a small mark with the space after it.
const MARK_ROOM: i32 = 9;

/// A wall with fewer columns has no room for the number of alarms beside one of them.
const NARROW: i32 = 48;

/// Columns left free for the beating dot.
const BEAT_ROOM: i32 = 2;
