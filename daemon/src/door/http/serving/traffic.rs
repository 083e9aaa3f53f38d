//! What the HTTP door counts of its connections, and of whom it turns away.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::clock::monotonic_us;

/// How often the journal is told of one reason at most, in microseconds: it is not to be filled from outside.
const TOLD_EVERY_US: u64 = 60_000_000;

/// Why somebody was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Why {
    /// The address has its share of connections.
    Address,
    /// All connections are taken.
    Room,
    /// The TLS handshake failed or took too long.
    Handshake,
    /// Plain HTTP was spoken to a door of TLS.
    PlainHttp,
    /// An answer was not taken.
    Stalled,
    /// The head or the address of the request is too long.
    Head,
    /// The body came in too slowly.
    SlowBody,
    /// More requests are being served than may be.
    Requests,
    /// More commands wait for the desk than may.
    Commands,
    /// Bodies hold as much memory as they may.
    Bodies,
    /// More batches are decided, or wait to be taken, than may.
    Batches,
    /// Answers that wait to be taken hold as much memory as they may.
    Answers,
}

impl Why {
    const ALL: [Self; 12] = [
        Self::Address,
        Self::Room,
        Self::Handshake,
        Self::PlainHttp,
        Self::Stalled,
        Self::Head,
        Self::SlowBody,
        Self::Requests,
        Self::Commands,
        Self::Bodies,
        Self::Batches,
        Self::Answers,
    ];

    fn id(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Room => "room",
            Self::Handshake => "handshake",
            Self::PlainHttp => "plain-http",
            Self::Stalled => "stalled",
            Self::Head => "head",
            Self::SlowBody => "slow-body",
            Self::Requests => "requests",
            Self::Commands => "commands",
            Self::Bodies => "bodies",
            Self::Batches => "batches",
            Self::Answers => "answers",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "its address has its share of connections",
            Self::Room => "all connections are taken",
            Self::Handshake => "the TLS handshake failed",
            Self::PlainHttp => "it spoke plain HTTP to a door of TLS",
            Self::Stalled => "it took nothing of an answer",
            Self::Head => "the head of its request is too long",
            Self::SlowBody => "the body of its request came in too slowly",
            Self::Requests => "more requests are being served than may be",
            Self::Commands => "more commands wait for the desk than may",
            Self::Bodies => "bodies hold as much memory as they may, or its own do",
            Self::Batches => "as many batches are under way as may be, or of its own",
            Self::Answers => "answers hold as much memory as they may, or its own do",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhyLabels {
    why: &'static str,
}

/// What is counted. One for the whole daemon: each door's metrics show it.
#[derive(Debug, Default)]
pub struct Traffic {
    connections: Gauge,
    connections_limit: Gauge,
    turned_away: Family<WhyLabels, Counter>,
    /// When the journal was told last, for each reason; 0 is never.
    told_us: [AtomicU64; Why::ALL.len()],
}

impl Traffic {
    pub(in super::super) fn register(&self, registry: &mut Registry) {
        for why in Why::ALL {
            // So that a rate can be taken from the first on.
            drop(self.counter(why));
        }
        registry.register("http_connections", "Connections that are served now", self.connections.clone());
        registry.register(
            "http_connections_limit",
            "Connections that are served at once",
            self.connections_limit.clone(),
        );
        registry.register(
            "http_turned_away",
            "Connections and requests that were turned away or cut, by reason",
            self.turned_away.clone(),
        );
    }

    /// Somebody was turned away: counts, and tells the journal now and then.
    pub(in super::super) fn turned_away(&self, why: Why, whom: impl fmt::Display) {
        self.counter(why).inc();
        let (told, now_us) = (&self.told_us[why as usize], monotonic_us().max(1));
        let last_us = told.load(Ordering::Relaxed);
        let is_due = last_us == 0 || now_us.saturating_sub(last_us) >= TOLD_EVERY_US;
        if is_due && told.compare_exchange(last_us, now_us, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            log::warn!(
                "{whom} was turned away: {why}; /metrics counts more of it (andon_http_turned_away, why=\"{}\")",
                why.id()
            );
        } else {
            log::debug!("{whom} was turned away: {why}");
        }
    }

    /// So many connections are served at once.
    pub(super) fn serves(&self, connections: usize) {
        self.connections_limit.set(i64::try_from(connections).unwrap_or(i64::MAX));
    }

    /// A connection that is served from here on until this is dropped.
    pub(super) fn connected(&self) -> Connected {
        self.connections.inc();
        Connected(self.connections.clone())
    }

    fn counter(&self, why: Why) -> Counter {
        self.turned_away.get_or_create(&WhyLabels { why: why.id() }).clone()
    }

    /// How many were turned away for a reason.
    #[cfg(test)]
    pub(in super::super) fn count(&self, why: Why) -> u64 {
        self.counter(why).get()
    }
}

/// A connection that is counted.
pub(super) struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_name_and_a_place_of_its_own() {
        let ids: std::collections::BTreeSet<_> = Why::ALL.map(Why::id).into_iter().collect();
        assert_eq!(ids.len(), Why::ALL.len());
        for (place, why) in Why::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, place, "{why}");
        }
    }
}
