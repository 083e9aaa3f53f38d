//! Which request a line belongs to: every line that is written while one is answered bears its `REQUEST_ID`, which its answer
//! has as `X-Request-Id`, and where it came from, `CLIENT_ADDR`.

use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use log::Record;
use log::kv::{Error, Key, Source, ToValue, Value, VisitSource};
use smol_str::SmolStr;

tokio::task_local! {
    static REQUEST: RequestMark;
}

/// What tells this run's ids from those of another.
static RUN: LazyLock<u32> = LazyLock::new(|| getrandom::u32().unwrap_or_default());
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMark {
    /// Its id: no other has it, but after a restart one in four milliards.
    pub id: SmolStr,
    /// Where it came from; none of the control socket.
    pub from: Option<IpAddr>,
}

impl RequestMark {
    /// A new one.
    pub fn new(from: Option<IpAddr>) -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
        Self { id: smol_str::format_smolstr!("{:08x}-{count}", *RUN), from }
    }

    /// The one that is being answered, if one is.
    pub fn current() -> Option<Self> {
        REQUEST.try_with(Clone::clone).ok()
    }

    /// Does what is done for it.
    pub async fn during<F: Future>(self, work: F) -> F::Output {
        REQUEST.scope(self, work).await
    }
}

/// Hands a record on with the fields of the request that is being answered, if one is.
pub(super) fn with_request(record: &Record<'_>, write: impl FnOnce(&Record<'_>)) {
    let Some(mark) = RequestMark::current() else { return write(record) };
    let fields = Marked { own: record.key_values(), mark };
    let marked = record.to_builder().key_values(&fields).build();
    write(&marked);
}

/// A record's own fields, and those of its request.
struct Marked<'a> {
    own: &'a dyn Source,
    mark: RequestMark,
}

impl Source for Marked<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        self.own.visit(visitor)?;
        visitor.visit_pair(Key::from_str("REQUEST_ID"), self.mark.id.as_str().to_value())?;
        match &self.mark.from {
            // A line that says of itself whom it is about is believed.
            Some(from) if self.own.get(Key::from_str("CLIENT_ADDR")).is_none() => {
                visitor.visit_pair(Key::from_str("CLIENT_ADDR"), Value::from_display(from))
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::Ipv4Addr;

    use super::*;

    struct Seen(BTreeMap<String, String>);

    impl<'kvs> VisitSource<'kvs> for Seen {
        fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
            assert_eq!(self.0.insert(key.to_string(), value.to_string()), None, "{key} stands twice");
            Ok(())
        }
    }

    fn seen(own: &[(&str, &str)]) -> BTreeMap<String, String> {
        let record = Record::builder().key_values(&own).args(format_args!("x")).build();
        let mut seen = Seen(BTreeMap::new());
        with_request(&record, |record| record.key_values().visit(&mut seen).unwrap());
        seen.0
    }

    #[tokio::test]
    async fn a_line_bears_the_request_during_which_it_is_written() {
        let mark = RequestMark::new(Some(Ipv4Addr::LOCALHOST.into()));
        let id = mark.id.to_string();
        let told = mark.clone().during(async { seen(&[("TICKET", "7")]) }).await;
        let expected = [("CLIENT_ADDR", "127.0.0.1"), ("REQUEST_ID", id.as_str()), ("TICKET", "7")];
        assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let told = mark.during(async { seen(&[("CLIENT_ADDR", "10.0.0.0/8")]) }).await;
        assert_eq!(told["CLIENT_ADDR"], "10.0.0.0/8");
        assert_eq!(seen(&[("TICKET", "7")]).len(), 1, "no request, no mark");
    }

    #[tokio::test]
    async fn no_two_requests_have_one_id() {
        assert_ne!(RequestMark::new(None).id, RequestMark::new(None).id);
        let told = RequestMark::new(None).during(async { seen(&[]) }).await;
        assert!(told.contains_key("REQUEST_ID") && !told.contains_key("CLIENT_ADDR"), "{told:?}");
    }
}
