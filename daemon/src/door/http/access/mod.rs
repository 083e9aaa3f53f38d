//! Who comes in, how often, and who does not: what both doors know of their callers.
//!
//! Nothing here decides what a caller may do; that is the desk's. What is here keeps hostile and broken callers cheap: how
//! often an address and a token may ask ([`rates`]), what becomes of those who show tokens that nobody knows
//! ([`lockouts`]), what is told of denied calls ([`denials`]), and when each token was used last ([`last_uses`]). All of it
//! is bounded ([`network::NETWORKS_MAX`]), and nothing of it is asked at the socket of `andonctl`.

pub(super) mod denials;
pub(super) mod last_uses;
mod lockouts;
pub(super) mod network;
mod rates;

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use calendars::Timestamp;
use smol_str::SmolStr;

use self::denials::{Denial, Denials, Line, Origin, TOLD_EVERY_S, Who};
use self::last_uses::{KEPT_EVERY_S, LastUse, LastUses};
use self::lockouts::Lockouts;
use self::network::Network;
use self::rates::{Monotonic, Rates};
use super::serving::Peer;
use crate::clock::monotonic_us;
use crate::config::Limits;
use crate::run::tokens::Tokens;
use crate::run::{Handle, View};

/// Where lines of denied calls go: `journalctl TARGET=andon::audit`.
const TARGET: &str = "andon::audit";

/// What both doors know of their callers.
pub struct Access {
    rates: RwLock<Arc<TheirRates>>,
    lockouts: Mutex<Lockouts>,
    denials: Mutex<Denials>,
    last_uses: LastUses,
}

/// How often addresses and tokens may ask.
struct TheirRates {
    addresses: Rates<Network>,
    tokens: Rates<SmolStr>,
}

impl TheirRates {
    fn of(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            addresses: Rates::new(limits.per_address(), Monotonic),
            tokens: Rates::new(limits.per_token(), Monotonic),
        })
    }
}

impl Access {
    /// Under these limits; when tokens were used last is kept in the state directory.
    pub fn open(limits: &Limits, state_dir: &Path) -> Arc<Self> {
        Arc::new(Self {
            rates: RwLock::new(TheirRates::of(limits)),
            lockouts: Mutex::new(Lockouts::new()),
            denials: Mutex::default(),
            last_uses: LastUses::open(state_dir),
        })
    }

    /// Other limits hold from now on; what was asked under those before is forgotten.
    pub fn limit(&self, limits: &Limits) {
        *self.rates.write().unwrap_or_else(PoisonError::into_inner) = TheirRates::of(limits);
    }

    fn rates(&self) -> Arc<TheirRates> {
        Arc::clone(&self.rates.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// An address asks for something.
    ///
    /// # Errors
    /// In how many whole seconds it may, where it has asked too often.
    pub(super) fn address_asks(&self, address: IpAddr) -> Result<(), u32> {
        self.rates().addresses.take(&address.into())
    }

    /// The token of that name is used.
    ///
    /// # Errors
    /// In how many whole seconds it may be, where it was used too often.
    pub(super) fn token_asks(&self, name: &SmolStr) -> Result<(), u32> {
        self.rates().tokens.take(name)
    }

    /// An address has shown a token that nobody knows.
    ///
    /// # Errors
    /// In how many whole seconds it may show the next, where it is locked out.
    pub(super) fn unknown_token(&self, address: IpAddr) -> Result<(), u32> {
        lock(&self.lockouts).unknown_token(address.into(), monotonic_us())
    }

    /// How many networks are locked out at the moment.
    pub(super) fn locked_out(&self) -> usize {
        lock(&self.lockouts).locked_out(monotonic_us())
    }

    /// A token of that sum was let in.
    pub(super) fn token_used(self: &Arc<Self>, hash: &str, from: IpAddr, view: &Arc<View>) {
        if self.last_uses.note(hash, from.to_canonical(), view.now()) {
            // Nothing is kept open for this.
            let (access, view) = (Arc::clone(self), Arc::downgrade(view));
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_secs(KEPT_EVERY_S)).await;
                    let Some(tokens) = view.upgrade().map(|view| view.tokens()) else { return };
                    let access = Arc::clone(&access);
                    let kept = tokio::task::spawn_blocking(move || access.last_uses.keep(&tokens)).await;
                    if !matches!(kept, Ok(true)) {
                        return;
                    }
                }
            });
        }
    }

    /// When a token of that sum was used last.
    pub(super) fn last_use(&self, hash: &str) -> Option<LastUse> {
        self.last_uses.of(hash)
    }

    /// A call was denied, or so many commands of it: it is taken down, and told in the journal.
    pub(super) fn denied(
        self: &Arc<Self>,
        peer: Peer,
        (token, code, times): (Option<SmolStr>, &'static str, u64),
        what: (&'static str, SmolStr),
        at: Timestamp,
    ) {
        let from = peer.0.map_or(Origin::Control, |address| Origin::Network(address.into()));
        let mut denials = lock(&self.denials);
        let nobody_tells = denials.is_quiet();
        let line = denials.note(Who { from, token, code }, what, at, times);
        drop(denials);
        line.iter().for_each(tell);
        if nobody_tells {
            let access = Arc::clone(self);
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_secs(TOLD_EVERY_S)).await;
                    if access.tell_repetitions() {
                        return;
                    }
                }
            });
        }
    }

    /// Tells what came again since it was told. True where there is nothing more to tell.
    fn tell_repetitions(&self) -> bool {
        let mut denials = lock(&self.denials);
        let (lines, is_quiet) = (denials.told(), denials.is_quiet());
        drop(denials);
        lines.iter().for_each(tell);
        is_quiet
    }

    /// The newest denied calls first, at most `limit`.
    pub(super) fn denials(&self, limit: usize) -> Vec<Denial> {
        lock(&self.denials).newest(limit)
    }

    /// How many calls were denied since the start, by code.
    pub(super) fn denials_by_code(&self) -> Vec<(&'static str, u64)> {
        lock(&self.denials).totals().collect()
    }

    /// The daemon ends: what is still to be told is told, and what is still to be kept is kept.
    pub fn end(&self, handle: &Handle) {
        self.tell_repetitions();
        let tokens: Arc<Tokens> = handle.view().tokens();
        self.last_uses.keep(&tokens);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One line in the journal. All that it says is the daemon's own words.
fn tell(Line { denial, untold }: &Line) {
    let Denial { who: Who { from, token, code }, method, route, .. } = denial;
    let name = token.as_ref().map_or("-", SmolStr::as_str);
    let times = if *untold == 1 { String::new() } else { format!(" {untold} times") };
    log::warn!(
        target: TARGET,
        CLIENT_ADDR = from.to_string().as_str(), TOKEN_NAME = name, METHOD = *method, ROUTE = route.as_str(),
        CODE = *code, COUNT = *untold;
        "denied{times}: {method} {route} from {from}, token {name}: {code}"
    );
}
