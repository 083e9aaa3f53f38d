//! The store on a disk that loses power and fails: what was acknowledged is there, what was refused is not.
//!
//! Every failure names its seed; `ANDON_TESTS_SEED=N` runs that seed alone. `ANDON_TESTS_LONG=1` runs a hundred times as
//! many.

mod batch;
mod books;
mod desk;
mod flips;
mod ledger;
mod months;
mod sim_disk;

use std::ops::Range;

/// The seeds of a test: `short` of them, a hundred times as many in the long form, or the one that is asked for.
fn seeds(short: u64) -> Range<u64> {
    if let Some(seed) = number("ANDON_TESTS_SEED") {
        return seed..seed + 1;
    }
    0..if number("ANDON_TESTS_LONG") == Some(1) { short * 100 } else { short }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Says which seed was at work when a test fails.
struct Telling(u64);

impl Drop for Telling {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was seed {seed}; ANDON_TESTS_SEED={seed} runs it alone", seed = self.0);
        }
    }
}
