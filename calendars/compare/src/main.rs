//! Ours, the crate `opening-hours` and `PyPI`'s `businesstimedelta`, asked the same 10,000 questions: what an answer
//! costs, and which answers differ from ours. `calendars/compare/run` runs it, with a Python that has the package.
//!
//! The cost is the median of several rounds, the package's that of its single calls; beside the others' stands how many
//! times ours that is. Nothing here passes or fails, but each different answer is printed.

mod cases;
mod python;
mod reckoner;

use std::hint::black_box;
use std::time::{Duration, Instant};

use calendars::{Timestamp, Tz};

use cases::{Case, REACHES};
use reckoner::Reckoner;

/// What somebody answered to one reach's cases, and what an answer cost.
struct Answers {
    worked_ms: Vec<i64>,
    ended: Vec<Timestamp>,
    between_ns: f64,
    add_ns: f64,
}

fn main() {
    let python = std::env::args().nth(1).unwrap_or_else(|| {
        eprintln!(
            "usage: calendars-compare PYTHON, one that has businesstimedelta (calendars/compare/run has)"
        );
        std::process::exit(2)
    });
    let cases = REACHES.each_ref().map(cases::Reach::cases);
    let ours = cases.each_ref().map(|cases| ask(&reckoner::ours(), cases));
    let crates = cases.each_ref().map(|cases| ask(&reckoner::opening_hours(), cases));
    let package = python::ask(&python, &cases);

    print_line("", REACHES.each_ref().map(|reach| reach.name.to_owned()));
    print_costs("calendars", &ours, None);
    print_costs("opening-hours", &crates, Some(&ours));
    print_costs("businesstimedelta", &package, Some(&ours));
    print_differences("opening-hours", &cases, &crates, &ours);
    print_differences("businesstimedelta", &cases, &package, &ours);
}

/// Rounds whose median is the cost.
const ROUNDS: usize = 7;
/// A round takes at least that long, to be measured well.
const ROUND: Duration = Duration::from_millis(20);

fn ask(reckoner: &impl Reckoner, cases: &[Case]) -> Answers {
    Answers {
        worked_ms: cases.iter().map(|case| reckoner.between(case.from, case.to)).collect(),
        ended: cases.iter().map(|case| reckoner.add(case.from, case.term_ms)).collect(),
        between_ns: cost_ns(cases, |case| reckoner.between(case.from, case.to)),
        add_ns: cost_ns(cases, |case| reckoner.add(case.from, case.term_ms)),
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock; the crate does not")]
fn cost_ns<T>(cases: &[Case], mut call: impl FnMut(&Case) -> T) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let (start, mut calls) = (Instant::now(), 0_u32);
        while start.elapsed() < ROUND {
            for case in cases {
                black_box(call(black_box(case)));
            }
            calls += u32::try_from(cases.len()).expect("the cases are few");
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    });
    median(rounds.collect())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn print_costs(who: &str, answers: &[Answers; 4], beside: Option<&[Answers; 4]>) {
    print_cost(&format!("{who} between"), answers, beside, |answers| answers.between_ns);
    print_cost(&format!("{who} add"), answers, beside, |answers| answers.add_ns);
}

fn print_cost(head: &str, answers: &[Answers; 4], beside: Option<&[Answers; 4]>, cost: fn(&Answers) -> f64) {
    let cells = [0, 1, 2, 3].map(|at| match (cost(&answers[at]), beside) {
        (ns, None) => format!("{ns:.1} ns"),
        (ns, Some(ours)) => format!("{ns:.0} ns ({:.0}x)", ns / cost(&ours[at])),
    });
    print_line(head, cells);
}

fn print_line(head: &str, cells: [String; 4]) {
    let cells = cells.map(|cell| format!("{cell:>26}"));
    println!("{head:<26}{}", cells.concat());
}

/// The count of the answers that differ from ours, and each of them.
fn print_differences(who: &str, cases: &[Vec<Case>; 4], theirs: &[Answers; 4], ours: &[Answers; 4]) {
    let (mut asked, mut lines) = (0, Vec::new());
    for ((cases, theirs), ours) in cases.iter().zip(theirs).zip(ours) {
        asked += cases.len();
        for (index, Case { from, to, term_ms }) in cases.iter().enumerate() {
            let (their_ms, our_ms) = (theirs.worked_ms[index], ours.worked_ms[index]);
            if their_ms != our_ms {
                let (from, to) = (shown(*from), shown(*to));
                lines.push(format!(
                    "  between {from} and {to}: {} s, ours {} s",
                    their_ms / 1_000,
                    our_ms / 1_000
                ));
            }
            let (their_end, our_end) = (shown(theirs.ended[index]), shown(ours.ended[index]));
            if their_end != our_end {
                let (from, term_s) = (shown(*from), term_ms / 1_000);
                lines.push(format!("  add {term_s} s to {from}: {their_end}, ours {our_end}"));
            }
        }
    }
    println!("{who}: {} of {} answers differ from ours", lines.len(), 2 * asked);
    for line in lines {
        println!("{line}");
    }
}

fn shown(at: Timestamp) -> String {
    at.to_rfc3339(Tz::Europe__Moscow)
}
