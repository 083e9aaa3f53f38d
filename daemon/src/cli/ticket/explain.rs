//! `andonctl ticket explain`: the proof of each deadline, to be read and reckoned again.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Deserialize;

use super::{given, span};
use crate::cli::Io;
use crate::cli::error::CliError;
use crate::cli::text::{one_line, when};
use crate::desk::explain::{ClockProof, CountedInterval, ProofStep};

#[derive(Deserialize)]
struct Explanation {
    clocks: Vec<ClockProof>,
}

/// Proves a ticket's deadlines.
pub(super) fn run(number: u64, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = format!("/v1/tickets/{number}/explain");
    let mut answer = io.control.get(&path)?;
    // A very long proof comes in pages.
    while let Some(next) = answer.next.take() {
        let mut more = io.control.get(&next)?;
        answer.next = more.next.take();
        let clocks = more.json["clocks"].as_array_mut().map(std::mem::take).unwrap_or_default();
        if let Some(told) = answer.json["clocks"].as_array_mut() {
            told.extend(clocks);
        }
    }
    if io.json {
        return io.json(&answer.json);
    }
    let Explanation { clocks } = answer.read(&path)?;
    write!(io.out, "{}", text(number, &clocks))?;
    Ok(ExitCode::SUCCESS)
}

/// The proofs as text: a heading for each clock, then its steps, each with what was counted up to it.
pub(super) fn text(number: u64, clocks: &[ClockProof]) -> String {
    let mut text = String::new();
    for (i, clock) in clocks.iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        heading(&mut text, number, clock);
        let mut calendar = ("", "");
        for step in &clock.steps {
            if calendar != (&step.calendar, &step.revision) {
                calendar = (&step.calendar, &step.revision);
                line(&mut text, 1, &format!("calendar {}, revision {}", step.calendar, step.revision));
            }
            self::step(&mut text, step);
        }
        for ahead in &clock.ahead {
            line(&mut text, 3, &interval(ahead));
        }
        if let Some(deadline) = clock.deadline.as_ref().filter(|_| !clock.ahead.is_empty()) {
            line(&mut text, 1, &format!("{} used up, if nothing stops it", when(deadline)));
        }
    }
    text
}

fn heading(text: &mut String, number: u64, clock: &ClockProof) {
    let cycle = if clock.cycle > 1 { format!(", cycle {}", clock.cycle) } else { String::new() };
    let deadline = clock.deadline.as_ref().map(|at| format!(", deadline {}", when(at))).unwrap_or_default();
    let provisional = if clock.provisional { " (provisional)" } else { "" };
    let words = format!(
        "ticket {number}, {}{cycle}: {} of {} used, {}, {}{deadline}{provisional}",
        clock.metric,
        span(clock.used_seconds),
        given(clock.target_seconds),
        clock.basis.id(),
        clock_state(clock)
    );
    line(text, 0, &words);
}

fn clock_state(clock: &ClockProof) -> String {
    let state = match clock.state {
        crate::desk::ClockState::Running => "running",
        crate::desk::ClockState::Paused => "paused",
        crate::desk::ClockState::Stopped => "stopped",
    };
    clock
        .breached_at
        .as_ref()
        .map_or_else(|| state.to_owned(), |at| format!("{state}, breached {}", when(at)))
}

fn step(text: &mut String, step: &ProofStep) {
    for counted in &step.counted {
        line(text, 3, &interval(counted));
    }
    if let Some(note) = &step.note {
        line(text, 3, &format!("({note})"));
    }
    let by = if step.by.is_empty() { String::new() } else { format!(" by {}", step.by) };
    let why = if step.why.is_empty() { String::new() } else { format!(": {}", step.why.join("; ")) };
    line(text, 1, &format!("{} {}{by}{why}", when(&step.at), step.turn));
    let deadline = step.deadline.as_ref().map(|at| format!(", deadline {}", when(at))).unwrap_or_default();
    let (used, target) = (span(step.used_seconds), given(step.target_seconds));
    let clause = step.clause.as_ref().map(|clause| format!(" ({clause})")).unwrap_or_default();
    line(text, 2, &format!("used {used} of {target}{clause}{deadline}"));
}

fn interval(counted: &CountedInterval) -> String {
    let many =
        if counted.stretches > 1 { format!(" in {} stretches", counted.stretches) } else { String::new() };
    format!("+ {}  {} to {}{many}", span(counted.seconds), when(&counted.from), when(&counted.to))
}

fn line(text: &mut String, depth: usize, words: &str) {
    let indent = "  ".repeat(depth);
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{indent}{}", one_line(words));
}
