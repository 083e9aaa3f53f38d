//! The record of events is kept for as long as the box lives: what was written once is read for ever.
//!
//! `golden/events.jsonl` holds one entry a line: each kind of event with everything it can carry, and with as little as
//! it may. A line that changes makes old boxes unreadable; a new kind of event adds a line, with `UPDATE_GOLDEN=1`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use andon::desk::attachment::Attached;
use andon::desk::command::{BugReport, LinkKind, Requester, Token};
use andon::desk::event::{AssignedWhy, Entry, Event, Fact, Receipt, Registered, Term, TermReason, Turn};
use andon::desk::issue::IssueTold;
use andon::desk::letter::{LetterKind, Recipient, SkippedWhy};
use andon::desk::people::{AgentCard, Lack, Presence, PresenceFor, Shift, ShiftTimes, Staffing};
use andon::desk::problem::{ProblemNumber, ProblemTurn};
use andon::desk::regulation::Divisor;
use andon::desk::report::{
    Cause, ClockFigures, Dimension, MonthFigures, QualityFigures, Quantiles, RegulationFigures, SliceFigures,
};
use andon::desk::{
    AlarmKind, Appointment, Basis, ClientTerms, Employee, Metric, Reference, Role, Stage, TicketNumber,
};
use calendars::{Timestamp, Tz};
use serde_json::json;

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/events.jsonl")
}

/// 2026-11-23 10:00 in Moscow, and so many minutes.
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_795_417_200_000 + minutes * 60_000)
}

fn text(words: &str) -> String {
    words.to_owned()
}

fn registered() -> Event {
    Event::Registered(Box::new(Registered {
        regulation: "getmark".into(),
        version: "2024-06-14".into(),
        kind: "error".into(),
        priority: "high".into(),
        critical: true,
        status: "registration".into(),
        line: 2,
        channel: "email".into(),
        subject: text("Не открывается «форма»\n\"отчёта\""),
        description: Some(text("После обновления")),
        requester: Requester {
            name: Some(text("Анна Петрова")),
            email: Some(text("petrova@example.ru")),
            phone: Some(text("+7 495 123-45-67")),
            inn: Some(text("7707083893")),
            login: Some(text("petrova")),
        },
        client: Some(text("ООО «Ромашка»")),
        fields: BTreeMap::from([
            (text("impact"), json!("stops-operations")),
            (text("steps"), json!(["Открыть", "Нажать"])),
            (text("nodes"), json!({ "count": 3, "share": 0.5, "list": [true, null] })),
        ]),
        service: Some("reports".into()),
        urgency: Some("high".into()),
        incomplete: true,
        opened_by: None,
        reference: None,
    }))
}

fn barely_registered() -> Event {
    Event::Registered(Box::new(Registered {
        regulation: "itsm".into(),
        version: "1".into(),
        kind: "incident".into(),
        priority: "p3".into(),
        critical: false,
        status: "new".into(),
        line: 1,
        channel: "phone".into(),
        subject: text("Принтер"),
        description: None,
        requester: Requester::default(),
        client: None,
        fields: BTreeMap::new(),
        service: None,
        urgency: None,
        incomplete: false,
        opened_by: None,
        reference: None,
    }))
}

fn term() -> Term {
    Term {
        target_ms: Some(43_200_000),
        days: None,
        clause: None,
        calendar: "getmark/line-2".into(),
        revision: "0123456789abcdef".into(),
        deadline: Some(at(1_620)),
        warn_at: Some(at(1_500)),
        provisional: true,
    }
}

fn no_term() -> Term {
    Term {
        target_ms: None,
        days: None,
        clause: None,
        calendar: "getmark/line-1".into(),
        revision: "0123456789abcdef".into(),
        deadline: None,
        warn_at: None,
        provisional: false,
    }
}

fn turn(metric: Metric, turn: Turn) -> Event {
    Event::Clock { metric, cycle: 2, turn }
}

/// What can happen.
fn events() -> Vec<Event> {
    [events_before_letters(), of_letters()].concat()
}

fn events_before_letters() -> Vec<Event> {
    [
        beginnings(),
        changes(),
        endings(),
        turns(),
        events_of_the_desk(),
        of_the_five_regulations(),
        of_trusted_time(),
        of_calling(),
        of_scopes(),
        of_alerts(),
        kept_apart(),
        of_departments_and_the_head(),
        of_people(),
        months(),
        of_problems(),
        of_clients(),
        of_alerts_told_apart(),
        of_employees_and_help(),
        months_told_finer(),
    ]
    .concat()
}

/// What came with agents and their shifts.
fn of_people() -> Vec<Event> {
    let card = |name: &str| AgentCard {
        name: name.into(),
        title: None,
        lines: Vec::new(),
        groups: Vec::new(),
        skills: Vec::new(),
    };
    let ivanova = AgentCard {
        title: Some(text("Анна Иванова")),
        lines: vec![1, 2],
        groups: vec!["hm".into()],
        skills: vec!["technical-specialist".into()],
        ..card("ivanova")
    };
    let times = ShiftTimes { agent: "ivanova".into(), starts: at(0), ends: at(540) };
    let lack = Lack { skill: "technical-specialist".into(), on_shift: 0, required: 1 };
    let short = Staffing { asked: true, on_shift: 2, required: 3, lacks: vec![lack], until: Some(at(540)) };
    let quiet = Staffing { on_shift: 0, required: 3, ..Staffing::default() };
    let staffing = |staffing| Event::StaffingChanged { regulation: "zkh-services".into(), staffing };
    let presence = |to, presence| Event::PresenceChanged { agent: "ivanova".into(), to, presence };
    let mut events = vec![
        Event::AgentPut { agent: Box::new(ivanova) },
        Event::AgentPut { agent: Box::new(card("petrov")) },
        Event::AgentRemoved { name: "petrov".into() },
        presence(PresenceFor::Chat, Presence::Online),
        presence(PresenceFor::Requests, Presence::Offline),
        Event::RosterChanged { removed: vec![6], added: vec![Shift { id: 7, times }] },
        Event::RosterChanged { removed: vec![7], added: Vec::new() },
        Event::ShiftBegan { agent: "ivanova".into(), until: at(540) },
        Event::ShiftEnded { agent: "ivanova".into() },
        staffing(Some(short)),
        staffing(Some(quiet)),
        staffing(None),
    ];
    let whys = [
        AssignedWhy::Turn,
        AssignedWhy::Channel,
        AssignedWhy::OutsideHours,
        AssignedWhy::NobodyThere,
        AssignedWhy::GroupTaken,
        AssignedWhy::ShiftEnded,
        AssignedWhy::AgentRemoved,
    ];
    events.extend(whys.map(|why| Event::Assigned {
        agent: (why == AssignedWhy::Turn).then(|| "ivanova".into()),
        group: Some("hm".into()),
        reason: None,
        why: Some(why),
    }));
    events
}

fn beginnings() -> Vec<Event> {
    vec![
        registered(),
        barely_registered(),
        Event::Replied { text: text("Смотрим"), internal: false },
        Event::Replied { text: text("Похоже на № 7"), internal: true },
        Event::Asked { text: text("Какая версия?") },
        Event::Answered { text: text("2.3") },
    ]
}

fn changes() -> Vec<Event> {
    let bug_report = BugReport {
        title: Some(text("Отчёт не открывается после обновления")),
        description: Some(text("Форма пуста")),
        client: Some(text("ООО «Ромашка», https://crm.example.ru/42")),
        document: Some(text("Отчёт № 7")),
        expected: Some(text("Данные")),
        actual: Some(text("Пусто")),
        steps: vec![text("Открыть отчёт")],
        attachments: vec![text("screen.png")],
    };
    vec![
        Event::StatusChanged {
            from: "new".into(),
            to: "waiting-requester".into(),
            stage: Stage::Open,
            waiting: true,
            reason: Some(text("Ждём версию")),
        },
        Event::StatusChanged {
            from: "in-progress".into(),
            to: "closed".into(),
            stage: Stage::Resolved,
            waiting: false,
            reason: None,
        },
        Event::StatusChanged {
            from: "closed".into(),
            to: "closed".into(),
            stage: Stage::Closed,
            waiting: false,
            reason: None,
        },
        Event::Classified {
            kind: Some("consultation".into()),
            service: Some("reports".into()),
            urgency: None,
            requester: None,
            client: None,
            description: None,
            fields: BTreeMap::from([(text("impact"), json!("none")), (text("steps"), json!(null))]),
            incomplete: true,
            reason: Some(text("Вопрос")),
        },
        Event::Classified {
            kind: None,
            service: None,
            urgency: None,
            requester: None,
            client: None,
            description: None,
            fields: BTreeMap::new(),
            incomplete: false,
            reason: None,
        },
        Event::PriorityChanged {
            from: "high".into(),
            to: "critical".into(),
            critical: true,
            reason: text("Не работает ничего"),
        },
        Event::PriorityChanged {
            from: "critical".into(),
            to: "low".into(),
            critical: false,
            reason: text("Работает"),
        },
        Event::Assigned {
            agent: Some("ivanova".into()),
            group: Some("night".into()),
            reason: Some(text("Отпуск")),
            why: None,
        },
        Event::Assigned { agent: None, group: None, reason: None, why: None },
        Event::Routed {
            from: 2,
            to: 3,
            reason: Some(text("Ошибка ПО")),
            bug_report: Some(Box::new(bug_report)),
        },
        Event::Routed { from: 3, to: 2, reason: None, bug_report: None },
        Event::Extended {
            deadline: at(6_240), reason: text("Диагностика"), text: text("Ищем причину")
        },
    ]
}

fn endings() -> Vec<Event> {
    vec![
        Event::Resolved {
            text: text("Ctrl+F5"),
            source: Some("own-product".into()),
            despite: vec![text("обратитесь в другую службу")],
        },
        Event::Resolved { text: text("Ctrl+F5"), source: None, despite: Vec::new() },
        Event::Confirmed { mark: Some("satisfactory".into()), comment: Some(text("Быстро")) },
        Event::Confirmed { mark: None, comment: None },
        Event::Returned { reason: text("Не помогло") },
        Event::Refused {
            reason: text("Не наша программа"), text: Some(text("Это программа другой фирмы"))
        },
        Event::Refused { reason: text("Не наша программа"), text: None },
        Event::Closed { reason: text("requester-silent"), text: Some(text("Вы не ответили")) },
        Event::Closed { reason: text("not-confirmed"), text: None },
        Event::Linked { to: TicketNumber(7), kind: LinkKind::Similar, back: false },
        Event::Linked { to: TicketNumber(7), kind: LinkKind::Duplicate, back: true },
        Event::Linked { to: TicketNumber(7), kind: LinkKind::Problem, back: false },
        Event::Linked { to: TicketNumber(7), kind: LinkKind::FollowUp, back: false },
        Event::Urgent { text: text("Отгрузка стоит") },
    ]
}

fn turns() -> Vec<Event> {
    vec![
        turn(Metric::Reaction, Turn::Started { basis: Basis::WorkingHours, term: term() }),
        turn(Metric::Resolution, Turn::Started { basis: Basis::CalendarHours, term: no_term() }),
        turn(Metric::Acceptance, Turn::Started { basis: Basis::CalendarDays, term: term() }),
        turn(Metric::Escalation, Turn::Started { basis: Basis::WorkingDays, term: term() }),
        turn(Metric::Line, Turn::Paused { used_ms: 3_600_000 }),
        turn(Metric::Line, Turn::Resumed { used_ms: 3_600_000, term: term() }),
        turn(
            Metric::Resolution,
            Turn::Retargeted { used_ms: 3_600_000, why: TermReason::Derived, began_at: None, term: term() },
        ),
        turn(
            Metric::Resolution,
            Turn::Retargeted { used_ms: 3_600_000, why: TermReason::Calendar, began_at: None, term: term() },
        ),
        turn(
            Metric::Resolution,
            Turn::Retargeted {
                used_ms: 3_600_000,
                why: TermReason::Extended,
                began_at: None,
                term: no_term(),
            },
        ),
        turn(Metric::RegistrationLetter, Turn::Warned { deadline: at(30) }),
        turn(Metric::Resolution, Turn::Breached { at: at(1_620), late: false }),
        turn(Metric::RequesterAnswer, Turn::RanOut { at: at(1_620) }),
        turn(Metric::Confirmation, Turn::Stopped { used_ms: 3_600_000 }),
    ]
}

fn token() -> Token {
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    Token::named("ivanova", Role::Agent, hash)
}

fn events_of_the_desk() -> Vec<Event> {
    let token = |lines: &[u8]| Token { lines: lines.to_vec(), ..token() };
    vec![
        Event::AlarmAcked { alarm: "1024-breach-resolution-1".into() },
        Event::PartFailed { kind: AlarmKind::Storage, part: "ledger".into(), text: text("no space left") },
        Event::PartWorks { kind: AlarmKind::Storage, part: "ledger".into() },
        Event::Muted { until: at(30) },
        Event::TokenAdded { token: token(&[1, 2]) },
        Event::TokenAdded { token: token(&[]) },
        Event::TokenRevoked { name: "ivanova".into() },
    ]
}

/// What came with the other four regulations: who registered, estimates, putting off, versions, and the clause of a term.
fn of_the_five_regulations() -> Vec<Event> {
    let Event::Registered(mut by_agent) = barely_registered() else { panic!("it is a registration") };
    by_agent.opened_by = Some("petrov".into());
    let by_clause = Term { clause: Some("ZS-5d".into()), days: Some(3), ..term() };
    let retargeted = |why| {
        turn(
            Metric::Resolution,
            Turn::Retargeted { used_ms: 0, why, began_at: None, term: by_clause.clone() },
        )
    };
    vec![
        Event::Registered(by_agent),
        Event::Estimated { deadline: at(6_240), reason: Some(text("Работы больше")) },
        Event::Estimated { deadline: at(6_240), reason: None },
        Event::Deferred { reason: text("needs-development") },
        Event::RegulationApplied { from: "1".into(), to: "2".into() },
        retargeted(TermReason::Estimated),
        retargeted(TermReason::Regulation),
        retargeted(TermReason::CalendarRevised),
    ]
}

/// What came with time that can be trusted: its beginning, the correction of clocks, and breaches that are told together.
fn of_trusted_time() -> Vec<Event> {
    let corrected = Turn::Retargeted {
        used_ms: 3_600_000,
        why: TermReason::ClockCorrected,
        began_at: Some(at(30)),
        term: term(),
    };
    vec![
        Event::TimeTrusted { behind_ms: 68_400_000 },
        Event::TimeTrusted { behind_ms: -86_400_000 },
        turn(Metric::Line, corrected),
        turn(Metric::Resolution, Turn::Breached { at: at(1_620), late: true }),
    ]
}

/// What came with tokens that are for some tickets, and for some time.
fn of_scopes() -> Vec<Event> {
    let scoped = Token {
        regulations: vec!["getmark".into()],
        channels: vec!["email".into(), "phone".into()],
        expires_at: Some(at(1_620)),
        ..token()
    };
    vec![Event::TokenAdded { token: scoped }]
}

/// What came with the shelf and the button.
fn of_calling() -> Vec<Event> {
    let alarm = || "1024-breach-resolution-1".into();
    vec![
        Event::AlarmShelved {
            alarm: alarm(), until: at(60), reason: Some(text("Ждём поставщика"))
        },
        Event::AlarmShelved { alarm: alarm(), until: at(60), reason: None },
        Event::AlarmUnshelved { alarm: alarm() },
        Event::Silenced { before: 1_025 },
    ]
}

/// What came with alerts: the reference of a ticket, and how its alert stands.
fn of_alerts() -> Vec<Event> {
    let of_tracker = |url| {
        let Event::Registered(mut registered) = barely_registered() else { panic!("it is a registration") };
        registered.reference =
            Some(Box::new(Reference { source: "tracker".into(), key: "SUP-4711".into(), url }));
        Event::Registered(registered)
    };
    vec![
        of_tracker(Some(text("https://tracker.example.ru/SUP-4711"))),
        of_tracker(None),
        Event::Alerted { firing: true, since: Some(at(-5)), content: "8f3a".into() },
        Event::Alerted { firing: false, since: None, content: "8f3a".into() },
        Event::AlertsCounted { count: 37, fingerprints: Vec::new() },
    ]
}

/// Files and access data.
fn kept_apart() -> Vec<Event> {
    vec![
        Event::Attached(Box::new(Attached {
            id: "9f86d081884c7d65".into(),
            name: text("Скриншот 1.png"),
            media_type: "image/png".into(),
            bytes: 48_213,
            sha256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae".into(),
        })),
        Event::AttachmentRemoved { id: "9f86d081884c7d65".into(), reason: text("Чужие данные") },
        Event::SealedSet { field: "password".into(), id: "60303ae22b998861".into() },
        Event::SealedLooked { field: "password".into() },
        Event::SealedErased { fields: vec!["account".into(), "password".into()] },
    ]
}

/// A month whose late marks and duplicates are told apart.
fn months_told_finer() -> Vec<Event> {
    let mut months = months();
    months.truncate(1);
    let Some(Event::MonthClosed { figures, .. }) = months.first_mut() else {
        unreachable!("a month is closed")
    };
    let quality = &mut figures.regulations[0].slices[0].quality;
    (quality.merged, quality.late_sum) = (2, Some(5));
    months
}

/// A month with its figures.
fn months() -> Vec<Event> {
    let quantiles = Quantiles { p50_ms: 3_600_000, p90_ms: 7_200_000, p95_ms: 9_000_000, max_ms: 10_800_000 };
    let quality = QualityFigures {
        closed: 7,
        confirmed: 3,
        refused: 1,
        by_time: 2,
        returned: 1,
        merged: 0,
        rated: 3,
        late_marks: 1,
        marks: [("4".into(), 1), ("5".into(), 3)].into(),
        sum: Some(19),
        late_sum: None,
        valued: Some(4),
        positive: Some(4),
        band: Some("unacceptable".into()),
    };
    let clock = ClockFigures {
        metric: Metric::Reaction,
        basis: Some(Basis::WorkingHours),
        met: 5,
        breached: 2,
        without_term: 0,
        used: Some(quantiles),
        over: Some(quantiles),
        elapsed_ms: 90_000_000,
        paused_ms: 1_000,
        causes: [(Cause::Untaken, 1), (Cause::InWork, 2)].into(),
    };
    let whole =
        SliceFigures { by: Dimension::Regulation, id: None, others: false, quality, clocks: vec![clock] };
    let agent = SliceFigures { by: Dimension::Agent, id: Some("ivanova".into()), ..whole.clone() };
    let others = SliceFigures {
        by: Dimension::Service,
        id: None,
        others: true,
        quality: QualityFigures::default(),
        clocks: Vec::new(),
    };
    let regulation = RegulationFigures {
        regulation: "zkh-services".into(),
        version: Some("2.0".into()),
        divisor: Divisor::Closed,
        slices: vec![whole, agent, others],
    };
    let figures = Box::new(MonthFigures { regulations: vec![regulation] });
    vec![Event::MonthClosed { month: "2026-11".parse().unwrap(), figures }]
}

/// What came with problems.
fn of_problems() -> Vec<Event> {
    let day = || at(0).local(Tz::UTC).date();
    let upto = TicketNumber(1_024);
    let turns = vec![
        ProblemTurn::Opened {
            regulation: "getmark".into(),
            title: text("Не печатаются этикетки"),
            suspected: true,
            worked_as: None,
        },
        ProblemTurn::Opened {
            regulation: "getmark".into(),
            title: text("Не печатаются этикетки"),
            suspected: false,
            worked_as: Some(upto),
        },
        ProblemTurn::Suggested { day: day() },
        ProblemTurn::Linked { day: day(), was_suggested: true },
        ProblemTurn::Linked { day: day(), was_suggested: false },
        ProblemTurn::Unlinked { day: day(), was_suggested: true },
        ProblemTurn::Unlinked { day: day(), was_suggested: false },
        ProblemTurn::Confirmed { title: text("Сбой печати"), upto, worked_as: Some(upto) },
        ProblemTurn::Confirmed { title: text("Сбой печати"), upto, worked_as: None },
        ProblemTurn::LinkedAll,
        ProblemTurn::Mass,
        ProblemTurn::Dismissed { reason: text("Разные причины") },
        ProblemTurn::Closed {
            text: text("Исправлено в 2.4"),
            resolve: true,
            source: Some("vendor".into()),
            role: Role::Agent,
        },
        ProblemTurn::Closed {
            text: text("Исправлено в 2.4"),
            resolve: false,
            source: None,
            role: Role::Lead,
        },
        ProblemTurn::Resolved,
        ProblemTurn::LeftOpen { code: "not-for-type".into(), message: text("`resolve` is for …") },
        ProblemTurn::ResolvedUpto { upto },
        ProblemTurn::ResolvedAll,
    ];
    turns.into_iter().map(|turn| Event::Problem { problem: ProblemNumber(3), turn }).collect()
}

/// The kind of an event: a place in [`KINDS`]. A new kind does not compile until it has a place, and does not pass
/// until it has a line.
fn kind(event: &Event) -> usize {
    match event {
        Event::Registered(_) => 0,
        Event::Replied { .. } => 1,
        Event::Asked { .. } => 2,
        Event::Answered { .. } => 3,
        Event::StatusChanged { .. } => 4,
        Event::Classified { .. } => 5,
        Event::PriorityChanged { .. } => 6,
        Event::Assigned { .. } => 7,
        Event::Routed { .. } => 8,
        Event::Extended { .. } => 9,
        Event::Resolved { .. } => 10,
        Event::Confirmed { .. } => 11,
        Event::Returned { .. } => 12,
        Event::Refused { .. } => 13,
        Event::Closed { .. } => 14,
        Event::Linked { .. } => 15,
        Event::Urgent { .. } => 16,
        Event::AlarmAcked { .. } => 17,
        Event::PartFailed { .. } => 18,
        Event::PartWorks { .. } => 19,
        Event::Muted { .. } => 20,
        Event::TokenAdded { .. } => 21,
        Event::TokenRevoked { .. } => 22,
        Event::Clock { turn, .. } => match turn {
            Turn::Started { .. } => 23,
            Turn::Paused { .. } => 24,
            Turn::Resumed { .. } => 25,
            Turn::Retargeted { .. } => 26,
            Turn::Warned { .. } => 27,
            Turn::Breached { .. } => 28,
            Turn::RanOut { .. } => 29,
            Turn::Stopped { .. } => 30,
        },
        Event::Estimated { .. } => 31,
        Event::Deferred { .. } => 32,
        Event::RegulationApplied { .. } => 33,
        Event::TimeTrusted { .. } => 34,
        Event::AlarmShelved { .. } => 35,
        Event::AlarmUnshelved { .. } => 36,
        Event::Silenced { .. } => 37,
        Event::Alerted { .. } => 38,
        Event::AlertsCounted { .. } => 39,
        Event::Attached(_) => 40,
        Event::AttachmentRemoved { .. } => 41,
        Event::SealedSet { .. } => 42,
        Event::SealedLooked { .. } => 43,
        Event::SealedErased { .. } => 44,
        Event::Escalated { .. } => 45,
        Event::EscalationAnswered { .. } => 46,
        Event::EscalationWithdrawn { .. } => 47,
        Event::Complained { .. } => 48,
        Event::Preferred { .. } => 49,
        Event::AgentPut { .. } => 50,
        Event::AgentRemoved { .. } => 51,
        Event::PresenceChanged { .. } => 52,
        Event::RosterChanged { .. } => 53,
        Event::ShiftBegan { .. } => 54,
        Event::ShiftEnded { .. } => 55,
        Event::StaffingChanged { .. } => 56,
        Event::MonthClosed { .. } => 57,
        Event::Problem { turn, .. } => match turn {
            ProblemTurn::Opened { .. } => 58,
            ProblemTurn::Suggested { .. } => 59,
            ProblemTurn::Linked { .. } => 60,
            ProblemTurn::Unlinked { .. } => 61,
            ProblemTurn::Confirmed { .. } => 62,
            ProblemTurn::LinkedAll => 63,
            ProblemTurn::Mass => 64,
            ProblemTurn::Dismissed { .. } => 65,
            ProblemTurn::Closed { .. } => 66,
            ProblemTurn::Resolved => 67,
            ProblemTurn::LeftOpen { .. } => 68,
            ProblemTurn::ToTell => 85,
            ProblemTurn::ToldUpto { .. } => 86,
            ProblemTurn::ToldAll => 87,
            ProblemTurn::ResolvedUpto { .. } => 69,
            ProblemTurn::ResolvedAll => 70,
        },
        Event::ClientSet(_) => 71,
        Event::ContactAppointed(_) => 72,
        Event::ClientRemoved { .. } => 73,
        Event::EmployeesChanged { .. } => 74,
        Event::IssueOpened { .. } => 75,
        Event::IssueChanged { .. } => 76,
        Event::LeadAsked { .. } => 77,
        Event::LeadAnswered { .. } => 78,
        Event::Cited { .. } => 79,
        Event::LetterQueued { .. } => 80,
        Event::LetterSkipped { .. } => 81,
        Event::LetterSent { .. } => 82,
        Event::LetterFailed { .. } => 83,
        Event::LetterResent { .. } => 84,
    }
}

/// What was said later of alerts over the limit: which they are.
fn of_alerts_told_apart() -> Vec<Event> {
    vec![Event::AlertsCounted { count: 2, fingerprints: vec!["1a30ba71cca2921f".into(), "00ff".into()] }]
}

/// What came with letters.
fn of_letters() -> Vec<Event> {
    let address = || text("petrova@example.ru");
    let queued =
        |letter, kind, recipient, hold_until| Event::LetterQueued { letter, kind, recipient, hold_until };
    let department =
        |channel: &str| Recipient::Department { department: "legal".into(), channel: channel.into() };
    let turn = |turn| Event::Problem { problem: ProblemNumber(3), turn };
    vec![
        queued(1, LetterKind::Registered, Recipient::Requester { address: address() }, None),
        queued(2, LetterKind::Closed, Recipient::Contact { address: address() }, Some(at(30))),
        queued(3, LetterKind::DepartmentAsked, department("mattermost"), None),
        queued(4, LetterKind::Urgent, Recipient::Chat { chat: "urgent".into() }, None),
        Event::LetterSkipped { kind: LetterKind::Registered, why: SkippedWhy::NoAddress },
        Event::LetterSent { letter: 1 },
        Event::LetterFailed { letter: 2, reason: text("550 no such user") },
        Event::LetterResent { letter: 2, address: None },
        Event::LetterResent { letter: 2, address: Some(text("anna@example.ru")) },
        turn(ProblemTurn::ToTell),
        turn(ProblemTurn::ToldUpto { upto: TicketNumber(1024) }),
        turn(ProblemTurn::ToldAll),
    ]
}

/// How many kinds [`kind`] tells apart.
const KINDS: usize = 88;

/// What came with the register of clients.
fn of_clients() -> Vec<Event> {
    let terms = ClientTerms {
        id: "romashka".into(),
        name: text("ООО «Ромашка»"),
        domains: vec!["romashka.example.ru".into()],
        paid_channels: vec!["phone".into()],
        systems: vec![text("https://crm.romashka.example.ru")],
    };
    let bare =
        ClientTerms { id: "lutik".into(), name: text("АО «Лютик»"), ..ClientTerms::default() };
    let contact = Requester {
        name: Some(text("Анна Петрова")),
        email: Some(text("petrova@romashka.example.ru")),
        ..Requester::default()
    };
    let notice = text("Письмо № 17");
    vec![
        Event::ClientSet(Box::new(terms)),
        Event::ClientSet(Box::new(bare)),
        Event::ContactAppointed(Box::new(Appointment { client: "romashka".into(), contact, notice })),
        Event::ClientRemoved { client: "lutik".into() },
    ]
}

/// What came later of receipts: which token of that name it was.
fn of_a_token(first_seq: u64) -> Entry {
    let receipt = Receipt {
        key: "ivanova:7d1f".into(),
        request: "ba7816bf8f01cfea".into(),
        step: None,
        token: Some("9f86d081884c7d65".into()),
    };
    Entry {
        first_seq,
        at: at(0),
        effective: None,
        by: "ivanova".into(),
        unsynced: false,
        receipt: Some(receipt),
        facts: vec![Fact {
            ticket: Some(TicketNumber(1024)), event: Event::Urgent { text: text("Опять") }
        }],
    }
}

/// What came with the directory of employees, trackers and the lead.
fn of_employees_and_help() -> Vec<Event> {
    let petrova = Employee {
        id: "a.petrova".into(),
        name: text("Анна Петрова"),
        email: Some(text("petrova@group.example.ru")),
        phone: Some(text("+7 495 123-45-67")),
        login: Some(text("a.petrova")),
        department: Some(text("Бухгалтерия")),
    };
    let bare = Employee { id: "4711".into(), name: text("Борис"), ..Employee::default() };
    let told = IssueTold {
        key: Some("CRM-7".into()),
        url: Some(text("https://tracker.example.ru/CRM-7")),
        status: Some(text("In review")),
        done: Some(false),
    };
    let (issue, question, wanted) = (1, 1, text("Отчёт падает"));
    let opened = |key: Option<&str>, url| Event::IssueOpened {
        issue,
        tracker: "product".into(),
        key: key.map(Into::into),
        url,
        text: wanted.clone(),
    };
    vec![
        Event::EmployeesChanged { put: vec![petrova, bare], removed: vec!["v.sidorov".into()] },
        Event::EmployeesChanged { put: Vec::new(), removed: vec!["4711".into()] },
        opened(None, None),
        opened(told.key.as_deref(), told.url.clone()),
        Event::IssueChanged { issue, told },
        Event::IssueChanged { issue, told: IssueTold { done: Some(true), ..IssueTold::default() } },
        Event::LeadAsked { question, text: text("Можно ли?") },
        Event::LeadAnswered { question, text: text("Можно") },
        Event::Cited { url: text("https://kb.example.ru/vpn"), title: None },
        Event::Cited { url: text("https://kb.example.ru/vpn"), title: Some(text("VPN дома")) },
    ]
}

/// What came with departments and complaints.
fn of_departments_and_the_head() -> Vec<Event> {
    vec![
        Event::Escalated {
            escalation: 1,
            topic: "legal".into(),
            department: "lawyers".into(),
            channel: "mattermost".into(),
            text: text("Можно ли так?"),
        },
        Event::EscalationAnswered { escalation: 1, text: text("Можно") },
        Event::EscalationWithdrawn { escalation: 2 },
        Event::Complained { text: text("Закрыли, а не работает") },
        Event::Preferred { reason: text("По телефону с Петровой") },
    ]
}

/// Each event in an entry of its own; the first entry carries everything that an entry can.
fn entries() -> Vec<Entry> {
    let of_the_desk = |event: &Event| {
        (17..=22).contains(&kind(event))
            || [34, 37, 58, 62, 63, 64, 65, 66, 69, 70, 71, 72, 73, 74, 85, 86, 87].contains(&kind(event))
            || (50..=57).contains(&kind(event))
    };
    let ticket = |event: &Event| (!of_the_desk(event)).then_some(TicketNumber(1024));
    let entry = |(first_seq, event): (u64, Event)| Entry {
        first_seq,
        at: at(0),
        effective: None,
        by: "ivanova".into(),
        unsynced: false,
        receipt: None,
        facts: vec![Fact { ticket: ticket(&event), event }],
    };
    let mut entries: Vec<Entry> = (1..).zip(events_before_letters()).map(entry).collect();
    entries[0].effective = Some(at(-60));
    entries[0].unsynced = true;
    entries[0].receipt = Some(Receipt {
        key: "ivanova/7d1f".into(),
        request: "ba7816bf8f01cfea".into(),
        step: None,
        token: None,
    });
    let of_a_batch = Receipt {
        key: "ivanova:7d1f".into(),
        request: "ba7816bf8f01cfea".into(),
        step: Some(999),
        token: None,
    };
    // A line that is written stays as it is, and new ones come behind it.
    let sealed_erased = entries.iter_mut().find(|entry| kind(&entry.facts[0].event) == 44);
    sealed_erased.expect("it is among the events").receipt = Some(of_a_batch);
    let two = |number, event| Fact { ticket: Some(TicketNumber(number)), event };
    entries[1].facts.push(two(1025, Event::Urgent { text: text("Ещё") }));
    entries.push(of_a_token(entries.len() as u64 + 1));
    entries.extend((entries.len() as u64 + 1..).zip(of_letters()).map(entry));
    entries
}

#[test]
fn every_kind_of_event_has_a_line() {
    let mut seen: Vec<usize> = events().iter().map(kind).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (0..KINDS).collect::<Vec<_>>());
}

#[test]
fn what_was_written_once_is_read_and_written_the_same() {
    let entries = entries();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let lines: String =
            entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect();
        std::fs::write(golden(), lines).unwrap();
    }
    let kept = std::fs::read_to_string(golden()).unwrap();
    let lines: Vec<&str> = kept.lines().collect();
    assert_eq!(lines.len(), entries.len(), "a line for each entry");
    for (line, entry) in lines.iter().zip(&entries) {
        let read: Entry = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        assert_eq!(&read, entry, "read from {line}");
        assert_eq!(&serde_json::to_string(entry).unwrap(), line);
    }
}
