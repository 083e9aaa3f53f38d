//! Places for connections: how many there are, and how many one address has.
//!
//! When an address has its share, its newcomer gets the place of the oldest of it over which no token has come in; where
//! there is none, the newcomer is hung up at once. So nobody who has no token keeps out those behind the same address who
//! have one. When all places are taken, the newcomer is let in before the address that has most, likewise: so a host that
//! holds hundreds open keeps nobody out.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::access::network::Network;
use super::HangUp;
use crate::config::Serving;

/// The places of one door.
#[derive(Clone, Debug)]
pub(super) struct Places {
    limits: Serving,
    taken: Arc<Mutex<Taken>>,
}

/// Who is there, by where they come from and in the order in which they came.
#[derive(Debug, Default)]
struct Taken {
    total: usize,
    next: u64,
    by_network: HashMap<Network, BTreeMap<u64, HangUp>>,
}

/// One place; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    taken: Arc<Mutex<Taken>>,
    network: Network,
    id: u64,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The address has its share.
    Address,
    /// All are taken, and nobody has more than the newcomer would.
    Room,
}

impl Places {
    pub(super) fn new(limits: Serving) -> Self {
        Self { limits, taken: Arc::default() }
    }

    /// A place for a connection from an address. `hang_up` ends it where another is let in before it.
    pub(super) fn take(&self, address: IpAddr, hang_up: &HangUp) -> Result<Place, Full> {
        let network = Network::from(address);
        let mut taken = lock(&self.taken);
        let own = taken.by_network.get(&network).map_or(0, BTreeMap::len);
        if own >= self.limits.connections_per_address {
            let tokenless = taken.oldest_tokenless(network).ok_or(Full::Address)?;
            taken.give_up(network, tokenless);
        } else if taken.total >= self.limits.connections && !taken.give_up_one(own + 1) {
            return Err(Full::Room);
        }
        let id = taken.next;
        taken.next += 1;
        taken.total += 1;
        taken.by_network.entry(network).or_default().insert(id, hang_up.clone());
        Ok(Place { taken: Arc::clone(&self.taken), network, id })
    }
}

impl Taken {
    /// Hangs up a connection of whoever has most, if that is more than `than`: the oldest without a token, else the oldest.
    fn give_up_one(&mut self, than: usize) -> bool {
        let most = self.by_network.iter().max_by_key(|(_, places)| places.len());
        let Some((network, places)) = most.filter(|(_, places)| places.len() > than) else { return false };
        let (network, oldest) = (*network, places.first_key_value().map(|(id, _)| *id));
        if let Some(id) = self.oldest_tokenless(network).or(oldest) {
            self.give_up(network, id);
        }
        true
    }

    /// The connection of a network that has been there longest without a token.
    fn oldest_tokenless(&self, network: Network) -> Option<u64> {
        let mut places = self.by_network.get(&network)?.iter();
        places.find(|(_, hang_up)| !hang_up.has_token()).map(|(id, _)| *id)
    }

    fn give_up(&mut self, network: Network, id: u64) {
        if let Some(hang_up) = self.leave(network, id) {
            hang_up.now();
        }
    }

    /// Frees a place; nothing where it was given up before.
    fn leave(&mut self, network: Network, id: u64) -> Option<HangUp> {
        let places = self.by_network.get_mut(&network)?;
        let left = places.remove(&id)?;
        if places.is_empty() {
            self.by_network.remove(&network);
        }
        self.total -= 1;
        Some(left)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.taken).leave(self.network, self.id);
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn places(connections: usize, connections_per_address: usize) -> Places {
        Places::new(Serving { connections, connections_per_address })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn is_hung_up(hang_up: &HangUp) -> bool {
        pin!(hang_up.told()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    fn with_token() -> HangUp {
        let hang_up = HangUp::default();
        hang_up.is_of_a_token();
        hang_up
    }

    #[test]
    fn who_has_no_token_keeps_nobody_out_behind_the_same_address() {
        let (places, near) = (places(10, 3), address("10.0.0.1"));
        let told = [HangUp::default(), with_token(), HangUp::default()];
        let held = told.each_ref().map(|told| places.take(near, told).expect("there is room"));
        let good = with_token();
        let one = places.take(near, &good).expect("before the oldest without a token");
        assert_eq!(told.each_ref().map(is_hung_up), [true, false, false]);
        let two = places.take(near, &good).expect("before the other without one");
        assert_eq!(told.each_ref().map(is_hung_up), [false, false, true]);
        assert_eq!(
            places.take(near, &HangUp::default()).map(drop),
            Err(Full::Address),
            "all have tokens now"
        );
        assert!(!is_hung_up(&told[1]) && !is_hung_up(&good));
        drop((held, one, two));
        assert!(lock(&places.taken).by_network.is_empty());
    }

    #[test]
    fn an_address_has_its_share_and_no_more_and_gets_places_back() {
        let (places, told) = (places(10, 2), with_token());
        let bad = address("10.0.0.1");
        let first = places.take(bad, &told).expect("there is room");
        let _second = places.take(bad, &told).expect("there is room");
        assert_eq!(places.take(bad, &told).map(drop), Err(Full::Address));
        assert_eq!(places.take(address("::ffff:10.0.0.1"), &told).map(drop), Err(Full::Address));
        places.take(address("10.0.0.2"), &told).expect("another has a share of its own");
        drop(first);
        places.take(bad, &told).expect("one is free again");
    }

    #[test]
    fn a_host_does_not_get_more_by_taking_other_addresses_of_its_own_network() {
        let (places, told) = (places(10, 1), with_token());
        let _one = places.take(address("2001:db8:1:2::1"), &told).expect("there is room");
        assert_eq!(places.take(address("2001:db8:1:2:ffff::9"), &told).map(drop), Err(Full::Address));
        places.take(address("2001:db8:1:3::1"), &told).expect("another network is another caller");
    }

    #[test]
    fn when_all_are_taken_whoever_has_most_gives_up_its_oldest() {
        let places = places(4, 4);
        let (bad, good) = (address("10.0.0.1"), address("10.0.0.2"));
        let told: Vec<_> = (0..4).map(|_| HangUp::default()).collect();
        let held: Vec<_> = told.iter().map(|told| places.take(bad, told).expect("there is room")).collect();
        let kept = HangUp::default();
        let one = places.take(good, &kept).expect("before the one that has most");
        assert_eq!(told.iter().map(is_hung_up).collect::<Vec<_>>(), [true, false, false, false]);
        let two = places.take(good, &kept).expect("3 are more than 2");
        assert_eq!(told.iter().map(is_hung_up).collect::<Vec<_>>(), [false, true, false, false]);
        assert_eq!(places.take(good, &kept).map(drop), Err(Full::Room), "2 are not more than 3");
        assert_eq!(places.take(bad, &kept).map(drop), Err(Full::Room));
        assert!(!is_hung_up(&kept));
        drop((held, one, two));
        assert_eq!(lock(&places.taken).total, 0, "those that were given up are not counted twice");
        assert!(lock(&places.taken).by_network.is_empty());
    }
}
