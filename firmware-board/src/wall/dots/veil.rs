//! What stands there while there is no live picture.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::brush::{Brush, Type};
use super::head::tile;
use super::{MARK_ROOM, Plan, line_type, palette};
use crate::marks::Mark;
use crate::wall::palette::Tone;
use crate::{DiskFault, Link, Phase, Scene};

pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let Veil { mark, tone, word, detail, flashes } = veil(scene);
    let times = plan.head_times;
    let left = tile(brush, times, tone, mark, flashes && phase.slow)? + times + 1;
    let words = scene.language.words();
    if brush.height < 24 {
        let pieces = pieces(Type::small(1), word, brush.width - MARK_ROOM - 1);
        let piece = usize::try_from(phase.turn % pieces.len() as u64).unwrap_or(0);
        let detail_room = brush.width - MARK_ROOM - Type::small(1).width(&pieces[piece]) - 4;
        let once = Type::small(1);
        let top = if brush.height < 16 { (brush.height - once.cap()) / 2 } else { 1 };
        brush.text(once, tone.ink, (MARK_ROOM + 1, top), &pieces[piece])?;
        let Some(detail) = detail else { return Ok(()) };
        if brush.height >= 16 {
            return brush
                .text_within(
                    once,
                    palette::DOTS.text,
                    (MARK_ROOM + 1, top + 8),
                    brush.width - MARK_ROOM - 1,
                    &detail,
                )
                .map(drop);
        }
        if once.fits(&detail, detail_room) {
            brush.text(once, palette::DOTS.text, (brush.width - once.width(&detail), top), &detail)?;
        }
        return Ok(());
    }
    let large = Type::largest(word, brush.width - left, plan.head - 2);
    // Too wide for beside the mark: below it, on the whole width.
    let r#type = line_type(plan.bold);
    let mut top = plan.head + 1;
    if large.fits(word, brush.width - left) {
        brush.text(large, tone.ink, (left, (plan.head - 1 - large.cap()) / 2), word)?;
    } else {
        let once = Type::small(1);
        brush.text_within(once, tone.ink, (0, top + 1), brush.width, word)?;
        top += once.pitch();
    }
    let detail = detail.as_deref();
    let all = match scene.link {
        Link::Starting { .. } => [detail, None, None],
        Link::Live | Link::Blocked { .. } | Link::Stale { .. } | Link::Stopped => {
            [detail, Some(words.nothing_watched), Some(words.call_admin)]
        }
    };
    // What has no room on one line goes on in the next; what is then too much is left out whole.
    let room = usize::try_from((brush.height - top) / r#type.pitch()).unwrap_or(0);
    let wrapped = |told: &[Option<&str>]| -> Vec<String> {
        told.iter().flatten().flat_map(|told| pieces(r#type, told, brush.width - 1)).collect()
    };
    let fewer = [wrapped(&all), wrapped(&[detail, all[2]]), wrapped(&[detail.or(all[2])])];
    let lines = fewer.into_iter().find(|lines| lines.len() <= room).unwrap_or_default();
    for told in lines {
        brush.text(r#type, palette::DOTS.text, (1, top + (r#type.pitch() - r#type.cap()) / 2), &told)?;
        top += r#type.pitch();
    }
    Ok(())
}

/// How often a page turns until what is said on a wall of that size begins anew; 1 where it is said at once.
pub(super) fn turns(scene: &Scene, width: i32, height: i32) -> u64 {
    let word = veil(scene).word;
    if height < 24 { pieces(Type::small(1), word, width - MARK_ROOM - 1).len() as u64 } else { 1 }
}

/// What is said while there is no live picture.
struct Veil {
    mark: Mark,
    tone: Tone,
    word: &'static str,
    detail: Option<String>,
    flashes: bool,
}

fn veil(scene: &Scene) -> Veil {
    let words = scene.language.words();
    let blue = palette::DOTS.blue;
    match scene.link {
        Link::Starting { progress } => Veil {
            mark: Mark::DueSoon,
            tone: blue,
            word: words.starting,
            detail: progress.map(|progress| format!("{}%", progress.percent())),
            flashes: false,
        },
        Link::Blocked { by } => Veil {
            mark: Mark::Storage,
            tone: palette::DOTS.red,
            word: words.not_started,
            detail: Some(String::from(disk(scene, by))),
            flashes: true,
        },
        Link::Stale { since_s } => Veil {
            mark: Mark::Panel,
            tone: blue,
            word: words.no_link,
            detail: Some(words.span(since_s)),
            flashes: true,
        },
        Link::Live | Link::Stopped => {
            Veil { mark: Mark::Stopped, tone: blue, word: words.stopped, detail: None, flashes: false }
        }
    }
}

fn disk(scene: &Scene, by: DiskFault) -> &'static str {
    scene.language.words().disk(by)
}

/// A word in as few pieces as fit a width, each as long as it can be; broken at a space where there is one.
fn pieces(r#type: Type, word: &str, max: i32) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while !r#type.fits(rest, max) {
        let fitting = rest
            .char_indices()
            .map(|(at, _)| at)
            .skip(2)
            .take_while(|at| r#type.fits(&rest[..*at], max))
            .last();
        let Some(end) = fitting else { break };
        let end = rest[..end].rfind(' ').filter(|at| *at > 0).unwrap_or(end);
        pieces.push(String::from(rest[..end].trim()));
        rest = rest[end..].trim_start();
    }
    pieces.push(String::from(rest));
    pieces
}
