//! Letters as they are written and sent.
