//! A target of `andon::door::http::fuzz` under libFuzzer; the variable `ANDON_FUZZ` names it.

#![no_main]

use std::sync::LazyLock;

use andon::door::http::fuzz::TARGETS;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("ANDON_FUZZ").unwrap_or_default();
    let known = TARGETS.map(|(name, _)| name);
    let target = TARGETS.into_iter().find(|(known, _)| *known == name);
    target.unwrap_or_else(|| panic!("ANDON_FUZZ={name} is none of {known:?}")).1
});

fuzz_target!(|bytes: &[u8]| TARGET(bytes));
