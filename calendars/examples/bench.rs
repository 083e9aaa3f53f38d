//! Measures what a term costs: `cargo run --release -p calendars --example bench`.
//!
//! Instants are spread over the known years, so that neither the caches nor the branch predictor know them. The best
//! of several rounds is printed, being the least disturbed, and at last whether an hour and ten years alike stay
//! within the budget. Nothing here passes or fails.

use std::hint::black_box;
use std::time::Instant;

use calendars::{Calendar, CalendarSpec, Timestamp};

const HOUR: i64 = 3_600_000;
const YEAR: i64 = 365 * 24 * HOUR;
/// What an addition or a measurement may cost.
const BUDGET_NS: f64 = 60.0;

fn main() {
    let mut dearest = 0.0_f64;
    for (name, spec) in [
        ("mon-fri 9-18 Moscow, ru", MOSCOW),
        ("two shifts daily Berlin", BERLIN),
        ("round the clock UTC", ROUND_THE_CLOCK),
    ] {
        let calendar = compile(spec);
        println!("{name}: compiled in {:.1} ms", best(3, 1, || drop(black_box(compile(spec)))) / 1e6);
        let froms: Vec<Timestamp> = spread(1_672_520_400_000, 4 * YEAR);
        for (span, name) in
            [(HOUR, "an hour"), (30 * 24 * HOUR, "a month"), (YEAR, "a year"), (10 * YEAR, "ten years")]
        {
            let terms = spread(span / 10 * 9, span / 10);
            let mut pairs = froms.iter().zip(&terms).cycle();
            let between = best(9, 100_000, || {
                let (from, term) = pairs.next().expect("cycles");
                black_box(calendar.between(*from, from.plus_ms(term.millis())));
            });
            let add = best(9, 100_000, || {
                let (from, term) = pairs.next().expect("cycles");
                black_box(calendar.add(*from, term.millis() / 4));
            });
            println!("  {name}: between {between:.1} ns, add {add:.1} ns");
            dearest = dearest.max(between).max(add);
        }
        let mut from = froms.iter().cycle();
        let days = best(9, 100_000, || {
            black_box(calendar.add_working_days(*from.next().expect("cycles"), black_box(5)));
        });
        let open = best(9, 100_000, || {
            black_box(calendar.next_open(*from.next().expect("cycles")));
        });
        println!("  five working days: {days:.1} ns; next opening: {open:.1} ns");
    }
    let verdict = if dearest <= BUDGET_NS { "within" } else { "above" };
    println!("the dearest between or add: {dearest:.1} ns, {verdict} the budget of {BUDGET_NS} ns");
}

const MOSCOW: &str = r#"
    id = "moscow"
    production = "ru"
    hours = [{ days = "mon-fri", open = "09:00", close = "18:00" }]
"#;

const BERLIN: &str = r#"
    id = "berlin"
    zone = "Europe/Berlin"
    hours = [{ days = "mon-sun", open = "08:00", close = "12:00" }, { days = "mon-sun", open = "13:00", close = "17:00" }]
"#;

const ROUND_THE_CLOCK: &str = r#"
    id = "always"
    zone = "UTC"
    hours = [{ days = "mon-sun", open = "00:00", close = "24:00" }]
"#;

fn compile(text: &str) -> Calendar {
    let spec: CalendarSpec = toml::from_str(text).expect("the examples are specifications");
    Calendar::compile(&spec).expect("the examples are calendars")
}

/// Instants that look random within `[start, start + span)`, the same in every run.
fn spread(start: i64, span: i64) -> Vec<Timestamp> {
    let mut state = 7_i64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Timestamp::from_millis(start + (state >> 8).rem_euclid(span))
    };
    (0..8_191).map(|_| next()).collect()
}

/// ns per call, in the best of the rounds.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock; the crate does not")]
fn best(rounds: u32, calls: u32, mut call: impl FnMut()) -> f64 {
    let round = || {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    };
    std::iter::repeat_with(round).take(rounds as usize).fold(f64::INFINITY, f64::min)
}
