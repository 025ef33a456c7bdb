//! Entries of mailboxes.

use serde::{Deserialize, Serialize};

use super::submission::{Cancellation, Chunk, Submission};
use super::{Inbound, Wake};
use crate::model::connection::ConnectionChange;

/// Entry of a group's mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Mail {
    Message(Box<Inbound>),
    Wake(Wake),
    Connection(ConnectionChange),
    Submission(Box<Submission>),
    Cancellation(Cancellation),
    Chunk(Chunk),
}

/// Beginning of the JSON of a message, as it is written.
const MESSAGE: &str = r#"{"kind":"message","#;

impl Mail {
    /// Reads a mail. Nearly all of them are messages, which are read in one pass; one whose kind has to be
    /// looked for is held in memory a second time.
    pub fn parse(json: &str) -> serde_json::Result<Self> {
        if json.starts_with(MESSAGE) {
            return serde_json::from_str(json).map(Self::Message);
        }
        serde_json::from_str(json)
    }
}

/// The same of a message that is only written, and need not be copied for it.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Written<'m> {
    Message(&'m Inbound),
}

impl Inbound {
    /// Returns the JSON form of the message in a mailbox.
    #[doc(hidden)]
    pub fn to_mail(&self) -> String {
        serde_json::to_string(&Written::Message(self)).expect("a message is strings throughout")
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::address::{Address, Group};
    use crate::model::message::{Incoming, MessageId};

    #[test]
    fn message_is_written_as_the_mail_that_it_is() {
        let sender = Address::new("twilio", "+14158675309", "+18005551212");
        let incoming = Incoming::new(MessageId::new("SM1"), sender, "hi");
        let message = Inbound::new("t".parse().unwrap(), DateTime::UNIX_EPOCH, incoming);
        let mail = Mail::Message(Box::new(message.clone()));
        assert_eq!(message.to_mail(), serde_json::to_string(&mail).unwrap());
        assert_eq!(serde_json::from_str::<Mail>(&message.to_mail()).unwrap(), mail);
    }

    #[test]
    fn mail_is_read_as_it_was_written() {
        let sender = Address::new("twilio", "+14158675309", "+18005551212");
        let incoming = Incoming::new(MessageId::new("SM1"), sender, "a \"b\" \u{1f389}");
        let topic = "chat".parse().unwrap();
        let inbound = Inbound::new(topic, DateTime::UNIX_EPOCH, incoming);
        let data = serde_json::json!({ "kind": "message" });
        let wake = Wake { group: Group::named("lobby"), name: "message".to_owned(), data };
        for mail in [Mail::Message(Box::new(inbound)), Mail::Wake(wake)] {
            let json = serde_json::to_string(&mail).unwrap();
            assert_eq!(json.starts_with(MESSAGE), matches!(mail, Mail::Message(_)), "{json}");
            assert_eq!(Mail::parse(&json).unwrap(), mail);
            let spaced = serde_json::to_string_pretty(&mail).unwrap();
            assert_eq!(Mail::parse(&spaced).unwrap(), mail);
        }
        assert!(Mail::parse(r#"{"kind":"message","sid":"SM1"}"#).is_err());
    }
}
