//! Answers that hold a place until they are sent: as long as a reader takes, what was made for it is counted.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use serde::Serialize;

use super::Door;
use super::problem::Problem;
use super::serving::Why;
use crate::run::{Failure, PAGE_MAX_BYTES};

/// How much long answers hold that wait to be taken, in bytes …
pub(super) const ANSWERS_MAX_BYTES: usize = 32 << 20;
/// … and how much of that one token's do.
pub(super) const ANSWERS_EACH_MAX_BYTES: usize = ANSWERS_MAX_BYTES / 2;
/// How long a page of tickets is as JSON before it ends, in bytes.
pub(super) const PAGE_JSON_MAX_BYTES: usize = 2 * PAGE_MAX_BYTES;
/// How many pages of lists and histories are made at once; more wait for their turn.
pub(super) const PAGES_MAX: usize = 8;

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

/// A JSON array that is written an element after the other, so that they are never all held as values.
pub(super) struct JsonList(Vec<u8>);

impl Default for JsonList {
    fn default() -> Self {
        Self(b"[".to_vec())
    }
}

impl JsonList {
    /// Writes the next element, which is plain data with text keys.
    pub(super) fn push(&mut self, element: &impl Serialize) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        serde_json::to_writer(&mut self.0, element).expect("an element is plain data with text keys");
    }

    /// How long it is so far, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The array.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.push(b']');
        self.0
    }
}

impl Door {
    /// An answer of JSON. A long one takes room until it is sent: `caller` has a share of that.
    ///
    /// # Errors
    /// `busy`: long answers that nobody takes hold all of the room, or the caller's hold their share.
    pub(super) fn long_answer(&self, caller: &str, json: Vec<u8>) -> Result<Response, Problem> {
        let place = if json.len() > PIECE_BYTES {
            let Some(place) = self.answers.take(caller, json.len()) else {
                self.shared.traffic.turned_away(Why::Answers, format_args!("the token `{caller}`"));
                return Err(Failure::Busy.into());
            };
            Some(place)
        } else {
            None
        };
        let kind = HeaderValue::from_static("application/json");
        Ok(([(header::CONTENT_TYPE, kind)], held(json, place)).into_response())
    }
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
