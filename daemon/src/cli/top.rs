//! `andonctl top`: the desk, live, for whoever keeps it: alarms, terms that run out, the queue, over SSH.
//!
//! What is shown and what keys do is the [`View`]'s, which is pure; this feeds it. What the wall shows comes as the wall
//! tells it, the rest is asked for every second, in a thread of its own: a daemon that hangs stops no key.

mod asked;
mod draw;
mod key;
#[cfg(test)]
mod tests;
mod view;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use self::asked::{Asker, PATHS};
use self::view::{Order, View};
use super::Io;
use super::board::length;
use super::board::watch::feed::Feed;
use super::board::watch::{Signals, now_ms};
use super::control::ControlError;
use super::error::CliError;
use super::terminal::{self, Terminal};

/// The screen is drawn anew at least so often, in milliseconds: terms count down by the second.
const LOOK_MS: u64 = 1_000;

/// Show alarms, terms that run out and the queue, live, in this terminal; q ends it.
///
/// The keys are told at the foot: an alarm is chosen and taken, the buzzer silenced or muted. When the daemon goes it says
/// so, and goes on when it is back. Where the output is no terminal it is refused; with --json what it would show is told
/// once. Without colours where `NO_COLOR` is set.
#[derive(Debug, Args)]
pub(super) struct Top {
    /// How long the key m mutes the buzzer, such as 30m or 1h30m; at most 24h
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = length)]
    mute: String,
}

impl Top {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        if io.json {
            let [board, queue] = PATHS.map(|path| io.control.get(path).map(|answer| answer.json));
            return io.json(&json!({ "board": board?, "queue": queue? }));
        }
        let is_dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
        if is_dumb || !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
            let told = "top needs a terminal that can be drawn on (ssh -t gives one; TERM=dumb is none); status, alarm list and queue list tell the same as text";
            return Err(CliError::Refused(told.to_owned()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ControlError::Start)?;
        let is_coloured = std::env::var_os("NO_COLOR").is_none_or(|said| said.is_empty());
        let shown = runtime.block_on(async {
            // Whoever names a wrong socket is told so at once; a daemon that goes later is waited for.
            let feed = Feed::open(io.control.clone()).await?;
            let asker = Asker::start(io.control.clone(), &self.mute)?;
            show(feed, asker, io, is_coloured).await
        });
        // Neither a key that nobody presses is waited for, nor an answer.
        runtime.shutdown_background();
        shown.map(|()| ExitCode::SUCCESS)
    }
}

/// Shows the desk until somebody ends it.
async fn show(mut feed: Feed, mut asker: Asker, io: &mut Io<'_>, is_coloured: bool) -> Result<(), CliError> {
    let (mut signals, mut resized) = (Signals::new()?, signal(SignalKind::window_change())?);
    feed.heard().await?;
    let mut keys = key::keys()?;
    let mut size = terminal::size()?;
    let backend = CrosstermBackend::new(Terminal::enter(io.out)?);
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
    let mut screen = ratatui::Terminal::with_options(backend, TerminalOptions { viewport })?;
    let mut view = View::default();
    loop {
        // A terminal that is none's own, as one that `script` made, tells nobody that its size changed: it is asked.
        let now = terminal::size()?;
        if now != size {
            size = now;
            screen.resize(Rect::new(0, 0, size.0, size.1))?;
        }
        view.scene = feed.now().0;
        screen.draw(|frame| draw::draw(&view, now_ms(), frame, is_coloured))?;
        tokio::select! {
            heard = feed.heard() => heard?,
            news = asker.news() => view.told(news, now_ms()),
            () = tokio::time::sleep(Duration::from_millis(LOOK_MS)) => {}
            _ = resized.recv() => {}
            key = keys.recv() => match key.map(|key| view.press(key, now_ms())) {
                None | Some(Some(Order::Quit)) => return Ok(()),
                Some(Some(Order::Ask(what))) => asker.order(what),
                Some(None) => {}
            },
            () = signals.end() => return Ok(()),
        }
    }
}
