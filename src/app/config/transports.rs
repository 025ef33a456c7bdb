//! The transports of a topic: the keys `transport` and `transports`, and a table for each.

use toml::{Table, Value};

use crate::contracts::settings::{Section, Setting};
use crate::model::topic::TransportConfig;
use crate::model::topic_events::EVENTS;

const DEFAULT: &str = "twilio";
/// Transports whose addresses have their own name.
const ONE_NAME: [&str; 2] = ["twilio", "websocket"];

/// Transports in the order of the file, at least one. The first has the topic's own webhook.
pub(super) fn transports(section: &mut Section<'_>) -> Vec<TransportConfig> {
    let names = names(section);
    names.into_iter().map(|name| transport(section, name)).collect()
}

/// Transport of a name. One whose table has a `kind` is another instance of that transport.
fn transport(section: &mut Section<'_>, name: String) -> TransportConfig {
    let mut settings = section.get::<Table>(&name).unwrap_or_default();
    let kind = match settings.remove("kind") {
        None => name.clone(),
        Some(Value::String(kind)) => kind,
        Some(_) => {
            section.error(&format!("{name}.kind"), "is of the wrong kind", String::FIX);
            name.clone()
        }
    };
    if kind != name && ONE_NAME.contains(&kind.as_str()) {
        let problem = format!("{kind} has no other name");
        section.error(&format!("{name}.kind"), &problem, format!("call the transport {kind}"));
    }
    if name == EVENTS {
        let problem = "events is the topic's event webhook, and no transport of messages";
        section.error("transports", problem, "choose another name");
    }
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        let fix = "use letters, digits, - and _ alone, since it is part of paths";
        section.error(&format!("transports.{name}"), "cannot be a name", fix);
    }
    TransportConfig { name, kind, settings }
}

fn names(section: &mut Section<'_>) -> Vec<String> {
    let one: Option<String> = section.get("transport");
    let Some(mut several) = section.get::<Vec<String>>("transports") else {
        return vec![one.unwrap_or_else(|| DEFAULT.to_owned())];
    };
    if one.is_some() {
        section.error("transport", "stands beside transports", "remove one of them");
    }
    if several.is_empty() {
        let fix = "name at least one, such as [\"twilio\"], or remove the key";
        section.error("transports", "is empty", fix);
        several.push(DEFAULT.to_owned());
    }
    let mut unique: Vec<String> = Vec::new();
    for name in several {
        if unique.contains(&name) {
            section.error("transports", &format!("names {name:?} twice"), "remove one of them");
        } else {
            unique.push(name);
        }
    }
    unique
}
