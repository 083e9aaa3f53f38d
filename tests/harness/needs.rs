//! What a test needs of the machine besides the project: where it is missing the test is skipped, aloud, unless somebody
//! said that it must be there.

use std::io::Write;

/// Names, with commas between, what must be there: `tests/run` sets it to what it has found or installed.
const NEEDED: &str = "ANDON_TESTS_NEED";
/// A file that each skip is told to besides, a line each.
const SKIPS: &str = "ANDON_TESTS_SKIPS";

/// Says that a test is skipped since `what` is missing.
///
/// # Panics
/// Where that must be there: a test that proves nothing must not look like one that passed.
pub fn skipped(what: &str, why: &str) {
    let needed = std::env::var(NEEDED).unwrap_or_default();
    assert!(!needed.split(',').any(|needed| needed == what), "{what} must be there ({NEEDED}): {why}");
    let line = format!("SKIPPED for want of {what}: {why}\n");
    // Not `eprintln!`, which the test runner keeps to itself when a test passes.
    let told = std::io::stderr().write_all(line.as_bytes());
    told.expect("a test can say something");
    if let Some(path) = std::env::var_os(SKIPS) {
        let mut file =
            std::fs::File::options().create(true).append(true).open(path).expect("a file of skips");
        file.write_all(line.as_bytes()).expect("a file of skips takes a line");
    }
}
