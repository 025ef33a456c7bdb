//! The transports of a topic: the keys `transport` and `transports`, and a table for each.

use crate::contracts::settings::Section;
use crate::model::topic::TransportConfig;

const DEFAULT: &str = "twilio";

/// Transports in the order of the file, at least one. The first has the topic's own webhook.
pub(super) fn transports(section: &mut Section<'_>) -> Vec<TransportConfig> {
    let names = names(section);
    let config = |name: String| {
        let settings = section.get(&name).unwrap_or_default();
        TransportConfig { name, settings }
    };
    names.into_iter().map(config).collect()
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
