//! The screen as it is drawn, on a terminal in memory, and what keys do to it.

use firmware_board::{ClockText, Counts, Language, Level, Link, Scene};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::asked::{Deed, News};
use super::draw::draw;
use super::key::Key;
use super::view::{List, Order, View, shares};
use crate::golden;

/// When the daemon was heard, by this process's own clock.
const HEARD_MS: u64 = 1_000_000;

fn alarm(id: &str, kind: &str, ticket: Option<u64>, text: &str, state: &str) -> Value {
    let since = "2026-11-23T09:30:00+03:00";
    let by = (state == "acked").then_some("ivanova");
    json!({"id": id, "kind": kind, "ticket": ticket, "text": text, "since": since, "state": state, "acked_by": by})
}

fn board(alarms: &[Value]) -> News {
    let next = |number: u64, metric: &str, deadline: &str, subject: &str| json!({"number": number, "metric": metric, "deadline": deadline, "priority": "high", "subject": subject});
    let document = json!({
        "at": "2026-11-23T10:02:11.000+03:00", "level": "critical", "trusted": true,
        "counts": {"open": 12, "waiting": 3, "critical": 1, "breached": 1, "due_soon": 1},
        "alarms": alarms, "alarms_total": alarms.len(),
        "next": [
            next(1024, "reaction", "2026-11-23T10:07:10+03:00", "Касса не печатает чек"),
            next(1030, "resolution", "2026-11-23T18:00:00+03:00", "Отчёт не сходится с остатками на складе за октябрь"),
            next(1031, "escalation", "2026-11-25T10:02:11+03:00", "\u{1b}[31mred"),
        ],
        "staffing": {"on_shift": 2, "required": 3, "specialist": true},
        "signals": {"red": "fast", "amber": "off", "green": "off", "buzzer": "critical"},
        "muted_until": "2026-11-23T10:32:11+03:00",
    });
    News::Board(serde_json::from_value(document).expect("it is one of the daemon's"))
}

fn queue() -> News {
    let queued = |position: u64, number: u64, subject: &str, held_by: Option<u64>| {
        json!({"position": position, "number": number, "priority": "normal", "line": 1, "subject": subject,
            "registered_at": "2026-11-23T08:00:00+03:00", "held_by": held_by})
    };
    let document = json!([
        queued(1, 1030, "Отчёт не сходится с остатками на складе за октябрь", None),
        queued(2, 1031, "Доступ для бухгалтера", Some(1024)),
    ]);
    News::Queue(serde_json::from_value(document).expect("it is one of the daemon's"))
}

fn three() -> [Value; 3] {
    [
        alarm("1024-critical", "critical", Some(1024), "Касса не печатает чек", "unacked"),
        alarm("1007-breach-resolution-1", "breach", Some(1007), "Не открывается сайт", "acked"),
        alarm("panel-st7796", "panel", None, "панель не отвечает", "unacked"),
    ]
}

fn scene() -> Scene {
    Scene {
        at_text: ClockText { hh: 10, mm: 2, ss: 11, ..ClockText::default() },
        level: Level::Critical,
        trusted: true,
        link: Link::Live,
        counts: Counts { critical: 1, ..Counts::default() },
        language: Language::Russian,
        ..Scene::default()
    }
}

fn view(alarms: &[Value]) -> View {
    let mut view = View::default();
    view.scene = scene();
    view.told(board(alarms), HEARD_MS);
    view.told(queue(), HEARD_MS);
    view
}

/// The screen as text, a line each, and what has another look than plain text.
fn screen(view: &View, now_ms: u64, (columns, rows): (u16, u16), is_coloured: bool) -> (String, bool) {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("memory is a terminal");
    terminal.draw(|frame| draw(view, now_ms, frame, is_coloured)).expect("memory takes it");
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for row in 0..rows {
        let line: String = (0..columns).map(|column| buffer[(column, row)].symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let is_tinted = buffer.content().iter().any(|cell| {
        let plain = ratatui::style::Color::Reset;
        (cell.fg, cell.bg) != (plain, plain)
    });
    (text, is_tinted)
}

#[test]
fn a_terminal_of_80_by_24_shows_alarms_terms_and_the_queue() {
    let (text, is_tinted) = screen(&view(&three()), HEARD_MS + 1_000, (80, 24), true);
    golden::check("cli/golden/top.txt", &text);
    assert!(is_tinted, "it has colours");
    assert!(!text.contains('\u{1b}'), "a subject writes nothing to the terminal");
}

#[test]
fn without_colours_it_has_none() {
    assert!(!screen(&view(&three()), HEARD_MS, (80, 24), false).1);
}

#[test]
fn terms_count_down_between_two_answers() {
    let view = view(&three());
    assert!(screen(&view, HEARD_MS, (80, 24), true).0.contains("04:59"));
    assert!(screen(&view, HEARD_MS + 3_000, (80, 24), true).0.contains("04:56"));
    assert!(screen(&view, HEARD_MS + 300_000, (80, 24), true).0.contains("-00:01"));
}

#[test]
fn a_small_terminal_shows_the_list_that_keys_go_to_and_none_makes_it_fail() {
    let mut view = view(&three());
    let (text, _) = screen(&view, HEARD_MS, (40, 10), true);
    assert!(text.contains("ТРЕВОГИ 3") && !text.contains("ОЧЕРЕДЬ"), "{text}");
    view.press(Key::Before, HEARD_MS);
    let (text, _) = screen(&view, HEARD_MS, (40, 10), true);
    assert!(text.contains("ОЧЕРЕДЬ 2") && !text.contains("ТРЕВОГИ"), "{text}");
    for size in (1..30).flat_map(|columns| (1..12).map(move |rows| (columns, rows))) {
        screen(&view, HEARD_MS, size, true);
    }
}

#[test]
fn a_daemon_that_is_away_is_told_with_the_age_of_what_is_shown() {
    let mut view = view(&three());
    view.scene.link = Link::Stale { since_s: 12 };
    view.told(News::Away("no daemon at /run/andon/control.sock".to_owned()), HEARD_MS + 12_000);
    golden::check("cli/golden/top-away.txt", &screen(&view, HEARD_MS + 12_000, (80, 24), true).0);
    view.scene.link = Link::Live;
    view.told(board(&three()), HEARD_MS + 20_000);
    let (text, _) = screen(&view, HEARD_MS + 20_000, (80, 24), true);
    assert!(!text.contains("no daemon") && !text.contains("НЕТ СВЯЗИ"), "{text}");
}

#[test]
fn the_chosen_alarm_is_taken_wherever_the_list_moved_it() {
    let mut view = view(&three());
    let take = |view: &mut View| view.press(Key::Take, HEARD_MS);
    let ask = |id: &str| Some(Order::Ask(Deed::Take(id.to_owned())));
    assert_eq!(take(&mut view), ask("1024-critical"));
    view.press(Key::Down, HEARD_MS);
    assert_eq!(take(&mut view), ask("1007-breach-resolution-1"));
    let [first, second, third] = three();
    view.told(board(&[second, third.clone(), first.clone()]), HEARD_MS);
    assert_eq!(take(&mut view), ask("1007-breach-resolution-1"), "it stands first now");
    // It is over, and another stands in its place: a key that was on its way to it takes nothing.
    view.told(board(&[third, first]), HEARD_MS);
    assert_eq!(take(&mut view), None);
    assert_eq!(view.said(HEARD_MS), Some("choose an alarm with the arrows first"));
    assert_eq!(view.said(HEARD_MS + 10_000), None, "it goes by itself");
    view.press(Key::Down, HEARD_MS);
    assert_eq!(take(&mut view), ask("panel-st7796"));
    view.press(Key::Last, HEARD_MS);
    assert_eq!(take(&mut view), ask("1024-critical"));
}

#[test]
fn the_chosen_alarm_is_always_on_the_screen() {
    let many: Vec<_> =
        (0..60).map(|n| alarm(&format!("{n}-critical"), "critical", Some(n), "Касса", "unacked")).collect();
    let mut view = view(&many);
    view.press(Key::Last, HEARD_MS);
    let (text, _) = screen(&view, HEARD_MS, (80, 24), true);
    assert!(text.lines().any(|line| line.starts_with(">!") && line.contains(" 59 ")), "{text}");
    view.press(Key::First, HEARD_MS);
    let (text, _) = screen(&view, HEARD_MS, (80, 24), true);
    assert!(text.lines().any(|line| line.starts_with(">!") && line.contains(" 0 ")), "{text}");
}

#[test]
fn the_other_keys_ask_for_what_the_foot_says() {
    let mut view = view(&[]);
    assert_eq!(view.press(Key::Silence, 0), Some(Order::Ask(Deed::Silence)));
    assert_eq!(view.press(Key::Mute, 0), Some(Order::Ask(Deed::Mute)));
    assert_eq!(view.press(Key::Unmute, 0), Some(Order::Ask(Deed::Unmute)));
    assert_eq!(view.press(Key::Quit, 0), Some(Order::Quit));
    assert_eq!(view.press(Key::Take, 0), None, "there is nothing to take");
    for list in [List::Deadlines, List::Queue, List::Alarms] {
        view.press(Key::Next, 0);
        assert_eq!(view.list, list);
    }
}

#[test]
fn lists_share_the_lines_and_none_is_left_out() {
    for (lines, lens, expected) in [
        (15, [60, 20, 50], [5, 5, 5]),
        (15, [2, 20, 1], [2, 12, 1]),
        (15, [0, 0, 0], [1, 1, 13]),
        (15, [3, 3, 2], [3, 3, 9]),
        (3, [9, 9, 9], [1, 1, 1]),
    ] {
        assert_eq!(shares(lines, lens), expected, "{lines} lines for {lens:?}");
    }
}
