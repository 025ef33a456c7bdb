//! Limits of the sockets of one topic in one web process: number and rate.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::contracts::transport::socket::SocketSettings;
use crate::model::clock::Clock;
use crate::model::network::network;

/// Messages between two removals of rates that have recovered.
const SWEEP: u32 = 1_000;

/// The injected clock, as the rate limiters read it.
#[derive(Clone)]
struct Uptime(Arc<dyn Clock>);

impl GovernorClock for Uptime {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.uptime())
    }
}

type Keyed<K> = RateLimiter<K, HashMapStateStore<K>, Uptime, NoOpMiddleware<Nanos>>;

/// Rate of one socket.
pub(super) struct SocketRate(RateLimiter<NotKeyed, InMemoryState, Uptime, NoOpMiddleware<Nanos>>);

/// Limits that all sockets share.
pub(super) struct Limits {
    settings: SocketSettings,
    clock: Uptime,
    addresses: Keyed<IpAddr>,
    rooms: Keyed<String>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    per_address: HashMap<IpAddr, usize>,
    messages: u32,
}

/// Rate that a message exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// The rate of its socket.
    Own,
    /// The rate of its address or room, which others may have used up.
    Shared,
}

/// Place of an open socket, free again when it is dropped.
pub(super) struct Place {
    limits: Arc<Limits>,
    address: IpAddr,
}

impl Limits {
    pub(super) fn new(settings: SocketSettings, clock: Arc<dyn Clock>) -> Arc<Self> {
        let clock = Uptime(clock);
        let addresses = RateLimiter::new(
            per_second(settings.address_rate, settings.address_rate.max(settings.burst)),
            HashMapStateStore::default(),
            clock.clone(),
        );
        let rooms = RateLimiter::new(
            per_second(settings.room_rate, settings.room_rate),
            HashMapStateStore::default(),
            clock.clone(),
        );
        Arc::new(Self { settings, clock, addresses, rooms, open: Mutex::default() })
    }

    /// Takes a place for a socket; `None` when the process or the address has none left.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut open = self.open();
        let of_address = open.per_address.get(&address).copied().unwrap_or_default();
        if open.total >= self.settings.max_sockets
            || of_address >= self.settings.max_sockets_per_address
        {
            return None;
        }
        open.total += 1;
        open.per_address.insert(address, of_address + 1);
        Some(Place { limits: Arc::clone(self), address })
    }

    /// Returns the rate of a new socket.
    pub(super) fn socket_rate(&self) -> SocketRate {
        let quota = per_second(self.settings.rate, self.settings.burst);
        SocketRate(RateLimiter::direct_with_clock(quota, self.clock.clone()))
    }

    /// Takes a message of a socket into account.
    ///
    /// # Errors
    /// The rate that it exceeds.
    pub(super) fn allow(
        &self,
        socket: &SocketRate,
        place: &Place,
        rooms: &[String],
    ) -> Result<(), Excess> {
        self.sweep();
        socket.0.check().map_err(|_| Excess::Own)?;
        self.addresses.check_key(&place.address).map_err(|_| Excess::Shared)?;
        let is_free = |room: &String| self.rooms.check_key(room).is_ok();
        if rooms.iter().all(is_free) { Ok(()) } else { Err(Excess::Shared) }
    }

    /// Forgets rates that have recovered, so that they do not grow with the number of clients.
    fn sweep(&self) {
        let is_due = {
            let mut open = self.open();
            open.messages = (open.messages + 1) % SWEEP;
            open.messages == 0
        };
        if is_due {
            self.addresses.retain_recent();
            self.rooms.retain_recent();
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.limits.open();
        open.total -= 1;
        if let Some(count) = open.per_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.per_address.remove(&self.address);
            }
        }
    }
}

fn per_second(rate: u32, burst: u32) -> Quota {
    let count = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(count(rate)).allow_burst(count(burst))
}
