//! JSON protocol: an object in each frame, with a field `type`.

use serde_json::{Map, Value, json};

use crate::contracts::transport::socket::{
    ClientFrame, ClientMessage, Hello, ServerFrame, SocketProtocol,
};
use crate::model::message::Parameters;
use crate::model::token::Token;

/// Name of the subprotocol.
pub const SUBPROTOCOL: &str = "crosswire.v1";

/// Longest id of a client's message, in bytes.
const MAX_ID: usize = 64;
/// Fields of one frame beside the known ones, and their length in bytes.
const MAX_PARAMETERS: usize = 16;
const MAX_PARAMETER: usize = 1024;

/// Protocol of programs and of this server's pages.
pub struct Json {
    /// The client has offered it as a subprotocol.
    pub is_offered: bool,
}

impl SocketProtocol for Json {
    fn name(&self) -> Option<&'static str> {
        self.is_offered.then_some(SUBPROTOCOL)
    }

    fn has_hello(&self) -> bool {
        true
    }

    fn decode(&self, frame: &str) -> Result<ClientFrame, String> {
        let mut fields = object(frame)?;
        let kind = string(&mut fields, "type")?.ok_or("the field `type` is missing")?;
        if kind == "hello" {
            return Ok(ClientFrame::Hello(Hello {
                session: string(&mut fields, "session")?.map(Token::new),
                token: string(&mut fields, "token")?.map(Token::new),
                last: string(&mut fields, "last")?,
                parameters: parameters(fields)?,
            }));
        }
        let id = string(&mut fields, "id")?;
        if id.as_ref().is_some_and(|id| id.is_empty() || id.len() > MAX_ID) {
            return Err(format!("the field `id` must have 1 to {MAX_ID} bytes"));
        }
        let text = string(&mut fields, "text")?.unwrap_or_default().into();
        let mut parameters = parameters(fields)?;
        if kind != "message" {
            parameters.0.push(("type".to_owned(), kind));
        }
        Ok(ClientFrame::Message(ClientMessage { id, text, parameters }))
    }

    fn encode(&self, frame: &ServerFrame<'_>) -> Option<String> {
        let json = match frame {
            ServerFrame::Welcome { session, heartbeat, is_complete, cursor } => json!({
                "type": "welcome",
                "session": session.reveal(),
                "heartbeat": heartbeat.as_secs(),
                "resumed": is_complete,
                "id": cursor,
            }),
            ServerFrame::Ack { reference } => json!({"type": "ack", "ref": reference}),
            ServerFrame::Error { reference, code, text } => {
                let mut error = json!({"type": "error", "code": code, "text": text});
                if let Some(reference) = reference {
                    error["ref"] = (*reference).into();
                }
                error
            }
            ServerFrame::Position(cursor) => json!({"type": "position", "id": cursor}),
            ServerFrame::Line { cursor, line } => {
                let mut fields = line.json();
                fields.insert("id".to_owned(), (*cursor).into());
                Value::Object(fields)
            }
        };
        Some(json.to_string())
    }
}

fn object(frame: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(frame) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => {
            Err("a frame is one JSON object, such as {\"type\":\"message\",\"text\":\"Hi\"}"
                .to_owned())
        }
    }
}

fn string(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("the field `{name}` must be a string")),
    }
}

/// Takes the fields that are left, for the handler. Only strings are taken.
fn parameters(fields: Map<String, Value>) -> Result<Parameters, String> {
    if fields.len() > MAX_PARAMETERS {
        return Err(format!("a frame has at most {MAX_PARAMETERS} further fields"));
    }
    let text = |(name, value): (String, Value)| match value {
        Value::String(text) if name.len() + text.len() <= MAX_PARAMETER => Ok((name, text)),
        _ => {
            Err(format!("the field `{name:.32}` must be a string of at most {MAX_PARAMETER} bytes"))
        }
    };
    fields.into_iter().map(text).collect::<Result<_, _>>().map(Parameters)
}
