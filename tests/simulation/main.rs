//! Seeded weeks of a desk: random commands, restarts, power cuts, clock steps and disk errors, through the daemon's own
//! desk, store and loop, on a disk and under clocks that are made up. What must always hold is checked after each step.
//!
//! The same seed tells the same story. A story that fails prints its seed, its last steps and the command that tells it
//! again.
//!
//! | variable | |
//! | --- | --- |
//! | `ANDON_SIM_SEED` | tells the story of this seed alone |
//! | `ANDON_SIM_TELL` | prints every step of it |
//! | `ANDON_SIM_DAYS` | simulates about so many days, the stories of the seeds from 1 on |
//! | `ANDON_TESTS_LONG=1` | simulates a hundred thousand days |

mod machine;
mod people;
mod registers;
mod rules;
mod story;
mod tally;
mod witness;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use andon::clock::monotonic_us;
use story::{STORY_MS, Story};
use tally::Tally;
use witness::Violation;

const DAY_MS: i64 = 86_400_000;
/// How many days are simulated where nothing else is asked for.
const SHORT_DAYS: i64 = 420;
const LONG_DAYS: i64 = 100_000;

/// What a short run meets at least once.
const MET: [&str; 25] = [
    "admin's words",
    "batches lost",
    "breaches",
    "clock steps",
    "corrections",
    "disk troubles",
    "failed starts",
    "found though refused",
    "key reused",
    "kills",
    "not kept",
    "power cuts",
    "rebuilds",
    "refused",
    "repeated",
    "restarts",
    "settled late",
    "terms moved",
    "tickets",
    "torn tails",
    "unsynced",
    "untrusted turns",
    "warnings",
    "closings",
    "entries",
];

#[test]
fn weeks_of_a_desk_hold_what_the_design_promises() {
    if let Some(seed) = number("ANDON_SIM_SEED") {
        println!("{}", story(seed));
        return;
    }
    let days = match number("ANDON_SIM_DAYS") {
        Some(days) => i64::try_from(days).expect("a number of days"),
        None if number("ANDON_TESTS_LONG") == Some(1) => LONG_DAYS,
        None => SHORT_DAYS,
    };
    let begun_us = monotonic_us();
    let mut met = Tally::default();
    for seed in seeds(days) {
        met.add_all(&story(seed));
    }
    let took_us = (monotonic_us() - begun_us).max(1);
    println!("{met}");
    println!("{} simulated days per minute", met.of("days") * 60_000_000 / took_us);
    let never: Vec<_> = MET.into_iter().filter(|what| met.of(what) == 0).collect();
    assert!(days < SHORT_DAYS || never.is_empty(), "never met: {never:?}");
}

#[test]
fn a_story_that_nobody_has_told_before_holds_as_well() {
    if number("ANDON_SIM_SEED").is_none() {
        let seed = RandomState::new().build_hasher().finish();
        println!("seed {seed}: {}", story(seed));
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    assert_eq!(story(1).to_string(), story(1).to_string());
}

fn seeds(days: i64) -> Vec<u64> {
    let stories = (days * DAY_MS).div_euclid(STORY_MS).max(1);
    (1..=stories.unsigned_abs()).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Tells the story of a seed.
fn story(seed: u64) -> Tally {
    let mut story = Story::of(seed);
    let told = catch_unwind(AssertUnwindSafe(|| story.tell()));
    let violation: Violation = match told {
        Ok(Ok(met)) => return met,
        Ok(Err(violation)) => violation,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            format!("a panic: {}", text.unwrap_or("without words"))
        }
    };
    panic!(
        "{violation}\n\nseed {seed}, {}\n\nto tell it again: ANDON_SIM_SEED={seed} cargo test -p andon-tests --test simulation\n",
        story.last_words()
    );
}
