//! Query parameters and path segments, read strictly: what is not known is refused and not passed over.

use axum::extract::{FromRequestParts, MatchedPath, Path, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::openapi;
use super::problem::Problem;
use crate::desk::{FieldError, TicketNumber};

/// A request's query: names and values as they were sent, decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    pub(super) fn parse(raw: &str) -> Result<Self, Problem> {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned)
        };
        let mut pairs = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).map_err(|_| Problem::field(name, "is not UTF-8"))?;
            let value = decode(value).map_err(|_| Problem::field(&name, "is not UTF-8"))?;
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The last value of a parameter.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that takes several: repeated, or as a comma list.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(known, _)| known == name);
        values
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// What is wrong with the parameters that nobody knows.
    pub(super) fn unknown(&self, known: &[&str]) -> Vec<FieldError> {
        let unknown = self.0.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        let message = match known {
            [] => "is unknown; this path takes no parameters".to_owned(),
            known => format!("is unknown; a parameter is one of {}", known.join(", ")),
        };
        unknown.map(|(name, _)| FieldError::new(name, &message)).collect()
    }

    /// A number of at least 1 and at most `most`.
    pub(super) fn limit(&self, default: usize, most: usize) -> Result<usize, FieldError> {
        let Some(text) = self.last("limit") else { return Ok(default) };
        text.parse()
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| FieldError::new("limit", &format!("must be a number from 1 to {most}")))
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// Refuses parameters where an operation takes none; those that take some say of theirs what is wrong with them.
pub(super) async fn refuse_stray(request: Request, next: Next) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    if request.uri().query().is_some_and(|query| !query.is_empty())
        && openapi::takes_no_parameters(request.method(), path)
    {
        let stray = Query::parse(request.uri().query().unwrap_or_default())?.unknown(&[]);
        if !stray.is_empty() {
            return Err(Problem::fields(stray));
        }
    }
    Ok(next.run(request).await)
}

/// What a path names; what it cannot name is not there.
pub(super) struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(named) = Path::<T>::from_request_parts(parts, state).await?;
        Ok(Self(named))
    }
}

/// A ticket's number in a path.
pub(super) fn ticket_number(text: &str) -> Result<TicketNumber, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(TicketNumber).ok_or_else(|| Problem::not_found("ticket", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(raw: &str) -> Query {
        Query::parse(raw).unwrap_or_else(|problem| panic!("{raw}: {problem:?}"))
    }

    #[test]
    fn values_are_decoded_and_lists_come_both_ways() {
        let query = query("q=%D0%B0+b&status=new,in-progress&status=closed&empty&=x");
        assert_eq!(query.last("q"), Some("а b"));
        assert_eq!(query.list("status"), ["new", "in-progress", "closed"]);
        assert_eq!(query.last("empty"), Some(""));
        assert_eq!(query.last("nothing"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_by_the_parameter_they_stand_in() {
        let problem = Query::parse("q=%ff").expect_err("0xff is no UTF-8");
        assert_eq!(problem.into_errors(), [FieldError::new("q", "is not UTF-8")]);
    }

    #[test]
    fn a_limit_is_a_number_within_its_bounds() {
        assert_eq!(query("").limit(50, 200), Ok(50));
        assert_eq!(query("limit=200").limit(50, 200), Ok(200));
        for bad in ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "limit=99999999999999999999"] {
            assert!(query(bad).limit(50, 200).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_digits_are_a_ticket_number() {
        assert!(ticket_number("1024").is_ok_and(|number| number == TicketNumber(1024)));
        for bad in ["", "+1", "-1", "1.0", "abc", "18446744073709551616"] {
            assert!(ticket_number(bad).is_err(), "{bad}");
        }
    }
}
