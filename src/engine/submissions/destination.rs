//! A topic as submissions see it: its transports and their default lines.

use super::SubmitError;
use crate::contracts::storage::Partition;
use crate::engine::topic::TopicRuntime;
use crate::model::address::Address;
use crate::model::phone::normalize;
use crate::model::topic::{Limits, TopicName};

/// Longest recipient or line, in characters.
const MAX_IDENTITY: usize = 128;

/// Topic that messages are sent by.
pub struct Destination {
    topic: TopicRuntime,
    /// Transports that programs may name: no internal ones.
    named: Vec<String>,
}

impl Destination {
    /// Creates the destination of a topic, by the transports that its configuration names.
    pub fn new(topic: TopicRuntime) -> Self {
        let named = topic.config.transports.iter().map(|config| config.name.clone()).collect();
        Self { topic, named }
    }

    /// Adds a transport that the configuration does not name.
    #[must_use]
    pub fn with(mut self, transport: &str) -> Self {
        self.named.push(transport.to_owned());
        self
    }

    pub fn topic(&self) -> &TopicName {
        &self.topic.config.name
    }

    pub fn partitions(&self) -> impl Iterator<Item = Partition> {
        self.topic.partitions()
    }

    pub fn limits(&self) -> &Limits {
        &self.topic.config.limits
    }

    /// Returns the address of a recipient, by a transport and from a line or by the topic's first ones.
    ///
    /// # Errors
    /// `Invalid`, with the field.
    pub fn address(
        &self,
        to: &str,
        transport: Option<&str>,
        line: Option<&str>,
    ) -> Result<Address, SubmitError> {
        let name = transport.or_else(|| self.default_transport());
        let name = name.ok_or_else(|| {
            let problem = "this topic has sockets alone, whose sessions cannot be written to";
            SubmitError::invalid("topic", problem)
        })?;
        let is_named = self.named.iter().any(|named| named == name);
        let transport = self.topic.transports.get(name).filter(|_| is_named);
        let transport = transport.filter(|transport| transport.sockets().is_none());
        let transport = transport.ok_or_else(|| {
            let problem =
                "no such transport, or one of sockets; name one of the topic's transports";
            SubmitError::invalid("transport", problem)
        })?;
        let identity = check_identity("to", to)?;
        let must_be_phone = transport.has_phone_numbers() || is_written_as_phone(&identity);
        if must_be_phone && !is_phone(&identity) {
            let problem = "write the number in E.164, with + and the country code, as +14155550101";
            return Err(SubmitError::invalid("to", problem));
        }
        let line = match line {
            Some(line) => check_identity("line", line)?,
            None if transport.missing().is_some() => {
                let problem = "the transport is not configured here, so that its line is unknown; \
                               configure it, or name the line or the transport tester";
                return Err(SubmitError::invalid("line", problem));
            }
            None => transport.line().unwrap_or_default().to_owned(),
        };
        Ok(Address::new(name, &identity, &line))
    }

    /// First transport of the topic that is no socket's.
    fn default_transport(&self) -> Option<&str> {
        let names = self.topic.config.transports.iter().map(|config| config.name.as_str());
        let is_open = |name: &&str| {
            let transport = self.topic.transports.get(name);
            transport.is_some_and(|transport| transport.sockets().is_none())
        };
        names.into_iter().find(is_open)
    }
}

/// Returns an identity in the spelling in which its messages come in.
fn check_identity(field: &str, identity: &str) -> Result<String, SubmitError> {
    let is_legal = !identity.trim().is_empty()
        && identity.chars().count() <= MAX_IDENTITY
        && !identity.chars().any(char::is_control);
    if !is_legal {
        let problem = format!("write 1 to {MAX_IDENTITY} characters, without control characters");
        return Err(SubmitError::invalid(field, problem));
    }
    Ok(normalize(identity.trim()))
}

/// Returns whether an identity begins with `+`, or is digits in groups, as people write the number of a phone. Without a
/// country code it is not the identity that messages of the phone come in with.
fn is_written_as_phone(identity: &str) -> bool {
    let is_separator = |c: char| " ().-/".contains(c);
    identity.starts_with('+')
        || identity.contains(is_separator)
            && identity.chars().all(|c| c.is_ascii_digit() || c == '+' || is_separator(c))
}

fn is_phone(identity: &str) -> bool {
    let number = identity.strip_prefix("whatsapp:").unwrap_or(identity);
    // Unchanged alone is not enough: other identities are returned as they are.
    number.starts_with('+')
        && number[1..].bytes().all(|digit| digit.is_ascii_digit())
        && (8..=15).contains(&(number.len() - 1))
        && !number.starts_with("+0")
}
