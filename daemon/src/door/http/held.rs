//! Answers that hold a place until they are sent: as long as a reader takes, what was made for it is counted.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

/// How much is handed to the connection at once, in bytes: it takes more only when that is on its way.
const PIECE_BYTES: usize = 64 << 10;

/// A body that is there whole, and a place that it holds until the last of it is handed on.
struct Held<P> {
    left: Bytes,
    _place: P,
}

/// An answer of these bytes that holds `place` until it is sent, or nobody takes it any more.
pub(super) fn held(bytes: Vec<u8>, place: impl Send + Unpin + 'static) -> Body {
    Body::new(Held { left: bytes.into(), _place: place })
}

impl<P: Unpin> HttpBody for Held<P> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.left.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::super::shares::Shares;
    use super::*;

    #[tokio::test]
    async fn a_place_is_free_when_the_answer_is_taken_or_dropped_and_not_before() {
        let shares = Shares::new(1, 1);
        let take = || shares.take("agent", 1);
        let mut body = held(vec![7; PIECE_BYTES + 1], take().expect("it is free"));
        assert_eq!(body.size_hint().exact(), Some(PIECE_BYTES as u64 + 1));
        let first = body.frame().await.expect("there is some").expect("it cannot fail");
        assert_eq!(first.into_data().expect("it is data").len(), PIECE_BYTES);
        assert!(take().is_none(), "some of it waits");
        assert_eq!(body.collect().await.expect("it cannot fail").to_bytes().len(), 1);
        drop(held(Vec::new(), take().expect("it was taken")));
        assert!(take().is_some(), "it was dropped");
    }
}
