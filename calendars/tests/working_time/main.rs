//! Proofs of working time: the reading rules by example, the arithmetic against a naive counter, and the data
//! against what was published.

mod clock_changes;
mod facts;
mod oracle;
mod rules;
mod support;
mod texts;
