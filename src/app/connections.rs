//! Caps of open connections, in total and per client address, so that idle or half-sent requests
//! exhaust neither the open files nor the memory of the process.

use std::any::Any;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use rustix::net::sockopt::set_tcp_user_timeout;
use rustix::net::{Shutdown, shutdown};
use tracing::warn;

use crate::app::config::ServerConfig;
use crate::model::network::network;

/// Open files that are left to the store, the log and the runtime.
const RESERVED_FILES: u64 = 128;

/// Time for which a client may take no bytes, in milliseconds. The web server waits for it without a
/// limit, also after the end of a response.
const UNREAD_TIMEOUT: u32 = 20_000;

/// Shortest time between two warnings of refused connections.
const WARNING_PERIOD: Duration = Duration::from_mins(1);

/// The open connections of a web server.
#[derive(Clone)]
pub(super) struct Connections(Arc<Shared>);

struct Shared {
    max_total: usize,
    max_per_address: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    per_address: HashMap<IpAddr, usize>,
    /// Number of refused connections since the last warning of them.
    refused: u64,
    warned: Option<Instant>,
}

/// A connection that counts until this is dropped.
struct Admitted {
    connections: Connections,
    address: IpAddr,
}

impl Connections {
    /// Caps connections as configured, or below the limit of open files when that is lower.
    pub(super) fn new(config: &ServerConfig, open_files: u64) -> Self {
        let possible = open_files.saturating_sub(RESERVED_FILES).max(1);
        let possible = usize::try_from(possible).unwrap_or(usize::MAX);
        let max_total = config.max_connections.min(possible);
        if max_total < config.max_connections {
            warn!(
                max_connections = max_total,
                open_files, "the limit of open files lowers max_connections; raise `ulimit -n`"
            );
        }
        // One address never takes all connections, unless it is configured to: a proxy does.
        let share = config.max_connections_per_address.saturating_mul(max_total);
        let max_per_address = (share / config.max_connections).max(1);
        Self(Arc::new(Shared { max_total, max_per_address, open: Mutex::default() }))
    }

    pub(super) fn max_total(&self) -> usize {
        self.0.max_total
    }

    /// Counts a new connection, and closes it when it exceeds a cap.
    pub(super) fn admit(&self, connection: &dyn Any, extensions: &mut Extensions) {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
        // Without the option, the connection of such a client just stays open.
        let _ = set_tcp_user_timeout(stream, UNREAD_TIMEOUT);
        // A peer that is gone already has no address, and no connection to close.
        let Ok(peer) = stream.peer_addr() else { return };
        if let Some(admitted) = self.count(network(peer.ip())) {
            extensions.insert(admitted);
        } else {
            self.warn_of_refusals();
            // The server reads the end of the connection, and drops it.
            let _ = shutdown(stream, Shutdown::Both);
        }
    }

    /// Logs refusals, once per [`WARNING_PERIOD`].
    fn warn_of_refusals(&self) {
        let mut open = self.open();
        open.refused += 1;
        if open.warned.is_none_or(|at| at.elapsed() > WARNING_PERIOD) {
            open.warned = Some(Instant::now());
            let (refused, total) = (std::mem::take(&mut open.refused), open.total);
            warn!(refused, open = total, "connections refused; a cap of connections is reached");
        }
    }

    fn count(&self, address: IpAddr) -> Option<Admitted> {
        let mut open = self.open();
        let of_address = open.per_address.get(&address).copied().unwrap_or_default();
        if open.total >= self.0.max_total || of_address >= self.0.max_per_address {
            return None;
        }
        open.total += 1;
        open.per_address.insert(address, of_address + 1);
        Some(Admitted { connections: self.clone(), address })
    }

    /// Returns whether more than half of a cap is in use, so that idle connections are in the way.
    fn is_crowded(&self, address: Option<IpAddr>) -> bool {
        let open = self.open();
        let of_address = address.and_then(|address| open.per_address.get(&network(address)));
        open.total > self.0.max_total / 2
            || of_address.is_some_and(|count| *count > self.0.max_per_address / 2)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.total -= 1;
        if let Some(count) = open.per_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.per_address.remove(&self.address);
            }
        }
    }
}

/// Closes each connection after its response while the server is crowded, instead of keeping it
/// alive.
pub(super) async fn close_when_crowded(
    connections: Connections,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let address = request.peer_addr().map(|peer| peer.ip());
    let mut response = next.call(request).await?;
    // An upgraded connection is no longer one of requests and responses.
    let is_upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if !is_upgraded && connections.is_crowded(address) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(max_total: usize, max_per_address: usize) -> Connections {
        Connections(Arc::new(Shared { max_total, max_per_address, open: Mutex::default() }))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    #[test]
    fn connection_beyond_either_cap_is_refused_until_another_ends() {
        let connections = connections(3, 2);
        let first = connections.count(address(1)).unwrap();
        let second = connections.count(address(1)).unwrap();
        assert!(connections.count(address(1)).is_none());
        let third = connections.count(address(2)).unwrap();
        assert!(connections.count(address(3)).is_none());
        drop(first);
        assert!(connections.count(address(3)).is_some());
        drop((second, third));
        let open = connections.open();
        assert_eq!((open.total, open.per_address.len()), (0, 0));
    }

    #[test]
    fn network_of_an_ipv6_client_counts_as_one_address() {
        let parse = |address: &str| network(address.parse().unwrap());
        assert_eq!(parse("2001:db8::1"), parse("2001:db8::ffff:0:0:2"));
        assert_ne!(parse("2001:db8::1"), parse("2001:db8:0:1::1"));
        assert_eq!(parse("::ffff:127.0.0.1"), address(1));
        assert_ne!(address(1), network(address(2)));
    }

    #[test]
    fn server_is_crowded_above_half_of_either_cap() {
        let connections = connections(10, 2);
        let first = connections.count(address(1)).unwrap();
        assert!(!connections.is_crowded(Some(address(1))));
        let second = connections.count(address(1)).unwrap();
        assert!(connections.is_crowded(Some(address(1))));
        assert!(!connections.is_crowded(Some(address(2))));
        let others: Vec<_> = (2..6).map(|last| connections.count(address(last))).collect();
        assert!(connections.is_crowded(Some(address(9))));
        drop((first, second, others));
    }
}
