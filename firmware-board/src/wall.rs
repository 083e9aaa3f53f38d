//! What the room sees: a design of the wall for each kind of panel.
//!
//! | design | panels | read from |
//! | --- | --- | --- |
//! | the grid, a pixel a unit | 480x320, 3.5" | a desk; word and number from the door |
//! | the grid, three pixels for two units | 800x480, 7" | across a table |
//! | the grid, four pixels a unit | 1920x1080, 42" | a room: on 42" a pixel is 0.48 mm, so subjects have capitals of 27 mm (read to 4.6 m at 20' of arc, 5.8 m at 16'), words of 58 mm (to 10 m), the number of 100 mm (to 17 m) |
//! | the pocket (`pocket.rs`) | 320x240, 2.4" to 3.5" | the hand; colour and number from the desk |
//! | dots (`dots.rs`) | everything smaller from 32x8 on: LED matrices, OLEDs, terminals | 7 dots of 4 mm to 4.8 m |
//!
//! On the grid,
//! from top to bottom: the level as colour, mark, word and number; the alarms, worst first; what runs out next; notices; the room's figures and
//! the clock. When all is well the alarms give way to a clock that is read across the room. A picture that is not live cannot be mistaken for
//! one: it has no colour and is covered, or is not drawn at all; red is then only what keeps the desk from starting.
//!
//! What flashes is a mark or its tile, never text that has to be read.

mod alarms;
mod band;
mod calm;
mod dots;
mod footer;
mod next;
mod notices;
mod pages;
mod palette;
mod pen;
mod pocket;
mod veil;

use alloc::format;
use alloc::string::String;
use core::fmt;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use crate::{ClockText, Lamp, Level, Link, Phase, Scene};
pub(crate) use pages::LOOKED_AT;
use pages::Page;
use palette::Palette;
use pen::{Grid, Pen};

/// Columns of the panel that most rooms have.
pub const WIDTH: u16 = 480;
/// Rows of the panel that most rooms have.
pub const HEIGHT: u16 = 320;

/// Free space at the left and right.
const MARGIN: i32 = 12;
const LEFT: i32 = MARGIN;
/// In lines: where the ticket's number starts, and the text.
const NUMBER: i32 = 44;
const TEXT: i32 = 116;

/// Which design of the wall serves a panel.
///
/// A design is made for a size and for the distance from which a panel of that size is read; none is another one squeezed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Layout {
    width: u16,
    height: u16,
    design: Design,
}

/// The designs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Design {
    /// The wall on a grid of units.
    Grid(Grid),
    /// 320x240.
    Pocket,
    /// Few pixels.
    Dots,
}

/// No design serves a panel of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unservable {
    /// The panel's columns.
    pub width: u16,
    /// The panel's rows.
    pub height: u16,
}

impl fmt::Display for Unservable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, height } = self;
        write!(f, "no layout of the wall serves a panel of {width}x{height}; served are {SERVED}")
    }
}

impl core::error::Error for Unservable {}

/// The sizes that are served, for people.
const SERVED: &str =
    "all from 32x8 to 4096x4096, with designs made for 320x240, 480x320, 800x480, 1920x1080 and LED matrices";

/// No side of a wall has more pixels: its picture is kept in memory.
const MOST: u16 = 4_096;

/// A wall on the grid has at least so many units.
const LEAST: (u16, u16) = (480, 270);

impl Design {
    fn of(width: u16, height: u16) -> Option<Self> {
        let fits = |grid: &Grid| {
            let (columns, rows) = grid.size((width, height));
            columns >= LEAST.0 && rows >= LEAST.1
        };
        if width < dots::LEAST.0 || height < dots::LEAST.1 || width.max(height) > MOST {
            return None;
        }
        if (width, height) == pocket::SIZE {
            return Some(Self::Pocket);
        }
        let grid = [Grid::Room, Grid::Table, Grid::Desk].into_iter().find(fits);
        Some(grid.map_or(Self::Dots, Self::Grid))
    }
}

impl Layout {
    /// The layout of a panel with so many columns and rows.
    ///
    /// # Errors
    /// No layout serves the size; the error says which sizes are served.
    pub fn of(width: u16, height: u16) -> Result<Self, Unservable> {
        let design = Design::of(width, height).ok_or(Unservable { width, height })?;
        Ok(Self { width, height, design })
    }

    /// Columns and rows of the pictures it draws.
    pub fn size(&self) -> (u16, u16) {
        (self.width, self.height)
    }

    /// Draws the scene, with what flashes and the page of alarms as they are in this phase.
    ///
    /// Every pixel of the panel is drawn; what was on the target before does not shine through.
    ///
    /// # Errors
    /// Those of the target.
    pub fn draw<D: DrawTarget<Color = Rgb565>>(
        &self,
        scene: &Scene,
        phase: Phase,
        target: &mut D,
    ) -> Result<(), D::Error> {
        match self.design {
            Design::Grid(grid) => on_grid(&mut Pen::new(target, grid, self.size()), scene, phase),
            Design::Pocket => pocket::draw(&mut Pen::new(target, Grid::Pocket, self.size()), scene, phase),
            Design::Dots => dots::draw(target, self.size(), scene, phase),
        }
    }

    /// The first moment after `t_ms` at which the same scene looks different, in the lamps' time: the next flash or turn of a page; `None` when
    /// it stays as it is.
    pub fn next_change(&self, scene: &Scene, t_ms: u64) -> Option<u64> {
        let lamps = [scene.signals.red, scene.signals.amber];
        let flashing: &mut dyn Iterator<Item = Lamp> = match scene.link {
            Link::Live => {
                let alarms = scene.alarms.iter().take(pages::LOOKED_AT);
                &mut alarms.map(|alarm| Lamp::from(alarm.state)).chain(lamps)
            }
            Link::Stale { .. } | Link::Blocked { .. } => &mut core::iter::once(Lamp::Slow),
            Link::Starting { .. } | Link::Stopped => &mut core::iter::empty(),
        };
        let flash = flashing.filter_map(|lamp| lamp.next_edge(t_ms)).min();
        let turn = (self.turns(scene) > 1).then(|| Phase::next_turn(t_ms));
        [flash, turn].into_iter().flatten().min()
    }

    /// Which of `scene.alarms` are on the page that is drawn in this phase, from the top: what an acknowledge button means. None while the
    /// picture is not a live one.
    pub fn shown(&self, scene: &Scene, phase: Phase) -> impl Iterator<Item = usize> + use<> {
        self.page(scene, phase.turn).into_iter().flat_map(Page::shown)
    }

    /// How often a page turns until the wall begins anew; 1 where none does.
    fn turns(self, scene: &Scene) -> u64 {
        match self.design {
            Design::Grid(_) | Design::Pocket => self.page(scene, 0).map_or(1, |page| page.of as u64),
            Design::Dots => dots::turns(scene, self.size()),
        }
    }

    /// The page of alarms; none while the picture is not a live one.
    fn page(self, scene: &Scene, turn: u64) -> Option<Page> {
        match scene.link {
            Link::Live => Some(match self.design {
                Design::Grid(grid) => {
                    let lines = alarms::lines(scene, bottom(scene, grid.size(self.size()).1));
                    Page::of(scene, lines, turn)
                }
                Design::Pocket => pocket::page(scene, turn),
                Design::Dots => dots::page(scene, self.size(), turn),
            }),
            Link::Stale { .. } | Link::Starting { .. } | Link::Blocked { .. } | Link::Stopped => None,
        }
    }
}

/// Where the strips at the foot begin, on a grid of so many rows.
fn bottom(scene: &Scene, rows: u16) -> u16 {
    footer::top(rows) - notices::height(scene)
}

fn on_grid<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    match scene.link {
        Link::Live => picture(pen, &palette::LIVE, scene, phase),
        Link::Stale { since_s } => {
            picture(pen, &palette::STALE, scene, Phase::LIT)?;
            veil::stale(pen, &palette::LIVE, scene, since_s, phase)
        }
        Link::Starting { progress } => veil::starting(pen, &palette::LIVE, scene, progress),
        Link::Blocked { by } => veil::blocked(pen, &palette::LIVE, scene, by, phase),
        Link::Stopped => veil::stopped(pen, &palette::LIVE, scene),
    }
}

fn picture<D: DrawTarget<Color = Rgb565>>(
    pen: &mut Pen<'_, D>,
    palette: &Palette,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let wall = pen.wall();
    pen.fill(wall, palette.ground)?;
    notices::draw(pen, palette, scene)?;
    let bottom = bottom(scene, wall.height);
    if scene.level == Level::Normal && scene.alarms.is_empty() {
        calm::draw(pen, palette, scene, bottom)?;
        return footer::draw(pen, palette, scene, footer::Clock::Elsewhere);
    }
    band::draw(pen, palette, scene, phase)?;
    let below = alarms::draw(pen, palette, scene, phase, bottom)?;
    next::draw(pen, palette, scene, (below, bottom))?;
    footer::draw(pen, palette, scene, footer::Clock::Here)?;
    if scene.level == Level::Critical {
        pen.border(wall, 4, palette.red.fill)?;
    }
    Ok(())
}

/// «14:37».
fn time_of_day(at: ClockText) -> String {
    format!("{:02}:{:02}", at.hh, at.mm)
}
