//! A body that comes in at least so fast all the while, or is given up.

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
/// How much longer it may keep us waiting for all that has come so fast, in microseconds: so who has sent nearly all of a
/// long one does not hold that for as long as they like.
const CREDIT_MAX_US: u64 = 2 * PATIENCE_S * 1_000_000;

/// A body comes in slower than a body may.
#[derive(Debug, thiserror::Error)]
#[error("the body came in slower than {RATE_MIN} bytes per second")]
pub(in super::super) struct TooSlow;

/// A body that fails with [`TooSlow`] where its sender keeps us waiting too long. What we are slow at does not count.
#[derive(Debug)]
pub(super) struct Paced {
    inner: Body,
    /// How much longer the sender may keep us waiting, in microseconds.
    credit_us: u64,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    since_us: u64,
    end: Pin<Box<Sleep>>,
}

impl Paced {
    pub(super) fn new(inner: Body) -> Self {
        Self { inner, credit_us: PATIENCE_S * 1_000_000, waiting: None }
    }

    fn came(&mut self, frame: Option<&Frame<Bytes>>) {
        if let Some(Waiting { since_us, .. }) = self.waiting.take() {
            self.credit_us = self.credit_us.saturating_sub(monotonic_us().saturating_sub(since_us));
        }
        let bytes = frame.and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        let earned_us = bytes.saturating_mul(1_000_000) / RATE_MIN;
        self.credit_us = self.credit_us.saturating_add(earned_us).min(CREDIT_MAX_US);
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
        let left = Duration::from_micros(self.credit_us);
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
    use futures_util::StreamExt;
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
    async fn who_has_sent_nearly_all_at_once_does_not_hold_it_for_long() {
        let most = Ok::<_, BoxError>(Bytes::from(vec![b' '; 4 << 20]));
        let stream = futures_util::stream::iter([most]).chain(futures_util::stream::pending());
        let mut body = Paced::new(Body::from_stream(stream));
        let first = body.frame().await.expect("there is some").expect("it came at once");
        assert_eq!(first.into_data().expect("it is data").len(), 4 << 20);
        assert_eq!(body.credit_us, CREDIT_MAX_US, "and not the hour that so many bytes might take");
        let error = body.frame().await.expect("it ends").expect_err("nothing more comes");
        assert!(error.is::<TooSlow>(), "{error}");
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
