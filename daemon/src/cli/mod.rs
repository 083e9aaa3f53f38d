//! What `andonctl` does, one noun per module; the binary only parses arguments and calls these.

pub mod import_log;
