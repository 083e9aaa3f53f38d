//! Running the desk: one loop owns it, takes what comes in, keeps it, and tells who is to know.
//!
//! Everything comes in as an [`Input`] and is handled in one thread, so there are no locks in the desk and one sync of
//! the disk serves everybody who waits. Nothing is answered, shown or sent before its event is durable.

pub mod apart;
pub mod archiving;
mod background;
pub mod batch;
pub mod books;
pub mod calendar_years;
pub mod checking;
mod desk_loop;
mod faults;
pub mod history;
pub mod opening;
pub mod roster_gaps;
pub mod search;
pub mod time;
pub mod tokens;
mod unchanged;
pub mod versions;
pub mod view;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

use calendars::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, oneshot};

pub use self::apart::Apart;
pub use self::batch::{
    BATCH_COMMANDS_MAX, BATCHES_MAX, Before, CommandBatch, Outcome, Revisions, Step, StepDone,
};
pub use self::desk_loop::{Loop, Settings, start};
pub use self::faults::disk_fault;
pub use self::history::{History, HistoryError, Sizes, Stretch};
pub use self::opening::Opening;
pub use self::search::{Facet, Filter, PAGE_MAX_BYTES, Page, SearchState, WAITING_MAX};
pub use self::view::{Looked, PUT_AWAY_MAX, View};
use crate::board::QuietHours;
use crate::desk::event::Receipt;
use crate::desk::{Actor, Alike, Command, Desk, Entry, Reach, Refusal, Ticket};
use crate::observe::request::RequestMark;

/// How many inputs may wait before the loop; one more is told to come back later.
pub const QUEUE_MAX: usize = 4_096;
/// How many inputs are decided before one sync of the disk …
pub const TURN_INPUTS_MAX: usize = 512;
/// … as long as what is to be written is no longer than this, in bytes: the ledger takes four times as much at once.
pub const TURN_BYTES_MAX: usize = 16 << 20;

/// A look at the desk, carried out by the loop.
pub type Look = Box<dyn FnOnce(&Desk, Timestamp) + Send>;

/// What comes into the loop.
#[expect(clippy::large_enum_variant, reason = "most inputs are commands, and the queue is bounded")]
pub enum Input {
    /// Somebody wants something changed.
    Command {
        /// What.
        command: Command,
        /// Who.
        actor: Actor,
        /// What recognises the same request when it comes again.
        receipt: Option<Receipt>,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Done, Failure>>,
        /// The request that it came with, for the journal.
        request: Option<RequestMark>,
    },
    /// Somebody wants many things changed, one after another.
    Batch {
        /// What.
        batch: CommandBatch,
        /// Who.
        actor: Actor,
        /// What recognises the same request when it comes again.
        receipt: Option<Receipt>,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Vec<Outcome>, Failure>>,
        /// Its place among those that wait, free again when it is decided; none where nobody counts them.
        place: Option<OwnedSemaphorePermit>,
        /// The request that it came with, for the journal.
        request: Option<RequestMark>,
    },
    /// An admin says that the system clock is right.
    TrustTime {
        /// Whether it is known to be behind the newest event.
        back: bool,
        /// Who.
        actor: Actor,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Done, Failure>>,
        /// The request that it came with, for the journal.
        request: Option<RequestMark>,
    },
    /// Somebody wants to look at the whole desk.
    Look(Look),
    /// Somebody set the system clock: timers are armed anew.
    ClockStepped,
    /// The buzzer waits at other times from now on.
    Quiet(QuietHours),
    /// The site can write to others from now on.
    Reach(Reach),
    /// The keeper wrote a checkpoint, or could not.
    Kept(crate::store::Kept),
    /// The archivist has put closed tickets into the archive.
    Archived(archiving::Archived),
    /// The desk is to end: everything durable, then the loop returns.
    Stop,
}

impl Input {
    /// A command, and where its answer comes in.
    pub fn command(
        command: Command,
        actor: Actor,
        receipt: Option<Receipt>,
    ) -> (Self, oneshot::Receiver<Result<Done, Failure>>) {
        let (reply, answer) = oneshot::channel();
        (Input::Command { command, actor, receipt, reply, request: RequestMark::current() }, answer)
    }

    /// A batch, and where its outcomes come in.
    pub fn batch(
        batch: CommandBatch,
        actor: Actor,
        receipt: Option<Receipt>,
        place: Option<OwnedSemaphorePermit>,
    ) -> (Self, oneshot::Receiver<Result<Vec<Outcome>, Failure>>) {
        let (reply, answer) = oneshot::channel();
        (Input::Batch { batch, actor, receipt, reply, place, request: RequestMark::current() }, answer)
    }

    /// An admin's word for the system clock, and where the answer comes in.
    pub fn trust_time(back: bool, actor: Actor) -> (Self, oneshot::Receiver<Result<Done, Failure>>) {
        let (reply, answer) = oneshot::channel();
        (Input::TrustTime { back, actor, reply, request: RequestMark::current() }, answer)
    }
}

/// A command was carried out and is durable.
#[derive(Debug, Clone)]
pub struct Done {
    /// The ticket as the command left it.
    pub ticket: Option<Arc<Ticket>>,
    /// Whether anything changed; false where everything was so already.
    pub changed: bool,
    /// Whether this is the first answer given again.
    pub repeated: bool,
    /// Of a ticket that an agent registered, took or routed: what looks alike, of what they may see (GM-5.10).
    pub alike: Vec<Alike>,
}

/// A command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The desk refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The same idempotency key came with another request before.
    #[error("this Idempotency-Key was used for another request; a new request needs a new key")]
    KeyReused,
    /// It could not be kept, so it did not happen.
    #[error("the update could not be kept: {reason}; nothing was changed, try again later")]
    Storage {
        /// Whether the disk is full.
        full: bool,
        /// What the system said.
        reason: String,
    },
    /// The batch has written so much already that it takes no more.
    #[error("what this batch writes is longer than {limit_bytes} bytes; send the rest in another one")]
    BatchTooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// More waits than the loop takes.
    #[error("the desk is busy; try again in a second")]
    Busy,
    /// The desk is ending.
    #[error("the desk is stopping; try again in a few seconds")]
    Stopping,
}

/// The way to the desk, for every door. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    inputs: SyncSender<Input>,
    entries: broadcast::Sender<Arc<Entry>>,
    view: Arc<View>,
    history: Arc<History>,
    /// Places for batches that wait.
    batches: Arc<Semaphore>,
}

impl Handle {
    /// Has a command carried out; answers when its events are durable.
    ///
    /// # Errors
    /// [`Failure`]: refused, not kept, or not taken at all.
    pub async fn command(
        &self,
        command: Command,
        actor: Actor,
        receipt: Option<Receipt>,
    ) -> Result<Done, Failure> {
        let (input, answer) = Input::command(command, actor, receipt);
        self.send(input)?;
        answer.await.map_err(|_| Failure::Stopping)?
    }

    /// Has the commands of a batch carried out, one after another; answers when all events are durable.
    ///
    /// # Errors
    /// [`Failure`]: not kept, or not taken at all. What is refused of it is among the outcomes.
    pub async fn batch(
        &self,
        batch: CommandBatch,
        actor: Actor,
        receipt: Option<Receipt>,
    ) -> Result<Vec<Outcome>, Failure> {
        let place = Arc::clone(&self.batches).try_acquire_owned().map_err(|_| Failure::Busy)?;
        let (input, answer) = Input::batch(batch, actor, receipt, Some(place));
        self.send(input)?;
        answer.await.map_err(|_| Failure::Stopping)?
    }

    /// Trusts the system clock as it is, on an admin's word; `back` says that it is known to be behind the newest event.
    ///
    /// # Errors
    /// [`Failure`]: refused, or not kept.
    pub async fn trust_time(&self, back: bool, actor: Actor) -> Result<Done, Failure> {
        let (input, answer) = Input::trust_time(back, actor);
        self.send(input)?;
        answer.await.map_err(|_| Failure::Stopping)?
    }

    /// Has a command carried out without waiting for the answer; for the daemon's own parts.
    pub fn tell(&self, command: Command, actor: Actor) {
        if let Err(failure) = self.send(Input::command(command, actor, None).0) {
            log::warn!("{failure}");
        }
    }

    /// Looks at the whole desk, as it is durable.
    ///
    /// # Errors
    /// [`Failure::Busy`] or [`Failure::Stopping`].
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Desk, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        let look: Look = Box::new(move |desk, now| {
            // Whoever asked may have gone meanwhile.
            let _ = reply.send(look(desk, now));
        });
        self.send(Input::Look(look))?;
        answer.await.map_err(|_| Failure::Stopping)
    }

    /// Has the loop look at the desk when it comes to it, without waiting for that.
    ///
    /// # Errors
    /// [`Failure::Busy`] or [`Failure::Stopping`].
    pub fn ask(&self, look: impl FnOnce(&Desk, Timestamp) + Send + 'static) -> Result<(), Failure> {
        self.send(Input::Look(Box::new(look)))
    }

    /// What has become durable, from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.entries.subscribe()
    }

    /// The tickets and the wall, as they are durable; reading waits for nobody.
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// What happened, as it is kept.
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// Has the buzzer wait at these times from now on. A loop that has no room for it has them a little later.
    pub fn be_quiet(&self, quiet: QuietHours) {
        self.send_in_time(Input::Quiet(quiet));
    }

    /// Has letters queued for those whom the site can write to from now on, as [`Handle::be_quiet`].
    pub fn write_to(&self, reach: Reach) {
        self.send_in_time(Input::Reach(reach));
    }

    /// Sends an input as soon as the loop has room for it; nobody waits for that.
    fn send_in_time(&self, input: Input) {
        let inputs = self.inputs.clone();
        // A loop that is gone has ended already.
        std::thread::spawn(move || drop(inputs.send(input)));
    }

    /// Asks the loop to end.
    pub fn stop(&self) {
        // A loop that is gone has ended already.
        let _ = self.inputs.send(Input::Stop);
    }

    /// Tells the loop what is in the archive; given back where the loop cannot take it now.
    fn archived(&self, archived: archiving::Archived) -> Result<(), archiving::Archived> {
        self.inputs.try_send(Input::Archived(archived)).or_else(|error| match error {
            TrySendError::Full(Input::Archived(archived)) => Err(archived),
            // A loop that has ended takes nothing any more.
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Ok(()),
        })
    }

    fn send(&self, input: Input) -> Result<(), Failure> {
        self.inputs.try_send(input).map_err(|error| match error {
            TrySendError::Full(_) => Failure::Busy,
            TrySendError::Disconnected(_) => Failure::Stopping,
        })
    }
}
