//! Andon Desk.
