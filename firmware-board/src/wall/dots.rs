//! The wall of few pixels: a LED matrix, an OLED, a terminal; from 32x8 on.
//!
//! Every pixel is lit or dark, so that the picture is the same on a panel without colours; where there are colours, they say the level besides.
//! A picture is a head with the level's mark, the number and the word, as large as it can be; then lines of alarms; then a foot. What has no room
//! is left out, from the foot up: on a single line there are the mark, the number and one alarm at a time. Nothing scrolls; what is wider than
//! the wall and has to be read is shown in pieces that take turns.

mod brush;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::pages::{self, Lines, Page};
use super::palette::{self, Tone};
use super::{band, unacked};
use crate::marks::Mark;
use crate::{AlarmLine, AlarmState, ClockText, DiskFault, Lamp, Level, Link, Phase, Scene};
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
    let alarm_turn = if plan.is_one_line() { turn / pieces_of_alarms(scene, width.into()) } else { turn };
    Page::of(scene, lines, alarm_turn)
}

/// How often a page turns until the wall begins anew; 1 where none does.
pub(super) fn turns(scene: &Scene, size: (u16, u16)) -> u64 {
    let (width, height) = (i32::from(size.0), i32::from(size.1));
    match scene.link {
        Link::Live if is_calm(scene) => 1,
        Link::Live => {
            let plan = Plan::of(width, height);
            let pieces = if plan.is_one_line() { pieces_of_alarms(scene, width) } else { 1 };
            let marks =
                if plan.is_one_line() && width < NARROW && trouble_of(scene).is_some() { 2 } else { 1 };
            page(scene, size, 0).of as u64 * pieces * marks
        }
        Link::Starting { .. } | Link::Blocked { .. } | Link::Stale { .. } | Link::Stopped => {
            let word = veil(scene).word;
            if height < 24 { pieces(Type::small(1), word, width - MARK_ROOM - 1).len() as u64 } else { 1 }
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
        Link::Live if is_calm(scene) => calm(brush, plan, scene),
        Link::Live if plan.is_one_line() => {
            one_line(brush, scene, size, phase)?;
            heartbeat(brush, scene)
        }
        Link::Live => {
            head(brush, plan, scene, phase)?;
            let page = page(scene, size, phase.turn);
            alarms(brush, plan, scene, &page, phase)?;
            if plan.foot { foot(brush, plan, scene, &page) } else { heartbeat(brush, scene) }
        }
        Link::Starting { .. } | Link::Blocked { .. } | Link::Stale { .. } | Link::Stopped => {
            not_live(brush, plan, scene, phase)
        }
    }
}

fn is_calm(scene: &Scene) -> bool {
    scene.level == Level::Normal && scene.alarms.is_empty()
}

/// Columns of a small mark with the space after it.
const MARK_ROOM: i32 = 9;

/// A dot in the corner that beats each second: whoever sees it beat sees that the picture lives.
fn heartbeat<D: DrawTarget<Color = Rgb565>>(brush: &mut Brush<'_, D>, scene: &Scene) -> Result<(), D::Error> {
    let colour = if scene.at_text.ss.is_multiple_of(2) { palette::DOTS.text } else { palette::DOTS.ground };
    brush.fill((brush.width - 1, brush.height - 1), (1, 1), colour)
}

/// A wall with fewer columns has no room for the number of alarms beside one of them.
const NARROW: i32 = 48;

/// Columns left free for the beating dot.
const BEAT_ROOM: i32 = 2;

/// The first of these texts that fits; the last, if none does.
fn first_fitting(r#type: Type, room: i32, texts: Vec<String>) -> String {
    let fitting =
        texts.iter().position(|text| r#type.fits(text, room)).unwrap_or(texts.len().saturating_sub(1));
    texts.into_iter().nth(fitting).unwrap_or_default()
}

/// «14:37», with a colon that beats each second.
fn time(at: ClockText) -> String {
    let colon = if at.ss.is_multiple_of(2) { ':' } else { ' ' };
    format!("{:02}{colon}{:02}", at.hh, at.mm)
}

/// Writes the time; the colon keeps its room when it is dark.
fn clock<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    r#type: Type,
    scene: &Scene,
    at: (i32, i32),
) -> Result<(), D::Error> {
    let colour = if scene.trusted { palette::DOTS.text } else { palette::DOTS.amber.ink };
    let lit = time(scene.at_text);
    let (hours, minutes) = (lit.get(..2).unwrap_or("??"), lit.get(lit.len() - 2..).unwrap_or("??"));
    let colon = at.0 + r#type.width(hours);
    brush.text(r#type, colour, at, hours)?;
    if lit.contains(':') {
        brush.text(r#type, colour, (colon, at.1), ":")?;
    }
    brush.text(r#type, colour, (colon + r#type.width(":"), at.1), minutes).map(drop)
}

fn clock_width(r#type: Type) -> i32 {
    r#type.width("00:00")
}

/// The mark's tile; says where it ends.
fn tile<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    times: i32,
    tone: Tone,
    mark: Mark,
    is_lit: bool,
) -> Result<i32, D::Error> {
    let side = times * 8;
    let (ground, ink) =
        if is_lit { (tone.ink, palette::DOTS.ground) } else { (palette::DOTS.ground, tone.ink) };
    brush.fill((0, 0), (side + (times + 1) / 2, side), ground)?;
    brush.mark(times, ink, (times.div_euclid(2).max(1), times / 2), mark)?;
    Ok(side + (times + 1) / 2)
}

/// The level: mark, number, word, and below the word what is to be done.
fn head<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
    phase: Phase,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette::DOTS.level(scene.level);
    let times = plan.head_times;
    brush.fill((0, 0), (brush.width, plan.head - 1), tone.fill)?;
    let mut left = tile(brush, times, tone, band::sign(scene), phase.lights(band::lamp(scene)))? + times + 1;
    let word = band::word(scene, words);
    let mut right = brush.width - 1;
    if let Some(number) = band::number(scene) {
        let figure = format!("{number}");
        let wanted = Type::small(times);
        let r#type = if wanted.fits(&figure, right - left) {
            wanted
        } else {
            Type::largest(&figure, right - left, plan.head - 1)
        };
        left +=
            brush.text(r#type, palette::DOTS.text, (left, (plan.head - 1 - r#type.cap()) / 2), &figure)?
                + 2 * times;
    }
    right -= trouble(brush, scene, right)?;
    let room = right - left;
    let caption = (times >= 3).then(|| match unacked(scene) {
        0 => String::from(words.all_taken),
        count => format!("{}: {count}", words.not_taken),
    });
    let caption = caption.filter(|caption| Type::small(1).fits(caption, room));
    let below = if caption.is_some() { Type::small(1).pitch() } else { 0 };
    let r#type = Type::largest(word, room, plan.head - 2 - below);
    let word = if r#type.fits(word, room) { word } else { band::word_short(scene, words) };
    if r#type.fits(word, room) {
        let top = (plan.head - 1 - below - r#type.cap()) / 2;
        brush.text(r#type, palette::DOTS.text, (left, top.max(1)), word)?;
    }
    if let Some(caption) = caption {
        brush.text(
            Type::small(1),
            palette::DOTS.text,
            (left, plan.head - 3 - Type::small(1).cap()),
            &caption,
        )?;
    }
    Ok(())
}

/// A small mark at the right for what holds for the whole wall; says how wide.
fn trouble<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    scene: &Scene,
    right: i32,
) -> Result<i32, D::Error> {
    let Some((mark, tone)) = trouble_of(scene) else { return Ok(0) };
    brush.mark(1, tone.ink, (right - 7, 0), mark)?;
    Ok(MARK_ROOM)
}

fn trouble_of(scene: &Scene) -> Option<(Mark, Tone)> {
    match (scene.trusted, scene.muted_min) {
        (false, _) => Some((Mark::Clock, palette::DOTS.amber)),
        (true, Some(_)) => Some((Mark::Muted, palette::DOTS.blue)),
        (true, None) => None,
    }
}

/// A line for each alarm of the page: mark, number, subject, age.
fn alarms<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
    page: &Page,
    phase: Phase,
) -> Result<(), D::Error> {
    let r#type = line_type(plan.bold);
    let listed = page.banner.iter().chain(&page.lines).take(plan.lines);
    for (row, index) in (0..).zip(listed) {
        let top = plan.head + row * r#type.pitch() + (r#type.pitch() - r#type.cap()).div_euclid(2);
        line(brush, plan, scene, &scene.alarms[*index], phase, top)?;
    }
    Ok(())
}

fn line<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
    alarm: &AlarmLine,
    phase: Phase,
    top: i32,
) -> Result<(), D::Error> {
    let r#type = line_type(plan.bold);
    let tone = palette::DOTS.kind(alarm.kind);
    let colour = match alarm.state {
        AlarmState::Unacked => palette::DOTS.text,
        AlarmState::Acked | AlarmState::ClearedUnacked | AlarmState::Shelved => palette::DOTS.faint,
    };
    let mark = match alarm.state {
        AlarmState::Unacked | AlarmState::ClearedUnacked => Mark::from(alarm.kind),
        AlarmState::Acked => Mark::Taken,
        AlarmState::Shelved => Mark::Shelved,
    };
    let is_steady = matches!(alarm.state, AlarmState::Acked | AlarmState::Shelved);
    if is_steady || phase.lights(Lamp::from(alarm.state)) {
        brush.mark(1, tone.ink, (0, top + (r#type.cap() - 7).div_euclid(2)), mark)?;
    }
    let mut left = MARK_ROOM;
    let mut right = brush.width - if plan.foot { 0 } else { BEAT_ROOM };
    let gap = r#type.width(" ") + 1;
    let (name, age) = named(scene, alarm, r#type, right - left, gap);
    if let Some(age) = age {
        right -= r#type.width(&age);
        brush.text(r#type, colour, (right, top), &age)?;
        right -= gap;
    }
    let ink = if is_steady { colour } else { tone.ink };
    left += brush.text_within(r#type, ink, (left, top), right - left, &name)? + gap;
    // A few letters and a mark that there are more tell nothing.
    if right - left >= r#type.cap() * 4 || r#type.fits(&alarm.text, right - left) {
        brush.text_within(r#type, colour, (left, top), right - left, &alarm.text)?;
    }
    Ok(())
}

/// What an alarm is called and how old it is, the one shortened for the other's sake where both have no room.
fn named(scene: &Scene, alarm: &AlarmLine, r#type: Type, room: i32, gap: i32) -> (String, Option<String>) {
    let name = name(scene, alarm);
    let bare = alarm.ticket.map(|number| format!("{number}"));
    let both = [Some(&name), bare.as_ref()].into_iter().flatten().find_map(|name| {
        let age = age(scene, alarm, r#type, room - r#type.width(name) - gap)?;
        Some((name.clone(), Some(age)))
    });
    both.unwrap_or((name, None))
}

/// What an alarm is called: the ticket's number, or its kind.
fn name(scene: &Scene, alarm: &AlarmLine) -> String {
    match alarm.ticket {
        Some(number) => format!("{}{number}", scene.language.words().number_sign),
        None => String::from(scene.language.kind(alarm.kind)),
    }
}

/// How old an alarm is, as long as there is room to say it.
fn age(scene: &Scene, alarm: &AlarmLine, r#type: Type, room: i32) -> Option<String> {
    let age = scene.language.words().age(alarm.age_s);
    let tight: String = age.chars().filter(|char| *char != ' ').collect();
    [age, tight].into_iter().find(|age| r#type.fits(age, room))
}

/// What holds for the whole wall, or the figures; and the time.
fn foot<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
    page: &Page,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let r#type = line_type(plan.bold);
    let top = brush.height - r#type.pitch() + (r#type.pitch() - r#type.cap()) / 2;
    let right = brush.width - clock_width(r#type);
    clock(brush, r#type, scene, (right, top))?;
    let faint = palette::DOTS.faint;
    let (colour, told) = if !scene.trusted {
        (palette::DOTS.amber.ink, untrusted(scene))
    } else if page.of > 1 {
        let number = format!("{}/{}", page.number, page.of);
        let more = alloc::vec![
            format!("+{} {}  {number}", page.hidden, words.more),
            format!("+{}  {number}", page.hidden),
            number,
        ];
        (palette::DOTS.text, more)
    } else if let Some(minutes) = scene.muted_min {
        (palette::DOTS.blue.ink, muted(scene, minutes))
    } else if scene.quiet {
        (palette::DOTS.blue.ink, alloc::vec![String::from(words.quiet), String::from(words.quiet_short)])
    } else {
        let open = format!("{} {}", words.open, scene.counts.open);
        (faint, alloc::vec![format!("{open} · {} {}", words.waiting, scene.counts.waiting), open])
    };
    let told = first_fitting(r#type, right - 4, told);
    brush.text_within(r#type, colour, (0, top), right - 4, &told).map(drop)
}

fn untrusted(scene: &Scene) -> Vec<String> {
    let words = scene.language.words();
    alloc::vec![String::from(words.time_not_trusted), String::from(words.time_short)]
}

fn muted(scene: &Scene, minutes: u16) -> Vec<String> {
    let words = scene.language.words();
    let left = words.age(u32::from(minutes) * 60);
    alloc::vec![format!("{} {left}", words.muted), String::from(words.muted)]
}

/// All is well: the tick, the word and a clock as large as it can be.
fn calm<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    plan: Plan,
    scene: &Scene,
) -> Result<(), D::Error> {
    let words = scene.language.words();
    let tone = palette::DOTS.green;
    let times = if brush.height < 24 { (brush.height / 8).max(1) } else { plan.head_times };
    if brush.height < 24 {
        let r#type = Type::largest("00:00", brush.width - times * 9, brush.height - 1);
        let top = (brush.height - r#type.cap()) / 2;
        brush.mark(times, tone.ink, (0, (brush.height - times * 7) / 2), Mark::Well)?;
        let left = times * 8 + 1;
        let right = brush.width - clock_width(r#type);
        clock(brush, r#type, scene, (right, top))?;
        let room = right - left - 2;
        trouble(brush, scene, right - 2)?;
        if scene.trusted && scene.muted_min.is_none() && Type::small(1).fits(words.all_well, room) {
            let word = Type::largest(words.all_well, room, brush.height - 1);
            brush.text(word, tone.ink, (left, (brush.height - word.cap()) / 2), words.all_well)?;
        }
        return Ok(());
    }
    brush.fill((0, 0), (brush.width, plan.head - 1), tone.fill)?;
    brush.mark(times, palette::DOTS.text, (times / 2 + 1, times / 2), Mark::Well)?;
    let left = times * 8 + times + 1;
    let right = brush.width - 1 - trouble(brush, scene, brush.width - 1)?;
    let word = Type::largest(words.all_well, right - left, plan.head - 2);
    let text = if word.fits(words.all_well, right - left) { words.all_well } else { words.well_short };
    brush.text_within(
        word,
        palette::DOTS.text,
        (left, (plan.head - 1 - word.cap()) / 2),
        right - left,
        text,
    )?;
    let r#type = line_type(plan.bold);
    let foot = if plan.foot { r#type.pitch() } else { 0 };
    let room = brush.height - plan.head - foot;
    let large = Type::largest("00:00", brush.width - 2, room - 3);
    let top = plan.head + (room - large.cap()) / 2;
    clock(brush, large, scene, ((brush.width - clock_width(large)) / 2, top))?;
    if !plan.foot {
        return Ok(());
    }
    let top = brush.height - r#type.pitch() + (r#type.pitch() - r#type.cap()) / 2;
    let (colour, told) = if !scene.trusted {
        (palette::DOTS.amber.ink, untrusted(scene))
    } else if let Some(minutes) = scene.muted_min {
        (palette::DOTS.blue.ink, muted(scene, minutes))
    } else if scene.quiet {
        (palette::DOTS.blue.ink, alloc::vec![String::from(words.quiet)])
    } else {
        match scene.next.first() {
            Some(next) => {
                let left = words.left(next.in_s);
                let soonest = alloc::vec![format!("{}{} {left}", words.number_sign, next.number), left];
                (palette::DOTS.blue.ink, soonest)
            }
            None => (palette::DOTS.faint, alloc::vec![words.date_short(scene.at_text)]),
        }
    };
    let told = first_fitting(r#type, brush.width, told);
    let told = r#type.fit(&told, brush.width);
    let left = (brush.width - r#type.width(&told)) / 2;
    brush.text(r#type, colour, (left, top), &told).map(drop)
}

/// A single line: the mark, the number, and one alarm.
fn one_line<D: DrawTarget<Color = Rgb565>>(
    brush: &mut Brush<'_, D>,
    scene: &Scene,
    size: (u16, u16),
    phase: Phase,
) -> Result<(), D::Error> {
    let once = Type::small(1);
    let tone = palette::DOTS.level(scene.level);
    // On the narrowest there is no room for two marks beside a number: they take turns.
    let is_narrow = brush.width < NARROW;
    let sign = trouble_of(scene).filter(|_| is_narrow && !phase.turn.is_multiple_of(2));
    let (sign, tone) = sign.unwrap_or((band::sign(scene), tone));
    tile(brush, 1, tone, sign, phase.lights(band::lamp(scene)))?;
    let top = (brush.height - once.cap()) / 2;
    let mut left = MARK_ROOM + 1;
    if let Some(number) = band::number(scene).filter(|_| brush.width >= NARROW) {
        left += brush.text(once, tone.ink, (left, top), &format!("{number}"))? + 3;
    }
    let right = brush.width - if is_narrow { 0 } else { trouble(brush, scene, brush.width)? };
    let page = page(scene, size, phase.turn);
    let Some(alarm) = page.shown().next().and_then(|index| scene.alarms.get(index)) else {
        let words = scene.language.words();
        let word = [band::word(scene, words), band::word_short(scene, words)];
        let word = word.into_iter().find(|word| once.fits(word, right - left)).unwrap_or_default();
        return brush.text(once, tone.ink, (left, top), word).map(drop);
    };
    let colour = match alarm.state {
        AlarmState::Unacked => palette::DOTS.text,
        AlarmState::Acked | AlarmState::ClearedUnacked | AlarmState::Shelved => palette::DOTS.faint,
    };
    let pieces = said(scene, alarm, brush.width);
    let turn = phase.turn % pieces_of_alarms(scene, brush.width);
    let piece = usize::try_from(turn).unwrap_or(0).min(pieces.len() - 1);
    brush.text_within(once, colour, (left, top), right - left, &pieces[piece]).map(drop)
}

/// How many pieces an alarm of this scene is told in on a single line.
fn pieces_of_alarms(scene: &Scene, width: i32) -> u64 {
    let alarms = scene.alarms.iter().take(pages::LOOKED_AT);
    alarms.map(|alarm| said(scene, alarm, width).len() as u64).max().unwrap_or(1)
}

/// An alarm on a single line: whole, or its name and then its age.
fn said(scene: &Scene, alarm: &AlarmLine, width: i32) -> Vec<String> {
    let once = Type::small(1);
    let figure = band::number(scene)
        .filter(|_| width >= NARROW)
        .map_or(0, |number| once.width(&format!("{number}")) + 3);
    let aside = trouble_of(scene).map_or(BEAT_ROOM, |_| MARK_ROOM + BEAT_ROOM);
    let room = width - MARK_ROOM - 1 - figure - if width < NARROW { 0 } else { aside };
    let name = match alarm.ticket {
        Some(number) if width < NARROW => format!("{number}"),
        Some(_) | None => name(scene, alarm),
    };
    // Where there is hardly any room, in its largest unit alone.
    let in_short = || scene.language.words().age(alarm.age_s).split(' ').take(2).collect();
    let age = age(scene, alarm, once, room).unwrap_or_else(in_short);
    let whole = format!("{name} {age}");
    if !once.fits(&whole, room) {
        return alloc::vec![name, age];
    }
    // The subject where there is room for some of it.
    if room - once.width(&whole) >= 30 {
        alloc::vec![format!("{whole} {}", once.fit(&alarm.text, room))]
    } else {
        alloc::vec![whole]
    }
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

fn not_live<D: DrawTarget<Color = Rgb565>>(
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
