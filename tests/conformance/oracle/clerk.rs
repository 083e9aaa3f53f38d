//! The clerk: a ticket on a slip of paper, its terms counted minute by minute.

use andon::desk::clocks::ClockState;

use super::almanac::{Almanac, Minute};
use super::rules::{Basis, End, Given, Rule, Rules, Warn, moves};

/// A term that the clerk counts.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Its place among the regulation's clocks.
    pub(super) rule: usize,
    pub(super) sheet: usize,
    given: Given,
    pub(super) state: ClockState,
    pub(super) started: Minute,
    pub(super) stopped: Option<Minute>,
    /// In minutes that count, like what is used of it.
    pub(super) target: Option<Minute>,
    pub(super) used: Minute,
    /// When it ends, and when the room is warned of it, if nothing happens.
    pub(super) end: Option<Minute>,
    pub(super) warn: Option<Minute>,
    /// Whether a day without facts lay on the way to the end.
    pub(super) provisional: bool,
    pub(super) breached: Option<Minute>,
    /// Whether its end has been dealt with.
    pub(super) over: bool,
}

impl Tally {
    fn counts(&self) -> bool {
        self.state != ClockState::Stopped
    }

    /// Something other than the passing of time has moved the end (R5, R6) or taken it away (R7).
    fn look_again(&mut self, rule: &Rule, now: Minute) {
        (self.end, self.warn, self.provisional) = (None, None, false);
        let Some(target) = self.target.filter(|_| self.state == ClockState::Running) else { return };
        let end = self.when_used(rule.basis, target, now);
        let (known_from, known_until) = Almanac::get().known[self.sheet];
        self.provisional = !rule.basis.is_calendar() && end > now && (now < known_from || end > known_until);
        self.end = Some(end);
        self.warn = rule.warn.map(|warn| {
            let before = match warn {
                Warn::Minutes(minutes) => minutes,
                Warn::Quarter => target / 4,
            };
            self.when_used(rule.basis, target.saturating_sub(before), now)
        });
    }

    /// The earliest moment by which so much is used (R1), by counting on.
    fn when_used(&self, basis: Basis, amount: Minute, now: Minute) -> Minute {
        let worked = &Almanac::get().worked[self.sheet];
        let (mut used, mut minute) = (self.used, now);
        while used < amount {
            used += usize::from(basis.is_calendar() || worked[minute]);
            minute += 1;
        }
        minute
    }

    /// A term that was moved below what is used is broken at once (R6).
    fn break_if_overdrawn(&mut self, rule: &Rule, now: Minute) {
        self.over = self.breached.is_some();
        if rule.end == End::Breach && self.target.is_some_and(|target| self.used > target) {
            self.breached.get_or_insert(now);
            self.over = true;
        }
    }
}

/// What a term is in minutes that count, for a clock that started at a moment (R3).
fn worth(given: Given, basis: Basis, sheet: usize, started: Minute) -> Option<Minute> {
    let days = match given {
        Given::NoTerm => return None,
        Given::Minutes(minutes) => return Some(minutes),
        Given::Days(days) => days,
    };
    let (worked, day) = (&Almanac::get().worked[sheet], &Almanac::get().day[sheet]);
    if basis == Basis::WorkingDays {
        let close = close_of_working_day(sheet, started, days);
        return Some(worked[started..close].iter().filter(|worked| **worked).count());
    }
    // The midnight after the last of them.
    let mut end = started;
    while usize::from(day[end]) <= usize::from(day[started]) + days {
        end += 1;
    }
    Some(end - started)
}

/// The close of the N-th day with working hours after the day of the event; where none is asked for, the event itself.
fn close_of_working_day(sheet: usize, event: Minute, days: usize) -> Minute {
    if days == 0 {
        return event;
    }
    let (worked, day) = (&Almanac::get().worked[sheet], &Almanac::get().day[sheet]);
    // How many working days there were after the event's, the last of them, and up to when it was worked.
    let (mut count, mut last, mut close) = (0, day[event], event);
    let mut minute = event;
    while count < days || day[minute] == last {
        if day[minute] > day[event] && worked[minute] {
            count += usize::from(day[minute] > last);
            (last, close) = (day[minute], minute + 1);
        }
        minute += 1;
    }
    close
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    Resolved,
    Closed,
}

/// What is done to a ticket.
#[derive(Clone, Copy, Debug)]
pub(super) enum Move {
    Reply,
    Ask,
    Answer,
    Take,
    Status(&'static str),
    Priority(&'static str),
    Kind(&'static str),
    Route(u8),
    Resolve,
    Return,
    Confirm,
    Refuse,
    Close,
}

/// A ticket as the clerk keeps it.
#[derive(Clone, Debug)]
pub(super) struct Slip {
    pub(super) kind: &'static str,
    pub(super) priority: &'static str,
    pub(super) line: u8,
    pub(super) status: &'static str,
    pub(super) stage: Stage,
    pub(super) tallies: Vec<Tally>,
}

impl Slip {
    pub(super) fn new(
        rules: &Rules,
        kind: &'static str,
        priority: &'static str,
        line: u8,
        now: Minute,
    ) -> Self {
        let mut slip = Self { kind, priority, line, status: "new", stage: Stage::Open, tallies: Vec::new() };
        slip.turn(rules, &["registered", "line-entered", "status-entered:new"], now);
        slip
    }

    /// What the moment brings once nothing more is done in it; and then the minute that follows.
    pub(super) fn pass(&mut self, rules: &Rules, almanac: &Almanac, now: Minute) {
        let due = |tally: &&mut Tally| {
            tally.state == ClockState::Running && !tally.over && tally.end.is_some_and(|end| end <= now)
        };
        // What is closed in a moment is done in it, so it is in time for every other term that ends then (R4).
        for tally in self.tallies.iter_mut().filter(due) {
            if let End::Close(status) = rules.clocks[tally.rule].end {
                tally.over = true;
                let happened = self.go_to(status, Stage::Closed);
                self.turn(rules, &happened, now);
                return;
            }
        }
        for tally in self.tallies.iter_mut().filter(due) {
            tally.over = true;
            if rules.clocks[tally.rule].end == End::Breach {
                tally.breached = tally.end;
            }
        }
        for tally in self.tallies.iter_mut().filter(|tally| tally.state == ClockState::Running) {
            let always = rules.clocks[tally.rule].basis.is_calendar();
            tally.used += usize::from(always || almanac.worked[tally.sheet][now]);
        }
    }

    /// Moves to a status and stage; what happened by it, as a regulation's file calls it.
    fn go_to(&mut self, status: &'static str, stage: Stage) -> Vec<&'static str> {
        let mut happened = Vec::new();
        if self.status != status {
            happened.push(match self.status {
                "new" => "status-left:new",
                "working" => "status-left:working",
                "waiting" => "status-left:waiting",
                "parked" => "status-left:parked",
                _ => "status-left:another",
            });
            happened.push(match status {
                "working" => "status-entered:working",
                "waiting" => "status-entered:waiting",
                "parked" => "status-entered:parked",
                _ => "status-entered:another",
            });
        }
        if self.stage != stage {
            happened.push(match stage {
                Stage::Open => "reopened",
                Stage::Resolved => "resolved",
                Stage::Closed => "closed",
            });
        }
        (self.status, self.stage) = (status, stage);
        happened
    }

    /// Every clock does what has happened tells it to, and keeps to what the ticket is now.
    fn turn(&mut self, rules: &Rules, happened: &[&str], now: Minute) {
        for (number, rule) in rules.clocks.iter().enumerate() {
            self.turn_one(rules, number, rule, happened, now);
        }
    }

    fn turn_one(&mut self, rules: &Rules, number: usize, rule: &Rule, happened: &[&str], now: Minute) {
        let told_to = |list: &[&str]| list.iter().any(|word| happened.contains(word));
        let given = rule.given(self.kind, self.priority, self.line);
        let sheet = rule.sheet.unwrap_or(rules.lines[usize::from(self.line) - 1]);
        let latest = self.tallies.iter().rposition(|tally| tally.rule == number);
        let counted = latest.is_some_and(|latest| self.tallies[latest].counts());
        let restarted = counted && !told_to(&rule.stops) && told_to(&rule.restarts);
        if let Some(tally) = latest.map(|latest| &mut self.tallies[latest])
            && counted
            && (restarted || told_to(&rule.stops))
        {
            (tally.state, tally.stopped) = (ClockState::Stopped, Some(now));
            tally.look_again(rule, now);
        }
        let stands = latest.is_none_or(|latest| !self.tallies[latest].counts());
        let reopened = latest.is_some() && stands && told_to(&rule.reopens);
        if let (Some(latest), Some(given), true) = (latest, given, reopened) {
            let tally = &mut self.tallies[latest];
            (tally.state, tally.stopped) = (ClockState::Running, None);
            // What is given as before is worth what it was, though it be on another line by now (R5).
            if tally.given != given {
                tally.target = worth(given, rule.basis, sheet, tally.started);
            }
            (tally.given, tally.sheet) = (given, sheet);
            tally.break_if_overdrawn(rule, now);
            tally.look_again(rule, now);
        }
        if let (Some(given), true) = (given, stands && !reopened && (restarted || told_to(&rule.starts))) {
            self.tallies.push(Tally {
                rule: number,
                sheet,
                given,
                state: ClockState::Running,
                started: now,
                stopped: None,
                target: worth(given, rule.basis, sheet, now),
                used: 0,
                end: None,
                warn: None,
                provisional: false,
                breached: None,
                over: false,
            });
            self.tallies.last_mut().unwrap().look_again(rule, now);
        }
        let waits = rule.pauses_in.contains(&self.status);
        if let Some(tally) = self.tallies.iter_mut().rfind(|tally| tally.rule == number && tally.counts()) {
            tally.keep_to(rule, given.unwrap_or(Given::NoTerm), sheet, waits, now);
        }
    }

    /// Carries it out, or says that it cannot be.
    pub(super) fn take(&mut self, rules: &Rules, act: Move, now: Minute) -> bool {
        let (open, resolved) = (self.stage == Stage::Open, self.stage == Stage::Resolved);
        let allowed = match act {
            Move::Ask | Move::Take | Move::Priority(_) | Move::Route(_) | Move::Resolve | Move::Refuse => {
                open
            }
            Move::Reply | Move::Answer | Move::Kind(_) | Move::Close => open || resolved,
            Move::Return | Move::Confirm => resolved,
            Move::Status(to) => to == self.status || moves(self.status).contains(&to),
        };
        if !allowed {
            return false;
        }
        let mut happened = Vec::new();
        match act {
            Move::Reply => happened.push("replied"),
            Move::Ask => {
                happened = self.go_to("waiting", Stage::Open);
                happened.push("asked");
            }
            Move::Answer => {
                if open && self.status == "waiting" {
                    happened = self.go_to("working", Stage::Open);
                }
                happened.push("answered");
            }
            Move::Take if self.status == "new" => happened = self.go_to("working", Stage::Open),
            Move::Take => {}
            Move::Status(to) if to == self.status => {}
            Move::Status(to) => happened = self.go_to(to, Stage::Open),
            Move::Priority(to) => self.priority = to,
            Move::Kind(kind) => {
                let followed = self.priority == rules.derived(self.kind);
                self.kind = kind;
                if followed {
                    self.priority = rules.derived(kind);
                }
            }
            Move::Route(line) if line == self.line => {}
            Move::Route(line) => {
                self.line = line;
                happened = vec!["line-left", "line-entered"];
            }
            Move::Resolve => {
                let status = if rules.has_answered { "answered" } else { "closed" };
                happened = self.go_to(status, Stage::Resolved);
                happened.push("replied");
            }
            Move::Return => happened = self.go_to("working", Stage::Open),
            Move::Confirm | Move::Close => happened = self.go_to("closed", Stage::Closed),
            Move::Refuse => happened = self.go_to("refused", Stage::Closed),
        }
        self.turn(rules, &happened, now);
        true
    }
}

impl Tally {
    /// Follows the ticket: another term (R6), another calendar (R5), or a pause (R7).
    fn keep_to(&mut self, rule: &Rule, given: Given, sheet: usize, waits: bool, now: Minute) {
        let (other_term, other_sheet) = (self.given != given, self.sheet != sheet);
        (self.given, self.sheet) = (given, sheet);
        if other_term {
            self.target = worth(given, rule.basis, sheet, self.started);
        }
        if other_term || other_sheet {
            self.break_if_overdrawn(rule, now);
        }
        let state = if waits { ClockState::Paused } else { ClockState::Running };
        if self.state == ClockState::Paused && state == ClockState::Running {
            self.over = self.breached.is_some();
        }
        if other_term || other_sheet || self.state != state {
            self.state = state;
            self.look_again(rule, now);
        }
    }
}
