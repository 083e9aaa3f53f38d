//! The real daemon on a disk whose power is cut, and that fails: what was acknowledged is there afterwards.
//!
//! Short by itself; `ANDON_TESTS_LONG=1` takes the long forms and prints their figures.

mod daemon;
mod first_start;
mod proof;
mod trouble;

use std::io::Write;

/// Whether the long forms are asked for.
fn is_long() -> bool {
    std::env::var_os("ANDON_TESTS_LONG").is_some_and(|value| value != "0")
}

/// Says something that is to be seen though the test passes, which `println!` is not.
fn aloud(words: &str) {
    // A terminal that is gone keeps no test from passing.
    let _ = writeln!(std::io::stderr(), "powercut: {words}");
}
