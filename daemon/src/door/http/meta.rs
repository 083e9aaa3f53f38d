//! The daemon itself: whether it lives, what it counts, who is calling.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use calendars::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::auth::{Caller, Reader};
use super::metrics::CONTENT_TYPE;
use super::problem::Problem;
use super::regulations::RegulationLine;
use super::roster::RosterStatus;
use super::{DoorState, blocking};
use crate::clock;
use crate::desk::{Actor, Counts, Desk, Role, Scope};
use crate::run::time::Distrust;
use crate::run::{SearchState, Sizes};

/// The alarm that stands while updates cannot be kept.
const LEDGER_ALARM: &str = "storage-ledger";

/// All is well.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`; what is not well is a problem.
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// Whether the daemon lives.
#[utoipa::path(get, path = "/healthz", tag = "daemon", operation_id = "show_health",
    responses((status = 200, description = "It does", body = Health)))]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether updates are taken: the loop answers and the disk keeps what it is given.
#[utoipa::path(get, path = "/readyz", tag = "daemon", operation_id = "show_readiness",
    responses((status = 200, description = "They are", body = Health)))]
pub(super) async fn readyz(State(door): State<DoorState>) -> Result<Json<Health>, Problem> {
    door.settled().await?;
    let board = door.shared.handle.view().board();
    let failed = board.alarms.iter().find(|(alarm, _)| alarm.id == LEDGER_ALARM);
    match failed {
        Some((alarm, _)) => Err(Problem::not_ready(format!("updates cannot be kept: {}", alarm.text))),
        None => Ok(Json(Health { status: "ok" })),
    }
}

/// What the daemon counts, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "daemon", operation_id = "show_metrics",
    responses((status = 200, description = "Counts, in OpenMetrics text", body = String,
        content_type = "application/openmetrics-text")))]
pub(super) async fn metrics(State(door): State<DoorState>) -> Result<impl IntoResponse, Problem> {
    // How much is on disk is asked of the disk.
    let text = blocking(move || door.metrics.text(&door.shared, &door.streams)).await?;
    let text = text.ok_or_else(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text))
}

/// Who is calling.
#[derive(Serialize, ToSchema)]
pub(super) struct WhoAmI {
    /// The token's name; events bear it.
    #[schema(value_type = String, example = "ivanova")]
    name: SmolStr,
    /// What it may do.
    role: Role,
    /// The lines it works on; empty means every line.
    lines: Vec<u8>,
    /// The regulations whose tickets it has to do with; empty means every one.
    #[schema(value_type = Vec<String>)]
    regulations: Vec<SmolStr>,
    /// The channels whose tickets it has to do with; empty means every one.
    #[schema(value_type = Vec<String>)]
    channels: Vec<SmolStr>,
    /// From when on it lets nobody in; null where it holds until it is revoked.
    expires_at: Option<String>,
}

/// Who the token says is calling.
#[utoipa::path(get, path = "/v1/whoami", tag = "daemon", operation_id = "show_caller",
    responses((status = 200, description = "Name, role, lines and scope", body = WhoAmI)))]
pub(super) async fn whoami(State(door): State<DoorState>, Caller(actor): Caller) -> Json<WhoAmI> {
    let tokens = door.shared.handle.view().tokens();
    let expires_at = tokens.by_name(&actor.name).and_then(|token| token.expires_at);
    let Actor { name, role, lines, scope: Scope { regulations, channels }, requester: _ } = actor;
    let expires_at = expires_at.map(|at| at.to_rfc3339(door.shared.facts.zone));
    Json(WhoAmI { name, role, lines, regulations, channels, expires_at })
}

/// A version of a regulation, and how many tickets work by it.
#[derive(Serialize, ToSchema)]
pub(super) struct VersionTally {
    /// The regulation's id.
    #[schema(value_type = String, example = "getmark")]
    regulation: SmolStr,
    /// The version.
    #[schema(value_type = String)]
    version: SmolStr,
    /// The first day it holds; null where the desk does not have it.
    holds_from: Option<String>,
    /// Whether registrations of today are taken under it.
    registers: bool,
    /// How many tickets work by it that are not closed.
    tickets: u32,
}

/// How large what is kept is on disk, in bytes.
#[derive(Serialize, ToSchema)]
pub(super) struct SizesView {
    /// The ledger: everything that happened.
    ledger: u64,
    /// The tickets' database.
    tickets: u64,
    /// The archive, with its index.
    archive: u64,
    /// Files of tickets.
    attachments: u64,
}

impl SizesView {
    fn of(sizes: Sizes, attachments: u64) -> Self {
        let Sizes { ledger_bytes, tickets_bytes, archive_bytes } = sizes;
        Self { ledger: ledger_bytes, tickets: tickets_bytes, archive: archive_bytes, attachments }
    }
}

/// The index by which lists find tickets.
#[derive(Serialize, ToSchema)]
struct SearchView {
    /// Whether it has every ticket; until it has, lists look tickets through one by one.
    whole: bool,
    /// How many tickets are in it.
    tickets: u64,
    /// How many changed and are not in it as they are; lists look at each.
    waiting: u64,
    /// How many stretches of 65,536 numbers it lacks.
    missing_blocks: u64,
    /// How large it is on disk, in bytes.
    bytes: u64,
}

impl From<SearchState> for SearchView {
    fn from(state: SearchState) -> Self {
        let SearchState { tickets, waiting, missing_blocks, is_whole, bytes, tickets_read: _ } = state;
        Self { whole: is_whole, tickets, waiting, missing_blocks, bytes }
    }
}

/// How the daemon is.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    /// Its version.
    version: String,
    /// What time it has.
    at: String,
    /// How long it has run, in seconds.
    uptime_seconds: u64,
    /// The same instant as `at` on the clock of `--board-trace`, in microseconds.
    monotonic_us: u64,
    /// Where its books lie.
    state_dir: String,
    /// The regulations it works by.
    regulations: Vec<String>,
    /// Their versions, and any other that tickets work by.
    versions: Vec<VersionTally>,
    /// Whether the box's time can be trusted.
    trusted: bool,
    /// Why it cannot be: never-set, behind, stepped or unsynchronised; null while it can.
    #[schema(value_type = Option<String>, example = "behind")]
    distrust: Option<&'static str>,
    /// How many tickets are what.
    counts: Counts,
    /// How many tickets there are, closed ones too.
    tickets_total: u64,
    /// How many of them are in the archive.
    tickets_archived: u64,
    /// How many files tickets have.
    attachments: u64,
    /// How large what is kept is on disk.
    sizes: SizesView,
    /// The index by which lists find tickets.
    search: SearchView,
    /// How many alarms there are.
    alarms_total: usize,
    /// When time brings something about next; null where nothing waits.
    next_deadline: Option<String>,
    /// The number the next event gets.
    next_event: u64,
    /// Until when the buzzer is silent.
    muted_until: Option<String>,
    /// Agents and shifts.
    roster: RosterStatus,
}

/// How the daemon is: version, regulations, counts, the next deadline.
///
/// It is of the whole desk, so it is not for a token of some regulations or channels.
#[utoipa::path(get, path = "/v1/status", tag = "daemon", operation_id = "show_status",
    responses((status = 200, description = "How it is", body = Status)))]
pub(super) async fn status(State(door): State<DoorState>, reader: Reader) -> Result<Json<Status>, Problem> {
    reader.whole("how the whole desk is")?;
    let shared = &door.shared;
    let zone = shared.facts.zone;
    let look = |desk: &Desk, now| (now, desk.next_deadline(), desk.next_seq(), versions(desk, now));
    let (now, next_deadline, next_event, versions) = door.look(look).await?;
    let roster = RosterStatus::of(shared.handle.view(), now, zone);
    let board = shared.handle.view().board();
    let history = Arc::clone(shared.handle.history());
    let sizes = blocking(move || history.sizes()).await?;
    let (attachments, attachments_bytes) = shared.apart.attachments.held();
    Ok(Json(Status {
        version: shared.facts.version.clone(),
        at: now.to_rfc3339(zone),
        monotonic_us: clock::monotonic_us(),
        uptime_seconds: clock::monotonic_us().saturating_sub(shared.started_us) / 1_000_000,
        state_dir: shared.facts.state_dir.display().to_string(),
        regulations: shared.facts.regulations.clone(),
        versions,
        trusted: board.time.is_trusted(),
        distrust: board.time.why().map(Distrust::id),
        counts: board.counts,
        tickets_total: shared.handle.view().tickets_total(),
        tickets_archived: shared.handle.history().archive().tickets(),
        search: shared.handle.view().search().state().into(),
        attachments,
        sizes: SizesView::of(sizes, attachments_bytes),
        alarms_total: board.alarms_total,
        next_deadline: next_deadline.map(|at| at.to_rfc3339(zone)),
        next_event,
        muted_until: board.muted_until.filter(|until| *until > now).map(|until| until.to_rfc3339(zone)),
        roster,
    }))
}

/// The versions the desk has, then those that tickets work by though it has them not.
fn versions(desk: &Desk, now: Timestamp) -> Vec<VersionTally> {
    let regulations = desk.regulations();
    let tickets = |id: &str, version: &str| {
        let found = desk.versions().find(|(known, named, _)| *known == id && *named == version);
        found.map_or(0, |(_, _, tickets)| tickets)
    };
    let there = regulations.iter().map(|regulation| {
        let RegulationLine { id, version, holds_from, registers, .. } =
            super::regulations::line(regulation, regulations, now);
        let tickets = tickets(&id, &version);
        VersionTally { regulation: id, version, holds_from: Some(holds_from), registers, tickets }
    });
    let missing = desk.versions().filter(|(id, version, _)| regulations.version(id, version).is_none()).map(
        |(id, version, tickets)| VersionTally {
            regulation: id.clone(),
            version: version.clone(),
            holds_from: None,
            registers: false,
            tickets,
        },
    );
    there.chain(missing).collect()
}
