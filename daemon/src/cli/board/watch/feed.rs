//! The scenes as they come from the daemon; where it goes, it is waited for.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::{STALE_MS, aged, now_ms};
use crate::board::live::Shown;
use crate::cli::control::{Control, ControlError};
use firmware_board::Scene;

const PATH: &str = "/board/stream";
/// How long after the daemon went it is asked again, in milliseconds: the first time, and at most.
const RETRY_MIN_MS: u64 = 250;
const RETRY_MAX_MS: u64 = 5_000;
/// A stream that says nothing for so long is opened anew, in milliseconds.
const SILENT_MS: u64 = 8_000;
/// How many scenes wait for a terminal that is slow; the newest is what is drawn.
const AHEAD_MAX: usize = 16;

/// The newest scene, and when it came.
pub(in crate::cli) struct Feed {
    scenes: mpsc::Receiver<Result<Shown, ControlError>>,
    newest: Shown,
    /// When it was heard, by this process's own clock.
    heard_ms: u64,
}

impl Feed {
    /// Begins to listen.
    ///
    /// # Errors
    /// The daemon cannot be reached, or does not let anybody follow.
    pub(in crate::cli) async fn open(control: Control) -> Result<Self, ControlError> {
        let stream = control.stream(PATH).await?;
        let (to, scenes) = mpsc::channel(AHEAD_MAX);
        tokio::spawn(listen(control, stream, to));
        Ok(Self { scenes, newest: Shown::default(), heard_ms: now_ms() })
    }

    /// Waits for a scene.
    ///
    /// # Errors
    /// What comes cannot be understood.
    pub(in crate::cli) async fn heard(&mut self) -> Result<(), ControlError> {
        let Some(newest) = self.scenes.recv().await else { return std::future::pending().await };
        self.newest = newest?;
        while let Ok(newer) = self.scenes.try_recv() {
            self.newest = newer?;
        }
        self.heard_ms = now_ms();
        Ok(())
    }

    /// The scene as it is to be shown now, and where the wall's flashing stands.
    pub(in crate::cli) fn now(&self) -> (Scene, u64) {
        let silent_ms = now_ms() - self.heard_ms;
        (aged(&self.newest.scene, silent_ms), self.newest.rhythm_ms + silent_ms)
    }

    /// Returns when the scene has become old, and every second from then on.
    pub(in crate::cli) fn grown_old(&self) -> impl Future<Output = ()> + use<> {
        let silent_ms = now_ms() - self.heard_ms;
        let wait_ms = if silent_ms < STALE_MS { STALE_MS - silent_ms } else { 1_000 - silent_ms % 1_000 };
        tokio::time::sleep(Duration::from_millis(wait_ms))
    }
}

/// Passes on what comes, and asks again where nothing comes any more.
async fn listen(control: Control, mut stream: Incoming, to: mpsc::Sender<Result<Shown, ControlError>>) {
    let mut retry_ms = RETRY_MIN_MS;
    loop {
        let mut events = Events::default();
        while let Ok(Some(Ok(frame))) =
            tokio::time::timeout(Duration::from_millis(SILENT_MS), stream.frame()).await
        {
            let Ok(piece) = frame.into_data() else { continue };
            for data in events.take(&piece) {
                let shown = serde_json::from_str(&data)
                    .map_err(|source| ControlError::Unreadable { path: PATH.to_owned(), source });
                retry_ms = RETRY_MIN_MS;
                if to.send(shown).await.is_err() {
                    return;
                }
            }
        }
        stream = loop {
            tokio::time::sleep(Duration::from_millis(retry_ms)).await;
            retry_ms = (retry_ms * 2).min(RETRY_MAX_MS);
            if let Ok(stream) = control.stream(PATH).await {
                break stream;
            }
        };
    }
}

/// Server-sent events, put together from what comes.
#[derive(Default)]
struct Events(Vec<u8>);

impl Events {
    /// The data of the scenes that are whole now.
    fn take(&mut self, piece: &[u8]) -> Vec<String> {
        self.0.extend_from_slice(piece);
        let mut scenes = Vec::new();
        while let Some(end) = self.0.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.0.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event);
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            if field("event: ") == Some("scene")
                && let Some(data) = field("data: ")
            {
                scenes.push(data.to_owned());
            }
        }
        scenes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_found_however_the_bytes_are_cut() {
        let wire = "event: page\ndata: abc\n\n: a comment\n\nevent: scene\ndata: {\"a\":\"ё\"}\n\nevent: scene\ndata: 2\n\nevent: sc";
        for size in 1..wire.len() {
            let mut events = Events::default();
            let scenes: Vec<_> = wire.as_bytes().chunks(size).flat_map(|piece| events.take(piece)).collect();
            assert_eq!(scenes, ["{\"a\":\"ё\"}", "2"], "in pieces of {size}");
        }
    }
}
