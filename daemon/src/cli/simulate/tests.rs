//! Logs whose outcomes were reckoned by hand, from the regulation and a paper calendar.
//!
//! 2026-11-20 is a Friday. Line 1 works 09–21, lines 2 and 3 09–18; none on Saturday and Sunday.

use calendars::Timestamp;
use serde_json::Value;

use super::{Complaint, LINE_MAX_BYTES, Line, Options, Outcome, Simulation, simulate};
use crate::desk::regulation::shipped;
use crate::desk::{Desk, Regulations, TicketNumber};
use crate::golden;

const MONTH: &str = include_str!("golden/month.jsonl");
const FAULTS: &str = include_str!("golden/faults.jsonl");

struct Told {
    out: String,
    tickets: Vec<Value>,
    complaints: Vec<Complaint>,
    outcome: Outcome,
}

fn regulations(name: &str) -> Regulations {
    Regulations::new(vec![shipped::get(name).unwrap().unwrap()])
}

fn tell(log: &str, options: &Options) -> Told {
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let outcome = simulate(regulations("getmark"), options, log.as_bytes(), &mut out, &mut |complaint| {
        complaints.push(complaint);
    })
    .unwrap();
    let out = String::from_utf8(out).unwrap();
    let tickets = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Told { out, tickets, complaints, outcome }
}

fn until(time: &str) -> Options {
    Options { until: Some(Timestamp::parse_rfc3339(time).unwrap()), ..Options::default() }
}

impl Told {
    #[track_caller]
    fn ticket(&self, name: &str) -> &Value {
        self.tickets.iter().find(|ticket| ticket["ticket"] == name).unwrap_or_else(|| panic!("{}", self.out))
    }

    #[track_caller]
    fn clock(&self, name: &str, metric: &str) -> &Value {
        let clocks = self.ticket(name)["clocks"].as_array().unwrap();
        clocks.iter().find(|clock| clock["metric"] == metric).unwrap_or_else(|| panic!("{}", self.out))
    }
}

/// Each of these members of a clock, as JSON text.
#[track_caller]
fn check(clock: &Value, expected: &[(&str, &str)]) {
    for (member, value) in expected {
        assert_eq!(clock[*member].to_string(), *value, "{member} of {clock}");
    }
}

#[test]
fn a_question_on_friday_stops_the_clocks_over_the_weekend() {
    let told = tell(MONTH, &Options::default());
    // An hour on Friday, eight on Monday from 10, two on Tuesday.
    check(
        told.clock("friday", "resolution"),
        &[
            ("used_seconds", "39600"),
            ("target_seconds", "43200"),
            ("breached", "false"),
            ("state", r#""stopped""#),
        ],
    );
    // Eight hours on line 2: one on Friday, seven on Monday.
    check(
        told.clock("friday", "line"),
        &[("breached", "true"), ("breached_at", r#""2026-11-23T17:00:00.000+03:00""#)],
    );
    check(told.ticket("friday"), &[("status", r#""closed""#), ("priority", r#""high""#), ("number", "1")]);
}

#[test]
fn a_ticket_routed_up_keeps_its_used_time_under_the_other_lines_hours() {
    let told = tell(MONTH, &Options::default());
    // Two hours on line 1; seventy left from Monday 11:00 at nine a day.
    check(
        told.clock("weekend", "resolution"),
        &[("deadline", r#""2026-12-02T18:00:00.000+03:00""#), ("calendar", r#""getmark/line-2""#)],
    );
    // Line 2 gives 48 hours of its own.
    check(
        told.clock("weekend", "line"),
        &[("deadline", r#""2026-11-30T14:00:00.000+03:00""#), ("cycle", "2"), ("target_seconds", "172800")],
    );
}

#[test]
fn a_requester_who_is_silent_for_72_working_hours_closes_the_ticket() {
    // Six hours on Monday 23, nine a day to Wednesday 2 December, three on Thursday: 12:00.
    let told = tell(MONTH, &until("2026-12-03T12:00:00+03:00"));
    check(told.ticket("silent"), &[("status", r#""waiting-requester""#)]);
    let told = tell(MONTH, &until("2026-12-03T12:00:00.001+03:00"));
    check(told.ticket("silent"), &[("status", r#""closed""#)]);
    check(
        told.clock("silent", "resolution"),
        &[
            ("used_seconds", "7200"),
            ("stopped_at", r#""2026-12-03T12:00:00.000+03:00""#),
            ("breached", "false"),
        ],
    );
}

#[test]
fn a_split_ticket_has_a_name_and_clocks_of_its_own() {
    let told = tell(MONTH, &Options::default());
    let names: Vec<_> = told.tickets.iter().map(|ticket| ticket["ticket"].as_str().unwrap()).collect();
    assert_eq!(names, ["friday", "weekend", "silent", "weekend/2"]);
    // It came by telephone, so it stands on line 1; a consultation is medium, whatever its impact.
    check(told.ticket("weekend/2"), &[("line", "1"), ("priority", r#""medium""#)]);
    check(told.clock("weekend/2", "resolution"), &[("used_seconds", "3600"), ("state", r#""stopped""#)]);
    assert_eq!(told.complaints, []);
}

#[test]
fn what_is_due_by_the_end_is_settled() {
    let told = tell(MONTH, &until("2027-02-01T00:00:00+03:00"));
    check(told.clock("weekend", "resolution"), &[("breached_at", r#""2026-12-02T18:00:00.000+03:00""#)]);
    // The end is never before the last line.
    assert_eq!(tell(MONTH, &until("2000-01-01T00:00:00Z")).out, tell(MONTH, &Options::default()).out);
}

#[test]
fn the_output_is_as_agreed() {
    let told = tell(MONTH, &Options::default());
    golden::check("cli/simulate/golden/month.out", &told.out);
    let told = tell(MONTH, &Options { summary: true, ..until("2027-02-01T00:00:00+03:00") });
    golden::check("cli/simulate/golden/month-summary.out", &told.out);
}

#[test]
fn every_bad_line_is_told_by_its_number_and_the_rest_goes_on() {
    let told = tell(FAULTS, &Options::default());
    let complaints = told.complaints.iter().map(|complaint| serde_json::to_string(complaint).unwrap() + "\n");
    golden::check("cli/simulate/golden/faults.err", &complaints.collect::<String>());
    check(told.ticket("A"), &[("status", r#""in-progress""#)]);
    assert_eq!((told.outcome.lines, told.outcome.accepted), (21, 2));
    assert_eq!((told.outcome.refused, told.outcome.faulty), (7, 12));
}

#[test]
fn lenient_takes_a_registration_with_fields_missing() {
    let log = r#"{"at":"2026-11-23T10:00:00+03:00","ticket":1,"do":"register","channel":"email","type":"error","subject":"Сбой"}"#;
    assert_eq!(tell(log, &Options::default()).complaints[0].code, "invalid-fields");
    let told = tell(log, &Options { lenient: true, ..Options::default() });
    check(told.ticket("1"), &[("priority", r#""medium""#)]);
}

#[test]
fn a_registration_with_a_mistyped_field_is_refused_and_so_is_what_follows() {
    let register = FAULTS.lines().next().unwrap().replace("subject", "subjct");
    let take = FAULTS.lines().last().unwrap();
    let told = tell(&[&register, take].join("\n"), &Options::default());
    let codes: Vec<_> = told.complaints.iter().map(|told| (told.code, told.is_fault)).collect();
    assert_eq!(codes, [("invalid-fields", false), ("unknown-ticket", false)]);
}

#[test]
fn a_registration_may_follow_a_ticket_by_its_name() {
    let [first, second] =
        ["A", "B"].map(|name| FAULTS.lines().next().unwrap().replace("\"A\"", &format!("\"{name}\"")));
    let follow = |follows: &str| second.replace("\"channel\"", &format!("\"follows\":{follows},\"channel\""));
    // GM-5.27: both are linked, as they are where the number is told.
    let linked = |log: &str| {
        let mut simulation = Simulation::new(Desk::new(regulations("getmark")));
        for line in log.lines() {
            let line = Line::read(line.as_bytes()).unwrap_or_else(|_| panic!("{line}"));
            assert!(simulation.take(line).is_ok(), "{log}");
        }
        let ticket = |number| simulation.desk.ticket(TicketNumber(number)).unwrap().links.clone();
        [ticket(1), ticket(2)]
    };
    let by_name = linked(&[first.as_str(), &follow("\"A\"")].join("\n"));
    assert_eq!(by_name, linked(&[first.as_str(), &follow("1")].join("\n")));
    assert_eq!((by_name[0][0].to, by_name[1][0].to), (TicketNumber(2), TicketNumber(1)));
    let told = tell(&[first.as_str(), &follow("\"C\"")].join("\n"), &Options::default());
    assert_eq!(told.complaints[0].message, "follows: the log has no ticket `C` yet");
}

#[test]
fn a_line_without_end_is_not_kept_in_memory() {
    let log = format!("{}\n{}", " x".repeat(LINE_MAX_BYTES), FAULTS.lines().next().unwrap());
    let told = tell(&log, &Options::default());
    assert_eq!((told.complaints[0].code, told.complaints[0].line), ("line-too-long", 1));
    assert_eq!(told.tickets.len(), 1);
}

#[test]
fn an_empty_log_has_no_tickets() {
    let told = tell("\n \r\n", &Options::default());
    assert_eq!((told.out.as_str(), told.outcome), ("", Outcome::default()));
}

#[test]
fn lines_may_end_as_on_windows() {
    let log = format!("\u{feff}{}", MONTH.replace('\n', "\r\n"));
    assert_eq!(tell(&log, &Options::default()).out, tell(MONTH, &Options::default()).out);
}
