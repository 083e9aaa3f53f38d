//! A connection whose other end takes what it is sent, or is cut.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long an answer may wait for a reader that takes nothing of it, in seconds. Tests of it do not wait that long.
pub(super) const WRITE_WITHIN_S: u64 = if cfg!(test) { 4 } else { 30 };

/// Fails with [`io::ErrorKind::TimedOut`] where nothing can be written for [`WRITE_WITHIN_S`]. What is written goes into
/// the kernel's buffer, which is small (`super::prepare`), so this is what the other end takes.
#[derive(Debug)]
pub(super) struct Steady<S> {
    inner: S,
    /// Runs while something waits to be written.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Steady<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, stuck: None }
    }

    /// What `poll` says of the inner stream, or that it has said nothing for too long.
    fn within<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>>
    where
        S: Unpin,
    {
        if let Poll::Ready(done) = poll(Pin::new(&mut self.inner), cx) {
            self.stuck = None;
            return Poll::Ready(done);
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(Duration::from_secs(WRITE_WITHIN_S))));
        ready!(stuck.as_mut().poll(cx));
        let told = format!("nothing of an answer was taken for {WRITE_WITHIN_S} s");
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, told)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Steady<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Steady<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.within(cx, |inner, cx| inner.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.within(cx, |inner, cx| inner.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.within(cx, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.within(cx, AsyncWrite::poll_shutdown)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn who_takes_nothing_is_cut_and_who_takes_slowly_is_not() {
        let (ours, mut theirs) = duplex(8);
        let mut steady = Steady::new(ours);
        steady.write_all(b"12345678").await.expect("there is room");
        // Slower than the limit in all, but never without progress for as long as that.
        let reads = async {
            for _ in 0..6 {
                tokio::time::sleep(Duration::from_millis(WRITE_WITHIN_S * 300)).await;
                theirs.read_exact(&mut [0; 4]).await.expect("there is more");
            }
        };
        let (written, ()) = tokio::join!(steady.write_all(&[0; 24]), reads);
        written.expect("it is taken");
        let error = steady.write_all(b"more").await.expect_err("nobody takes it");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
