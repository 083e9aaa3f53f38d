//! `andonctl board watch`: the wall, live, in a terminal, over SSH.

pub(in crate::cli) mod feed;
mod picture;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use firmware_board::{Layout, Link, Phase, Scene, lines};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use self::feed::Feed;
use self::picture::Picture;
use super::super::Io;
use super::super::control::ControlError;
use super::super::error::CliError;
use super::super::terminal::{self, Terminal};
use crate::clock;

/// Without a scene for so long the wall is not live, in milliseconds; the page in a browser says the same.
pub(in crate::cli) const STALE_MS: u64 = 5_000;
/// The wall is looked at again so often, in milliseconds, even where nothing flashes: the age of an old picture grows.
const LOOK_MS: u64 = 1_000;

/// Show the wall, live, in this terminal; q or Ctrl-C ends it.
///
/// The wall is drawn in half blocks for the terminal's size and follows it. A terminal that is too small is told the wall
/// in lines of text. Where the output is no terminal, the wall is told once, as text. With --json every scene is a line,
/// until it is ended. When the daemon goes the wall is shown as old, and live again when it is back.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Draw with these colours [default: true where `COLORTERM` says so, grey where `NO_COLOR` is set, else 256]
    #[arg(long, value_name = "WHICH")]
    colours: Option<Colours>,
}

/// What a terminal's colours are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colours {
    /// Any: 24 bits
    True,
    /// The 256 of xterm
    #[value(name = "256")]
    Of256,
    /// The greys of those
    Grey,
}

impl Colours {
    /// What the environment says.
    fn of(no_color: Option<&str>, color_term: Option<&str>) -> Self {
        match (no_color, color_term) {
            (Some(no_color), _) if !no_color.is_empty() => Self::Grey,
            (_, Some("truecolor" | "24bit")) => Self::True,
            _ => Self::Of256,
        }
    }
}

/// Why the watching ended.
enum End {
    /// Somebody ended it, or nobody looks any more.
    Asked,
}

impl Watch {
    pub(crate) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ControlError::Start)?;
        let colours = self.colours.unwrap_or_else(|| {
            let set = |name| std::env::var(name).ok();
            Colours::of(set("NO_COLOR").as_deref(), set("COLORTERM").as_deref())
        });
        let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
        let watched = runtime.block_on(async {
            // Whoever names a wrong socket is told so at once; a daemon that goes later is waited for.
            let feed = Feed::open(io.control.clone()).await?;
            if io.json {
                follow(feed, &mut |scene| tell_json(io.out, scene)).await
            } else if is_terminal {
                show(feed, io.out, colours).await
            } else {
                tell_once(feed, io.out).await
            }
        });
        // A key that nobody presses is not waited for.
        runtime.shutdown_background();
        let End::Asked = watched?;
        Ok(ExitCode::SUCCESS)
    }
}

fn tell_json(out: &mut dyn Write, scene: &Scene) -> io::Result<()> {
    serde_json::to_writer(&mut *out, scene)?;
    writeln!(out)?;
    out.flush()
}

/// Tells the first scene as text.
async fn tell_once(mut feed: Feed, out: &mut dyn Write) -> Result<End, CliError> {
    feed.heard().await?;
    let (scene, _) = feed.now();
    for line in lines(&scene) {
        writeln!(out, "{line}")?;
    }
    Ok(End::Asked)
}

/// Tells every scene, and every second how old the last one is where none comes.
async fn follow(mut feed: Feed, tell: &mut dyn FnMut(&Scene) -> io::Result<()>) -> Result<End, CliError> {
    let mut signals = Signals::new()?;
    feed.heard().await?;
    loop {
        tell(&feed.now().0)?;
        let grown_old = feed.grown_old();
        tokio::select! {
            heard = feed.heard() => heard?,
            () = grown_old => {}
            () = signals.end() => return Ok(End::Asked),
        }
    }
}

/// Draws the wall until somebody ends it.
async fn show(mut feed: Feed, out: &mut dyn Write, colours: Colours) -> Result<End, CliError> {
    let (mut signals, mut resized) = (Signals::new()?, signal(SignalKind::window_change())?);
    feed.heard().await?;
    let mut keys = terminal::keys()?;
    let mut terminal = Terminal::enter(out)?;
    let mut picture = Picture::new(colours);
    loop {
        let size = terminal::size()?;
        let (scene, rhythm_ms) = feed.now();
        let layout = Layout::of(size.0, size.1.saturating_mul(2));
        match &layout {
            Ok(layout) => terminal.show(&picture.draw(*layout, &scene, Phase::at(rhythm_ms)))?,
            Err(_) => terminal.show(&picture.tell(size, &lines(&scene)))?,
        }
        let change = layout.ok().and_then(|layout| layout.next_change(&scene, rhythm_ms));
        let wait_ms = change.map_or(LOOK_MS, |change| change.saturating_sub(rhythm_ms).clamp(1, LOOK_MS));
        tokio::select! {
            heard = feed.heard() => heard?,
            () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
            _ = resized.recv() => {}
            () = ended_by(&mut keys) => return Ok(End::Asked),
            () = signals.end() => return Ok(End::Asked),
        }
    }
}

/// Returns when a key ends the watching, or no key can come any more.
async fn ended_by(keys: &mut mpsc::Receiver<u8>) {
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    while let Some(key) = keys.recv().await {
        // On a Russian keyboard the key that bears q writes й: its second byte.
        if matches!(key, b'q' | b'Q' | CTRL_C | CTRL_D | 0xB9) {
            return;
        }
    }
}

/// By what the system ends this process.
pub(in crate::cli) struct Signals {
    interrupted: Signal,
    terminated: Signal,
    hung_up: Signal,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system does not let it.
    pub(in crate::cli) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt())?,
            terminated: signal(SignalKind::terminate())?,
            hung_up: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when this process is to end.
    pub(in crate::cli) async fn end(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
            _ = self.hung_up.recv() => {}
        }
    }
}

/// A scene that was told so long ago, as it is to be shown.
fn aged(scene: &Scene, silent_ms: u64) -> Scene {
    if silent_ms < STALE_MS {
        return scene.clone();
    }
    let since_s = u32::try_from(silent_ms / 1_000).unwrap_or(u32::MAX);
    Scene { link: Link::Stale { since_s }, ..scene.clone() }
}

/// This process's own time, in milliseconds.
pub(in crate::cli) fn now_ms() -> u64 {
    clock::monotonic_us() / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_what_the_environment_says() {
        assert_eq!(Colours::of(None, Some("truecolor")), Colours::True);
        assert_eq!(Colours::of(Some(""), Some("24bit")), Colours::True, "an empty NO_COLOR says nothing");
        assert_eq!(Colours::of(Some("1"), Some("truecolor")), Colours::Grey);
        assert_eq!(Colours::of(None, Some("yes")), Colours::Of256);
        assert_eq!(Colours::of(None, None), Colours::Of256);
    }

    #[test]
    fn a_scene_is_old_after_five_seconds_of_silence() {
        let scene = Scene { link: Link::Live, ..Scene::default() };
        assert_eq!(aged(&scene, STALE_MS - 1).link, Link::Live);
        assert_eq!(aged(&scene, STALE_MS).link, Link::Stale { since_s: 5 });
        assert_eq!(aged(&scene, 61_999).link, Link::Stale { since_s: 61 });
    }
}
