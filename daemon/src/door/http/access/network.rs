//! Where requests come from, as far as that is remembered.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// How many networks are remembered at most, for each thing that is. The one seen longest ago is forgotten first, and begins
/// anew when it comes again.
pub(in crate::door::http) const NETWORKS_MAX: usize = 4_096;

/// An address of IPv4, or a network of 64 bits of IPv6: whoever has one address there has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::door::http) struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_network_and_an_ipv4_address_is_one_however_it_is_written() {
        for (address, network) in [
            ("192.168.1.7", "192.168.1.7"),
            ("::ffff:192.168.1.7", "192.168.1.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::", "2001:db8:1:3::/64"),
            ("::1", "::/64"),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(Network::from(address).to_string(), network);
        }
    }
}
