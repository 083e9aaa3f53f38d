//! Rooms to draw, shared by the tests and examples.
#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod golden;

use firmware_board::{
    AlarmKind, AlarmLine, AlarmState, ClockText, Counts, DiskFault, Layout, Level, Link, NextLine, Progress,
    Scene, Staffing, signals,
};

/// Saturday, 21 November, 14:37:20.
pub(crate) const AT: ClockText = ClockText { hh: 14, mm: 37, ss: 20, day: 21, month: 11, weekday: 5 };

/// The layout of the panel that most tests draw for.
pub(crate) fn layout() -> Layout {
    Layout::of(480, 320).expect("it is served")
}

pub(crate) fn alarm(
    kind: AlarmKind,
    ticket: Option<u64>,
    text: &str,
    age_s: u32,
    state: AlarmState,
) -> AlarmLine {
    AlarmLine { kind, ticket, text: text.into(), age_s, state }
}

pub(crate) fn next(number: u64, metric: &str, in_s: i64, priority: &str, subject: &str) -> NextLine {
    NextLine { number, metric: metric.into(), in_s, priority: priority.into(), subject: subject.into() }
}

/// A scene of these alarms with what follows from them.
pub(crate) fn room(level: Level, counts: Counts, alarms: Vec<AlarmLine>) -> Scene {
    Scene {
        at_text: AT,
        level,
        trusted: true,
        link: Link::Live,
        counts,
        signals: signals(alarms.iter().map(|alarm| (alarm.kind, alarm.state)), false),
        alarms_total: u32::try_from(alarms.len()).expect("a few alarms"),
        alarms,
        next: vec![
            next(1031, "реакция", 12 * 60 + 5, "высокий", "Не приходит код входа"),
            next(1028, "решение", 47 * 60, "средний", "Ошибка при проведении возврата"),
            next(998, "ответ", 3 * 3_600 + 300, "низкий", "Вопрос по отчёту за октябрь"),
            next(1002, "решение", 90_000, "низкий", "Доработка печатной формы"),
        ],
        staffing: Some(Staffing { on_shift: 3, required: 2, specialist: true }),
        site: "Поддержка, комната 412".into(),
        ..Scene::default()
    }
}

pub(crate) fn well() -> Scene {
    room(Level::Normal, Counts { open: 37, waiting: 12, ..Counts::default() }, vec![])
}

pub(crate) fn due_soon() -> Scene {
    room(
        Level::DueSoon,
        Counts { open: 38, waiting: 12, due_soon: 2, ..Counts::default() },
        vec![
            alarm(AlarmKind::DueSoon, Some(1031), "Не приходит код входа", 180, AlarmState::Unacked),
            alarm(AlarmKind::DueSoon, Some(1028), "Ошибка при проведении возврата", 1_500, AlarmState::Acked),
        ],
    )
}

pub(crate) fn breach() -> Scene {
    room(
        Level::Breach,
        Counts { open: 41, waiting: 9, breached: 2, due_soon: 1, critical: 0 },
        vec![
            alarm(AlarmKind::Breach, Some(1024), "Не открывается личный кабинет", 4_325, AlarmState::Unacked),
            alarm(AlarmKind::Breach, Some(1019), "Чек не печатается на кассе 3", 8_100, AlarmState::Acked),
            alarm(AlarmKind::DueSoon, Some(1031), "Не приходит код входа", 40, AlarmState::Unacked),
        ],
    )
}

pub(crate) fn critical() -> Scene {
    room(
        Level::Critical,
        Counts { open: 52, waiting: 9, breached: 3, due_soon: 1, critical: 1 },
        vec![
            alarm(
                AlarmKind::Critical,
                Some(1040),
                "Остановлены отгрузки: нет кодов маркировки",
                95,
                AlarmState::Unacked,
            ),
            alarm(AlarmKind::Breach, Some(1024), "Не открывается личный кабинет", 4_325, AlarmState::Unacked),
            alarm(AlarmKind::Breach, Some(1019), "Чек не печатается на кассе 3", 8_100, AlarmState::Acked),
        ],
    )
}

pub(crate) fn storm() -> Scene {
    let mut scene = critical();
    scene.counts = Counts { open: 214, waiting: 31, breached: 17, due_soon: 9, critical: 12 };
    for number in 1041..1048 {
        let line =
            alarm(AlarmKind::Critical, Some(number), "Касса не принимает карты", 60, AlarmState::Unacked);
        scene.alarms.insert(1, line);
    }
    scene.alarms_total = 38;
    scene.staffing = Some(Staffing { on_shift: 1, required: 3, specialist: false });
    scene
}

/// A critical ticket that somebody has, and one that has just come.
pub(crate) fn critical_twice() -> Scene {
    let mut scene = critical();
    scene.counts.critical = 2;
    scene.alarms[0].state = AlarmState::Acked;
    scene.alarms[0].age_s = 2_700;
    scene.alarms[1].state = AlarmState::Acked;
    let new = alarm(AlarmKind::Critical, Some(1052), "Склад в Туле не отгружает", 20, AlarmState::Unacked);
    scene.alarms.insert(1, new);
    scene.alarms_total += 1;
    resignalled(scene)
}

/// Many tickets of one cause.
pub(crate) fn mass_problem() -> Scene {
    let mut scene = breach();
    let mass = alarm(
        AlarmKind::MassProblem,
        None,
        "«Честный знак» не отвечает, заявок: 14",
        1_260,
        AlarmState::Unacked,
    );
    scene.alarms.insert(2, mass);
    scene.alarms_total += 1;
    resignalled(scene)
}

/// Too few on shift.
pub(crate) fn understaffed() -> Scene {
    let alarms =
        vec![alarm(AlarmKind::Staffing, None, "На смене один, нужно двое", 700, AlarmState::Unacked)];
    let scene = room(Level::DueSoon, Counts { open: 38, waiting: 12, ..Counts::default() }, alarms);
    Scene { staffing: Some(Staffing { on_shift: 1, required: 2, specialist: true }), ..scene }
}

/// Parts of the box that need somebody.
pub(crate) fn parts_failed() -> Scene {
    let alarms = vec![
        alarm(AlarmKind::Storage, None, "Диск почти полон: 96 %", 5_400, AlarmState::Unacked),
        alarm(AlarmKind::Letter, None, "Почтовый сервер не отвечает", 1_500, AlarmState::Unacked),
        alarm(AlarmKind::Panel, None, "Второй экран не принимает картинку", 240, AlarmState::Acked),
    ];
    room(Level::DueSoon, Counts { open: 38, waiting: 12, ..Counts::default() }, alarms)
}

/// Nobody has told the box the coming year's working days.
pub(crate) fn no_calendar() -> Scene {
    let text = "Нет календаря на 2027 год: сроки предварительные";
    let alarms = vec![alarm(AlarmKind::Calendar, None, text, 86_400 * 3, AlarmState::Acked)];
    room(Level::DueSoon, Counts { open: 38, waiting: 12, ..Counts::default() }, alarms)
}

/// The same room with the lamps that its alarms ask for.
pub(crate) fn resignalled(scene: Scene) -> Scene {
    let signals = signals(scene.alarms.iter().map(|alarm| (alarm.kind, alarm.state)), false);
    Scene { signals, ..scene }
}

/// Every state that a wall must tell apart, by name.
pub(crate) fn states() -> Vec<(&'static str, Scene)> {
    let linked = |link| Scene { link, ..breach() };
    vec![
        ("well", well()),
        ("well-quiet", Scene { quiet: true, ..well() }),
        ("due-soon", due_soon()),
        ("due-soon-muted", Scene { muted_min: Some(28), ..due_soon() }),
        ("due-soon-quiet", Scene { quiet: true, ..due_soon() }),
        ("breach", breach()),
        ("storm", storm()),
        ("critical", critical()),
        ("critical-twice", critical_twice()),
        ("mass-problem", mass_problem()),
        ("understaffed", understaffed()),
        ("parts-failed", parts_failed()),
        ("no-calendar", no_calendar()),
        ("untrusted", Scene { trusted: false, ..breach() }),
        ("starting", linked(Link::Starting { progress: Some(Progress { done: 412_000, of: 1_000_000 }) })),
        ("starting-unknown", linked(Link::Starting { progress: None })),
        ("blocked", linked(Link::Blocked { by: DiskFault::Full })),
        ("stale", linked(Link::Stale { since_s: 250 })),
        ("stopped", linked(Link::Stopped)),
    ]
}
