//! `Idempotency-Key`: the same request twice is carried out once.
//!
//! The desk keeps the receipt with the events, so that this holds across restarts and power cuts. A refused request
//! leaves no receipt: nothing happened, and the next try is decided anew.

use axum::http::{HeaderMap, Method};

use super::auth::{Caller, Pass};
use super::problem::Problem;
use crate::desk::event::Receipt;
use crate::door::secret;

/// The header.
const HEADER: &str = "idempotency-key";
/// The longest key, in characters.
const KEY_MAX: usize = 255;

/// What recognises a request, where it came with a key. Keys of different tokens never meet, also not of two that bear one
/// name one after the other. None of them is the control socket's.
pub(super) fn receipt(
    caller: &Caller,
    pass: Option<&Pass>,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Option<Receipt>, Problem> {
    let mut keys = headers.get_all(HEADER).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| is_key(key) && keys.next().is_none()).ok_or_else(|| {
        Problem::field(
            "Idempotency-Key",
            format!("must be one key of 1 to {KEY_MAX} visible ASCII characters"),
        )
    })?;
    let request = [method.as_str().as_bytes(), path.as_bytes(), body].join(&b'\n');
    Ok(Some(Receipt {
        key: format!("{}:{key}", caller.0.name).into(),
        request: secret::hash(&request).into(),
        step: None,
        token: pass.map(Pass::id),
    }))
}

fn is_key(key: &str) -> bool {
    (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}
