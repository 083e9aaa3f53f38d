//! The seal at the end of a backup: a gzip member that holds nothing, and whose comment is a checksum.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::hex::hex;

/// What every gzip member begins with here: deflate, a comment, no time, no system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff];
/// What stands in front of the sum.
const LABEL: &[u8] = b"sha256=";
/// The end of the comment, an empty deflate block, and the checksum and length of nothing.
const TAIL: [u8; 11] = [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// How long a SHA-256 is in hex.
const SUM_BYTES: usize = 64;

/// How long a seal is.
pub const SEAL_BYTES: usize = HEAD.len() + LABEL.len() + SUM_BYTES + TAIL.len();

/// Sums up what passes, and says what the seal of it is.
#[derive(Debug, Default)]
pub(super) struct Seal(Sha256);

impl Seal {
    /// Takes in the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The seal of all that was taken in.
    pub(super) fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEAL_BYTES);
        bytes.extend_from_slice(&HEAD);
        bytes.extend_from_slice(LABEL);
        bytes.extend_from_slice(hex(&self.0.finalize()).as_bytes());
        bytes.extend_from_slice(&TAIL);
        bytes
    }
}

/// Writes and seals.
#[derive(Debug)]
pub(super) struct Sealing<W> {
    to: W,
    seal: Seal,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, seal: Seal::default() }
    }

    /// Writes the seal behind all that was written.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.to.write_all(&self.seal.bytes())?;
        self.to.flush()?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.seal.take(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Passes a backup on and looks whether it is whole: whether its end is the seal of what came before.
#[derive(Debug)]
pub struct SealCheck<W> {
    to: W,
    seal: Seal,
    /// What may be the seal.
    end: Vec<u8>,
}

impl<W: Write> SealCheck<W> {
    /// Passes everything on to `to`.
    pub fn new(to: W) -> Self {
        Self { to, seal: Seal::default(), end: Vec::new() }
    }

    /// Whether what has passed is a whole backup.
    pub fn is_whole(self) -> bool {
        self.end == self.seal.bytes()
    }
}

impl<W: Write> Write for SealCheck<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.end.extend_from_slice(&bytes[..written]);
        let sealed = self.end.len().saturating_sub(SEAL_BYTES);
        self.seal.take(&self.end[..sealed]);
        self.end.drain(..sealed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
