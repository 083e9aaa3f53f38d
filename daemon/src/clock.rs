//! The only place that reads a clock. Everything else takes time as an argument.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use calendars::Timestamp;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// No box runs at a time before this program was written: 2026-11-21 UTC. A clock that says so was never set.
pub const NOT_BEFORE: Timestamp = Timestamp::from_millis(1_795_219_200_000);

/// What the loop that owns the desk reads: the box's clocks, or those of a simulation.
pub trait Clock: Send {
    /// The time of day as the system has it, UTC milliseconds; it may be wrong, and may step.
    fn system_now(&self) -> Timestamp;

    /// Microseconds since some fixed instant; never steps.
    fn monotonic_us(&self) -> u64;

    /// Whether the kernel says that something keeps its clock right; none where it does not tell.
    fn kernel_synchronised(&self) -> Option<bool>;
}

/// The box's own clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn system_now(&self) -> Timestamp {
        now()
    }

    fn monotonic_us(&self) -> u64 {
        // Where the time of day runs faster, what it is compared with does so too.
        monotonic_us().saturating_mul(FASTER.get().map_or(1, |faster| u64::from(faster.speed)))
    }

    fn kernel_synchronised(&self) -> Option<bool> {
        is_synchronised()
    }
}

/// The kernel counts its clock's possible error up while nothing corrects it; at 16 s it is out of sync. systemd asks the
/// same: the flag `STA_UNSYNC` may stand for something else, that the kernel is not to set the battery clock.
const UNSYNCHRONISED_US: libc::c_long = 16_000_000;

/// Whether the kernel's clock is near the time, by its own word; none where a sandbox forbids to ask.
#[expect(unsafe_code, reason = "no well-kept crate reads adjtimex; the call only fills a struct of ours")]
fn is_synchronised() -> Option<bool> {
    // SAFETY: `timex` is plain numbers, for which zero is a value; `modes: 0` asks and changes nothing, which needs no
    // right; the pointer is to a local of the C library's own type and is not kept.
    let (state, asked) = unsafe {
        let mut asked: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut asked), asked)
    };
    (state >= 0).then_some(asked.maxerror < UNSYNCHRONISED_US)
}

/// A clock that runs faster, for demonstrations.
struct Faster {
    speed: u32,
    /// What it showed …
    start: Timestamp,
    /// … when the monotonic clock showed this, in microseconds.
    start_us: u64,
}

static FASTER: OnceLock<Faster> = OnceLock::new();

/// From here on [`now`] runs from `start` on, `speed` times as fast as time does. Only the first call counts.
pub fn run_faster(speed: u32, start: Timestamp) {
    FASTER.get_or_init(|| Faster { speed: speed.max(1), start, start_us: monotonic_us() });
}

/// When unit tests begin, on whatever day they run: Tuesday, 24 November 2026, 6:00 in Moscow, before anybody works.
#[cfg(test)]
const TESTS_BEGIN: Timestamp = Timestamp::from_millis(1_795_489_200_000);

/// The time of day, UTC milliseconds.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the system clock")]
pub fn now() -> Timestamp {
    #[cfg(test)]
    run_faster(1, TESTS_BEGIN);
    if let Some(Faster { speed, start, start_us }) = FASTER.get() {
        let passed_us = monotonic_us().saturating_sub(*start_us).saturating_mul(u64::from(*speed));
        return start.plus_ms(i64::try_from(passed_us / 1_000).unwrap_or(i64::MAX));
    }
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// How long to wait until [`now`] is `ms` later; nothing where it is so already.
pub fn wait_for(ms: i64) -> Duration {
    wait_for_us(u64::try_from(ms).unwrap_or_default().saturating_mul(1_000))
}

/// How long to wait until [`SystemClock::monotonic_us`] is `us` later.
pub fn wait_for_us(us: u64) -> Duration {
    let wait = Duration::from_micros(us);
    FASTER.get().map_or(wait, |faster| wait / faster.speed)
}

/// Microseconds since some fixed instant; never steps.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the monotonic clock")]
pub fn monotonic_us() -> u64 {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(std::time::Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Calls `stepped` in a thread of its own each time somebody sets the system clock.
///
/// # Errors
/// When the kernel gives no timer or the system no thread; steps then go unnoticed until the clocks are next read.
pub fn watch_steps(stepped: impl Fn() -> bool + Send + 'static) -> io::Result<()> {
    let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::CLOEXEC)?;
    std::thread::Builder::new().name("clock-steps".into()).spawn(move || {
        // Later than a clock can be set: one that was already past would end each wait at once.
        let far = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: i64::MAX / 1_000_000_000, tv_nsec: 0 },
        };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        while timerfd_settime(&timer, flags, &far).is_ok() {
            let mut ticks = [0_u8; 8];
            // The read ends with an error when the clock was set (ECANCELED), which is what it is for.
            let _ = rustix::io::read(&timer, &mut ticks);
            if !stepped() {
                return;
            }
        }
    })?;
    Ok(())
}
