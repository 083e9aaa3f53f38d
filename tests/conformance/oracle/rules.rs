//! Regulations made up at random: what the clerk reads of them, and their file for the desk.
//!
//! Statuses, verbs and routes are much the same in all; calendars, clocks and terms are not.

use std::fmt::Write as _;

use andon::desk::Metric;

use super::Dice;
use super::almanac::{HOUR, Minute, SHEETS};

pub(super) const KINDS: [&str; 2] = ["question", "fault"];
pub(super) const PRIORITIES: [&str; 3] = ["low", "high", "top"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    WorkingHours,
    CalendarHours,
    WorkingDays,
    CalendarDays,
}

pub(super) const BASES: [(Basis, &str); 4] = [
    (Basis::WorkingHours, "working-hours"),
    (Basis::CalendarHours, "calendar-hours"),
    (Basis::WorkingDays, "working-days"),
    (Basis::CalendarDays, "calendar-days"),
];

impl Basis {
    /// Whether the minutes count in which nobody works.
    pub(super) fn is_calendar(self) -> bool {
        matches!(self, Basis::CalendarHours | Basis::CalendarDays)
    }

    fn is_hours(self) -> bool {
        matches!(self, Basis::WorkingHours | Basis::CalendarHours)
    }
}

/// How much time a regulation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    NoTerm,
    Minutes(Minute),
    Days(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Breach,
    Tell,
    Close(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Warn {
    Minutes(Minute),
    /// A quarter of the term.
    Quarter,
}

/// One row of a clock's terms; what is absent matches everything.
#[derive(Clone, Debug, Default)]
struct Row {
    kind: Option<&'static str>,
    priority: Option<&'static str>,
    line: Option<u8>,
    given: Option<Given>,
}

impl Row {
    fn matches(&self, kind: &str, priority: &str, line: u8) -> bool {
        self.kind.is_none_or(|of| of == kind)
            && self.priority.is_none_or(|of| of == priority)
            && self.line.is_none_or(|of| of == line)
    }
}

/// A clock. What starts, stops, restarts and reopens it stands here as it does in the file.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) metric: Metric,
    pub(super) basis: Basis,
    /// A calendar of its own; else the line's.
    pub(super) sheet: Option<usize>,
    pub(super) starts: Vec<&'static str>,
    pub(super) stops: Vec<&'static str>,
    pub(super) restarts: Vec<&'static str>,
    pub(super) reopens: Vec<&'static str>,
    pub(super) pauses_in: Vec<&'static str>,
    pub(super) end: End,
    pub(super) warn: Option<Warn>,
    rows: Vec<Row>,
}

impl Rule {
    /// What it gives a ticket of this type and priority on this line; nothing where no row is for it.
    pub(super) fn given(&self, kind: &str, priority: &str, line: u8) -> Option<Given> {
        self.rows.iter().find(|row| row.matches(kind, priority, line)).and_then(|row| row.given)
    }
}

/// A regulation.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// The sheet of each line; channel `c1` leads to line 1, `c2` to line 2.
    pub(super) lines: Vec<usize>,
    pub(super) clocks: Vec<Rule>,
    /// Whether an answered ticket has a status of its own, from which it can be moved back to work; else it is in
    /// `closed` while it awaits confirmation.
    pub(super) has_answered: bool,
    /// The priority that follows from the type `fault`; `low` follows from any other.
    pub(super) fault_priority: &'static str,
}

impl Rules {
    pub(super) fn made_up(dice: &mut Dice) -> Self {
        let lines: Vec<usize> = (0..=dice.below(3)).map(|_| dice.below(SHEETS.len())).collect();
        let mut rules = Self {
            has_answered: dice.percent(50),
            fault_priority: dice.one_of(&["high", "top"]),
            clocks: Vec::new(),
            lines,
        };
        let all = [
            (50, reaction(dice)),
            (90, resolution(dice)),
            (50, line(dice)),
            (60, requester_answer(dice)),
            (60, confirmation(dice)),
            (30, acceptance(dice)),
        ];
        for (percent, mut rule) in all {
            if dice.percent(percent) {
                rule.sheet = dice.percent(30).then(|| dice.below(SHEETS.len()));
                rule.rows = rows(dice, rule.basis, rules.lines.len());
                rules.clocks.push(rule);
            }
        }
        rules
    }

    /// The priority that follows from a type.
    pub(super) fn derived(&self, kind: &str) -> &'static str {
        if kind == "fault" { self.fault_priority } else { "low" }
    }

    /// The regulation's file.
    pub(super) fn file(&self) -> String {
        let answered = if self.has_answered { ANSWERED } else { "" };
        let mut file = HEAD.replace("FAULT-PRIORITY", self.fault_priority).replace("ANSWERED", answered);
        let (status, stage) =
            if self.has_answered { ("answered", "") } else { ("closed", "stage = \"resolved\"") };
        writeln!(file, "[verb.resolve]\nto = \"{status}\"\n{stage}").unwrap();
        let sheets = self.lines.iter().copied().chain(self.clocks.iter().filter_map(|rule| rule.sheet));
        let mut sheets: Vec<usize> = sheets.collect();
        sheets.sort_unstable();
        sheets.dedup();
        for sheet in sheets {
            write_calendar(&mut file, sheet);
        }
        for (number, sheet) in (1..).zip(&self.lines) {
            let routes: Vec<usize> = (1..=self.lines.len()).filter(|to| *to != number).collect();
            let calendar = SHEETS[*sheet].id;
            writeln!(
                file,
                "[[line]]\nid = {number}\ntitle = \"L\"\ncalendar = \"{calendar}\"\nroutes = {routes:?}\n\
                 [[channel]]\nid = \"c{number}\"\ntitle = \"C\"\nline = {number}"
            )
            .unwrap();
        }
        for rule in &self.clocks {
            write_clock(&mut file, rule);
        }
        file
    }
}

/// Where the verb `status` leads to from a status.
pub(super) fn moves(from: &str) -> &'static [&'static str] {
    match from {
        "new" => &["working", "waiting", "parked"],
        "working" => &["waiting", "parked"],
        "waiting" => &["working", "parked"],
        "parked" => &["working", "waiting"],
        "answered" => &["working"],
        _ => &[],
    }
}

/// Where an answered ticket has a status of its own.
const ANSWERED: &str = r#"  { id = "answered", title = "A", moves = ["working"], stage = "resolved" },
"#;

/// What is the same in all of them.
const HEAD: &str = r#"
id = "made-up"
title = "Made up"
version = "1"
holds-from = "2022-01-01"
zone = "Europe/Moscow"
priority-source = "requester"
initial-status = "arrived"
type = [{ id = "question", title = "Q" }, { id = "fault", title = "F" }]
priority = [{ id = "low", title = "L" }, { id = "high", title = "H" }, { id = "top", title = "T" }]
priority-rule = [{ when = { type = "fault" }, priority = "FAULT-PRIORITY" }]
status = [
  { id = "arrived", title = "A", passes-to = "new" },
  { id = "new", title = "N", moves = ["working", "waiting", "parked"] },
  { id = "working", title = "W", moves = ["waiting", "parked"] },
  { id = "waiting", title = "W", moves = ["working", "parked"], waiting = true },
  { id = "parked", title = "P", moves = ["working", "waiting"] },
ANSWERED  { id = "closed", title = "C", stage = "closed" },
  { id = "refused", title = "R", stage = "closed" },
]
[verb]
take = { from = ["new"], to = "working" }
ask = { to = "waiting" }
answer = { from = ["waiting"], to = "working" }
confirm = { to = "closed" }
return = { to = "working" }
refuse = { to = "refused" }
close = { to = "closed" }
"#;

fn write_calendar(file: &mut String, sheet: usize) {
    const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let sheet = &SHEETS[sheet];
    let time = |minute: Minute| format!("{:02}:{:02}", minute / HOUR, minute % HOUR);
    let hours: Vec<String> = sheet
        .hours
        .iter()
        .map(|(first, last, open, close)| {
            let (first, last, open, close) = (WEEK[*first], WEEK[*last], time(*open), time(*close));
            format!("{{ days = \"{first}-{last}\", open = \"{open}\", close = \"{close}\" }}")
        })
        .collect();
    writeln!(
        file,
        "[[calendar]]\nid = \"{}\"\nzone = \"{}\"\nhours = [{}]\n{}short-days = \"{}\"",
        sheet.id,
        sheet.zone.id(),
        hours.join(", "),
        if sheet.production { "production = \"ru\"\n" } else { "" },
        if sheet.short { "observe" } else { "ignore" },
    )
    .unwrap();
}

fn write_clock(file: &mut String, rule: &Rule) {
    let (_, basis) = BASES.iter().find(|(basis, _)| *basis == rule.basis).unwrap();
    writeln!(
        file,
        "[[clock]]\nmetric = \"{}\"\ntitle = \"C\"\nbasis = \"{basis}\"\ncalendar = \"{}\"\nstarts = {:?}\n\
         stops = {:?}\nrestarts = {:?}\nreopens = {:?}\npauses-in = {:?}",
        rule.metric,
        rule.sheet.map_or("of-line", |sheet| SHEETS[sheet].id),
        rule.starts,
        rule.stops,
        rule.restarts,
        rule.reopens,
        rule.pauses_in,
    )
    .unwrap();
    match rule.end {
        End::Breach => writeln!(file, "at-end = \"breach\""),
        End::Tell => writeln!(file, "at-end = \"tell\""),
        End::Close(status) => {
            writeln!(file, "at-end = \"close\"\nend-status = \"{status}\"\nend-reason = \"over\"")
        }
    }
    .unwrap();
    match rule.warn {
        None => Ok(()),
        Some(Warn::Minutes(minutes)) => writeln!(file, "warn-before = \"{minutes}m\""),
        Some(Warn::Quarter) => writeln!(file, "warn-before = \"25%\""),
    }
    .unwrap();
    for row in &rule.rows {
        let mut when = Vec::new();
        when.extend(row.kind.map(|kind| format!("type = \"{kind}\"")));
        when.extend(row.priority.map(|priority| format!("priority = \"{priority}\"")));
        when.extend(row.line.map(|line| format!("line = {line}")));
        let term = match row.given.unwrap() {
            Given::NoTerm => "none".to_owned(),
            Given::Minutes(minutes) => format!("{minutes}m"),
            Given::Days(days) => days.to_string(),
        };
        writeln!(file, "[[clock.target]]\nwhen = {{ {} }}\nterm = \"{term}\"", when.join(", ")).unwrap();
    }
}

fn rule(dice: &mut Dice, metric: Metric, end: End) -> Rule {
    let (basis, _) = dice.one_of(&BASES);
    let warn = match dice.below(5) {
        0 | 1 => None,
        2 if basis.is_hours() => Some(Warn::Quarter),
        _ => Some(Warn::Minutes(dice.one_of(&[0, 30, 60, 120, 600]))),
    };
    Rule {
        metric,
        basis,
        sheet: None,
        starts: Vec::new(),
        stops: Vec::new(),
        restarts: Vec::new(),
        reopens: Vec::new(),
        pauses_in: Vec::new(),
        end,
        warn,
        rows: Vec::new(),
    }
}

fn reaction(dice: &mut Dice) -> Rule {
    let mut rule = rule(dice, Metric::Reaction, End::Breach);
    rule.starts = vec![dice.one_of(&["registered", "status-entered:new"])];
    rule.stops = vec!["resolved", "closed", dice.one_of(&["replied", "status-left:new"])];
    rule.pauses_in = dice.one_of(&[[""; 0].as_slice(), &["waiting"]]).to_vec();
    rule
}

fn resolution(dice: &mut Dice) -> Rule {
    let end = dice.one_of(&[End::Breach, End::Breach, End::Breach, End::Tell, End::Close("refused")]);
    let mut rule = rule(dice, Metric::Resolution, end);
    rule.starts = vec![dice.one_of(&["registered", "registered", "status-entered:working"])];
    rule.stops = vec!["resolved", "closed"];
    rule.reopens = dice.one_of(&[["reopened"].as_slice(), &["reopened"], &[]]).to_vec();
    rule.pauses_in = dice.one_of(&[["waiting", "parked"].as_slice(), &["waiting"], &[]]).to_vec();
    rule
}

fn line(dice: &mut Dice) -> Rule {
    let end = dice.one_of(&[End::Breach, End::Breach, End::Tell]);
    let mut rule = rule(dice, Metric::Line, end);
    rule.starts = vec!["line-entered"];
    rule.stops = vec!["line-left", "resolved", "closed"];
    rule.reopens = vec!["reopened"];
    rule.pauses_in = dice.one_of(&[["waiting", "parked"].as_slice(), &["waiting"], &[]]).to_vec();
    rule
}

fn requester_answer(dice: &mut Dice) -> Rule {
    let end = dice.one_of(&[End::Close("closed"), End::Close("refused"), End::Tell, End::Breach]);
    let mut rule = rule(dice, Metric::RequesterAnswer, end);
    rule.starts =
        dice.one_of(&[["status-entered:waiting"].as_slice(), &["status-entered:waiting", "asked"]]).to_vec();
    rule.stops = vec!["status-left:waiting"];
    rule.stops.extend(dice.one_of(&[None, Some("answered")]));
    rule.restarts = dice.one_of(&[["asked"].as_slice(), &["replied"], &[]]).to_vec();
    rule
}

fn confirmation(dice: &mut Dice) -> Rule {
    let end = dice.one_of(&[End::Close("closed"), End::Close("closed"), End::Tell]);
    let mut rule = rule(dice, Metric::Confirmation, end);
    rule.starts = vec!["resolved"];
    rule.stops = vec!["reopened", "closed"];
    rule
}

fn acceptance(dice: &mut Dice) -> Rule {
    let end = dice.one_of(&[End::Close("closed"), End::Tell, End::Breach]);
    let mut rule = rule(dice, Metric::Acceptance, end);
    rule.starts = vec!["status-entered:parked"];
    rule.stops = vec!["status-left:parked"];
    rule.reopens = dice.one_of(&[["status-entered:parked"].as_slice(), &[]]).to_vec();
    rule
}

fn rows(dice: &mut Dice, basis: Basis, lines: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = (0..dice.below(4))
        .map(|_| Row {
            kind: dice.percent(40).then(|| dice.one_of(&KINDS)),
            priority: dice.percent(60).then(|| dice.one_of(&PRIORITIES)),
            line: dice.percent(30).then(|| u8::try_from(dice.below(lines) + 1).unwrap()),
            given: Some(given(dice, basis)),
        })
        .collect();
    // A file whose clock leaves a priority out, or has a row that never counts, is refused.
    let has_row = |priority: &str| rows.iter().any(|row| row.priority.is_none_or(|of| of == priority));
    if !PRIORITIES.iter().all(|priority| has_row(priority)) || dice.percent(75) {
        rows.push(Row { given: Some(given(dice, basis)), ..Row::default() });
    }
    let counts = |row: usize| {
        (1..=u8::try_from(lines).unwrap()).any(|line| {
            KINDS.iter().any(|kind| {
                PRIORITIES.iter().any(|priority| {
                    rows.iter().position(|row| row.matches(kind, priority, line)) == Some(row)
                })
            })
        })
    };
    let counting: Vec<usize> = (0..rows.len()).filter(|row| counts(*row)).collect();
    counting.into_iter().map(|row| rows[row].clone()).collect()
}

fn given(dice: &mut Dice, basis: Basis) -> Given {
    if dice.percent(6) {
        return Given::NoTerm;
    }
    if basis.is_hours() {
        // Quarters of all of them are whole minutes.
        let hours = [4 * HOUR, 8 * HOUR, 9 * HOUR, 12 * HOUR, 24 * HOUR, 72 * HOUR];
        Given::Minutes(if dice.percent(80) {
            dice.one_of(&hours)
        } else {
            dice.one_of(&[0, 4, 32, 120 * HOUR])
        })
    } else {
        Given::Days(if dice.percent(80) {
            dice.one_of(&[1, 1, 2, 3, 5])
        } else {
            dice.one_of(&[0, 7, 10, 21])
        })
    }
}
