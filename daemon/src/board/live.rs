//! What the wall shows, for those who follow it from elsewhere: browsers and terminals.
//!
//! The wall's thread tells here what it paints, at least every second. Whoever follows is always given the newest, however
//! many they missed; a wall that paints nothing tells nothing, so that a frozen one is seen as such.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use firmware_board::{Link, Scene, Signals};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::clock;

/// How many may follow at once.
pub const FOLLOWERS_MAX: usize = 32;
/// How many of one address may, so that no host on the network takes all places. A proxy is on loopback, which is not bound
/// by this.
pub const FOLLOWERS_PER_ADDRESS_MAX: usize = 8;
/// A scene that was told so long ago is not shown to somebody who comes now, in microseconds: the wall tells every second.
const FRESH_US: u64 = 3_000_000;

/// A scene as it goes to those who follow.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Shown {
    /// When the flashing of lamps and panels stands at what it shows, in milliseconds: what flashes elsewhere keeps time.
    pub rhythm_ms: u64,
    /// The scene: texts are clean, ages are counted.
    pub scene: Scene,
    /// The same as JSON, once somebody has asked for it.
    #[serde(skip)]
    json: OnceLock<String>,
}

impl Shown {
    fn new(scene: Scene, rhythm_ms: u64) -> Self {
        Self { rhythm_ms, scene, json: OnceLock::new() }
    }

    /// The scene and its time as JSON; it is written once, however many ask.
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| serde_json::to_string(self).expect("a scene is plain data"))
    }

    /// The last that is to be shown of a desk that stops.
    #[must_use]
    pub fn stopped(&self) -> Self {
        let scene = Scene { link: Link::Stopped, signals: Signals::DARK, ..self.scene.clone() };
        Self::new(scene, self.rhythm_ms)
    }
}

/// Where the wall tells what it shows; clones are the same one.
#[derive(Clone, Debug)]
pub struct Live {
    newest: watch::Sender<Option<Arc<Shown>>>,
    places: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            newest: watch::Sender::new(None),
            places: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
            by_address: Arc::default(),
        }
    }
}

impl Live {
    /// Tells what is shown; `rhythm_ms` is the time of its flashing.
    pub fn show(&self, scene: &Scene, rhythm_ms: u64) {
        self.newest.send_replace(Some(Arc::new(Shown::new(scene.clone(), rhythm_ms))));
    }

    /// Follows the wall; none where as many as may do so already, in all or from that address.
    pub fn follow_from(&self, address: IpAddr) -> Option<Follower> {
        if address.to_canonical().is_loopback() {
            return self.follow();
        }
        let share = Share::take(&self.by_address, address)?;
        Some(Follower { _share: Some(share), ..self.follow()? })
    }

    /// Follows the wall; none where as many as may do so already.
    pub fn follow(&self) -> Option<Follower> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let mut newest = self.newest.subscribe();
        newest.mark_changed();
        Some(Follower { newest, told: None, _share: None, _place: place })
    }

    /// How many follow.
    pub fn followers(&self) -> usize {
        FOLLOWERS_MAX - self.places.available_permits()
    }
}

/// Somebody who follows the wall. Their place is free again when this is dropped.
#[derive(Debug)]
pub struct Follower {
    newest: watch::Receiver<Option<Arc<Shown>>>,
    told: Option<Arc<Shown>>,
    _share: Option<Share>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// Waits for what the wall shows that is another scene than the last; none where the wall is gone.
    pub async fn next(&mut self) -> Option<Arc<Shown>> {
        loop {
            self.newest.changed().await.ok()?;
            let Some(newest) = self.newest.borrow_and_update().clone() else { continue };
            let is_known = self.told.as_ref().is_some_and(|told| told.scene == newest.scene);
            let is_old = clock::monotonic_us() > newest.rhythm_ms * 1_000 + FRESH_US;
            if is_known || is_old {
                continue;
            }
            self.told = Some(Arc::clone(&newest));
            return Some(newest);
        }
    }

    /// The last that was told.
    pub fn last(&self) -> Option<&Arc<Shown>> {
        self.told.as_ref()
    }
}

/// One of the places of an address.
#[derive(Debug)]
struct Share {
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Share {
    fn take(by_address: &Arc<Mutex<HashMap<IpAddr, usize>>>, address: IpAddr) -> Option<Self> {
        let mut counts = lock(by_address);
        let own = counts.entry(address).or_default();
        if *own >= FOLLOWERS_PER_ADDRESS_MAX {
            return None;
        }
        *own += 1;
        Some(Self { by_address: Arc::clone(by_address), address })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = lock(&self.by_address);
        if let Some(own) = counts.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

fn lock(by_address: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    by_address.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn scene(site: &str) -> Scene {
        Scene { site: site.to_owned(), ..Scene::default() }
    }

    fn now_ms() -> u64 {
        clock::monotonic_us() / 1_000
    }

    /// What a follower is told now, without waiting.
    fn told(follower: &mut Follower) -> Option<String> {
        match pin!(follower.next()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(shown) => Some(shown.expect("the wall is there").scene.site.clone()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn the_newest_wins_and_the_same_is_not_told_twice() {
        let live = Live::default();
        let mut follower = live.follow().expect("there is room");
        assert_eq!(told(&mut follower), None, "nothing was shown yet");
        live.show(&scene("a"), now_ms());
        live.show(&scene("b"), now_ms());
        assert_eq!(told(&mut follower).as_deref(), Some("b"));
        live.show(&scene("b"), now_ms());
        assert_eq!(told(&mut follower), None);
        assert_eq!(
            told(&mut live.follow().expect("there is room")).as_deref(),
            Some("b"),
            "whoever comes is told"
        );
    }

    #[test]
    fn what_a_frozen_wall_told_last_is_not_shown_as_new() {
        let live = Live::default();
        live.show(&scene("old"), now_ms().saturating_sub(FRESH_US / 1_000 + 10));
        let mut follower = live.follow().expect("there is room");
        // A machine that started a moment ago has no such past.
        if now_ms() > FRESH_US / 1_000 + 10 {
            assert_eq!(told(&mut follower), None);
        }
        live.show(&scene("new"), now_ms());
        assert_eq!(told(&mut follower).as_deref(), Some("new"));
    }

    #[test]
    fn one_host_does_not_take_all_places_and_a_proxy_may() {
        let (live, bad) = (Live::default(), IpAddr::from([10, 0, 0, 1]));
        let mut all: Vec<_> =
            (0..FOLLOWERS_PER_ADDRESS_MAX).map(|_| live.follow_from(bad).expect("there is room")).collect();
        assert!(live.follow_from(bad).is_none());
        assert!(live.follow_from(IpAddr::from([10, 0, 0, 2])).is_some());
        all.pop();
        assert!(live.follow_from(bad).is_some(), "one is free again");
        drop(all);
        assert!(lock(&live.by_address).is_empty());
        let proxied: Vec<_> =
            (0..FOLLOWERS_MAX).map(|_| live.follow_from(IpAddr::from([127, 0, 0, 1]))).collect();
        assert!(proxied.iter().all(Option::is_some));
        assert!(live.follow_from(bad).is_none(), "all are taken");
        assert!(lock(&live.by_address).is_empty(), "who found no place holds none");
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let live = Live::default();
        let mut all: Vec<_> = (0..FOLLOWERS_MAX).map(|_| live.follow().expect("there is room")).collect();
        assert!(live.follow().is_none());
        all.pop();
        assert_eq!(live.followers(), FOLLOWERS_MAX - 1);
        assert!(live.follow().is_some());
    }
}
