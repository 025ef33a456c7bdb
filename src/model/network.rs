//! Networks of clients.

use std::net::{IpAddr, Ipv6Addr};

/// Returns the network that a client counts by: an IPv4 address, or an IPv6 /64 network, of which one
/// client can choose any address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}
