//! Letters at work: takes what is due, sends it, tells the desk what became of it.
//!
//! There is a worker for mail and one for chats, so that neither keeps the other waiting.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use calendars::Timestamp;
use firmware_board::Language;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use super::Figures;
use super::chats::Chats;
use super::compose::{ComposeError, Composer, Words};
use super::mailer::{Mailer, OfWhom, Outgoing};
use crate::chain::chain;
use crate::clock;
use crate::config::Chat;
use crate::desk::command::LetterAct;
use crate::desk::letter::LetterWay;
use crate::desk::{
    Actor, AlarmKind, Command, Desk, DeskAct, Entry, Event, Letter, LetterId, Problem, Recipient, Role,
};
use crate::mail::{MessageId, UNDELIVERED, undelivered};
use crate::out::retry::{Backoff, FOR_A_DAY, Tries};
use crate::run::{Failure, Handle};

/// How many letters are under way at once; one while the server fails.
pub const PARALLEL_MAX: usize = 4;
/// How many letters may wait for their own next try; where more are put off, all wait.
const LATER_MAX: usize = 1_000;
/// How often the server is tried while it takes no letters: after 5 s, 10 s and so on up to five minutes, without end. That it
/// is away is no letter's fault, so none dies of it.
const OF_SERVER: Backoff = Backoff { first_ms: 5_000, most_ms: 300_000, give_up_after_ms: u64::MAX };
/// So many letters in a row that were put off mean that the server takes none.
const AWAY_AFTER: u32 = 5;
/// How much is kept of why a letter is dead, in characters: a server may say a lot.
const REASON_MAX_CHARS: usize = 500;
/// How long it takes no letters until that is an alarm, in milliseconds: three tries.
const ALARM_AFTER_MS: u64 = 14_000;
/// How long after the desk could not be told of something it is told again, in seconds.
const TELL_AGAIN_S: u64 = 5;
/// How long at most until the desk is asked again, in seconds: its clock may step, so that a hold ends earlier.
const ASK_WITHIN_S: u64 = 60;

/// What letters are sent with.
pub(super) struct Worker {
    pub handle: Handle,
    pub composer: Arc<Composer>,
    pub sender: Arc<Sender>,
    /// The wall's language.
    pub language: Language,
    pub figures: Arc<Figures>,
    pub stopped: watch::Receiver<bool>,
}

/// Who sends.
pub(super) enum Sender {
    Mail(Box<Mailer>),
    Chat(Chats),
}

impl Sender {
    fn way(&self) -> LetterWay {
        match self {
            Self::Mail(_) => LetterWay::Mail,
            Self::Chat(_) => LetterWay::Chat,
        }
    }

    /// Where a letter goes; none where the configuration has no way to them any more.
    fn place(&self, recipient: &Recipient) -> Option<Place> {
        match (self, recipient) {
            (Self::Mail(_), Recipient::Requester { address } | Recipient::Contact { address }) => {
                Some(Place::Mail(address.clone()))
            }
            (Self::Mail(mailer), Recipient::Department { department, .. }) => {
                mailer.department(department).map(Place::Mail)
            }
            (Self::Chat(chats), Recipient::Department { department, .. }) => {
                chats.of_department(department).map(|chat| Place::Chat(Box::new(chat.clone())))
            }
            (Self::Chat(chats), Recipient::Chat { chat }) => {
                chats.named(chat).map(|chat| Place::Chat(Box::new(chat.clone())))
            }
            (Self::Mail(_), Recipient::Chat { .. })
            | (Self::Chat(_), Recipient::Requester { .. } | Recipient::Contact { .. }) => None,
        }
    }

    /// How long until the next may go, in milliseconds.
    fn pace_ms(&self) -> u64 {
        match self {
            Self::Mail(mailer) => 60_000_u64.div_ceil(mailer.per_minute().into()),
            Self::Chat(_) => 0,
        }
    }

    /// Ends connections that nobody uses.
    fn tidy(&self) {
        match self {
            Self::Mail(mailer) => mailer.tidy(),
            Self::Chat(_) => {}
        }
    }

    async fn deliver(&self, id: LetterId, at: Timestamp, words: Words, place: Place) -> Outcome {
        match (self, words, place) {
            (Self::Mail(mailer), Words::Mail(rendered), Place::Mail(to)) => {
                let domain = mailer.domain().clone();
                let id = MessageId { ticket: id.ticket, letter: id.letter, domain };
                match mailer.send(&Outgoing { id, to, rendered, at }).await {
                    Ok(()) => Outcome::Sent,
                    Err(trouble) => Outcome::failed(trouble.of_whom(), chain(&trouble)),
                }
            }
            (Self::Chat(chats), Words::Chat(text), Place::Chat(chat)) => {
                // A chat that is away is no matter of the others: each message waits for itself.
                match chats.post(&chat, &text).await {
                    Ok(()) => Outcome::Sent,
                    Err(trouble) => {
                        let (why, after_ms) = (chain(&trouble), trouble.after_ms());
                        Outcome::Failed { whose: OfWhom::LetterNow, why, after_ms }
                    }
                }
            }
            (Self::Mail(_) | Self::Chat(_), ..) => Outcome::failed(OfWhom::LetterUnsent, NO_WAY),
        }
    }
}

/// Why a letter is given up that nobody delivers.
const NO_WAY: &str = "the configuration has no way to whom it is for";

/// Where a letter goes.
enum Place {
    Mail(String),
    Chat(Box<Chat>),
}

/// By what letters go that all fail when one part of the box does; alarms name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Mail,
    /// The chat of that name.
    Chat(String),
}

impl Place {
    fn part(&self) -> Part {
        match self {
            Self::Mail(_) => Part::Mail,
            Self::Chat(chat) => Part::Chat(chat.name.clone()),
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mail => f.write_str("mail"),
            Self::Chat(name) => write!(f, "chat-{name}"),
        }
    }
}

/// A letter that is due, with what it is about.
struct Due {
    id: LetterId,
    letter: Letter,
    problem: Option<Arc<Problem>>,
}

/// What the desk says is to be done.
#[derive(Default)]
struct Asked {
    /// The next letter.
    due: Option<Due>,
    /// How long until the next that is held is due, in milliseconds.
    next_ms: Option<u64>,
}

/// How sending one letter ended.
enum Outcome {
    Sent,
    /// It did not go; whose fault that is, why, and for how long at least it is not to be tried.
    Failed {
        whose: OfWhom,
        why: String,
        after_ms: u64,
    },
    /// The record could not be read.
    Unread(ComposeError),
}

impl Outcome {
    fn failed(whose: OfWhom, why: impl Into<String>) -> Self {
        Self::Failed { whose, why: why.into(), after_ms: 0 }
    }
}

/// How a part of the box is.
#[derive(Clone, Copy, Default)]
struct Health {
    failing_since_ms: Option<u64>,
    /// Whether the wall says that it fails; unknown at the start, since the alarm may be of the run before.
    is_alarm: Option<bool>,
}

impl Health {
    /// When it is an alarm that is not one yet.
    fn alarm_at_ms(self) -> Option<u64> {
        self.failing_since_ms.filter(|_| self.is_alarm != Some(true)).map(|since| since + ALARM_AFTER_MS)
    }
}

/// What the worker has beside it.
#[derive(Default)]
struct Beside {
    /// Letters under way.
    sending: JoinSet<Outcome>,
    ids: HashMap<Id, (LetterId, Part)>,
    /// What the desk is being told.
    telling: JoinSet<LetterId>,
    /// Letters that are under way, or of which the desk is being told.
    busy: HashSet<LetterId>,
    /// Letters that were put off, each with when it is tried again.
    later: HashMap<LetterId, (Tries, u64)>,
    /// The server's own tries.
    server: Tries,
    /// Not before this, since the server takes none.
    server_from_ms: u64,
    put_off_in_a_row: u32,
    health: HashMap<Part, Health>,
    /// Not before this, since so many go in a minute.
    pace_from_ms: u64,
    /// Whether the desk is to be asked.
    is_news: bool,
    ask_at_ms: u64,
}

impl Beside {
    /// The server took nothing then, so its next try is later. Letters that were under way together failed together: that is one
    /// try, and not as many as there were letters.
    fn server_failed(&mut self, now_ms: u64, random: u64) {
        if now_ms >= self.server_from_ms {
            self.server_from_ms = now_ms + self.server.fail(&OF_SERVER, 0, random);
        }
    }
}

fn now_ms() -> u64 {
    clock::monotonic_us() / 1_000
}

/// Any number, for jitter. Where the system has none to give, what failed together is tried together.
fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

impl Worker {
    /// Works until it is stopped.
    pub(super) async fn run(mut self) {
        let mut news = self.handle.subscribe();
        let mut beside = Beside { is_news: true, ..Beside::default() };
        loop {
            self.tell_alarms(&mut beside);
            self.sender.tidy();
            if Self::begin_at_ms(&beside).is_some_and(|at_ms| now_ms() >= at_ms) {
                self.begin(&mut beside).await;
            }
            let wake_ms = Self::wake_ms(&beside).saturating_sub(now_ms()).max(1);
            tokio::select! {
                entry = news.recv() => match entry {
                    Ok(entry) => beside.is_news |= queues(&entry),
                    Err(RecvError::Lagged(_)) => beside.is_news = true,
                    Err(RecvError::Closed) => return,
                },
                Some(done) = beside.sending.join_next_with_id() => self.came_back(done, &mut beside),
                Some(told) = beside.telling.join_next() => {
                    // A panic has said so; the letter is asked for again.
                    if let Ok(id) = told {
                        beside.busy.remove(&id);
                    }
                    beside.is_news = true;
                }
                () = tokio::time::sleep(Duration::from_millis(wake_ms)) => {}
                () = is_stopped(&mut self.stopped) => break,
            }
        }
        // What is under way may arrive: the desk is told, so that it does not go again.
        while let Some(done) = beside.sending.join_next_with_id().await {
            self.came_back(done, &mut beside);
        }
        while beside.telling.join_next().await.is_some() {}
    }

    /// When the next letter may be begun, by the clock that never steps; none while enough are under way.
    fn begin_at_ms(beside: &Beside) -> Option<u64> {
        let width = if beside.server_from_ms > 0 { 1 } else { PARALLEL_MAX };
        let ask_ms = if beside.is_news { 0 } else { beside.ask_at_ms };
        let at_ms = ask_ms.max(beside.server_from_ms).max(beside.pace_from_ms);
        (beside.ids.len() < width).then_some(at_ms)
    }

    /// When there may be something to do though nothing comes.
    fn wake_ms(beside: &Beside) -> u64 {
        let begin = Self::begin_at_ms(beside);
        let alarm = beside.health.values().filter_map(|health| health.alarm_at_ms()).min();
        [begin, alarm].into_iter().flatten().min().unwrap_or(u64::MAX).min(now_ms() + ASK_WITHIN_S * 1_000)
    }

    /// Asks the desk for the next letter, and begins with it.
    async fn begin(&mut self, beside: &mut Beside) {
        let now = now_ms();
        let later = beside.later.iter().filter(|(_, (_, at))| *at > now).map(|(id, _)| *id);
        let skipped: HashSet<LetterId> = beside.busy.iter().copied().chain(later).collect();
        let way = self.sender.way();
        let asked = self.handle.look(move |desk, at| ask(desk, way, at, &skipped)).await;
        let Ok(Asked { due, next_ms }) = asked else {
            beside.ask_at_ms = now + TELL_AGAIN_S * 1_000;
            beside.is_news = false;
            return;
        };
        let retry = beside.later.values().map(|(_, at)| *at).filter(|at| *at > now).min();
        let held = next_ms.map(|ms| now + ms);
        let next = [retry, held].into_iter().flatten().min();
        beside.ask_at_ms = next.unwrap_or(u64::MAX).min(now + ASK_WITHIN_S * 1_000).max(now + 1);
        // As long as there was something there may be more.
        beside.is_news = due.is_some();
        if let Some(due) = due {
            self.send(due, beside);
        }
    }

    fn send(&mut self, due: Due, beside: &mut Beside) {
        let Due { id, letter, problem } = due;
        beside.busy.insert(id);
        let Some(place) = self.sender.place(&letter.recipient) else {
            self.give_up(id, NO_WAY, beside);
            return;
        };
        beside.pace_from_ms = now_ms() + self.sender.pace_ms();
        let part = place.part();
        let (composer, sender) = (Arc::clone(&self.composer), Arc::clone(&self.sender));
        let sending = beside.sending.spawn(async move {
            let (at, is_chat) = (letter.queued_at, sender.way() == LetterWay::Chat);
            let worded = tokio::task::spawn_blocking(move || {
                composer.compose(id.ticket, &letter, problem.as_deref(), is_chat)
            });
            let words = match worded.await {
                Ok(Ok(words)) => words,
                Ok(Err(error)) => return Outcome::Unread(error),
                Err(_) => return Outcome::failed(OfWhom::LetterUnsent, "it cannot be put into words"),
            };
            sender.deliver(id, at, words, place).await
        });
        beside.ids.insert(sending.id(), (id, part));
    }

    fn came_back(&mut self, done: Result<(Id, Outcome), JoinError>, beside: &mut Beside) {
        let task = done.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some((id, part)) = beside.ids.remove(&task) else { return };
        beside.is_news = true;
        match done {
            Ok((_, Outcome::Sent)) => {
                self.figures.sent.fetch_add(1, Ordering::Relaxed);
                beside.later.remove(&id);
                self.works(&part, beside);
                self.tell_of(id, LetterAct::Sent, beside);
            }
            Ok((_, Outcome::Failed { whose, why, after_ms })) => {
                self.figures.failed.fetch_add(1, Ordering::Relaxed);
                self.failed(id, &part, whose, &why, after_ms, beside);
            }
            Ok((_, Outcome::Unread(ComposeError::Lost))) => {
                self.give_up(id, &ComposeError::Lost.to_string(), beside);
            }
            Ok((_, Outcome::Unread(error))) => {
                log::warn!("letter {id} waits: {}", chain(&error));
                if Self::put_off(id, 0, beside) {
                    self.give_up(id, &chain(&error), beside);
                }
            }
            // A panic has said so; it is tried again.
            Err(_) => {
                if Self::put_off(id, 0, beside) {
                    self.give_up(id, "it cannot be sent", beside);
                }
            }
        }
    }

    fn failed(
        &mut self,
        id: LetterId,
        part: &Part,
        whose: OfWhom,
        why: &str,
        after_ms: u64,
        beside: &mut Beside,
    ) {
        match whose {
            OfWhom::LetterForEver => {
                // Whoever refuses one letter listens.
                self.works(part, beside);
                self.give_up(id, why, beside);
            }
            OfWhom::LetterUnsent => self.give_up(id, why, beside),
            OfWhom::LetterNow => {
                beside.put_off_in_a_row += 1;
                let is_spent = Self::put_off(id, after_ms, beside);
                let is_away = beside.put_off_in_a_row >= AWAY_AFTER || beside.later.len() >= LATER_MAX;
                if is_spent {
                    self.give_up(id, why, beside);
                } else if *part != Part::Mail {
                    self.note_failing(part, why, beside);
                } else if is_away {
                    self.server_fails(why, beside);
                } else {
                    log::warn!("letter {id} is put off, it is tried again for a day: {why}");
                }
            }
            OfWhom::Server => {
                beside.busy.remove(&id);
                self.server_fails(why, beside);
            }
        }
    }

    /// The letter waits for a next try of its own; true where it was tried for a day.
    fn put_off(id: LetterId, after_ms: u64, beside: &mut Beside) -> bool {
        beside.busy.remove(&id);
        let (tries, at_ms) = beside.later.entry(id).or_default();
        if tries.is_spent(&FOR_A_DAY) {
            return true;
        }
        *at_ms = now_ms() + tries.fail(&FOR_A_DAY, after_ms, random());
        false
    }

    fn give_up(&mut self, id: LetterId, why: &str, beside: &mut Beside) {
        let why: String = why.chars().take(REASON_MAX_CHARS).collect();
        beside.later.remove(&id);
        beside.busy.insert(id);
        log::error!(TICKET = id.ticket.0; "letter {id} is dead: {why}; `andonctl letter resend {id}` sends it again");
        self.tell_dead(id);
        self.tell_of(id, LetterAct::Failed(why), beside);
    }

    /// Nothing goes until its next try.
    fn server_fails(&mut self, why: &str, beside: &mut Beside) {
        beside.server_failed(now_ms(), random());
        self.note_failing(&Part::Mail, why, beside);
    }

    fn note_failing(&self, part: &Part, why: &str, beside: &mut Beside) {
        if *part == Part::Mail {
            self.figures.failing.store(true, Ordering::Relaxed);
        }
        let health = beside.health.entry(part.clone()).or_default();
        if health.failing_since_ms.is_none() {
            health.failing_since_ms = Some(now_ms());
            log::error!("no letters go out by {part}, it is tried again: {why}");
        }
    }

    fn works(&mut self, part: &Part, beside: &mut Beside) {
        (beside.put_off_in_a_row, beside.server, beside.server_from_ms) = (0, Tries::default(), 0);
        if *part == Part::Mail {
            self.figures.failing.store(false, Ordering::Relaxed);
        }
        let health = beside.health.entry(part.clone()).or_default();
        if health.failing_since_ms.take().is_some() {
            log::info!("letters go out by {part} again");
        }
        if health.is_alarm != Some(false) {
            health.is_alarm = Some(false);
            self.tell(DeskAct::PartWorks { kind: AlarmKind::Letter, part: part.to_string() });
        }
    }

    fn of(&self, russian: String, english: String) -> String {
        match self.language {
            Language::Russian => russian,
            Language::English => english,
        }
    }

    /// What fails for long is an alarm, once.
    fn tell_alarms(&self, beside: &mut Beside) {
        let now_ms = now_ms();
        for (part, health) in &mut beside.health {
            if health.alarm_at_ms().is_none_or(|at_ms| now_ms < at_ms) {
                continue;
            }
            health.is_alarm = Some(true);
            let text = match part {
                Part::Mail => self.of(
                    "письма не уходят: почтовый сервер их не берёт".to_owned(),
                    "no letters go out: the mail server takes none".to_owned(),
                ),
                Part::Chat(name) => self.of(
                    format!("сообщения не доходят до чата {name}"),
                    format!("messages do not get into chat {name}"),
                ),
            };
            self.tell(DeskAct::PartFailed { kind: AlarmKind::Letter, part: part.to_string(), text });
        }
    }

    /// Somebody will not hear of their ticket by letter: the room sees that once, and it stays until somebody has.
    fn tell_dead(&self, id: LetterId) {
        let text = undelivered(id.ticket, self.language);
        let part = UNDELIVERED.to_owned();
        let failed = DeskAct::PartFailed { kind: AlarmKind::Letter, part: part.clone(), text };
        tell_in_order(&self.handle, [failed, DeskAct::PartWorks { kind: AlarmKind::Letter, part }]);
    }

    fn tell(&self, act: DeskAct) {
        tell(&self.handle, act);
    }

    /// Tells the desk what became of a letter, as soon as it takes it; it stays busy until then, so that it does not go twice.
    fn tell_of(&self, id: LetterId, act: LetterAct, beside: &mut Beside) {
        let handle = self.handle.clone();
        beside.telling.spawn(async move {
            tell_until_taken(&handle, &Command::Letter { id, act }).await;
            id
        });
    }
}

/// Tells the desk as soon as it takes it.
pub(super) fn tell(handle: &Handle, act: DeskAct) {
    tell_in_order(handle, [act]);
}

/// Tells the desk one after another, as soon as it takes them.
fn tell_in_order<const N: usize>(handle: &Handle, acts: [DeskAct; N]) {
    let handle = handle.clone();
    tokio::spawn(async move {
        for act in acts {
            tell_until_taken(&handle, &Command::Desk(act)).await;
        }
    });
}

async fn tell_until_taken(handle: &Handle, command: &Command) {
    let andond = Actor::named("andond", Role::Admin);
    while let Err(Failure::Busy | Failure::Storage { .. }) =
        handle.command(command.clone(), andond.clone(), None).await
    {
        tokio::time::sleep(Duration::from_secs(TELL_AGAIN_S)).await;
    }
}

/// Whether an entry gives work.
fn queues(entry: &Entry) -> bool {
    entry
        .facts
        .iter()
        .any(|fact| matches!(fact.event, Event::LetterQueued { .. } | Event::LetterResent { .. }))
}

/// What the desk has to be sent, but for those that are skipped.
fn ask(desk: &Desk, way: LetterWay, now: Timestamp, skipped: &HashSet<LetterId>) -> Asked {
    let first = desk.letters_due_by(way, now).find(|id| !skipped.contains(id));
    let due = first.and_then(|id| {
        let ticket = desk.ticket(id.ticket)?;
        let letter = ticket.letter(id.letter)?.clone();
        let problem = ticket.problem.and_then(|of| desk.problem(of.number).map(Arc::clone));
        Some(Due { id, letter, problem })
    });
    let next = desk.next_letter_by(way, now);
    Asked { due, next_ms: next.map(|at| u64::try_from(at.ms_since(now)).unwrap_or_default()) }
}

async fn is_stopped(stopped: &mut watch::Receiver<bool>) {
    // A sender that is gone means stop, too.
    let _ = stopped.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_fail_together_are_one_try_of_their_server() {
        let mut beside = Beside::default();
        let mut waits_s = Vec::new();
        for _ in 0..3 {
            let now_ms = beside.server_from_ms.max(1_000);
            for in_flight in 0..PARALLEL_MAX as u64 {
                // In the middle of the jitter.
                beside.server_failed(now_ms + in_flight, (5_000 << waits_s.len()) / 5);
            }
            waits_s.push((beside.server_from_ms - now_ms) / 1_000);
        }
        assert_eq!(waits_s, [5, 10, 20]);
    }

    #[test]
    fn who_asks_to_be_left_alone_for_a_time_is() {
        let (mut beside, id) =
            (Beside::default(), LetterId { ticket: crate::desk::TicketNumber(1), letter: 1 });
        let before_ms = now_ms();
        assert!(!Worker::put_off(id, 120_000, &mut beside));
        let (_, at_ms) = beside.later[&id];
        assert!((before_ms + 120_000..before_ms + 180_000).contains(&at_ms), "{at_ms} after {before_ms}");
    }

    fn worker_of(per_minute: u32) -> Sender {
        let text =
            format!("[mail]\nhost = \"localhost\"\nfrom = \"desk@example.org\"\nper-minute = {per_minute}");
        let config = crate::config::Config::parse(std::path::Path::new("andon.toml"), &text);
        Sender::Mail(Box::new(Mailer::new(config.expect("it is whole").mail.expect("it is there"))))
    }

    #[test]
    fn no_more_letters_begin_in_a_minute_than_may() {
        // 60,000 ms by 120, by 6,000; by 7 it is 8,571.4 ms, and with 8,571 an eighth would begin.
        for (per_minute, pace_ms) in [(120, 500), (6_000, 10), (7, 8_572)] {
            assert_eq!(worker_of(per_minute).pace_ms(), pace_ms);
        }
        let begin = |beside: &Beside| Worker::begin_at_ms(beside);
        let mut beside = Beside { is_news: true, pace_from_ms: 500, ..Beside::default() };
        assert_eq!(begin(&beside), Some(500), "however much waits");
        beside.server_from_ms = 9_000;
        assert_eq!(begin(&beside), Some(9_000), "nothing goes to a server that is away until its next try");
        beside.server_from_ms = 100;
        assert_eq!(begin(&beside), Some(500));
    }
}
