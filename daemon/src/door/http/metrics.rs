//! What is counted, for Prometheus. Each door counts its own requests.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::serving::CONNECTIONS_MAX;
use super::streams::{Figures, STREAMS_MAX, Streams};
use super::{DoorState, Shared};
use crate::clock;
use crate::out::webhooks::{DEAD_MAX, LANES_MAX, PARALLEL_MAX, Webhooks};
use crate::run::{QUEUE_MAX, Sizes};

/// Content type of the answer.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper bounds of the histogram of commands, in seconds: from one quick sync of a disk to a hung one.
const COMMAND_BUCKETS_S: [f64; 12] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Stands for every path that leads nowhere, so that nobody can make labels up.
const NO_ROUTE: &str = "none";

/// Labels of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

/// Label of a count of tickets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TicketLabels {
    is: &'static str,
}

/// Label of a size on disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    part: &'static str,
}

/// Label of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabels {
    webhook: String,
}

/// Labels of a webhook's deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    webhook: String,
    result: &'static str,
}

/// What is counted.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    command_seconds: Histogram,
    tickets: Family<TicketLabels, Gauge>,
    store: Family<StoreLabels, Gauge>,
    alarms: Gauge,
    events: Counter,
    trusted: Gauge,
    streams: Gauge,
    streams_cut: Counter,
    stream_lag: Gauge,
    webhook_deliveries: Family<DeliveryLabels, Counter>,
    webhook_lag: Family<WebhookLabels, Gauge>,
    webhook_held: Family<WebhookLabels, Gauge>,
    webhook_dead: Family<WebhookLabels, Gauge>,
    uptime_seconds: Gauge<i64, AtomicI64>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("andon"),
            requests: Family::default(),
            command_seconds: Histogram::new(COMMAND_BUCKETS_S),
            tickets: Family::default(),
            store: Family::default(),
            alarms: Gauge::default(),
            events: Counter::<u64, AtomicU64>::default(),
            trusted: Gauge::default(),
            streams: Gauge::default(),
            streams_cut: Counter::<u64, AtomicU64>::default(),
            stream_lag: Gauge::default(),
            webhook_deliveries: Family::default(),
            webhook_lag: Family::default(),
            webhook_held: Family::default(),
            webhook_dead: Family::default(),
            uptime_seconds: Gauge::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("tickets", "Tickets by what they are", self.tickets.clone());
        registry.register_with_unit(
            "store",
            "What is kept on disk, by part",
            Unit::Bytes,
            self.store.clone(),
        );
        registry.register("alarms", "Alarms that somebody should look at", self.alarms.clone());
        registry.register("events", "Events in the ledger", self.events.clone());
        registry.register("clock_trusted", "Whether the box's time can be trusted", self.trusted.clone());
        registry.register("event_streams", "Those who follow events through this door", self.streams.clone());
        registry.register(
            "event_streams_cut",
            "Those who followed events and were cut off since they took nothing",
            self.streams_cut.clone(),
        );
        registry.register(
            "event_stream_lag",
            "Events that the last of those who follow is behind",
            self.stream_lag.clone(),
        );
        registry.register(
            "webhook_deliveries",
            "Events posted, by what came of it",
            self.webhook_deliveries.clone(),
        );
        for (name, help, family) in [
            ("webhook_lag", "Events that the first one not delivered is behind", &self.webhook_lag),
            ("webhook_held", "Tickets that wait since a delivery failed", &self.webhook_held),
            ("webhook_dead", "Dead letters", &self.webhook_dead),
        ] {
            registry.register(name, help, family.clone());
        }
        registry.register("http_requests", "Requests by method, route and status", self.requests.clone());
        registry.register_with_unit(
            "command",
            "From a command's arrival to its durable answer",
            Unit::Seconds,
            self.command_seconds.clone(),
        );
        for (name, help, limit) in [
            ("queue_limit", "Inputs that may wait before the desk is busy", QUEUE_MAX),
            ("event_streams_limit", "Those who may follow events through this door", STREAMS_MAX),
            ("webhook_parallel_limit", "Deliveries of a webhook that are under way at once", PARALLEL_MAX),
            (
                "webhook_held_limit",
                "Tickets of a webhook that wait at once; then it takes no more",
                LANES_MAX,
            ),
            ("webhook_dead_limit", "Dead letters that a webhook keeps", DEAD_MAX),
            ("http_connections_limit", "Connections that are served at once", CONNECTIONS_MAX),
        ] {
            let gauge: Gauge = Gauge::default();
            gauge.set(as_gauge(limit as u64));
            registry.register(name, help, gauge);
        }
        registry.register_with_unit(
            "uptime",
            "How long the daemon has run",
            Unit::Seconds,
            self.uptime_seconds.clone(),
        );
        self
    }

    /// A command was answered after so many microseconds.
    #[expect(clippy::cast_precision_loss, reason = "no command takes 2^53 microseconds")]
    pub(super) fn command_took(&self, us: u64) {
        self.command_seconds.observe(us as f64 / 1e6);
    }

    /// Everything that is counted, as text.
    pub(super) fn text(&self, shared: &Shared, streams: &Streams) -> Option<String> {
        let (view, history) = (shared.handle.view(), shared.handle.history());
        let board = view.board();
        let counts = board.counts;
        for (is, count) in [
            ("open", counts.open),
            ("waiting", counts.waiting),
            ("critical", counts.critical),
            ("breached", counts.breached),
            ("due_soon", counts.due_soon),
        ] {
            self.tickets.get_or_create(&TicketLabels { is }).set(count.into());
        }
        self.tickets.get_or_create(&TicketLabels { is: "kept" }).set(as_gauge(view.tickets_total()));
        self.tickets
            .get_or_create(&TicketLabels { is: "archived" })
            .set(as_gauge(history.archive().tickets()));
        let Sizes { ledger_bytes, tickets_bytes, archive_bytes } = history.sizes();
        for (part, bytes) in
            [("ledger", ledger_bytes), ("tickets", tickets_bytes), ("archive", archive_bytes)]
        {
            self.store.get_or_create(&StoreLabels { part }).set(as_gauge(bytes));
        }
        self.alarms.set(as_gauge(board.alarms_total as u64));
        self.events.inner().store(history.next_seq().saturating_sub(1), Ordering::Relaxed);
        let Figures { open, cut, lag_events } = streams.figures(history.next_seq().saturating_sub(1));
        self.streams.set(as_gauge(open as u64));
        self.streams_cut.inner().store(cut, Ordering::Relaxed);
        self.stream_lag.set(as_gauge(lag_events));
        self.count_webhooks(&shared.webhooks, history.next_seq());
        self.trusted.set(board.time.is_trusted().into());
        let uptime_us = clock::monotonic_us().saturating_sub(shared.started_us);
        self.uptime_seconds.set(as_gauge(uptime_us / 1_000_000));
        let mut text = String::new();
        encode(&mut text, &self.registry).ok()?;
        Some(text)
    }

    fn count_webhooks(&self, webhooks: &Webhooks, next_seq: u64) {
        for (name, figures) in webhooks.figures() {
            let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
            for (result, deliveries) in [("delivered", &figures.delivered), ("failed", &figures.failed)] {
                let labels = DeliveryLabels { webhook: name.to_owned(), result };
                let counter = self.webhook_deliveries.get_or_create(&labels);
                counter.inner().store(count(deliveries), Ordering::Relaxed);
            }
            for (family, value) in [
                (&self.webhook_lag, figures.lag_events(next_seq)),
                (&self.webhook_held, count(&figures.held)),
                (&self.webhook_dead, count(&figures.dead)),
            ] {
                family.get_or_create(&WebhookLabels { webhook: name.to_owned() }).set(as_gauge(value));
            }
        }
    }
}

fn as_gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Counts a request by its route and what came of it.
pub(super) async fn count(State(door): State<DoorState>, request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let status = response.status();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        // Why is in the journal already, once; a full disk is not to be filled with this.
        log::debug!("{method} {route} was answered with {status}");
    } else if status.is_server_error() {
        log::warn!("{method} {route} was answered with {status}");
    }
    let labels = RequestLabels { method: known_method(method), route, status: status.as_u16() };
    door.metrics.requests.get_or_create(&labels).inc();
    response
}

/// A method that HTTP knows; nobody is to make labels up.
fn known_method(method: String) -> String {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    if known.contains(&method.as_str()) { method } else { "other".to_owned() }
}
