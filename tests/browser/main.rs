//! The wall's page in a real browser: it follows the daemon, says when it does not hear it, and can be read at any size.
//!
//! Where the machine has no Chromium and none can be installed these tests say so and prove nothing; tests/run installs it.

mod docs;
mod follows;
mod looks;
mod requester;

use andon_tests::Browser;
use andon_tests::needs::skipped;

/// A browser, or the word that there is none.
fn browser() -> Option<Browser> {
    let program = Browser::installed();
    if program.is_none() {
        skipped("chromium", "tests/run installs chromium-headless-shell");
    }
    program.map(|program| Browser::start(&program))
}
