//! Addresses of people, and groups, the mailboxes that keep messages in order.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::model::phone;
use crate::model::sealed::SealKey;
use crate::model::token::TokenKey;
use crate::model::topic::TopicName;

/// Name of the transport whose addresses are sessions and rooms.
pub const WEBSOCKET: &str = "websocket";

/// Phone number, or another identifier that a provider uses for a person or a line.
///
/// `Debug` and `Display` show the last two characters only, so that a number cannot reach a log by
/// accident. [`Identity::reveal`] returns it in full.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(String);

impl Identity {
    pub fn new(identity: impl Into<String>) -> Self {
        Self(identity.into())
    }

    /// The full identity. Never log it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.chars().count();
        // Two of the five digits of a short code would reveal too much.
        let shown = if length >= 8 { 2 } else { 0 };
        f.write_str("***")?;
        self.0.chars().skip(length - shown).try_for_each(|c| write!(f, "{c}"))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Person as one transport sees them: the transport, their identity there, and the line (the number of
/// the service) that they wrote to, so that a reply leaves from the number that they texted.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    pub transport: String,
    pub identity: Identity,
    pub line: Identity,
}

impl Address {
    pub fn new(transport: &str, identity: &str, line: &str) -> Self {
        Self {
            transport: transport.to_owned(),
            identity: Identity::new(identity),
            line: Identity::new(line),
        }
    }

    /// Address of a room of a topic: every socket that is subscribed to it.
    pub fn room(topic: &TopicName, name: &str) -> Self {
        Self::new(WEBSOCKET, &format!("#{name}"), topic.as_str())
    }

    /// Returns the address of the same person on no line in particular.
    #[must_use]
    pub fn without_line(&self) -> Self {
        Self { line: Identity::new(""), ..self.clone() }
    }

    /// Returns the same person on no line in particular; one with a phone number is the same one by every
    /// transport and channel.
    fn person(&self) -> Self {
        let number = Some(&self.identity).filter(|_| !self.is_socket());
        match number.and_then(|identity| phone::number(identity.reveal())) {
            Some(number) => Self::new("", &number, ""),
            None => self.without_line(),
        }
    }

    /// Returns whether both are the same person, whose [`GroupKey::person`] is one.
    pub fn is_same_person(&self, other: &Self) -> bool {
        self.person() == other.person()
    }

    /// Returns whether this is a session or a room of sockets, not a phone.
    pub fn is_socket(&self) -> bool {
        self.transport == WEBSOCKET
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} on {}", self.transport, self.identity, self.line)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Id of a mailbox, whose messages are handled in order: a person's, or a named one such as the
/// lobby's.
///
/// A person's group is a keyed hash of their address, so that it can stand in a key, a log or a metric
/// without revealing the number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Group(String);

impl Group {
    /// Group of a mailbox that belongs to no person. The `@` keeps it apart from every hash.
    pub fn named(name: &str) -> Self {
        Self(format!("@{name}"))
    }

    /// Restores a group from the id that [`Group::as_str`] returned.
    pub fn from_id(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Group of a recipient's outbound messages: the line that they leave from, then the recipient's
    /// group.
    #[must_use]
    pub fn on_line(&self, line: &LineKey) -> Self {
        Self(format!("{}.{}", line.0, self.0))
    }

    /// The line of an outbound group.
    pub fn line(&self) -> Option<LineKey> {
        self.split_line().map(|(line, _)| LineKey(line.to_owned()))
    }

    /// The line is hexadecimal, so that a dot in the name of a mailbox does not look like one.
    fn split_line(&self) -> Option<(&str, &str)> {
        let is_hex = |line: &str| line.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.0.split_once('.').filter(|(line, _)| !line.is_empty() && is_hex(line))
    }

    /// The recipient's own group, when this is the group of their outbound messages.
    #[must_use]
    pub fn recipient(&self) -> Self {
        Self(self.split_line().map_or(self.0.as_str(), |(_, group)| group).to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The line that an outbound message leaves from, or every line of one transport.
///
/// A keyed hash, like a group: 8 hexadecimal digits for the transport, then 8 for the line, and a 9th
/// for the lane of its bulk messages. The key of a transport is the first 8 alone, and covers every line
/// of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[doc(hidden)]
pub struct LineKey(String);

/// Digits of the key of a transport, with which those of its lines begin, and of the key of a line.
const TRANSPORT_DIGITS: usize = 8;
const LINE_DIGITS: usize = 2 * TRANSPORT_DIGITS;

impl LineKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lane of the line on which bulk messages leave. A pause of the line holds its lane too.
    #[must_use]
    pub fn bulk(&self) -> Self {
        Self(format!("{}b", self.0))
    }

    /// The line itself, for the key of one of its lanes.
    #[must_use]
    pub fn without_lane(&self) -> Self {
        Self(self.0[..self.0.len().min(LINE_DIGITS)].to_owned())
    }

    /// The key of every line of its transport.
    #[must_use]
    pub fn transport(&self) -> Self {
        Self(self.0[..self.0.len().min(TRANSPORT_DIGITS)].to_owned())
    }

    /// Returns whether a pause of `self` holds back messages of `line`.
    pub fn covers(&self, line: &Self) -> bool {
        line.0.starts_with(&self.0)
    }
}

/// Key that turns addresses into groups. Every process of a deployment must hold the same one, because
/// another key assigns every person to another mailbox.
#[derive(Clone)]
#[doc(hidden)]
pub struct GroupKey(Hmac<Sha256>);

impl GroupKey {
    pub fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    /// Key of the tokens of this deployment, which cannot be derived from any group.
    pub fn token_key(&self) -> TokenKey {
        let mut mac = self.0.clone();
        mac.update(b"tokens\0");
        TokenKey::new(&mac.finalize().into_bytes())
    }

    /// Key of sealed texts of one purpose.
    pub fn seal_key(&self, purpose: &str) -> SealKey {
        let mut mac = self.0.clone();
        mac.update(b"sealed\0");
        mac.update(purpose.as_bytes());
        SealKey::new(&mac.finalize().into_bytes().into())
    }

    /// Group of a person: 128 bits of HMAC-SHA256 over the address, in hexadecimal.
    pub fn group(&self, address: &Address) -> Group {
        let mut mac = self.0.clone();
        for part in [&address.transport, &address.identity.0, &address.line.0] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        Group(hex::encode(&mac.finalize().into_bytes()[..16]))
    }

    /// Group of a person on no line in particular: the name of what holds for all lines, such as a ban.
    /// A person with a phone number is the same one by every transport and channel.
    pub fn person(&self, address: &Address) -> Group {
        self.group(&address.person())
    }

    /// The key of the line that messages to this address leave from.
    pub fn line(&self, address: &Address) -> LineKey {
        let LineKey(transport) = self.transport(&address.transport);
        LineKey(transport + &self.digest("line", &[&address.transport, address.line.reveal()]))
    }

    /// The key of the line that a message to this address leaves from, which stands in its group.
    pub fn line_of(&self, outbound: &Group, to: &Address) -> LineKey {
        let line = outbound.line().map(|lane| lane.without_lane());
        line.filter(|line| line.0.len() == LINE_DIGITS).unwrap_or_else(|| self.line(to))
    }

    /// The key of every line of a transport.
    pub fn transport(&self, name: &str) -> LineKey {
        LineKey(self.digest("transport", &[name]))
    }

    /// Keyed hash of some texts, for a purpose of its own: 128 bits, from which none of them can be
    /// found out.
    pub fn fingerprint(&self, purpose: &str, parts: &[&str]) -> [u8; 16] {
        let mut mac = self.0.clone();
        for part in [purpose].iter().chain(parts) {
            mac.update(&u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
            mac.update(part.as_bytes());
        }
        let hash = mac.finalize().into_bytes();
        std::array::from_fn(|index| hash[index])
    }

    fn digest(&self, kind: &str, parts: &[&str]) -> String {
        let mut mac = self.0.clone();
        for part in [kind].iter().chain(parts) {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        hex::encode(&mac.finalize().into_bytes()[..4])
    }

    /// Partition of a topic that holds this person's groups, below `partitions`. It is the same one for
    /// every line, so that what is known of the person is in one place.
    pub fn partition(&self, address: &Address, partitions: u16) -> u16 {
        if partitions <= 1 {
            return 0;
        }
        let group = self.person(address);
        let head = u64::from_str_radix(&group.0[..8], 16).unwrap_or_default();
        u16::try_from(head % u64::from(partitions)).unwrap_or_default()
    }
}

impl fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_shows_its_last_two_digits_and_a_short_code_none() {
        assert_eq!(format!("{:?}", Identity::new("+14158675309")), "***09");
        assert_eq!(Identity::new("24680").to_string(), "***");
    }

    #[test]
    fn group_depends_on_every_part_of_an_address() {
        let key = GroupKey::new(&SecretString::from("0123456789abcdef"));
        let one = key.group(&Address::new("twilio", "+1", "+2"));
        assert_eq!(one, key.group(&Address::new("twilio", "+1", "+2")));
        assert_ne!(one, key.group(&Address::new("twilio", "+1", "+3")));
        assert_ne!(one, key.group(&Address::new("twilio", "+", "1+2")));
        assert_eq!(one.as_str().len(), 32);
    }

    #[test]
    fn person_is_the_number_by_every_line_transport_and_channel() {
        let key = GroupKey::new(&SecretString::from("0123456789abcdef"));
        let person = |transport: &str, identity: &str, line: &str| {
            key.person(&Address::new(transport, identity, line))
        };
        let one = person("twilio", "+14158675309", "+1");
        for (transport, identity) in [
            ("twilio", "+14158675309"),
            ("kannel", "14158675309"),
            ("twilio", "whatsapp:+14158675309"),
            ("http", "rcs:+14158675309"),
        ] {
            assert_eq!(person(transport, identity, "+2"), one, "{transport} {identity}");
            let same = Address::new(transport, identity, "+2");
            assert!(same.is_same_person(&Address::new("twilio", "+14158675309", "+1")));
        }
        for (transport, identity) in [
            ("twilio", "+14158675308"),
            ("twilio", "messenger:14158675309"),
            (WEBSOCKET, "+14158675309"),
            ("twilio", "24680"),
        ] {
            assert_ne!(person(transport, identity, "+1"), one, "{transport} {identity}");
            let other = Address::new(transport, identity, "+1");
            assert!(!other.is_same_person(&Address::new("twilio", "+14158675309", "+1")));
        }
        assert_ne!(person("twilio", "24680", "+1"), person("kannel", "24680", "+1"));
        assert_eq!(person("twilio", "24680", "+1"), person("twilio", "24680", "+2"));
    }

    #[test]
    fn keys_of_a_line_and_of_its_transport_are_found_in_that_of_its_lane() {
        let key = GroupKey::new(&SecretString::from("0123456789abcdef"));
        let address = Address::new("twilio", "+1", "+2");
        let line = key.line(&address);
        let group = key.group(&address);
        for origin in [line.clone(), line.bulk()] {
            let found = group.on_line(&origin).line().unwrap();
            assert_eq!(found.without_lane(), line);
            assert_eq!(found.transport(), key.transport("twilio"));
        }
    }
}
