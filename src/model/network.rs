//! Networks of clients.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Returns the network that a client counts by: an IPv4 address, or an IPv6 /64 network, of which one
/// client can choose any address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Parses a network, such as `10.0.0.0/8`, or a single address.
pub fn parse_network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(address)
}

/// Returns whether an address is in one of several networks. An IPv4 address within IPv6 is that of IPv4.
pub fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address.to_canonical()))
}

/// Returns whether an address is of the public internet: in no range that the IANA registries of
/// special-purpose addresses (RFC 6890) mark as not globally reachable, and no multicast address.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_benchmark = a == 198 && (18..20).contains(&b);
    let is_protocol = (a, b, c) == (192, 0, 0);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || is_shared
        || is_benchmark
        || is_protocol
        || a == 0
        || a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // An address of IPv4 behind one of IPv6: NAT64 (64:ff9b::/96) and 6to4 (2002::/16).
    let bits = address.to_bits();
    let embedded = match (first, second) {
        (0x64, 0xff9b) => u32::try_from(bits & 0xffff_ffff).ok(),
        (0x2002, _) => u32::try_from(bits >> 80 & 0xffff_ffff).ok(),
        _ => None,
    };
    if let Some(embedded) = embedded {
        return is_public_v4(Ipv4Addr::from_bits(embedded));
    }
    // 2000::/3 is all that is given out, but for documentation and Teredo.
    let is_given_out = first & 0xe000 == 0x2000;
    let is_special = first == 0x2001 && (second < 0x200 || second == 0xdb8) || first == 0x3fff;
    is_given_out && !is_special
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("8.8.8.8 1.1.1.1 100.128.0.1 172.32.0.1 2606:4700::1111 ::ffff:8.8.8.8", true)]
    #[case("0.0.0.0 10.1.2.3 100.64.0.1 127.9.9.9 169.254.169.254 172.16.0.1 192.0.0.8", false)]
    #[case("192.168.1.1 198.18.0.1 203.0.113.7 224.0.0.1 240.0.0.1 255.255.255.255", false)]
    #[case(":: ::1 fe80::1 fc00::1 fd12::1 ff02::1 ::ffff:127.0.0.1 2001:db8::1", false)]
    #[case("64:ff9b::a00:1 2002:7f00:1::1 ::7f00:1 2001::1", false)]
    #[case("64:ff9b::808:808 2002:808:808::1", true)]
    fn public_address_is_none_of_a_special_range(#[case] addresses: &str, #[case] expected: bool) {
        for address in addresses.split(' ') {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }
}
