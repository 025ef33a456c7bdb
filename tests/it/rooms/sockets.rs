//! Sockets as a web process would hold them: subscriptions that follow the lines, and what each
//! session receives.

use std::collections::{BTreeMap, BTreeSet};

use crosswire::contracts::handler::OutgoingMessage;
use crosswire::model::address::Address;
use crosswire::model::frame::{FrameContent, SocketEffect};
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Sockets {
    /// Id of the open connection of a session.
    pub(crate) open: BTreeMap<String, String>,
    subscriptions: BTreeMap<String, BTreeSet<String>>,
}

/// A delivery to one session or phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) to: String,
    pub(crate) shown: String,
    pub(crate) fields: FrameContent,
}

impl Sockets {
    /// Returns the sessions that get the lines of a room.
    pub(crate) fn subscribers(&self, room: &str) -> BTreeSet<String> {
        self.subscriptions.get(room).cloned().unwrap_or_default()
    }

    pub(crate) fn close(&mut self, session: &str) -> Option<String> {
        for subscribers in self.subscriptions.values_mut() {
            subscribers.remove(session);
        }
        self.open.remove(session)
    }

    /// Takes a message of the outbox. Returns what people get from it, and the sessions whose socket
    /// it closes, with the code.
    pub(crate) fn take(
        &mut self,
        message: &OutgoingMessage,
    ) -> (Vec<Delivery>, Vec<(String, u16)>) {
        let to = message.to.identity.reveal();
        let room = to.strip_prefix('#').filter(|_| message.to.is_socket());
        let content = message.content.as_deref().cloned().unwrap_or_default();
        match (&content.effect, room) {
            (Some(SocketEffect::Subscribe { session }), Some(room)) => {
                if self.open.contains_key(session) {
                    self.subscriptions.entry(room.to_owned()).or_default().insert(session.clone());
                }
                (Vec::new(), Vec::new())
            }
            (Some(SocketEffect::Unsubscribe { session }), Some(room)) => {
                self.subscriptions.entry(room.to_owned()).or_default().remove(session);
                (Vec::new(), Vec::new())
            }
            (Some(SocketEffect::Close { code, .. }), _) => {
                let sessions = self.recipients(&message.to);
                (Vec::new(), sessions.into_iter().map(|session| (session, *code)).collect())
            }
            // The subscriptions of a session outlive its sockets.
            (Some(SocketEffect::Ready { connection, rooms, .. }), _) => {
                if self.open.get(to) == Some(connection) {
                    for room in rooms {
                        self.subscriptions.entry(room.clone()).or_default().insert(to.to_owned());
                    }
                }
                (Vec::new(), Vec::new())
            }
            // This line is for the web process alone.
            (Some(_), _) => (Vec::new(), Vec::new()),
            (None, _) => {
                let shown = show(message.text.reveal(), &content, message.to.is_socket());
                let deliver = |to| Delivery { to, shown: shown.clone(), fields: content.clone() };
                (self.recipients(&message.to).into_iter().map(deliver).collect(), Vec::new())
            }
        }
    }

    fn recipients(&self, to: &Address) -> Vec<String> {
        let name = to.identity.reveal();
        match name.strip_prefix('#') {
            Some(room) if to.is_socket() => self.subscribers(room).into_iter().collect(),
            _ if to.is_socket() && !self.open.contains_key(name) => Vec::new(),
            _ => vec![name.to_owned()],
        }
    }
}

/// Returns one line for a frame: its kind, its fields but the long ones, and its text.
fn show(text: &str, content: &FrameContent, is_socket: bool) -> String {
    if !is_socket {
        return text.to_owned();
    }
    let field = |name: &str| match content.fields.get(name)? {
        Value::String(value) => Some(value.clone()),
        Value::Array(values) => {
            let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            Some(format!("[{}]", values.join(" ")))
        }
        _ => None,
    };
    let fields: Vec<String> =
        ["name", "from", "to", "here", "reason"].into_iter().filter_map(field).collect();
    let is_spoken = matches!(content.kind(), "message" | "notice");
    let text = if is_spoken { text } else { "" };
    [content.kind(), &fields.join(" "), text].join(" ").trim().replace("  ", " ")
}
