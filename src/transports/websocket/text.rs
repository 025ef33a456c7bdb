//! Plain text protocol: a frame is the text of a message, in both directions.

use crate::contracts::transport::socket::{
    ClientFrame, ClientMessage, ServerFrame, SocketProtocol,
};

/// Protocol without a handshake, for any WebSocket client.
pub struct PlainText;

impl SocketProtocol for PlainText {
    fn name(&self) -> Option<&'static str> {
        None
    }

    fn has_hello(&self) -> bool {
        false
    }

    fn decode(&self, frame: &str) -> Result<ClientFrame, String> {
        let message = ClientMessage { text: frame.into(), ..ClientMessage::default() };
        Ok(ClientFrame::Message(message))
    }

    fn encode(&self, frame: &ServerFrame<'_>) -> Option<String> {
        match frame {
            ServerFrame::Welcome { .. } | ServerFrame::Ack { .. } | ServerFrame::Position(_) => {
                None
            }
            ServerFrame::Error { text, .. } => non_empty(text),
            ServerFrame::Line { line, .. } => non_empty(line.text.reveal()),
        }
    }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
