use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use super::*;
use crate::config::Board;
use crate::desk::{Actor, Command, Role};
use crate::run::{self, Opening, Settings};

/// A desk, and lamps that follow it with a trace of their own.
struct Wall {
    dir: tempfile::TempDir,
    handle: Handle,
    desk: Option<JoinHandle<()>>,
    lamps: Vec<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Wall {
    fn new() -> Self {
        let dir = tempfile::TempDir::new().unwrap();
        let settings = Settings::plain(dir.path().join("state"));
        let (handle, desk, _) = run::start(&settings, |_, _| ()).unwrap();
        Self { dir, handle, desk: Some(desk), lamps: Vec::new() }
    }

    fn trace(&self) -> PathBuf {
        self.dir.path().join(format!("trace-{}", self.lamps.len()))
    }

    /// The lamps' thread begins, as in a daemon that starts.
    fn start(&mut self) {
        let stop = Arc::new(AtomicBool::new(false));
        let trace = Trace::to_file(&self.dir.path().join(format!("trace-{}", self.lamps.len() + 1))).unwrap();
        let lamps = Lamps {
            teller: Teller::new(Opening::of(self.handle.clone())),
            stop: Arc::clone(&stop),
            trace: trace.clone(),
            beacon: BeaconPart::new(&Board::default(), None, trace),
            button: None,
            pulse: Pulse::default(),
            page: Page::default(),
            room: Room::default(),
            zone: Tz::UTC,
            quiet: QuietHours::default(),
            test: PartsTest::default(),
        };
        self.lamps.push((stop, std::thread::spawn(move || lamps.run())));
    }

    /// It ends; gives how often the buzzer sounded while it ran.
    fn stop(&mut self) -> usize {
        let trace = self.trace();
        let (stop, thread) = self.lamps.last_mut().unwrap();
        stop.store(true, Ordering::Release);
        std::mem::replace(thread, std::thread::spawn(|| ())).join().unwrap();
        sounds(&trace)
    }

    fn tell(&self, act: DeskAct) {
        self.handle.tell(Command::Desk(act), Actor::named("test", Role::Admin));
    }

    fn fail(&self, part: &str) {
        let text = "it fails".to_owned();
        self.tell(DeskAct::PartFailed { kind: AlarmKind::Storage, part: part.to_owned(), text });
    }

    fn mend(&self, part: &str) {
        self.tell(DeskAct::PartWorks { kind: AlarmKind::Storage, part: part.to_owned() });
    }

    /// Waits until the amber lamp has flashed slowly from here on: a second between two changes.
    fn flashes_slowly(&self) {
        let slow = Signals { amber: Lamp::Slow, ..Signals::DARK };
        eventually("an alarm that is over", || self.handle.view().board().signals(clock::now()) == slow);
        let before = changes(&self.trace(), "amber").len();
        eventually("slow flashes", || changes(&self.trace(), "amber").len() >= before + 3);
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        self.lamps.iter().for_each(|(stop, _)| stop.store(true, Ordering::Release));
        self.handle.stop();
        // A thread that failed has said so.
        let _ = self.desk.take().map(JoinHandle::join);
    }
}

fn eventually(what: &str, is: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: it does not come");
}

/// The levels that a pin took.
fn changes(trace: &Path, pin: &str) -> Vec<bool> {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    // The last line may be half written.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.filter(|line| line["pin"] == pin).map(|line| line["level"] == 1).collect()
}

fn sounds(trace: &Path) -> usize {
    changes(trace, "buzzer").into_iter().filter(|level| *level).count()
}

/// A failing part sounds a warning: one pulse in half a minute.
#[test]
fn what_sounded_and_is_over_untaken_sounds_once_more_and_neither_in_a_mute_nor_after_a_restart() {
    let mut wall = Wall::new();
    wall.start();
    wall.fail("one");
    eventually("a warning", || sounds(&wall.trace()) == 1);
    wall.mend("one");
    eventually("one short sound", || sounds(&wall.trace()) == 2);
    wall.flashes_slowly();
    assert_eq!(wall.stop(), 2, "it is not repeated");

    wall.start();
    wall.flashes_slowly();
    wall.tell(DeskAct::Mute { for_ms: 600_000 });
    wall.fail("two");
    eventually("a light", || wall.handle.view().board().signals(clock::now()).amber == Lamp::Fast);
    wall.mend("two");
    wall.flashes_slowly();
    assert_eq!(wall.stop(), 0, "it was told before this thread began, and a mute is kept");
}
