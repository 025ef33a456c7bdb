//! The table `topics.<name>`.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{limits, transports};
use crate::contracts::settings::{Section, Setting};
use crate::model::topic::{InvalidTopicName, Replies, TopicConfig, ValidatorConfig};

const ACCEPT: &str = "Great, we'll get right back to you.";
const ERROR: &str = "It seems like an error has occurred...please try again later.";

/// The longest path that is worth serving; a provider's own limits are below it.
const LONGEST_PATH: usize = 256;

pub(super) fn topic(name: &str, mut section: Section<'_>) -> TopicConfig {
    let name = name.parse().unwrap_or_else(|error: InvalidTopicName| {
        section.error("", &error.to_string(), "rename it");
        // Stands in, so that the rest of the table is read too; nothing runs after a mistake.
        "invalid".parse().expect("these are letters")
    });
    let topic = TopicConfig {
        name,
        handler: handler(&mut section),
        paths: paths(&mut section),
        validators: validators(&mut section),
        replies: replies(&mut section),
        properties: Arc::new(json(section.get("properties").unwrap_or_default())),
        limits: limits::limits(&mut section),
        sending: limits::sending(section.section("sending")),
        transports: transports::transports(&mut section),
    };
    section.finish();
    topic
}

fn handler(section: &mut Section<'_>) -> String {
    let handler = section.get::<String>("handler");
    if handler.is_none() {
        section.error("handler", "is missing", "name the handler that runs this topic's logic");
    }
    handler.unwrap_or_default()
}

fn paths(section: &mut Section<'_>) -> Vec<String> {
    let paths = section.get::<Vec<String>>("paths").unwrap_or_default();
    for path in &paths {
        if !is_servable(path) {
            let what = format!("{path:?} cannot be served");
            let fix = "write a path such as \"/sms\": letters, digits, / - _ . and ~";
            section.error("paths", &what, fix);
        } else if is_ours(path) {
            section.error("paths", &format!("{path} is taken by the server"), "choose another");
        }
    }
    paths
}

fn is_servable(path: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    path.len() <= LONGEST_PATH && path.starts_with('/') && path.chars().all(legal)
}

fn is_ours(path: &str) -> bool {
    matches!(path, "/" | "/healthz" | "/readyz")
        || ["/queue", "/status", "/tester", "/httptester"].iter().any(|ours| {
            path.strip_prefix(ours).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

fn validators(section: &mut Section<'_>) -> Vec<ValidatorConfig> {
    let longest = section.get::<u64>("max_message_length");
    let mut table = section.section("validators");
    let mut checks: Vec<ValidatorConfig> =
        table.rest().into_iter().filter_map(|(name, value)| check(&table, name, value)).collect();
    if let Some(longest) = longest {
        match checks.iter_mut().find(|check| check.name == "length") {
            None => section.error(
                "max_message_length",
                "has no effect, for there is no length among the validators",
                "add length to them, or remove this",
            ),
            Some(length) if length.options.contains_key("max") => section.error(
                "max_message_length",
                "says what validators.length.max says too",
                "remove one of them",
            ),
            Some(length) => {
                length.options.insert("max".to_owned(), longest.into());
            }
        }
    }
    checks
}

fn check(table: &Section<'_>, name: String, value: toml::Value) -> Option<ValidatorConfig> {
    match value {
        toml::Value::String(text) => {
            Some(ValidatorConfig { name, text: Some(text), options: Map::new() })
        }
        toml::Value::Table(options) => {
            let mut options = json(options);
            let text = match options.remove("text") {
                None => None,
                Some(Value::String(text)) => Some(text),
                Some(_) => {
                    table.error(&format!("{name}.text"), "is of the wrong kind", String::FIX);
                    None
                }
            };
            Some(ValidatorConfig { name, text, options })
        }
        _ => {
            let fix = "write the text for the sender in quotes, or { text = \"..\" } with options";
            table.error(&name, "is of the wrong kind", fix);
            None
        }
    }
}

fn replies(section: &mut Section<'_>) -> Replies {
    Replies {
        accept_response: section.get("accept_response").unwrap_or_else(|| ACCEPT.to_owned()),
        send_on_accept: section.get("send_on_accept").unwrap_or(false),
        error_response: section.get("error_response").unwrap_or_else(|| ERROR.to_owned()),
    }
}

fn json(table: toml::Table) -> Map<String, Value> {
    match serde_json::to_value(table) {
        Ok(Value::Object(map)) => map,
        // TOML knows `inf` and `nan`, which `to_value` makes null; a table is an object always.
        _ => Map::new(),
    }
}
