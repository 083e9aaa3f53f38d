//! Answers that are made while they are sent.
//!
//! What is read is read a chunk at a time, when the connection has room for it: a reader that takes its time holds no
//! thread. What must be written in one go has a thread of its own until it is sent, so only the socket of `andonctl` has it.

use std::io::{self, Read, Write};

use axum::body::{Body, Bytes};
use futures_util::stream::unfold;
use tokio::sync::mpsc;

/// How much is sent at once, in bytes.
const CHUNK_BYTES: usize = 64 << 10;
/// How many chunks wait for a connection that is slow.
const CHUNKS_AHEAD: usize = 4;

/// A body that is read from `from`, each chunk when the connection asks for it. Where that fails, the connection breaks off.
pub(super) fn read_through(from: impl Read + Send + 'static) -> Body {
    Body::from_stream(unfold(Some(from), async |from| {
        let from = from?;
        let read = tokio::task::spawn_blocking(move || chunk_of(from)).await;
        match read.map_err(io::Error::other).and_then(|read| read) {
            Ok((chunk, _)) if chunk.is_empty() => None,
            Ok((chunk, from)) => Some((Ok(Bytes::from(chunk)), Some(from))),
            Err(error) => {
                log::error!("an answer broke off: {}", crate::chain::chain(&error));
                Some((Err(error), None))
            }
        }
    }))
}

/// The next chunk, empty at the end, and what the rest is read from.
fn chunk_of<R: Read>(mut from: R) -> io::Result<(Vec<u8>, R)> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    from.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
    Ok((chunk, from))
}

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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    /// Counts what is read of it, and fails at the end where it is to.
    struct Counted {
        left: usize,
        read: Arc<AtomicUsize>,
        fails: bool,
    }

    impl Read for Counted {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            if self.left == 0 && self.fails {
                return Err(io::Error::other("the card is gone"));
            }
            let length = self.left.min(to.len());
            to[..length].fill(7);
            self.left -= length;
            self.read.fetch_add(length, Ordering::Relaxed);
            Ok(length)
        }
    }

    #[test]
    fn more_readers_than_threads_may_wait_and_nothing_is_read_ahead_for_them() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let mut waiting = Vec::new();
            for _ in 0..8 {
                let read = Arc::new(AtomicUsize::new(0));
                let mut body =
                    read_through(Counted { left: 10 * CHUNK_BYTES, read: Arc::clone(&read), fails: false });
                let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
                assert_eq!((first.len(), read.load(Ordering::Relaxed)), (CHUNK_BYTES, CHUNK_BYTES));
                waiting.push(body);
            }
            // All of them are in the middle of it, and the only thread is free.
            assert_eq!(tokio::task::spawn_blocking(|| 7).await.unwrap(), 7);
            for body in waiting {
                assert_eq!(body.collect().await.unwrap().to_bytes().len(), 9 * CHUNK_BYTES);
            }
        });
    }

    #[tokio::test]
    async fn what_cannot_be_read_to_its_end_breaks_off() {
        let body = read_through(Counted { left: CHUNK_BYTES + 1, read: Arc::default(), fails: true });
        assert!(body.collect().await.is_err());
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
