//! The table `topics.<name>`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{limits, schedule, transports};
use crate::contracts::settings::{Section, Setting};
use crate::model::topic::{InvalidTopicName, Replies, TopicConfig, TopicName, ValidatorConfig};
use crate::model::topic_events::EVENTS;

const ACCEPT: &str = "Great, we'll get right back to you.";
const ERROR: &str = "It seems like an error has occurred...please try again later.";
const NOTICE: &str =
    "You are writing too fast, so some of your messages were not read. Please wait a minute.";

/// Time within which an error text goes to a person once.
const ERROR_EVERY: Duration = Duration::from_mins(10);

/// Longest path that a topic may have; it is below the URL limits of the providers.
const LONGEST_PATH: usize = 256;

/// Beginnings of the server's own paths.
const RESERVED: [&str; 15] = [
    "/queue",
    "/status",
    "/backend",
    "/http",
    "/api",
    "/tester",
    "/httptester",
    "/ws",
    "/room",
    "/devices",
    "/roulette",
    "/assets",
    "/media",
    "/admin",
    "/metrics",
];

/// Reads a topic, and records the errors in its table. Returns nothing for a topic without a valid
/// name or a handler: neither has a default.
pub(super) fn topic(name: &str, mut section: Section<'_>) -> Option<TopicConfig> {
    let name = valid_name(name, &section);
    let handler = section.get("handler");
    if handler.is_none() {
        section.error("handler", "is missing", "name the handler that runs this topic's logic");
    }
    let paths = paths(&mut section);
    let validators = validators(&mut section);
    let replies = replies(&mut section);
    let properties = Arc::new(json(section.get("properties").unwrap_or_default()));
    let limits = limits::limits(&mut section);
    let sending = limits::sending(section.section("sending"));
    let events = section.get(EVENTS);
    let transports = transports::transports(&mut section);
    let jobs = schedule::jobs(&mut section);
    section.finish();
    Some(TopicConfig {
        name: name?,
        handler: handler?,
        paths,
        validators,
        replies,
        properties,
        limits,
        sending,
        events,
        transports,
        jobs,
    })
}

fn valid_name(name: &str, section: &Section<'_>) -> Option<TopicName> {
    name.parse()
        .inspect_err(|error: &InvalidTopicName| section.error("", &error.to_string(), "rename it"))
        .ok()
}

fn paths(section: &mut Section<'_>) -> Vec<String> {
    let paths = section.get::<Vec<String>>("paths").unwrap_or_default();
    for path in &paths {
        if !is_valid_path(path) {
            let problem = format!("{path:?} cannot be served");
            let fix = "write a path such as \"/sms\": letters, digits, / - _ . and ~";
            section.error("paths", &problem, fix);
        } else if is_reserved(path) {
            section.error("paths", &format!("{path} is taken by the server"), "choose another");
        }
    }
    paths
}

pub(super) fn is_valid_path(path: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    path.len() <= LONGEST_PATH && path.starts_with('/') && path.chars().all(legal)
}

pub(super) fn is_reserved(path: &str) -> bool {
    matches!(path, "/" | "/healthz" | "/readyz")
        || RESERVED.iter().any(|prefix| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

fn validators(section: &mut Section<'_>) -> Vec<ValidatorConfig> {
    let longest = section.get::<u64>("max_message_length");
    let mut table = section.section("validators");
    let named = table.rest().into_iter();
    let mut validators: Vec<ValidatorConfig> =
        named.filter_map(|(name, value)| validator(&table, name, value)).collect();
    if let Some(longest) = longest {
        limit_length(section, &mut validators, longest);
    }
    validators
}

/// Applies `max_message_length`, the short form of `validators.length.max`.
fn limit_length(section: &Section<'_>, validators: &mut [ValidatorConfig], longest: u64) {
    let key = "max_message_length";
    match validators.iter_mut().find(|validator| validator.name == "length") {
        None => section.error(
            key,
            "has no effect, for there is no length among the validators",
            "add length to them, or remove this",
        ),
        Some(length) if length.options.contains_key("max") => {
            section.error(key, "says what validators.length.max says too", "remove one of them");
        }
        Some(length) => {
            length.options.insert("max".to_owned(), longest.into());
        }
    }
}

fn validator(table: &Section<'_>, name: String, value: toml::Value) -> Option<ValidatorConfig> {
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
        error_every: section.duration("error_every").unwrap_or(ERROR_EVERY),
        sender_notice: section.get("sender_notice").unwrap_or_else(|| NOTICE.to_owned()),
        stop_response: section.get("stop_response").unwrap_or_default(),
        start_response: section.get("start_response").unwrap_or_default(),
        help_response: section.get("help_response").unwrap_or_default(),
    }
}

fn json(table: toml::Table) -> Map<String, Value> {
    match serde_json::to_value(table) {
        Ok(Value::Object(map)) => map,
        // A table always becomes an object; its `inf` and `nan`, which JSON lacks, become null.
        _ => Map::new(),
    }
}
