//! The corners in which clocks are got wrong. Each deadline is worked out by hand; Moscow's local time unless said
//! otherwise.
//!
//! More of them stand where their rule or clause is proven: a ticket of 20:59 and one of 31 December in
//! `reading_rules`, an answer in the last moment in `getmark::waiting`, a return in it and after it in
//! `getmark::answer`, two breaches in one millisecond in `alarms`.

use andon::desk::{Metric, Refusal, Regulation};
use andon_tests::World;
use serde_json::json;

use crate::getmark::{high, medium, request};

/// One line, one clock.
const REGULATION: &str = r#"
id = "trap"
title = "Trap"
version = "1"
holds-from = "2020-01-01"
zone = "Europe/Moscow"
priority-source = "rules"
initial-status = "new"
type = [{ id = "question", title = "Question" }]
priority = [{ id = "normal", title = "Normal" }]
channel = [{ id = "email", title = "E-mail", line = 1 }]
line = [{ id = 1, title = "Line", calendar = "hours" }]
status = [
  { id = "new", title = "New", moves = ["waiting"] },
  { id = "waiting", title = "Waiting", waiting = true, moves = ["new"] },
  { id = "done", title = "Done", stage = "closed" },
]

[verb.close]
to = "done"

[[calendar]]
id = "hours"
CALENDAR

[[clock]]
metric = "resolution"
title = "Resolution"
calendar = "of-line"
starts = ["registered"]
stops = ["closed"]
at-end = "breach"
CLOCK
"#;

/// Monday to Friday 09:00–18:00 in Moscow, with Russia's holidays.
const OFFICE: &str = r#"
production = "ru"
hours = [{ days = "mon-fri", open = "09:00", close = "18:00" }]
"#;
const BERLIN_ALWAYS: &str = r#"
zone = "Europe/Berlin"
hours = [{ days = "mon-sun", open = "00:00", close = "24:00" }]
"#;
const BERLIN_01_TO_22: &str = r#"
zone = "Europe/Berlin"
hours = [{ days = "mon-sun", open = "01:00", close = "22:00" }]
"#;

/// A ticket registered under a calendar and a clock.
fn registered(calendar: &str, clock: &str, now: &str) -> (World, andon::desk::TicketNumber) {
    let text = REGULATION.replace("CALENDAR", calendar).replace("CLOCK", clock);
    let regulation = Regulation::parse("trap.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let mut world = World::under(regulation, now);
    let ticket = world.register(json!({ "channel": "email", "type": "question", "subject": "Не печатает" }));
    (world, ticket)
}

fn clock(basis: &str, term: &str) -> String {
    format!("basis = \"{basis}\"\npauses-in = [\"waiting\"]\ntarget = [{{ term = \"{term}\" }}]")
}

/// When a ticket's term ends.
fn ends(calendar: &str, basis: &str, term: &str, registered_at: &str) -> String {
    let (world, ticket) = registered(calendar, &clock(basis, term), registered_at);
    world.deadline(ticket, Metric::Resolution)
}

// What the ticket is changes while its time runs or stands.

/// Medium by e-mail, Monday 10:00: by Wednesday 13:00, when the desk asks, 8 + 9 + 4 = 21 h are used. High gives 12 h in
/// all and 8 h on line 2: broken at the change (R6), though a paused clock has no deadline (R7).
#[test]
fn a_priority_raised_while_paused_below_what_is_used_breaches_at_the_change() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(medium("email"));
    world.run_until("2026-11-25 13:00").act(ticket, "ask", json!({ "text": "Что на экране?" }));
    world.run_until("2026-11-26 20:00");
    world.act(ticket, "priority", json!({ "to": "high", "reason": "Отгрузка стоит" }));
    for metric in [Metric::Resolution, Metric::Line] {
        assert_eq!(world.breached(ticket, metric), "2026-11-26 20:00", "{metric}");
        assert_eq!(world.deadline(ticket, metric), "none", "{metric}");
        assert_eq!(world.used(ticket, metric), "21h", "{metric}");
    }
}

/// A consultation by e-mail, Monday 09:00, has 72 h in all and 48 h on line 2. Four days of 9 h are half of it, by
/// Thursday 18:00. As a change request it has 120 h and 72 h: 84 h and 36 h are left.
#[test]
fn a_type_changed_after_half_the_term_leaves_the_rest_of_the_other_types_term() {
    let mut world = World::getmark("2026-11-23 09:00");
    let ticket = world.register(request("email", "consultation", "hinders"));
    world.run_until("2026-11-26 18:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "36h");
    world.act(ticket, "classify", json!({ "type": "change-request" }));
    assert_eq!(world.used(ticket, Metric::Resolution), "36h");
    // Nine days, 27 November to 9 December without two weekends, are 81 h; 3 h on the 10th.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-12-10 12:00");
    // Four days: 27 and 30 November, 1 and 2 December.
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-12-02 18:00");
}

/// High by phone on Friday 20:00: 1 h until line 1 closes. On Saturday it goes to line 2; 11 of 12 h are left, and all of
/// line 2's 8 h, from Monday 09:00.
#[test]
fn a_line_changed_on_a_saturday_goes_on_on_monday_under_the_other_hours() {
    let mut world = World::getmark("2026-11-20 20:00");
    let ticket = world.register(high("phone"));
    world.run_until("2026-11-21 12:00").act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.used(ticket, Metric::Resolution), "1h");
    // 9 h on Monday, 2 h on Tuesday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 11:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-23 17:00");
}

/// Two working days from Tuesday 29 December are Wednesday and, after the holidays, Monday 11 January 18:00 (R3): 8 h of
/// Tuesday, 9 h and 9 h. What stands still over the holidays loses nothing of it; an hour of Wednesday and three of
/// Monday that it stands as well are had later (R7).
#[test]
fn a_term_of_working_days_paused_over_the_holidays_keeps_what_is_left() {
    for (paused, resumed, deadline) in [
        ("2026-12-30 18:00", "2027-01-11 09:00", "2027-01-11 18:00"),
        // 8 + 8 h used, 10 h left: 6 h on Monday, 4 h on Tuesday.
        ("2026-12-30 17:00", "2027-01-11 12:00", "2027-01-12 13:00"),
    ] {
        let (mut world, ticket) = registered(OFFICE, &clock("working-days", "2"), "2026-12-29 10:00");
        assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-01-11 18:00");
        world.run_until(paused).act(ticket, "status", json!({ "to": "waiting" }));
        assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
        world.run_until(resumed).act(ticket, "status", json!({ "to": "new" }));
        assert_eq!(world.deadline(ticket, Metric::Resolution), deadline, "paused at {paused}");
    }
}

/// High by e-mail, Monday 10:00, asked at 12:00 and answered at 17:59: 10 of 12 h are left, and 6 of line 2's 8.
#[test]
fn a_clock_resumed_one_minute_before_closing_uses_that_minute() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-23 12:00").act(ticket, "ask", json!({ "text": "Что на экране?" }));
    world.run_until("2026-11-23 17:59").act(ticket, "answer", json!({ "text": "Ничего" }));
    // 1 min on Monday, 9 h on Tuesday, 59 min on Wednesday.
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-25 09:59");
    assert_eq!(world.deadline(ticket, Metric::Line), "2026-11-24 14:59");
    world.run_until("2026-11-24 09:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "2h1m");
}

/// High by e-mail, Monday 10:00: broken on Tuesday 13:00; by Wednesday 10:00 18 h are used of 12. Tuesday 17:00 would be
/// a term of 16 h: later than the one broken, and less than is used. It is past, so nobody can be promised it.
#[test]
fn an_extension_to_less_than_is_used_is_refused() {
    let mut world = World::getmark("2026-11-23 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-25 10:00");
    assert_eq!(world.used(ticket, Metric::Resolution), "18h");
    let extension =
        json!({ "deadline": "2026-11-24T17:00:00+03:00", "reason": "Диагностика", "text": "Ищем" });
    let refusal = world.refused(ticket, "extend", extension);
    assert_eq!(refusal, Refusal::field("deadline", "is past; a planned term lies ahead"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 13:00");
}

// Days that are not like others.

/// Berlin's 29 March 2026 has 23 hours and its 25 October 25; Moscow's clocks stay. From noon of the Saturday before,
/// 24 hours end at 13:00 and at 11:00 of the Sunday in Berlin, whether they are hours of the calendar or of a desk that
/// never closes.
#[test]
fn twenty_four_hours_over_a_changed_clock_are_twenty_four() {
    for basis in ["calendar-hours", "working-hours"] {
        // 12:00+01:00 is 14:00 in Moscow, and 13:00+02:00 as well.
        assert_eq!(ends(BERLIN_ALWAYS, basis, "24h", "2026-03-28T12:00:00+01:00"), "2026-03-29 14:00");
        // 12:00+02:00 is 13:00 in Moscow, and 11:00+01:00 as well.
        assert_eq!(ends(BERLIN_ALWAYS, basis, "24h", "2026-10-24T12:00:00+02:00"), "2026-10-25 13:00");
    }
}

/// From midnight to midnight in Berlin, round the clock.
#[test]
fn a_day_of_23_or_25_hours_uses_as_many() {
    for (from, to, used) in [
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", "23h"),
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", "25h"),
    ] {
        for basis in ["calendar-hours", "working-hours"] {
            let (mut world, ticket) = registered(BERLIN_ALWAYS, &clock(basis, "100h"), from);
            world.run_until(to);
            assert_eq!(world.used(ticket, Metric::Resolution), used, "{basis} from {from}");
        }
    }
}

/// 01:00–22:00 in Berlin are 20 h on 29 March and 22 h on 25 October: 21 h from the opening take an hour of the Monday in
/// spring, 01:00–02:00, and leave one of the Sunday in autumn, ending at 21:00.
#[test]
fn long_hours_over_a_changed_clock_are_an_hour_shorter_or_longer() {
    let ends = |from| ends(BERLIN_01_TO_22, "working-hours", "21h", from);
    // 02:00+02:00 is 03:00 in Moscow.
    assert_eq!(ends("2026-03-29T01:00:00+01:00"), "2026-03-30 03:00");
    // 21:00+01:00 is 23:00 in Moscow.
    assert_eq!(ends("2026-10-25T01:00:00+02:00"), "2026-10-25 23:00");
}

/// R3: one calendar day from Saturday noon ends at Berlin's midnight after the Sunday, however long the Sunday is: 01:00
/// in Moscow in summer, 02:00 in winter.
#[test]
fn a_calendar_day_ends_at_midnight_whatever_its_length() {
    let ends = |from| ends(BERLIN_ALWAYS, "calendar-days", "1", from);
    assert_eq!(ends("2026-03-28T12:00:00+01:00"), "2026-03-30 01:00");
    assert_eq!(ends("2026-10-24T12:00:00+02:00"), "2026-10-26 02:00");
}

/// R2: 20 February 2027 is worked, for Monday the 22nd; Tuesday is a holiday. High by e-mail on it at 16:00: 2 h, then 9 h
/// on Wednesday and 1 h on Thursday. Line 2's 8 h are 2 h and 6 h. One working day after it is Wednesday.
#[test]
fn a_ticket_registered_on_a_moved_saturday_begins_at_once() {
    let mut world = World::getmark("2027-02-20 16:00");
    let ticket = world.register(high("email"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2027-02-25 10:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2027-02-24 15:00");
    assert_eq!(ends(OFFICE, "working-days", "1", "2027-02-20 16:00"), "2027-02-24 18:00");
    assert_eq!(ends(OFFICE, "working-days", "1", "2027-02-19 16:00"), "2027-02-20 18:00");
}

/// 29 February 2024 is a Thursday. High by e-mail on it at 16:00: 2 h, 9 h on Friday 1 March, 1 h on Monday.
#[test]
fn the_29th_of_february_is_a_day_like_others() {
    let mut world = World::getmark("2024-02-29 16:00");
    let ticket = world.register(high("email"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2024-03-04 10:00");
    assert_eq!(world.deadline(ticket, Metric::Line), "2024-03-01 15:00");
    assert_eq!(ends(OFFICE, "working-days", "1", "2024-02-28 12:00"), "2024-02-29 18:00");
    assert_eq!(ends(OFFICE, "calendar-days", "1", "2024-02-28 12:00"), "2024-03-01 00:00");
    assert_eq!(ends(OFFICE, "calendar-hours", "24h", "2024-02-28 12:00"), "2024-02-29 12:00");
}

// Terms that hardly are any.

/// No time has elapsed at the very beginning (R1), be it a Saturday: done in that moment is in time, and a millisecond
/// later it is broken, at the time of the beginning (R4). No calendar days end with the day itself.
#[test]
fn a_term_of_nothing_ends_as_it_begins() {
    for (basis, term) in [("working-hours", "0h"), ("calendar-hours", "0m"), ("working-days", "0")] {
        assert_eq!(ends(OFFICE, basis, term, "2026-11-21 12:00"), "2026-11-21 12:00", "{basis}");
        for (until, breached) in
            [("2026-11-21 12:00", "never"), ("2026-11-21 12:00:00.001", "2026-11-21 12:00")]
        {
            let (mut world, ticket) = registered(OFFICE, &clock(basis, term), "2026-11-21 12:00");
            world.run_until(until).act(ticket, "close", json!({ "reason": "Дубль" }));
            assert_eq!(world.breached(ticket, Metric::Resolution), breached, "{basis}, closed at {until}");
        }
    }
    assert_eq!(ends(OFFICE, "calendar-days", "0", "2026-11-21 12:00"), "2026-11-22 00:00");
}

/// R4: what is closed at an instant is done at it. Monday 10:00: the desk has 8 h, the requester as many to answer; both
/// end at 18:00, when the silence closes the ticket. So the desk was in time: whichever clock the desk looks at first.
#[test]
fn a_ticket_that_one_clock_closes_is_in_time_for_the_clocks_that_end_with_it() {
    let closing = r#"
[[clock]]
metric = "requester-answer"
title = "Answer"
basis = "working-hours"
calendar = "of-line"
starts = ["status-entered:waiting"]
stops = ["status-left:waiting"]
at-end = "close"
end-status = "done"
end-reason = "silent"
target = [{ term = "8h" }]
"#;
    let resolution = "basis = \"working-hours\"\ntarget = [{ term = \"8h\" }]";
    for off in [false, true] {
        let (mut world, ticket) = registered(OFFICE, &format!("{resolution}\n{closing}"), "2026-11-23 10:00");
        world.act(ticket, "status", json!({ "to": "waiting" }));
        for metric in [Metric::Resolution, Metric::RequesterAnswer] {
            assert_eq!(world.deadline(ticket, metric), "2026-11-23 18:00");
        }
        if off {
            world.sleep_until("2026-11-24 12:00")
        } else {
            world.run_until("2026-11-24 12:00")
        };
        assert_eq!(world.status(ticket), "done");
        assert_eq!(world.used(ticket, Metric::Resolution), "8h");
        assert_eq!(world.breached(ticket, Metric::Resolution), "never");
    }
}

/// An extension moves a promise away, also that of a clock that stands still. High on line 2, 12 h of 9, from Friday
/// 2026-11-20 10:00; it stands still from 12:00, with 2 h used and 10 h left. On Monday the 23rd at 09:00 those would end,
/// if it ran on at once, on Tuesday at 10:00: 9 h and 1 h.
#[test]
fn an_extension_of_a_paused_clock_to_less_than_is_left_is_refused() {
    let mut world = World::getmark("2026-11-20 10:00");
    let ticket = world.register(high("email"));
    world.run_until("2026-11-20 12:00").act(ticket, "ask", json!({ "text": "Какая версия?" }));
    world.run_until("2026-11-23 09:00");
    let extension = |deadline: &str| json!({ "deadline": deadline, "reason": "Диагностика", "text": "Ищем" });
    let refusal = world.refused(ticket, "extend", extension("2026-11-24T10:00:00+03:00"));
    assert_eq!(
        refusal.to_string(),
        "deadline: is not later than the present term: the clock stands still, and if it ran on now it would end at \
         2026-11-24T10:00:00.000+03:00"
    );
    // An hour more: 11 h of the new term are left. It goes on standing still, and when the answer comes at noon they end
    // on Tuesday at 14:00: 6 h and 5 h.
    world.act(ticket, "extend", extension("2026-11-24T11:00:00+03:00"));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "none");
    world.run_until("2026-11-23 12:00").as_requester().act(ticket, "answer", json!({ "text": "2.3" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-24 14:00");
}

/// GM-5.27: 72 working hours on line 2 are eight days of 9: answered on Monday 2026-11-23 at 14:00, the window is over on
/// Thursday 2026-12-03 at 14:00. Its last working hour begins at 13:00.
#[test]
fn a_return_in_the_last_working_hour_of_the_window_and_one_second_after_it() {
    let returned_at = |at: &str| {
        let mut world = World::getmark("2026-11-23 10:00");
        let ticket = world.register(high("email"));
        world.run_until("2026-11-23 14:00").act(ticket, "resolve", json!({ "text": "Обновите страницу" }));
        world.run_until(at).as_requester();
        let result = world.try_act(ticket, "return", json!({ "reason": "Не помогло" }));
        result.map(|()| world.deadline(ticket, Metric::Resolution)).map_err(|refusal| refusal.code())
    };
    // 4 h of 12 were used; 4.5 h to closing, 3.5 h the next morning.
    assert_eq!(returned_at("2026-12-03 13:30"), Ok("2026-12-04 12:30".into()));
    assert_eq!(returned_at("2026-12-03 14:00:01"), Err("window-over"));
}

/// Three working days from Monday 2026-11-23, 10:00, on a line of 12 h a day end on Thursday at 21:00, so they are worth
/// 11 + 12 + 12 + 12 = 47 h. On Tuesday at 09:00 the ticket moves to a line of 9 h a day: 11 h are used, 36 h are left,
/// four days of 9, to Friday 18:00 (R5). An answer and its return in the same minute change nothing of that.
#[test]
fn a_term_of_days_that_has_moved_lines_is_worth_the_same_after_a_return() {
    let regulation = REGULATION
        .replace("line = [{ id = 1, title = \"Line\", calendar = \"hours\" }]", TWO_LINES)
        .replace(
            "{ id = \"done\"",
            "{ id = \"answered\", title = \"Answered\", stage = \"resolved\" },\n  { id = \"done\"",
        )
        .replace(
            "[verb.close]",
            "[verb.resolve]\nto = \"answered\"\n[verb.return]\nto = \"new\"\n[verb.close]",
        )
        .replace("CALENDAR", &OFFICE.replace("18:00", "21:00"))
        .replace("CLOCK", &clock("working-days", "3"))
        .replace("stops = [\"closed\"]", "stops = [\"resolved\", \"closed\"]\nreopens = [\"reopened\"]")
        + &format!("\n[[calendar]]\nid = \"short\"{OFFICE}");
    let regulation =
        Regulation::parse("trap.toml", &regulation).unwrap_or_else(|problems| panic!("{problems}"));
    let mut world = World::under(regulation, "2026-11-23 10:00");
    let ticket = world.register(json!({ "channel": "email", "type": "question", "subject": "Вопрос" }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-26 21:00");
    world.run_until("2026-11-24 09:00").act(ticket, "route", json!({ "line": 2 }));
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-27 18:00");
    world.act(ticket, "resolve", json!({ "text": "Готово" })).act(
        ticket,
        "return",
        json!({ "reason": "Нет" }),
    );
    assert_eq!(world.deadline(ticket, Metric::Resolution), "2026-11-27 18:00");
}

const TWO_LINES: &str = r#"line = [
  { id = 1, title = "Long", calendar = "hours", routes = [2] },
  { id = 2, title = "Short", calendar = "short" },
]"#;
