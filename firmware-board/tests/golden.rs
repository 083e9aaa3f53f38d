//! Every state of the wall as a picture. A picture that changed is a decision: look at it, then `UPDATE_GOLDEN=1`.

mod common;

use common::golden::{check_frame, check_on};
use common::{alarm, breach, critical, due_soon, next, resignalled, room, storm, well};
use firmware_board::{
    AlarmKind, AlarmState, ClockText, Counts, DiskFault, Frame, Language, Level, Link, Phase, Progress,
    Scene, Staffing, test_card,
};

/// Draws the scene and compares it with its picture.
fn check(name: &str, scene: &Scene) {
    check_at(name, scene, Phase::LIT);
}

fn check_at(name: &str, scene: &Scene, phase: Phase) {
    check_on((480, 320), name, scene, phase);
}

#[test]
fn all_is_well() {
    check("well", &well());
}

#[test]
fn all_is_well_in_english() {
    check("well-english", &english(well()));
}

#[test]
fn all_is_well_and_nothing_is_due() {
    check(
        "well-idle",
        &Scene { next: vec![], staffing: None, site: String::new(), counts: Counts::default(), ..well() },
    );
}

#[test]
fn a_term_ends_soon() {
    check("due-soon", &due_soon());
}

#[test]
fn a_term_has_passed() {
    check("breach", &breach());
    check_at("breach-dark-phase", &breach(), Phase::DARK);
}

#[test]
fn everything_is_taken() {
    let mut scene = breach();
    for alarm in &mut scene.alarms {
        alarm.state = AlarmState::Acked;
    }
    check("breach-taken", &resignalled(scene));
}

#[test]
fn a_critical_ticket() {
    check("critical", &critical());
    check_at("critical-dark-phase", &critical(), Phase::DARK);
    check("critical-english", &english(critical()));
}

#[test]
fn more_alarms_than_lines() {
    check("storm", &storm());
    check("storm-notices", &Scene { trusted: false, muted_min: Some(28), ..storm() });
}

#[test]
fn each_kind_of_alarm_has_its_mark() {
    let kinds =
        AlarmKind::ALL.map(|kind| alarm(kind, None, "Проверка знака на стене", 600, AlarmState::Unacked));
    for (name, kinds) in [("kinds-1", &kinds[..5]), ("kinds-2", &kinds[5..10]), ("kinds-3", &kinds[6..])] {
        let scene = room(Level::DueSoon, Counts { open: 8, ..Counts::default() }, kinds.to_vec());
        check(name, &Scene { next: vec![], ..scene });
    }
}

#[test]
fn each_state_of_an_alarm_looks_its_own() {
    let states =
        AlarmState::ALL.map(|state| alarm(AlarmKind::Breach, Some(1024), "Не печатает чек", 4_325, state));
    let scene = room(Level::Breach, Counts { open: 8, breached: 4, ..Counts::default() }, states.to_vec());
    check("states", &scene);
    check_at("states-dark-phase", &scene, Phase::DARK);
}

#[test]
fn the_time_is_not_trusted() {
    check("untrusted", &Scene { trusted: false, ..well() });
    check("untrusted-breach", &Scene { trusted: false, ..breach() });
}

#[test]
fn the_sound_is_off() {
    check("muted", &Scene { muted_min: Some(28), ..due_soon() });
}

#[test]
fn the_picture_is_old() {
    let stale = |scene| Scene { link: Link::Stale { since_s: 250 }, ..scene };
    check("stale-breach", &stale(breach()));
    check("stale-well", &stale(well()));
    check_at("stale-well-dark-phase", &stale(well()), Phase::DARK);
    check("stale-english", &english(stale(critical())));
}

#[test]
fn the_daemon_starts() {
    check(
        "starting",
        &Scene {
            link: Link::Starting { progress: Some(Progress { done: 412_000, of: 1_000_000 }) },
            ..well()
        },
    );
    check("starting-unknown", &Scene { link: Link::Starting { progress: None }, ..well() });
}

#[test]
fn the_disk_does_not_let_the_daemon_start() {
    let blocked = |by| Scene { link: Link::Blocked { by }, ..well() };
    check("blocked-full", &blocked(DiskFault::Full));
    check_at("blocked-read-only-dark-phase", &blocked(DiskFault::ReadOnly), Phase::DARK);
    check("blocked-fails-english", &english(blocked(DiskFault::Fails)));
}

#[test]
fn the_daemon_has_stopped() {
    check("stopped", &Scene { link: Link::Stopped, ..well() });
    check("stopped-english", &english(Scene { link: Link::Stopped, ..well() }));
}

#[test]
fn long_and_foreign_texts_stay_in_their_place() {
    let long = "Очень длинная тема, которая не поместится в строку никак и никогда".repeat(3);
    let alarms = vec![
        alarm(AlarmKind::Breach, Some(18_446_744_073_709_551_615), &long, u32::MAX, AlarmState::Unacked),
        alarm(
            AlarmKind::Critical,
            Some(9),
            "счёт\u{202E}gpj.exe שלום 字 😀 «ёлка» → 25 °C",
            0,
            AlarmState::Shelved,
        ),
        alarm(
            AlarmKind::Complaint,
            Some(1_234_567),
            "«Когда?!» — спрашивает клиент…",
            3_600,
            AlarmState::Acked,
        ),
        alarm(AlarmKind::Calendar, None, &long, 86_400 * 3, AlarmState::Acked),
    ];
    let counts = Counts { open: 123_456, waiting: 99_999, critical: 4_321, breached: 123_456, due_soon: 7 };
    let mut scene = room(Level::Breach, counts, alarms);
    scene.site = long.clone();
    scene.next = vec![next(123_456_789, &long, i64::MAX, &long, &long), next(5, "", -4, "", "")];
    scene.staffing = Some(Staffing { on_shift: 12, required: 15, specialist: true });
    check("long", &scene);
}

#[test]
fn a_level_without_figures_counts_its_alarms() {
    let alarms = vec![
        alarm(AlarmKind::Staffing, None, "На смене один, нужно двое", 700, AlarmState::Unacked),
        alarm(AlarmKind::Letter, None, "Почтовый сервер не отвечает", 5_000, AlarmState::Acked),
    ];
    let scene = room(Level::DueSoon, Counts { open: 8, ..Counts::default() }, alarms);
    check(
        "attention",
        &Scene { staffing: Some(Staffing { on_shift: 1, required: 2, specialist: true }), ..scene },
    );
}

#[test]
fn an_impossible_date_is_drawn_all_the_same() {
    let at_text = ClockText { hh: 99, mm: 99, ss: 255, day: 0, month: 13, weekday: 7 };
    check("impossible-date", &Scene { at_text, ..well() });
}

fn english(scene: Scene) -> Scene {
    Scene { language: Language::English, site: "Support, room 412".into(), ..scene }
}

#[test]
fn a_panel_is_tested() {
    for (width, height) in [(480, 320), (320, 240), (800, 480), (1_920, 1_080), (64, 8), (128, 16), (128, 64)]
    {
        let mut frame = Frame::new(width, height);
        test_card("door", Language::Russian, &mut frame);
        check_frame("card", &frame);
    }
}
