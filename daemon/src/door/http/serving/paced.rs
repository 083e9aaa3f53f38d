//! A body that comes in at least so fast, or is given up.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::clock::monotonic_us;

/// The slowest that a body may come in, in bytes per second …
pub(in super::super) const RATE_MIN: u64 = 1_024;
/// … once it has kept us waiting for so long, in seconds. Tests of it do not wait that long.
pub(in super::super) const PATIENCE_S: u64 = if cfg!(test) { 1 } else { 5 };

/// A body comes in slower than a body may.
#[derive(Debug, thiserror::Error)]
#[error("the body came in slower than {RATE_MIN} bytes per second")]
pub(in super::super) struct TooSlow;

/// A body that fails with [`TooSlow`] where its sender keeps us waiting too long. What we are slow at does not count.
#[derive(Debug)]
pub(super) struct Paced {
    inner: Body,
    seen_bytes: u64,
    waited_us: u64,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    since_us: u64,
    end: Pin<Box<Sleep>>,
}

impl Paced {
    pub(super) fn new(inner: Body) -> Self {
        Self { inner, seen_bytes: 0, waited_us: 0, waiting: None }
    }

    /// How much longer the sender may keep us waiting.
    fn left(&self) -> Duration {
        let allowed_us = PATIENCE_S * 1_000_000 + self.seen_bytes.saturating_mul(1_000_000) / RATE_MIN;
        Duration::from_micros(allowed_us.saturating_sub(self.waited_us))
    }

    fn came(&mut self, frame: Option<&Frame<Bytes>>) {
        if let Some(Waiting { since_us, .. }) = self.waiting.take() {
            self.waited_us += monotonic_us().saturating_sub(since_us);
        }
        self.seen_bytes += frame.and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.came(frame.as_ref().and_then(|frame| frame.as_ref().ok()));
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let left = self.left();
        let waiting = self
            .waiting
            .get_or_insert_with(|| Waiting { since_us: monotonic_us(), end: Box::pin(sleep(left)) });
        ready!(waiting.end.as_mut().poll(cx));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::unfold;
    use http_body_util::BodyExt;

    use super::*;

    /// A body of so many pieces, each so long, that come after a pause each.
    fn body(pieces: usize, bytes: usize, pause: Duration) -> Paced {
        let stream = unfold(0, move |sent| async move {
            tokio::time::sleep(pause).await;
            (sent < pieces).then(|| (Ok::<_, BoxError>(Bytes::from(vec![b' '; bytes])), sent + 1))
        });
        Paced::new(Body::from_stream(stream))
    }

    #[tokio::test]
    async fn a_byte_now_and_then_is_given_up_and_a_slow_line_is_not() {
        let pause = Duration::from_millis(PATIENCE_S * 1_000 / 4);
        let error = body(100, 1, pause).collect().await.expect_err("it is too slow");
        assert!(error.is::<TooSlow>(), "{error}");
        let whole = body(8, 2_048, pause).collect().await.expect("it is fast enough");
        assert_eq!(whole.to_bytes().len(), 8 * 2_048);
    }
}
