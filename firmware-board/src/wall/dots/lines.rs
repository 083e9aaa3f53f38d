//! Lines of alarms.

use alloc::format;
use alloc::string::String;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::DrawTarget;

use super::brush::{Brush, Type};
use super::{BEAT_ROOM, MARK_ROOM, Page, Plan, line_type, palette};
use crate::marks::Mark;
use crate::{AlarmLine, AlarmState, Lamp, Phase, Scene};

/// A line for each alarm of the page: mark, number, subject, age.
pub(super) fn draw<D: DrawTarget<Color = Rgb565>>(
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
pub(super) fn name(scene: &Scene, alarm: &AlarmLine) -> String {
    match alarm.ticket {
        Some(number) => format!("{}{number}", scene.language.words().number_sign),
        None => String::from(scene.language.kind(alarm.kind)),
    }
}

/// How old an alarm is, as long as there is room to say it.
pub(super) fn age(scene: &Scene, alarm: &AlarmLine, r#type: Type, room: i32) -> Option<String> {
    let age = scene.language.words().age(alarm.age_s);
    let tight: String = age.chars().filter(|char| *char != ' ').collect();
    [age, tight].into_iter().find(|age| r#type.fits(age, room))
}
