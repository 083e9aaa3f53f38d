//! Does the desk do what the regulations say? One test per clause, named after it.
//!
//! What must come out is worked out by hand, and the working stands beside it. The weeks that the scenes play in:
//!
//! | day | what it is |
//! | --- | --- |
//! | 2026-11-03, Tuesday | eve of a holiday; its hours are full, since no regulation shortens them (R2) |
//! | 2026-11-04, Wednesday | holiday |
//! | 2026-11-20 and 2026-11-27, Fridays; 2026-11-23 and 2026-11-30, Mondays | plain weeks |
//! | 2026-12-28 to 30, Monday to Wednesday | the last working days of 2026 |
//! | 2026-12-31 to 2027-01-10 | off; Monday 2027-01-11 is the first working day |
//! | 2027-02-20, Saturday | worked, for Monday the 22nd, which is off; Tuesday the 23rd is a holiday |

mod alarms;
mod alerts;
mod bpmsoft_care;
mod clauses;
mod commands;
mod getmark;
mod group_helpdesk;
mod letters;
mod oracle;
mod profman_iss;
mod put_away;
mod reading_rules;
mod record;
mod regulation_files;
mod reports;
mod side_by_side;
mod signals;
mod time;
mod traps;
mod versions;
mod zkh_services;
