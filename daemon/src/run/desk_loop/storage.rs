//! What the loop does about a disk that is full or fails.
//!
//! A full disk refuses updates, but what the desk writes about itself, breaches above all, goes on in the room of the
//! reserve, so the wall stays true. A disk that takes no writes at all stops that, too; readers and the wall go on with
//! what is durable. Either is tried again every second and ends without a restart. A checkpoint that cannot be written
//! stops nothing, since the ledger has everything. Nor does a damaged ticket database, but it takes a restart to make it
//! again, so the wall says that.

use std::error::Error;

use calendars::Timestamp;
use firmware_board::Language;

use super::{Loop, is_full};
use crate::chain::chain;
use crate::desk::alarm::part_alarm;
use crate::desk::command::{AttachmentAct, LetterAct, SealedAct};
use crate::desk::{Alarm, AlarmKind, Command, DeskAct};
use crate::observe::message;
use crate::run::Failure;
use crate::store::TicketsError;

/// How long after a failed write the disk is tried again, in microseconds.
const RETRY_US: u64 = 1_000_000;

/// The part that keeps updates; its alarm says that none are taken.
const LEDGER: &str = "ledger";
/// The part that keeps checkpoints.
const TICKETS: &str = "tickets";

/// What the disk takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disk {
    /// Everything.
    Works,
    /// Only what the desk writes about itself, in the room of the reserve that was let go. When the monotonic clock shows
    /// this, the reserve is tried to be taken again.
    Full { retry_at_us: u64 },
    /// Nothing. When the monotonic clock shows this, it is tried again.
    Fails { retry_at_us: u64 },
}

impl Disk {
    fn tried_again_at(self, retry_at_us: u64) -> Self {
        match self {
            Self::Works => Self::Works,
            Self::Full { .. } => Self::Full { retry_at_us },
            Self::Fails { .. } => Self::Fails { retry_at_us },
        }
    }

    pub(super) fn retry_at_us(self) -> Option<u64> {
        match self {
            Self::Works => None,
            Self::Full { retry_at_us } | Self::Fails { retry_at_us } => Some(retry_at_us),
        }
    }
}

impl Loop {
    /// Books that were opened on a full disk begin without their reserve.
    pub(super) fn begin_storage(&mut self, now: Timestamp) {
        if !self.books.reserve().is_held() {
            self.try_reserve(now);
        }
    }

    /// An append failed: an alarm that cannot be kept as an event, until [`Loop::try_storage`] succeeds.
    pub(super) fn storage_fails(&mut self, error: &(dyn Error + 'static), now: Timestamp) {
        let was = self.disk;
        let is_room_left = is_full(error) && self.books.reserve().is_held() && self.release_reserve();
        let retry_at_us = self.retry_later();
        self.disk = if is_room_left { Disk::Full { retry_at_us } } else { Disk::Fails { retry_at_us } };
        if was == Disk::Works {
            log::error!(MESSAGE_ID = message::DISK_FAILS; "the disk fails; updates are refused until it works again: {}", chain(error));
        } else {
            log::debug!("the disk still fails: {}", chain(error));
        }
        self.tell_refusing(is_full(error), now);
    }

    /// Looks whether a disk that failed works again.
    pub(super) fn try_storage(&mut self, now: Timestamp) {
        if let Err(error) = self.books.recover() {
            log::debug!("the disk does not work yet: {}", chain(&error));
            self.disk = self.disk.tried_again_at(self.retry_later());
            return;
        }
        self.try_reserve(now);
    }

    /// Takes the reserve if it is not held. Only a disk that has no room for it keeps updates out.
    fn try_reserve(&mut self, now: Timestamp) {
        match self.books.reserve().take() {
            Err(error) if is_full(&error) => {
                if self.disk == Disk::Works {
                    log::error!(MESSAGE_ID = message::DISK_FULL; "the disk is full; updates are refused until it has room again");
                }
                self.disk = Disk::Full { retry_at_us: self.retry_later() };
                self.tell_refusing(true, now);
            }
            taken => {
                if let Err(error) = taken {
                    log::warn!("no room can be held back for a full disk: {error}");
                }
                if self.disk != Disk::Works {
                    // Some disks promise room and do not have it.
                    if let Err(error) = self.books.probe() {
                        log::debug!("the disk does not work yet: {error}");
                        let is_room_left = matches!(self.disk, Disk::Full { .. }) && self.release_reserve();
                        let retry_at_us = self.retry_later();
                        self.disk = if is_room_left {
                            Disk::Full { retry_at_us }
                        } else {
                            Disk::Fails { retry_at_us }
                        };
                        return;
                    }
                    log::warn!("the disk works again; updates are taken");
                }
                self.disk = Disk::Works;
                self.clear_trouble(LEDGER);
            }
        }
    }

    /// Whether the reserve was let go.
    fn release_reserve(&mut self) -> bool {
        match self.books.reserve().release() {
            Ok(()) => true,
            Err(error) => {
                log::error!("the reserve cannot be given back: {error}");
                false
            }
        }
    }

    fn retry_later(&self) -> u64 {
        self.clock.monotonic_us().saturating_add(RETRY_US)
    }

    /// On a full disk, what is left is for the desk itself and for those who see to the wall.
    pub(super) fn refuse_if_full(&self, command: &Command) -> Result<(), Failure> {
        let is_last_word = match command {
            Command::Register(_)
            | Command::Ticket { .. }
            | Command::ApplyRegulation { .. }
            | Command::TakeNext(_)
            | Command::Alert(_)
            | Command::AlertsOverLimit(_)
            | Command::Problem(_) => false,
            // What gives room, and what must be gone.
            Command::Attachments { act, .. } => matches!(act, AttachmentAct::Remove { .. }),
            Command::Sealed { act, .. } => matches!(act, SealedAct::Erase { .. }),
            // A letter that is out is out, and must not go again.
            Command::Letter { act, .. } => !matches!(act, LetterAct::Resend),
            Command::Desk(act) => match act {
                DeskAct::AddToken(_) | DeskAct::People(_) | DeskAct::Client(_) | DeskAct::Employee(_) => {
                    false
                }
                DeskAct::AckAlarm(_)
                | DeskAct::ShelveAlarm { .. }
                | DeskAct::UnshelveAlarm(_)
                | DeskAct::Silence { .. }
                | DeskAct::Mute { .. }
                | DeskAct::RevokeToken(_)
                | DeskAct::PartFailed { .. }
                | DeskAct::PartWorks { .. } => true,
            },
        };
        if is_last_word || !matches!(self.disk, Disk::Full { .. }) {
            return Ok(());
        }
        Err(Failure::Storage { full: true, reason: "the disk is full".to_owned() })
    }

    pub(super) fn checkpoint_fails(&mut self, upto_seq: u64, error: &TicketsError, now: Timestamp) {
        if self.tell_damage(now) {
            return;
        }
        let text = match self.language {
            Language::Russian => "база заявок не пишется, журнал ведётся",
            Language::English => "the ticket database takes no writes, the ledger does",
        };
        if self.raise_trouble(TICKETS, text, now) {
            log::error!(
                "the tickets up to event {upto_seq} could not be checkpointed, the ledger has them; it is tried again: {}",
                chain(error)
            );
        }
    }

    pub(super) fn checkpoint_works(&mut self) {
        if self.clear_trouble(TICKETS) {
            log::warn!("the tickets are checkpointed again");
        }
    }

    /// Says that a restart is needed, where the ticket database is damaged: it may take checkpoints, but not everything in it
    /// can be read. Tells whether it is.
    pub(super) fn tell_damage(&mut self, now: Timestamp) -> bool {
        let Some(what) = self.books.tickets_damage() else { return false };
        let text = match self.language {
            Language::Russian => "база заявок повреждена, перезапуск построит её заново",
            Language::English => "the ticket database is damaged, a restart rebuilds it",
        };
        let is_told = self.troubles.iter().any(|known| known.text == text);
        self.raise_trouble(TICKETS, text, now);
        if !is_told {
            log::error!(
                MESSAGE_ID = message::TICKETS_DAMAGED;
                "the ticket database is damaged; nothing is lost, restart andond to rebuild it from the ledger: {what}"
            );
        }
        true
    }

    fn tell_refusing(&mut self, is_full: bool, now: Timestamp) {
        let text = match (self.language, is_full) {
            (Language::Russian, true) => "диск полон, заявки не принимаются",
            (Language::Russian, false) => "диск не пишет, заявки не принимаются",
            (Language::English, true) => "the disk is full, no updates are taken",
            (Language::English, false) => "the disk takes no writes, no updates are taken",
        };
        self.raise_trouble(LEDGER, text, now);
    }

    /// An alarm that is no event: it calls since the event before the next.
    pub(super) fn trouble(&self, kind: AlarmKind, part: &str, text: &str, now: Timestamp) -> Alarm {
        Alarm { calls_since: self.desk.next_seq() - 1, ..Alarm::part(kind, part, text, now) }
    }

    /// Raises the alarm of a part, or corrects what it says. Tells whether it is a new one.
    fn raise_trouble(&mut self, part: &str, text: &str, now: Timestamp) -> bool {
        let alarm = self.trouble(AlarmKind::Storage, part, text, now);
        if let Some(known) = self.troubles.iter_mut().find(|known| known.id == alarm.id) {
            known.text = alarm.text;
            return false;
        }
        self.troubles.push(alarm);
        true
    }

    /// Ends the alarm of a part. Tells whether there was one.
    fn clear_trouble(&mut self, part: &str) -> bool {
        let id = part_alarm(AlarmKind::Storage, part);
        let before = self.troubles.len();
        self.troubles.retain(|alarm| alarm.id != id);
        self.troubles.len() < before
    }
}
