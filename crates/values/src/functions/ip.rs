//! Functions of IP addresses. What is no address gives 0.
//!
//! Decisions: private are the networks for private use (RFC 1918, and unique local ones of IPv6); reserved are all
//! other special networks; public is the rest.

use std::net::{IpAddr, Ipv4Addr};

use corelog_insights::Function;

use super::flag;
use crate::coerce;
use crate::value::Value;

const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
const RESERVED: [&str; 19] = [
    "0.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b::/96",
    "100::/64",
    "2001:db8::/32",
    "fe80::/10",
    "ff00::/8",
];

pub(super) fn call(function: Function, values: &[Value<'_>]) -> Option<Value<'static>> {
    let text = values.first().and_then(coerce::text).unwrap_or_default();
    let address: Option<IpAddr> = text.parse().ok();
    let is_v4 = address.is_some_and(|address| address.is_ipv4());
    let is_v6 = address.is_some_and(|address| address.is_ipv6());
    let subnet = values.get(1).and_then(coerce::text).unwrap_or_default();
    let is_inside = address.is_some_and(|address| is_in(address, &subnet));
    let is_any =
        |nets: &[&str]| address.is_some_and(|address| nets.iter().any(|net| is_in(address, net)));
    let answer = match function {
        Function::IsValidIp => address.is_some(),
        Function::IsValidIpV4 => is_v4,
        Function::IsValidIpV6 => is_v6,
        Function::IsIpInSubnet => is_inside,
        Function::IsIpv4InSubnet => is_v4 && is_inside,
        Function::IsIpv6InSubnet => is_v6 && is_inside,
        Function::IsPrivateIp => is_any(&PRIVATE),
        Function::IsReservedIp => is_any(&RESERVED),
        Function::IsPublicIp => address.is_some() && !is_any(&PRIVATE) && !is_any(&RESERVED),
        Function::Ipv4ToNumber => {
            let number = text.parse::<Ipv4Addr>().ok().map(u32::from);
            return number.map(|number| Value::int(i64::from(number)));
        }
        _ => return None,
    };
    Some(flag(answer))
}

/// Whether an address is in a network, such as `10.0.0.0/8`, or is the address written there.
pub fn is_in(address: IpAddr, network: &str) -> bool {
    prefix_length(address, network).is_some()
}

/// How many leading bits the network shares with an address in it.
pub fn prefix_length(address: IpAddr, network: &str) -> Option<u32> {
    let network = Network::read(network)?;
    let is_v4 = address.is_ipv4();
    let leading = Network::leading_of(bits(address), is_v4, network.length);
    (is_v4 == network.is_v4 && leading == network.leading()).then_some(network.length)
}

/// A network such as `10.0.0.0/8`, or a single address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    pub(crate) is_v4: bool,
    /// How many bits its addresses share.
    pub(crate) length: u32,
    base: u128,
}

impl Network {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (base, length) = text.split_once('/').unwrap_or((text, ""));
        let base: IpAddr = base.parse().ok()?;
        let is_v4 = base.is_ipv4();
        let width = Self::width(is_v4);
        let length = if length.is_empty() {
            width
        } else {
            length.parse().ok()?
        };
        (length <= width).then_some(Self {
            is_v4,
            length,
            base: bits(base),
        })
    }

    fn width(is_v4: bool) -> u32 {
        if is_v4 { 32 } else { 128 }
    }

    /// The bits that its addresses share.
    pub(crate) fn leading(&self) -> u128 {
        Self::leading_of(self.base, self.is_v4, self.length)
    }

    /// The first bits of an address.
    pub(crate) fn leading_of(bits: u128, is_v4: bool, length: u32) -> u128 {
        let rest = Self::width(is_v4).saturating_sub(length);
        bits.checked_shr(rest).unwrap_or(0)
    }
}

/// An address as a number.
pub(crate) fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}
