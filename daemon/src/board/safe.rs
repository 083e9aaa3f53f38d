//! What is left to see when no daemon drives the wall: a picture that says so, and lamps that need a person.

use calendars::Tz;
use firmware_board::{Link, Scene, Signals};

use super::beacon::BeaconPart;
use super::brightness::Brightness;
use super::panels::Panels;
use super::scene::{Room, clock_text};
use super::trace::Trace;
use crate::clock;
use crate::config::Board;

/// Leaves the wall as it is to be while nothing is watched. For when the daemon was killed and could not; whoever calls it
/// has made sure that no daemon runs. Gives what could not be left so, by part.
///
/// # Errors
/// When the system gives no thread for a panel.
pub fn leave_safe(board: &Board, zone: Tz, trace: &Trace) -> std::io::Result<Vec<(String, String)>> {
    let brightness = Brightness::of(board);
    // The lamps first: a panel takes its time.
    let left = BeaconPart::new(board, brightness.strip(), trace.clone()).leave(Signals::SAFE);
    trace.flush();
    let panels = Panels::start(board, &brightness, trace)?;
    let Room { site, language } = Room { site: board.site.clone(), language: board.language };
    let at_text = clock_text(clock::now(), zone);
    let scene =
        Scene { at_text, link: Link::Stopped, signals: Signals::SAFE, language, site, ..Scene::default() };
    panels.show(&scene, 0);
    let failed = panels.stop();
    trace.flush();
    let lamps = left.and_then(Result::err).map(|text| ("signals".to_owned(), text));
    Ok(lamps.into_iter().chain(failed).collect())
}
