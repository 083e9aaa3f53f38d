//! Answers that are written while they are sent: a thread of their own writes, the connection takes as it can.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use futures_util::stream::unfold;
use tokio::sync::mpsc;

/// How much is sent at once, in bytes.
const CHUNK_BYTES: usize = 64 << 10;
/// How many chunks wait for a connection that is slow.
const CHUNKS_AHEAD: usize = 4;

/// A body that `write` writes, in a thread that may block. Where it fails, the connection breaks off, so that nobody
/// takes a part for the whole.
pub(super) fn streamed<E>(write: impl FnOnce(&mut ChunkWriter) -> Result<(), E> + Send + 'static) -> Body
where
    E: std::error::Error + Send + Sync + 'static,
{
    let (to, chunks) = mpsc::channel(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut writer = ChunkWriter { chunk: Vec::with_capacity(CHUNK_BYTES), to };
        let written = write(&mut writer).map_err(io::Error::other).and_then(|()| writer.flush());
        if let Err(error) = written {
            log::error!("an answer broke off: {}", crate::chain::chain(&error));
            // Whoever asked may have gone, which is how it broke off then.
            let _ = writer.to.blocking_send(Err(error));
        }
    });
    Body::from_stream(unfold(chunks, async |mut chunks| {
        let chunk: io::Result<Bytes> = chunks.recv().await?;
        Some((chunk, chunks))
    }))
}

/// Sends what is written, a chunk at a time.
pub(super) struct ChunkWriter {
    chunk: Vec<u8>,
    to: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK_BYTES - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        if self.chunk.len() == CHUNK_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK_BYTES));
        self.to.blocking_send(Ok(chunk.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn everything_that_was_written_arrives_in_order() {
        let text: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let written = text.clone();
        let body = streamed(move |out| {
            for part in written.chunks(70_001) {
                out.write_all(part)?;
            }
            Ok::<_, io::Error>(())
        });
        assert!(body.collect().await.unwrap().to_bytes() == text);
    }

    #[tokio::test]
    async fn what_fails_half_way_ends_with_an_error_and_not_as_if_it_were_whole() {
        let body = streamed(|out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the card is gone"))
        });
        assert!(body.collect().await.is_err());
    }
}
