//! `businesstimedelta` answers in a process of its own, which times each call itself.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use calendars::Timestamp;

use crate::cases::Case;
use crate::{Answers, median};

/// Asks all cases once.
pub fn ask(python: &str, cases: &[Vec<Case>; 4]) -> [Answers; 4] {
    let folder = env!("CARGO_MANIFEST_DIR");
    let mut process = Command::new(python)
        .arg(format!("{folder}/with_businesstimedelta.py"))
        .arg(format!("{folder}/../tests/working_time/days.txt"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {python}: {error}"));
    let mut questions = String::new();
    for Case { from, to, term_ms } in cases.iter().flatten() {
        writeln!(questions, "{} {} {}", from.millis() / 1_000, to.millis() / 1_000, term_ms / 1_000)
            .expect("memory takes it");
    }
    let mut stdin = process.stdin.take().expect("it is piped");
    stdin.write_all(questions.as_bytes()).expect("the script reads every line before it answers");
    drop(stdin);
    let output = process.wait_with_output().expect("the script was started");
    assert!(output.status.success(), "with_businesstimedelta.py: {}", output.status);
    let text = String::from_utf8(output.stdout).expect("the script writes numbers");
    let mut lines = text.lines();
    cases.each_ref().map(|cases| read(lines.by_ref().take(cases.len())))
}

fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Answers {
    let (mut worked_ms, mut ended) = (Vec::new(), Vec::new());
    let (mut between_ns, mut add_ns) = (Vec::new(), Vec::new());
    for line in lines {
        let numbers: Vec<i64> =
            line.split(' ').map(|number| number.parse().expect("the script writes numbers")).collect();
        let [worked, end, between, add] = numbers[..] else { panic!("not four numbers: {line}") };
        worked_ms.push(worked * 1_000);
        ended.push(Timestamp::from_millis(end * 1_000));
        between_ns.push(nanoseconds(between));
        add_ns.push(nanoseconds(add));
    }
    Answers { worked_ms, ended, between_ns: median(between_ns), add_ns: median(add_ns) }
}

#[expect(clippy::cast_precision_loss, reason = "no call takes 2^53 ns")]
fn nanoseconds(ns: i64) -> f64 {
    ns as f64
}
