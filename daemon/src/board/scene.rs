//! From the wall's state to the scene that is drawn: the room's language, ages, the time of day.

use calendars::{Timestamp, Tz};
use chrono::{Datelike, Timelike};
use firmware_board::{AlarmLine, ClockText, Counts, Language, Link, NextLine, Scene, Signals};

use smol_str::SmolStr;

use super::state::{BoardState, scene_kind, scene_state};
use crate::desk::Metric;
use crate::desk::people::Staffing;
use crate::run::opening::Stage;

/// How many characters of a subject are shown.
const TEXT_MAX: usize = 200;

/// What does not change while the daemon runs.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// The name of the room or site.
    pub site: String,
    /// The language of the wall.
    pub language: Language,
}

/// The scene of a desk that is not there yet; none where it is.
pub fn opening_scene(stage: &Stage, room: &Room, now: Timestamp, zone: Tz) -> Option<Scene> {
    let (link, signals) = match stage {
        Stage::Reading { progress } => (Link::Starting { progress: *progress }, Signals::DARK),
        Stage::Blocked { by, .. } => {
            let storage = (firmware_board::AlarmKind::Storage, firmware_board::AlarmState::Unacked);
            (Link::Blocked { by: *by }, firmware_board::signals([storage].into_iter(), false))
        }
        Stage::Open(_) => return None,
    };
    let Room { site, language } = room.clone();
    Some(Scene { at_text: clock_text(now, zone), link, signals, language, site, ..Scene::default() })
}

pub(super) fn clock_text(now: Timestamp, zone: Tz) -> ClockText {
    let local = now.local(zone);
    ClockText {
        hh: small(local.hour()),
        mm: small(local.minute()),
        ss: small(local.second()),
        day: small(local.day()),
        month: small(local.month()),
        weekday: small(local.weekday().num_days_from_monday()),
    }
}

/// The scene of a state at `now`.
pub fn scene(board: &BoardState, room: &Room, now: Timestamp) -> Scene {
    Scene {
        at_text: clock_text(now, board.zone),
        level: board.level(),
        trusted: board.time.is_trusted(),
        link: Link::Live,
        counts: Counts {
            open: board.counts.open,
            waiting: board.counts.waiting,
            critical: board.counts.critical,
            breached: board.counts.breached,
            due_soon: board.counts.due_soon,
        },
        alarms: board
            .alarms
            .iter()
            .map(|(alarm, about)| AlarmLine {
                kind: scene_kind(alarm.kind),
                ticket: alarm.ticket.map(|number| number.0),
                text: said(
                    board,
                    about.regulation.as_ref(),
                    if alarm.text.is_empty() { &about.subject } else { &alarm.text },
                ),
                age_s: seconds(now.ms_since(alarm.since)),
                state: scene_state(alarm.state),
            })
            .collect(),
        alarms_total: u32::try_from(board.alarms_total).unwrap_or(u32::MAX),
        next: board
            .next
            .iter()
            .map(|next| NextLine {
                number: next.number.0,
                metric: metric_word(next.metric, room.language).to_owned(),
                in_s: next.deadline.ms_since(now) / 1_000,
                priority: next.priority_title.clone(),
                subject: said(board, Some(&next.regulation), &next.subject),
            })
            .collect(),
        staffing: board.staffing.as_ref().map(|staffing| {
            let Staffing { on_shift, required, lacks, .. } = staffing;
            let number = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
            firmware_board::Staffing {
                on_shift: number(*on_shift),
                required: number(*required),
                specialist: lacks.is_empty(),
            }
        }),
        signals: board.signals(now),
        muted_min: board
            .muted_until
            .filter(|until| *until > now)
            .map(|until| u16::try_from(until.ms_since(now) / 60_000 + 1).unwrap_or(u16::MAX)),
        quiet: board.quiet.are_at(now, board.zone),
        language: room.language,
        site: room.site.clone(),
    }
}

/// What a ticket is about; where several regulations run, with the name of its own before it.
fn said(board: &BoardState, regulation: Option<&SmolStr>, subject: &str) -> String {
    // A subject may be a page long; no wall shows more of it than this.
    let subject: String = firmware_board::clean(subject).chars().take(TEXT_MAX).collect();
    match regulation.and_then(|id| board.shorts.get(id)) {
        Some(short) => format!("{short} · {subject}"),
        None => subject,
    }
}

/// A metric in one word, for the wall's narrow lines.
fn metric_word(metric: Metric, language: Language) -> &'static str {
    match (metric, language) {
        (Metric::Reaction, Language::Russian) => "реакция",
        (Metric::Resolution, Language::Russian) => "решение",
        (Metric::Line, Language::Russian) => "линия",
        (Metric::RequesterAnswer, Language::Russian) => "ответ",
        (Metric::Confirmation, Language::Russian) => "подтверждение",
        (Metric::Acceptance, Language::Russian) => "приёмка",
        (Metric::Escalation, Language::Russian) => "эскалация",
        (Metric::RegistrationLetter, Language::Russian) => "письмо",
        (Metric::Reaction, Language::English) => "reaction",
        (Metric::Resolution, Language::English) => "resolution",
        (Metric::Line, Language::English) => "line",
        (Metric::RequesterAnswer, Language::English) => "answer",
        (Metric::Confirmation, Language::English) => "confirmation",
        (Metric::Acceptance, Language::English) => "acceptance",
        (Metric::Escalation, Language::English) => "escalation",
        (Metric::RegistrationLetter, Language::English) => "letter",
    }
}

fn small(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn seconds(ms: i64) -> u32 {
    u32::try_from(ms.max(0) / 1_000).unwrap_or(u32::MAX)
}
