//! The real daemon on a disk whose power is cut, and that fails: what was acknowledged is there afterwards.
//!
//! Short by itself; `ANDON_TESTS_LONG=1` takes the long forms and prints their figures.

mod proof;

use std::io::Write;

/// Says something that is to be seen though the test passes, which `println!` is not.
fn aloud(words: &str) {
    // A terminal that is gone keeps no test from passing.
    let _ = writeln!(std::io::stderr(), "powercut: {words}");
}
