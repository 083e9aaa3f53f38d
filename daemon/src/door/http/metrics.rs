//! What is counted, for Prometheus. Each door counts its own requests.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::access::network::NETWORKS_MAX;
use super::auth;
use super::held::{ANSWERS_MAX_BYTES, PAGES_MAX};
use super::serving::Traffic;
use super::streams::{Figures, STREAMS_MAX, Streams};
use super::upload::UPLOADS_MAX;
use super::{COMMANDS_MAX, DoorState, Shared};
use crate::clock;
use crate::config::CHATS_MAX;
use crate::desk::ProblemState;
use crate::desk::alike::PER_STEM;
use crate::desk::client::CLIENTS_MAX;
use crate::desk::employee::{EMPLOYEES_AT_ONCE_MAX, EMPLOYEES_MAX};
use crate::desk::help::{ARTICLES_MAX, QUESTIONS_MAX};
use crate::desk::issue::ISSUES_MAX;
use crate::desk::letter::DEAD_LETTERS_MAX;
use crate::desk::people::{AGENTS_MAX, SHIFTS_AT_ONCE_MAX, SHIFTS_MAX, TAKE_MAX};
use crate::desk::problem::{LOT_TICKETS, OVER_MAX, TICKETS_MAX};
use crate::desk::report::SLICES_MAX;
use crate::door::mail::lmtp::{CONNECTIONS_MAX as LMTP_CONNECTIONS_MAX, MAILS_AT_ONCE};
use crate::door::mail::read::{NESTED_MAX, PARTS_MAX, TEXT_MAX_BYTES as MAIL_TEXT_MAX_BYTES};
use crate::door::mail::{MAILS_MAX, MailFigures, Mailroom, SEEN_MAX};
use crate::observe::bound;
use crate::observe::request::RequestMark;
use crate::out::letters::{Letters, PARALLEL_MAX as LETTERS_PARALLEL_MAX};
use crate::out::webhooks::{DEAD_MAX, LANES_MAX, PARALLEL_MAX, Webhooks};
use crate::run::view::Totals;
use crate::run::{BATCH_COMMANDS_MAX, BATCHES_MAX, QUEUE_MAX, SearchState, Sizes, WAITING_MAX};

/// Content type of the answer.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper bounds of the histogram of commands, in seconds: from one quick sync of a disk to a hung one.
const COMMAND_BUCKETS_S: [f64; 12] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Stands for every path that leads nowhere, so that nobody can make labels up.
pub(super) const NO_ROUTE: &str = "none";

/// Labels of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

/// Label of a count of tickets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TicketLabels {
    is: &'static str,
}

/// Label of a count of denied calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DenialLabels {
    code: &'static str,
}

/// Label of a size on disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    part: &'static str,
}

/// Label of alerts that came in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AlertLabels {
    outcome: &'static str,
}

/// Label of a count of agents and shifts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PeopleLabels {
    are: &'static str,
}

/// Label of a count of problems.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProblemLabels {
    state: &'static str,
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

/// Label of mails that came in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MailLabels {
    outcome: &'static str,
}

/// What is counted.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    command_seconds: Histogram,
    batch_seconds: Histogram,
    alerts_in: Family<AlertLabels, Counter>,
    alerts_truncated: Counter,
    tickets: Family<TicketLabels, Gauge>,
    store: Family<StoreLabels, Gauge>,
    denials: Family<DenialLabels, Counter>,
    locked_out: Gauge,
    search: Family<TicketLabels, Gauge>,
    search_missing_blocks: Gauge,
    search_whole: Gauge,
    search_tickets_read: Counter,
    alarms: Gauge,
    attachments: Gauge,
    events: Counter,
    report_slices: Gauge,
    trusted: Gauge,
    streams: Gauge,
    streams_cut: Counter,
    stream_lag: Gauge,
    webhook_deliveries: Family<DeliveryLabels, Counter>,
    webhook_lag: Family<WebhookLabels, Gauge>,
    webhook_held: Family<WebhookLabels, Gauge>,
    webhook_dead: Family<WebhookLabels, Gauge>,
    letters: Family<TicketLabels, Gauge>,
    letters_sent: Counter,
    letter_tries_failed: Counter,
    letters_failing: Gauge,
    uptime_seconds: Gauge<i64, AtomicI64>,
    people: Family<PeopleLabels, Gauge>,
    problems: Family<ProblemLabels, Gauge>,
    clients: Gauge,
    employees: Gauge,
    mails: Family<MailLabels, Counter>,
    mails_held: Gauge,
    journal_left_out: Counter,
}

impl Metrics {
    pub(super) fn new(traffic: &Traffic) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("andon"),
            requests: Family::default(),
            command_seconds: Histogram::new(COMMAND_BUCKETS_S),
            batch_seconds: Histogram::new(COMMAND_BUCKETS_S),
            alerts_in: Family::default(),
            alerts_truncated: Counter::default(),
            tickets: Family::default(),
            store: Family::default(),
            denials: Family::default(),
            locked_out: Gauge::default(),
            search: Family::default(),
            search_missing_blocks: Gauge::default(),
            search_whole: Gauge::default(),
            search_tickets_read: Counter::<u64, AtomicU64>::default(),
            alarms: Gauge::default(),
            attachments: Gauge::default(),
            events: Counter::<u64, AtomicU64>::default(),
            report_slices: Gauge::default(),
            trusted: Gauge::default(),
            streams: Gauge::default(),
            streams_cut: Counter::<u64, AtomicU64>::default(),
            stream_lag: Gauge::default(),
            webhook_deliveries: Family::default(),
            webhook_lag: Family::default(),
            webhook_held: Family::default(),
            webhook_dead: Family::default(),
            letters: Family::default(),
            letters_sent: Counter::default(),
            letter_tries_failed: Counter::default(),
            letters_failing: Gauge::default(),
            uptime_seconds: Gauge::default(),
            people: Family::default(),
            problems: Family::default(),
            clients: Gauge::default(),
            employees: Gauge::default(),
            mails: Family::default(),
            mails_held: Gauge::default(),
            journal_left_out: Counter::<u64, AtomicU64>::default(),
        };
        traffic.register(&mut metrics.registry);
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
        registry.register("search_tickets", "Tickets by where lists find them", self.search.clone());
        registry.register(
            "search_missing_blocks",
            "Stretches of 65,536 ticket numbers that the index lacks",
            self.search_missing_blocks.clone(),
        );
        registry.register(
            "search_whole",
            "Whether every list is found in the index",
            self.search_whole.clone(),
        );
        registry.register(
            "search_tickets_read",
            "Tickets that were read for lists",
            self.search_tickets_read.clone(),
        );
        registry.register("alarms", "Alarms that somebody should look at", self.alarms.clone());
        registry.register("attachments", "Files of tickets", self.attachments.clone());
        registry.register("events", "Events in the ledger", self.events.clone());
        registry.register(
            "report_slices",
            "Slices that have figures of their own, in the fullest month that is not closed",
            self.report_slices.clone(),
        );
        registry.register("clock_trusted", "Whether the box's time can be trusted", self.trusted.clone());
        registry.register("denials", "Calls that were denied, by the problem's code", self.denials.clone());
        registry.register(
            "sources_locked_out",
            "Addresses that showed too many unknown tokens and wait",
            self.locked_out.clone(),
        );
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
        registry.register("alertmanager_alerts", "Alerts by what they came to", self.alerts_in.clone());
        registry.register(
            "alertmanager_truncated",
            "Alerts that Alertmanager left out of what it sent",
            self.alerts_truncated.clone(),
        );
        registry.register_with_unit(
            "batch",
            "From a batch's arrival to its durable answer",
            Unit::Seconds,
            self.batch_seconds.clone(),
        );
        registry.register("people", "Agents and shifts by what they are", self.people.clone());
        registry.register("problems", "Problems by their state", self.problems.clone());
        registry.register("clients", "Clients in the register", self.clients.clone());
        registry.register("employees", "Employees in the directory", self.employees.clone());
        registry.register(
            "journal_left_out_lines",
            "Lines that the journal was spared, since they repeat themselves",
            self.journal_left_out.clone(),
        );
        register_limits(registry);
        registry.register_with_unit(
            "uptime",
            "How long the daemon has run",
            Unit::Seconds,
            self.uptime_seconds.clone(),
        );
        self.register_letters();
        self
    }

    fn register_letters(&mut self) {
        let registry = &mut self.registry;
        registry.register("mails", "Mails that came in, by what became of them", self.mails.clone());
        registry.register("mails_held", "Mails in the quarantine", self.mails_held.clone());
        registry.register("letters", "Letters that are not delivered", self.letters.clone());
        registry.register("letters_sent", "Letters that were taken", self.letters_sent.clone());
        let (failed, failing) = (self.letter_tries_failed.clone(), self.letters_failing.clone());
        registry.register("letter_tries_failed", "Tries to send a letter that failed", failed);
        registry.register("letters_failing", "Whether the mail server takes no letters", failing);
    }

    /// A command was answered after so many microseconds.
    #[expect(clippy::cast_precision_loss, reason = "no command takes 2^53 microseconds")]
    pub(super) fn command_took(&self, us: u64) {
        self.command_seconds.observe(us as f64 / 1e6);
    }

    /// Alerts came in, and came to this; so many more were left out by whoever sent them.
    pub(super) fn alerts_came(&self, outcomes: impl Iterator<Item = &'static str>, truncated: u64) {
        for outcome in outcomes {
            self.alerts_in.get_or_create(&AlertLabels { outcome }).inc();
        }
        self.alerts_truncated.inc_by(truncated);
    }

    /// A batch was answered after so many microseconds.
    #[expect(clippy::cast_precision_loss, reason = "no batch takes 2^53 microseconds")]
    pub(super) fn batch_took(&self, us: u64) {
        self.batch_seconds.observe(us as f64 / 1e6);
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
        let (attachments, attachments_bytes) = shared.apart.attachments.held();
        self.attachments.set(as_gauge(attachments));
        for (part, bytes) in [
            ("ledger", ledger_bytes),
            ("tickets", tickets_bytes),
            ("archive", archive_bytes),
            ("attachments", attachments_bytes),
        ] {
            self.store.get_or_create(&StoreLabels { part }).set(as_gauge(bytes));
        }
        for (code, count) in shared.access.denials_by_code() {
            self.denials.get_or_create(&DenialLabels { code }).inner().store(count, Ordering::Relaxed);
        }
        self.locked_out.set(as_gauge(shared.access.locked_out() as u64));
        let SearchState { tickets, waiting, missing_blocks, is_whole, bytes, tickets_read } =
            view.search().state();
        for (is, count) in [("indexed", tickets), ("waiting", waiting)] {
            self.search.get_or_create(&TicketLabels { is }).set(as_gauge(count));
        }
        self.search_missing_blocks.set(as_gauge(missing_blocks));
        self.search_whole.set(is_whole.into());
        self.search_tickets_read.inner().store(tickets_read, Ordering::Relaxed);
        self.store.get_or_create(&StoreLabels { part: "search" }).set(as_gauge(bytes));
        self.alarms.set(as_gauge(board.alarms_total as u64));
        self.journal_left_out.inner().store(bound::left_out(), Ordering::Relaxed);
        self.events.inner().store(history.next_seq().saturating_sub(1), Ordering::Relaxed);
        let Figures { open, cut, lag_events } = streams.figures(history.next_seq().saturating_sub(1));
        self.streams.set(as_gauge(open as u64));
        self.streams_cut.inner().store(cut, Ordering::Relaxed);
        self.stream_lag.set(as_gauge(lag_events));
        self.count_webhooks(&shared.webhooks, history.next_seq());
        self.count_letters(&shared.letters, view.letters());
        if let Some(mail) = shared.mail.room() {
            self.count_mail(mail);
        }
        self.report_slices.set(as_gauge(view.report_slices()));
        self.trusted.set(board.time.is_trusted().into());
        let people = view.people();
        for (are, count) in
            [("agents", people.len()), ("on_shift", people.on_shift()), ("shifts", people.roster().len())]
        {
            self.people.get_or_create(&PeopleLabels { are }).set(as_gauge(count as u64));
        }
        let Totals { problems, clients, employees } = view.totals();
        for (state, count) in ProblemState::ALL.into_iter().zip(problems) {
            let labels = ProblemLabels { state: state.id() };
            self.problems.get_or_create(&labels).set(as_gauge(count as u64));
        }
        self.clients.set(as_gauge(clients as u64));
        self.employees.set(as_gauge(employees as u64));
        let uptime_us = clock::monotonic_us().saturating_sub(shared.started_us);
        self.uptime_seconds.set(as_gauge(uptime_us / 1_000_000));
        let mut text = String::new();
        encode(&mut text, &self.registry).ok()?;
        Some(text)
    }

    fn count_letters(&self, letters: &Letters, (waiting, dead): (u64, u64)) {
        for (is, count) in [("waiting", waiting), ("dead", dead)] {
            self.letters.get_or_create(&TicketLabels { is }).set(as_gauge(count));
        }
        let figures = letters.figures();
        self.letters_sent.inner().store(figures.sent.load(Ordering::Relaxed), Ordering::Relaxed);
        self.letter_tries_failed.inner().store(figures.failed.load(Ordering::Relaxed), Ordering::Relaxed);
        self.letters_failing.set(figures.failing.load(Ordering::Relaxed).into());
    }

    fn count_mail(&self, mail: &Mailroom) {
        let MailFigures { taken, held, before, later } = mail.figures();
        for (outcome, count) in [("taken", taken), ("held", held), ("before", before), ("later", later)] {
            let counter = self.mails.get_or_create(&MailLabels { outcome });
            counter.inner().store(count.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        let (mails, bytes) = mail.held_size();
        self.mails_held.set(as_gauge(mails as u64));
        self.store.get_or_create(&StoreLabels { part: "quarantine" }).set(as_gauge(bytes));
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

/// The header that names a request, as the journal does.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names a request and counts it, by its route and what came of it.
pub(super) async fn count(State(door): State<DoorState>, request: Request, next: Next) -> Response {
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let mark = RequestMark::new(auth::peer(&request));
    let id = HeaderValue::from_str(&mark.id).expect("an id is hexadecimal");
    let answered = mark.during(async {
        let response = next.run(request).await;
        tell_fault(method, &route, response.status());
        response
    });
    let mut response = answered.await;
    response.headers_mut().insert(REQUEST_ID, id);
    let labels = RequestLabels { method, route, status: response.status().as_u16() };
    door.metrics.requests.get_or_create(&labels).inc();
    response
}

/// Tells of an answer that says that the desk failed.
fn tell_fault(method: &str, route: &str, status: StatusCode) {
    if status == StatusCode::SERVICE_UNAVAILABLE {
        // Why is in the journal already, once; a full disk is not to be filled with this.
        log::debug!("{method} {route} was answered with {status}");
    } else if status.is_server_error() {
        log::warn!("{method} {route} was answered with {status}");
    }
}

/// A method that HTTP knows; nobody is to make labels up.
pub(super) fn known_method(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Every limit has a metric of its own.
fn register_limits(registry: &mut Registry) {
    for (name, help, limit) in [
        ("search_waiting_limit", "Changed tickets that wait before the index takes them", WAITING_MAX),
        ("report_slices_limit", "Slices of a month that have figures of their own", SLICES_MAX),
        ("queue_limit", "Inputs that may wait before the desk is busy", QUEUE_MAX),
        ("sources_limit", "Addresses that are remembered, for rates and for lock-outs each", NETWORKS_MAX),
        ("commands_limit", "Commands of one door that may wait for the desk", COMMANDS_MAX),
        ("batches_limit", "Batches that may wait before the desk is busy", BATCHES_MAX),
        ("batch_commands_limit", "Commands that a batch may have", BATCH_COMMANDS_MAX),
        ("uploads_limit", "Requests that may bring files at once", UPLOADS_MAX),
        ("answers_limit_bytes", "What long answers may hold until they are taken", ANSWERS_MAX_BYTES),
        ("pages_limit", "Pages of lists and histories that are made at once", PAGES_MAX),
        ("event_streams_limit", "Those who may follow events through this door", STREAMS_MAX),
        ("webhook_parallel_limit", "Deliveries of a webhook that are under way at once", PARALLEL_MAX),
        ("webhook_held_limit", "Tickets of a webhook that wait at once; then it takes no more", LANES_MAX),
        ("webhook_dead_limit", "Dead letters that a webhook keeps", DEAD_MAX),
        ("letter_parallel_limit", "Letters that are under way at once", LETTERS_PARALLEL_MAX),
        ("letter_dead_limit", "Dead letters that are remembered", DEAD_LETTERS_MAX),
        ("chats_limit", "Chats that the configuration may have", CHATS_MAX),
        ("agents_limit", "Agents that the desk knows", AGENTS_MAX),
        ("shifts_limit", "Shifts that the roster has", SHIFTS_MAX),
        ("shifts_at_once_limit", "Shifts that are added at once", SHIFTS_AT_ONCE_MAX),
        ("group_take_limit", "Tickets of a group that are taken at once", TAKE_MAX),
        ("clients_limit", "Clients that the register has", CLIENTS_MAX),
        ("employees_limit", "Employees that the directory has", EMPLOYEES_MAX),
        (
            "employees_at_once_limit",
            "Employees that are written down or taken out at once",
            EMPLOYEES_AT_ONCE_MAX,
        ),
        ("ticket_issues_limit", "Issues that a ticket has", ISSUES_MAX),
        ("ticket_articles_limit", "Articles that a ticket names", ARTICLES_MAX),
        ("ticket_lead_questions_limit", "Questions to the lead that a ticket has", QUESTIONS_MAX),
        ("problem_tickets_limit", "Tickets that a problem may have", TICKETS_MAX as usize),
        ("problem_lot_limit", "Tickets that are changed for a problem in one turn of the desk", LOT_TICKETS),
        ("problems_over_limit", "Problems that are over and remembered", OVER_MAX),
        ("mails_held_limit", "Mails that the quarantine holds", MAILS_MAX),
        ("mails_remembered_limit", "Mails that are known again when they come again", SEEN_MAX),
        ("mail_parts_limit", "Parts that a mail may have", PARTS_MAX),
        ("mail_nested_limit", "Mails that may lie in one another", NESTED_MAX),
        ("mail_text_limit_bytes", "What is read of a mail's text", MAIL_TEXT_MAX_BYTES),
        ("lmtp_connections_limit", "Mail servers that may be connected at once", LMTP_CONNECTIONS_MAX),
        ("lmtp_mails_limit", "Mails that mail servers bring at once", MAILS_AT_ONCE),
        ("alike_compared_limit", "Tickets of one word that are compared with a new one", PER_STEM),
        ("journal_burst_limit", "Lines that one place may write at once", bound::BURST as usize),
        (
            "journal_fault_burst_limit",
            "Warnings or errors that one place may write at once",
            bound::FAULT_BURST as usize,
        ),
    ] {
        let gauge: Gauge = Gauge::default();
        gauge.set(as_gauge(limit as u64));
        registry.register(name, help, gauge);
    }
}
