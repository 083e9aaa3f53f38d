//! A sixth regulation, written from `daemon/regulations/README.md` alone.
