//! Fields of a request: a form, a query or JSON.

use percent_encoding::percent_decode;
use serde_json::Value;

use crate::contracts::transport::{ReceiveError, WebhookRequest};

/// Most fields of a request.
const MAX_FIELDS: usize = 200;
/// Deepest nesting of JSON that has fields.
const MAX_DEPTH: usize = 16;
/// Most objects, lists and values of a JSON body, and the longest name in it, in bytes.
const MAX_NODES: usize = 2_000;
const MAX_KEY_BYTES: usize = 100;
/// Largest body and query, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;
const MAX_QUERY_BYTES: usize = 16 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";
const FORM_OR_JSON: &str = "application/x-www-form-urlencoded or application/json";

type Pairs = Vec<(String, String)>;

/// Fields with their values. A field within JSON objects and lists has their keys before it:
/// `message.from`, `messages.0.text`.
pub(super) struct Fields {
    content: Pairs,
    /// Fields of the query of a POST.
    query: Pairs,
}

impl Fields {
    pub(super) fn read(request: &WebhookRequest) -> Result<Self, ReceiveError> {
        check_size(request)?;
        let query = pairs(request.query().as_bytes())?;
        match request.method.as_str() {
            "GET" => Ok(Self { content: query, query: Vec::new() }),
            "POST" => Ok(Self { content: posted(request)?, query }),
            _ => Err(ReceiveError::Method("GET, POST")),
        }
    }

    /// Values of a field, of the content and of the query.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let all = self.content.iter().chain(&self.query);
        all.filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Value of a field without the white space around it; none when it is empty. A name that occurs
    /// twice is an error, since either value would be a guess.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, ReceiveError> {
        let mut values = self.content.iter().filter(|(known, _)| known == name);
        let value = values.next().map(|(_, value)| value.trim());
        if values.next().is_some() {
            // The name comes from the configuration, not from the caller.
            return Err(malformed(&format!("{name} is sent twice; send it once")));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// Returns whether the list that a field is in, as the first of it, has a second element.
    pub(super) fn has_second(&self, name: &str) -> bool {
        let Some((list, _)) = name.split_once(".0.") else { return false };
        let second = format!("{list}.1.");
        self.content.iter().any(|(known, _)| known.starts_with(&second))
    }

    /// Fields without those of these names, in order of arrival.
    pub(super) fn without(self, known: &[&str]) -> Pairs {
        self.content.into_iter().filter(|(name, _)| !known.contains(&name.as_str())).collect()
    }
}

pub(super) fn malformed(sentence: &str) -> ReceiveError {
    ReceiveError::Malformed(sentence.to_owned())
}

/// Refuses a request that costs more to read than any message does.
pub(super) fn check_size(request: &WebhookRequest) -> Result<(), ReceiveError> {
    let too_large = |sentence: String| Err(ReceiveError::TooLarge(sentence));
    if request.body.len() > MAX_BODY_BYTES {
        return too_large(format!("body too large; send at most {} KiB", MAX_BODY_BYTES / 1024));
    }
    if request.query().len() > MAX_QUERY_BYTES {
        return too_large(format!("query too long; send at most {} KiB", MAX_QUERY_BYTES / 1024));
    }
    Ok(())
}

fn posted(request: &WebhookRequest) -> Result<Pairs, ReceiveError> {
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(FORM) {
        return pairs(&request.body);
    }
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(ReceiveError::ContentType(FORM_OR_JSON));
    }
    let json = serde_json::from_slice(&request.body)
        .map_err(|_| malformed("the body is not JSON; send one JSON object in UTF-8"))?;
    let mut walk = Walk::default();
    walk.add(&json, "", MAX_DEPTH)?;
    Ok(walk.pairs)
}

/// Decodes the pairs of a form or a query. Both `+` and `%20` are a space.
pub(super) fn pairs(encoded: &[u8]) -> Result<Pairs, ReceiveError> {
    let parts = || encoded.split(|byte| *byte == b'&').filter(|part| !part.is_empty());
    if parts().nth(MAX_FIELDS).is_some() {
        return Err(too_many());
    }
    parts()
        .map(|part| {
            let equals = part.iter().position(|byte| *byte == b'=');
            let (name, value) = equals.map_or((part, &[][..]), |at| (&part[..at], &part[at + 1..]));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn decoded(part: &[u8]) -> Result<String, ReceiveError> {
    let spaced: Vec<u8> = part.iter().map(|it| if *it == b'+' { b' ' } else { *it }).collect();
    String::from_utf8(percent_decode(&spaced).collect())
        .map_err(|_| malformed("a field is not UTF-8; encode it as UTF-8"))
}

fn too_many() -> ReceiveError {
    ReceiveError::TooLarge(format!("too many fields; send at most {MAX_FIELDS}"))
}

/// Walk over JSON, bounded because the caller is not verified yet.
#[derive(Default)]
struct Walk {
    pairs: Pairs,
    nodes: usize,
}

impl Walk {
    /// Adds the texts, numbers and truth values within `json`, each under the keys that lead to it.
    fn add(&mut self, json: &Value, name: &str, depth: usize) -> Result<(), ReceiveError> {
        self.nodes += 1;
        if depth == 0 || self.nodes > MAX_NODES || self.pairs.len() >= MAX_FIELDS {
            return Err(too_many());
        }
        match json {
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.add(value, &within(name, key)?, depth - 1)?;
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    self.add(value, &within(name, &index.to_string())?, depth - 1)?;
                }
            }
            Value::Null => {}
            Value::String(text) => self.pairs.push((name.to_owned(), text.clone())),
            Value::Bool(_) | Value::Number(_) => {
                self.pairs.push((name.to_owned(), json.to_string()));
            }
        }
        Ok(())
    }
}

fn within(name: &str, key: &str) -> Result<String, ReceiveError> {
    if key.len() > MAX_KEY_BYTES {
        return Err(malformed("a name in the JSON is too long; send fields of the gateway alone"));
    }
    Ok(if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") })
}
