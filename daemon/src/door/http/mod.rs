//! HTTP: the desk for agents, scripts and other systems.
//!
//! One file per resource; each handler parses what came into types, asks the desk, and shows what it says. Nothing is
//! decided here: the desk checks every field, state and role of a command, so that HTTP has no private way in. What
//! this door adds is who is calling ([`auth`]), what was sent ([`body`]), whether it was sent before
//! ([`idempotency`]), and how a refusal looks ([`problem`]).
//!
//! A list is a JSON array; times are RFC 3339 with an offset; errors are `application/problem+json` with the codes of
//! `daemon/docs/errors.md`, also where axum or hyper would answer in words of their own. The OpenAPI document is
//! written from the same attributes as the routes and kept as `daemon/docs/openapi.json`.

mod access;
mod agents;
mod alarms;
mod alertmanager;
mod alike;
mod archive;
mod attachments;
mod auth;
mod backup;
mod batch;
mod board;
mod body;
mod caching;
mod clients;
mod clock;
mod denials;
mod docs;
mod employees;
mod event_filter;
mod export;
mod filter;
#[doc(hidden)]
pub mod fuzz;
mod groups;
mod held;
mod idempotency;
mod json;
mod kiosk;
mod ledger;
mod letters;
mod live;
mod meta;
mod metrics;
mod openapi;
mod opening;
mod parts;
mod preview;
mod problem;
mod problems;
mod quarantine;
mod query;
mod queue;
mod regulations;
mod reports;
mod requester;
mod roster;
mod sealed;
mod serving;
mod shares;
mod stream;
mod streamed;
mod streams;
#[cfg(test)]
mod tests;
mod tickets;
mod tokens;
mod upload;
mod verbs;
mod versions;
mod webhooks;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::middleware::{from_fn, from_fn_with_state};
use calendars::{Timestamp, Tz};
use firmware_board::Language;
use tokio::sync::{Semaphore, SemaphorePermit};
use tower::util::MapResponseLayer;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::access::Access;
pub use self::opening::Gate;
pub use self::serving::{Entrance, Traffic, serve, serve_unix};

use self::auth::Guard;
use self::body::Posted;
use self::metrics::Metrics;
use self::problem::Problem;
use self::serving::Why;
use self::shares::Shares;
use self::streams::Streams;
use crate::board::Parts;
use crate::clock::monotonic_us;
use crate::config::Alertmanager;
use crate::desk::event::Receipt;
use crate::desk::{Actor, Command, Desk, DeskAct, Role};
use crate::door::mail::MailPlace;
use crate::links::Links;
use crate::out::Herald;
use crate::out::letters::Letters;
use crate::out::webhooks::Webhooks;
use crate::run::time::Proof;
use crate::run::{Apart, Done, Failure, Handle};

/// How long the loop may take to show that it lives, in milliseconds.
const SETTLED_WITHIN_MS: u64 = 2_000;

/// How many commands of one door wait for the desk at once; one more is told to come back later. When the desk hangs they
/// all wait, so they leave some of an address's connections to those who only read.
const COMMANDS_MAX: usize = 192;

/// What the door shows of the daemon around it.
#[derive(Clone)]
pub struct Shared {
    /// The way to the desk.
    pub handle: Handle,
    /// The panel's picture as PNG; called on a thread that may block.
    pub png: Arc<dyn Fn() -> Vec<u8> + Send + Sync>,
    /// The wall's parts.
    pub parts: Parts,
    /// What is known of callers, by both doors.
    pub access: Arc<Access>,
    /// What is counted of connections.
    pub traffic: Arc<Traffic>,
    /// What is kept apart from the record.
    pub apart: Apart,
    /// Tells what happens.
    pub herald: Arc<Herald>,
    /// The webhooks.
    pub webhooks: Webhooks,
    /// Links to the pages of requesters; none where there are no such pages.
    pub links: Option<Arc<Links>>,
    /// The letters.
    pub letters: Letters,
    /// Where mail is taken in, where it is.
    pub mail: MailPlace,
    /// When the daemon started, in microseconds of [`monotonic_us`].
    pub started_us: u64,
    /// What does not change while it runs.
    pub facts: ServerFacts,
}

/// What does not change while the daemon runs.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// The daemon's version.
    pub version: String,
    /// The regulations it runs, by id.
    pub regulations: Vec<String>,
    /// Where its books lie.
    pub state_dir: PathBuf,
    /// The site's zone, for times that belong to no ticket.
    pub zone: Tz,
    /// The room's language, for what an alarm says.
    pub language: Language,
    /// Which proof makes the box's time trusted.
    pub proof: Proof,
    /// Which tickets alerts open; none where they do not come in.
    pub alertmanager: Option<Arc<Alertmanager>>,
}

/// The state every handler is given.
type DoorState = Arc<Door>;

/// One door: what is shared, who is let in, and what is counted.
struct Door {
    shared: Arc<Shared>,
    guard: Guard,
    metrics: Metrics,
    pictures: kiosk::Pictures,
    commands: Semaphore,
    batches: Shares,
    answers: Shares,
    pages: Semaphore,
    uploads: Shares,
    streams: Streams,
}

impl Door {
    /// Has a command carried out for whoever calls, and counts how long it took.
    async fn command(
        &self,
        command: Command,
        actor: Actor,
        receipt: Option<Receipt>,
    ) -> Result<Done, Problem> {
        let _place = self.place()?;
        let begun_us = monotonic_us();
        let done = self.shared.handle.command(command, actor, receipt).await;
        self.metrics.command_took(monotonic_us().saturating_sub(begun_us));
        Ok(done?)
    }

    /// A place among those that wait for the desk.
    ///
    /// # Errors
    /// `busy`: all are taken.
    fn place(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.commands.try_acquire().map_err(|_| {
            self.shared.traffic.turned_away(Why::Commands, "a command");
            Failure::Busy.into()
        })
    }

    /// Has the desk do what was posted; what the answer's headers say of it, and whether it changed anything.
    async fn desk_act(&self, act: DeskAct, posted: Posted) -> Result<(HeaderMap, bool), Problem> {
        let done = self.command(Command::Desk(act), posted.caller.0, posted.receipt).await?;
        let mut headers = HeaderMap::new();
        tickets::mark(&mut headers, &done);
        Ok((headers, done.changed))
    }

    /// Waits until the loop has dealt with what came before: it answers commands first and draws the wall then.
    async fn settled(&self) -> Result<(), Problem> {
        self.look(|_, _| ()).await
    }

    /// Looks at the whole desk, where it answers in time.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Desk, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let looked = self.shared.handle.look(look);
        match tokio::time::timeout(Duration::from_millis(SETTLED_WITHIN_MS), looked).await {
            Ok(looked) => Ok(looked?),
            Err(_) => {
                Err(Problem::not_ready(format!("the desk did not answer within {SETTLED_WITHIN_MS} ms")))
            }
        }
    }
}

/// Runs what may block off the threads that serve.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        log::error!("a request ended in a panic: {error}");
        Problem::internal()
    })
}

/// The door over TCP: whoever shows a token comes in as what the token says.
pub fn router(shared: Arc<Shared>) -> Router {
    door(shared, Guard::Tokens)
}

/// The door of `andonctl`: the same routes, over a socket that only an admin can open, so nobody is asked for a token.
pub fn control_router(shared: Arc<Shared>) -> Router {
    door(shared, Guard::Open(Actor::named("andonctl", Role::Admin)))
}

fn door(shared: Arc<Shared>, guard: Guard) -> Router {
    let metrics = Metrics::new(&shared.traffic);
    let door = Arc::new(Door {
        shared,
        guard,
        metrics,
        pictures: kiosk::Pictures::default(),
        commands: Semaphore::new(COMMANDS_MAX),
        batches: Shares::new(batch::ANSWERED_MAX, batch::ANSWERED_EACH_MAX),
        answers: Shares::new(held::ANSWERS_MAX_BYTES, held::ANSWERS_EACH_MAX_BYTES),
        pages: Semaphore::new(held::PAGES_MAX),
        uploads: Shares::new(upload::UPLOADS_MAX, upload::UPLOADS_EACH_MAX),
        streams: Streams::default(),
    });
    let asked = match door.guard {
        Guard::Tokens => guarded(),
        Guard::Open(_) => guarded().merge(control_only()),
    };
    let (routes, _) = public()
        .merge(
            asked
                .route_layer(from_fn(query::refuse_stray))
                .route_layer(from_fn_with_state(door.clone(), auth::guard)),
        )
        .split_for_parts();
    routes
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(door.clone(), auth::limit))
        .layer(from_fn_with_state(door.clone(), denials::audit))
        .layer(from_fn_with_state(door.clone(), metrics::count))
        .layer(MapResponseLayer::new(caching::harden))
        .with_state(door)
}

/// What anybody may see: whether the daemon lives, and the wall.
fn public() -> OpenApiRouter<DoorState> {
    OpenApiRouter::new()
        .routes(routes!(meta::healthz))
        .routes(routes!(meta::readyz))
        .routes(routes!(meta::metrics))
        .routes(routes!(openapi::document))
        .routes(routes!(docs::page))
        .routes(routes!(docs::errors))
        .routes(routes!(kiosk::page))
        .routes(routes!(kiosk::picture))
        .routes(routes!(live::follow))
        .route(kiosk::BOLD, axum::routing::get(kiosk::bold))
        .route(kiosk::MEDIUM, axum::routing::get(kiosk::medium))
        .route(requester::PATH, axum::routing::get(requester::show).post(requester::say))
}

/// What asks for a token.
fn guarded() -> OpenApiRouter<DoorState> {
    OpenApiRouter::new()
        .routes(routes!(tickets::list, tickets::register))
        .routes(routes!(tickets::show))
        .routes(routes!(tickets::history))
        .routes(routes!(tickets::explain))
        .routes(routes!(requester::link))
        .routes(routes!(attachments::list, attachments::add))
        .routes(routes!(attachments::download, attachments::remove))
        .routes(routes!(sealed::put, sealed::show, sealed::erase))
        .route(verbs::PATH, axum::routing::post(verbs::act))
        .routes(routes!(batch::batch))
        .routes(routes!(alertmanager::take))
        .routes(routes!(queue::list))
        .routes(routes!(queue::take_next))
        .routes(routes!(clients::list))
        .routes(routes!(clients::show, clients::set, clients::remove))
        .routes(routes!(clients::appoint))
        .routes(routes!(alarms::list))
        .routes(routes!(alarms::ack))
        .routes(routes!(alarms::shelve))
        .routes(routes!(alarms::unshelve))
        .routes(routes!(archive::list))
        .routes(routes!(archive::check))
        .routes(routes!(ledger::check))
        .routes(routes!(board::show))
        .routes(routes!(board::mute))
        .routes(routes!(parts::list))
        .routes(routes!(parts::test))
        .routes(routes!(board::silence))
        .routes(routes!(clock::show))
        .routes(routes!(clock::trust))
        .routes(routes!(preview::preview))
        .routes(routes!(stream::events))
        .routes(routes!(regulations::list))
        .routes(routes!(regulations::show))
        .routes(routes!(versions::preview))
        .routes(routes!(versions::apply))
        .routes(routes!(tokens::list, tokens::add))
        .routes(routes!(tokens::revoke))
        .routes(routes!(denials::list))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::dead))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::replay_all))
        .routes(routes!(webhooks::test))
        .routes(routes!(agents::list))
        .routes(routes!(agents::show, agents::put, agents::remove))
        .routes(routes!(agents::presence))
        .routes(routes!(groups::list))
        .routes(routes!(groups::take))
        .routes(routes!(roster::list, roster::add))
        .routes(routes!(roster::show_coverage))
        .routes(routes!(roster::show, roster::replace, roster::remove))
        .routes(routes!(meta::whoami))
        .routes(routes!(meta::status))
        .routes(routes!(reports::quality))
        .routes(routes!(reports::sla))
        .routes(routes!(alike::list))
        .routes(routes!(problems::list, problems::open))
        .routes(routes!(problems::show))
        .routes(routes!(problems::link))
        .routes(routes!(problems::unlink))
        .routes(routes!(problems::confirm))
        .routes(routes!(problems::dismiss))
        .routes(routes!(problems::close))
        .routes(routes!(employees::list, employees::change))
        .routes(routes!(employees::show, employees::set, employees::remove))
        .routes(routes!(letters::list))
        .routes(routes!(letters::preview))
        .routes(routes!(letters::show))
        .routes(routes!(letters::resend))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::show, quarantine::remove))
        .routes(routes!(quarantine::retry))
}

/// What only the socket of `andonctl` has: all that the desk keeps, at once.
fn control_only() -> OpenApiRouter<DoorState> {
    OpenApiRouter::new()
        .route(backup::PATH, axum::routing::get(backup::backup))
        .route(export::PATH, axum::routing::get(export::export))
}
