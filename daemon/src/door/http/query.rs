//! Query parameters and path segments, read strictly: what is not known is refused and not passed over.

use std::collections::BTreeSet;

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
    ///
    /// # Errors
    /// A [`Problem`] that names each parameter that is no text or is given twice.
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
        let twice = twice(&pairs);
        if twice.is_empty() { Ok(Self(pairs)) } else { Err(Problem::fields(twice)) }
    }

    /// The value of a parameter.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that takes several, as a comma list.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let values = self.value(name).into_iter().flat_map(|values| values.split(','));
        values.map(str::trim).filter(|value| !value.is_empty()).collect()
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
        let Some(text) = self.value("limit") else { return Ok(default) };
        text.parse()
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| FieldError::new("limit", &format!("must be a number from 1 to {most}")))
    }
}

/// What is wrong with the parameters that are given twice, each told once: nobody can say which of the values is meant.
fn twice(pairs: &[(String, String)]) -> Vec<FieldError> {
    let (mut seen, mut told) = (BTreeSet::new(), BTreeSet::new());
    let again = pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !seen.insert(*name));
    again
        .filter(|name| told.insert(*name))
        .map(|name| FieldError::new(name, "is given twice; several values of one parameter are a comma list"))
        .collect()
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
    fn values_are_decoded_and_lists_have_commas() {
        let query = query("q=%D0%B0+b&status=new,%20in-progress,,closed&empty&=x");
        assert_eq!(query.value("q"), Some("а b"));
        assert_eq!(query.list("status"), ["new", "in-progress", "closed"]);
        assert_eq!((query.value("empty"), query.list("empty").len()), (Some(""), 0));
        assert_eq!((query.value("nothing"), query.list("nothing").len()), (None, 0));
    }

    #[test]
    fn a_parameter_that_is_given_twice_is_refused_by_its_name_however_it_is_written() {
        let problem = Query::parse("a=1&q=x&%61=2&b=3&q=x&q=y").expect_err("which one is meant?");
        let fields: Vec<_> = problem.into_errors().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["a", "q"]);
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
