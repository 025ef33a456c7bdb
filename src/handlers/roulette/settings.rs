//! Reads a topic's `[properties]`, and finds all that is wrong with them at once.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::{Validate, ValidationError};

use super::command::Synonyms;
use super::texts::Texts;
use crate::model::topic::Properties;

const TABLES: [&str; 2] = ["texts", "synonyms"];

pub(super) fn read(properties: &Properties) -> Result<(Texts, Synonyms), Vec<String>> {
    let mut problems = Vec::new();
    for key in properties.keys().filter(|key| !TABLES.contains(&key.as_str())) {
        problems
            .push(format!("properties.{key} is unknown; roulette knows {}", TABLES.join(" and ")));
    }
    let texts: Texts = overlay("texts", properties, &mut problems);
    let synonyms: Synonyms = overlay("synonyms", properties, &mut problems);
    problems.extend(text_problems(&texts));
    problems.extend(synonyms.problems());
    if problems.is_empty() { Ok((texts, synonyms)) } else { Err(problems) }
}

/// The defaults with what `properties` says over them. What it says in vain becomes a problem, and
/// its default stays, so that everything else can still be looked at.
fn overlay<T: Default + Serialize + DeserializeOwned>(
    table: &str,
    properties: &Properties,
    problems: &mut Vec<String>,
) -> T {
    let default = serde_json::to_value(T::default());
    let Ok(Value::Object(mut merged)) = default else { return T::default() };
    let none = Map::new();
    let given = match properties.get(table) {
        None => &none,
        Some(Value::Object(given)) => given,
        Some(_) => {
            problems.push(format!("properties.{table} must be a table of names and values"));
            &none
        }
    };
    for (key, value) in given {
        let usual = merged.get(key).cloned();
        let Some(usual) = usual else {
            let known: Vec<&str> = merged.keys().map(String::as_str).collect();
            let known = known.join(", ");
            problems.push(format!("properties.{table}.{key} is unknown; choose from {known}"));
            continue;
        };
        merged.insert(key.clone(), value.clone());
        // Judged by the type itself, one key at a time, since it stops at its first complaint.
        if let Err(error) = serde_json::from_value::<T>(Value::Object(merged.clone())) {
            problems.push(format!("properties.{table}.{key} cannot be used: {error}"));
            merged.insert(key.clone(), usual);
        }
    }
    serde_json::from_value(Value::Object(merged)).unwrap_or_default()
}

fn text_problems(texts: &Texts) -> Vec<String> {
    let Err(errors) = texts.validate() else { return Vec::new() };
    let mut problems = Vec::new();
    for (key, errors) in errors.field_errors() {
        let key = format!("properties.texts.{key}");
        problems.extend(errors.iter().map(|error| format!("{key} {}", advice(error))));
    }
    problems.sort();
    problems
}

fn advice(error: &ValidationError) -> String {
    let longest = error.params.get("max").map(ToString::to_string).unwrap_or_default();
    match &error.message {
        Some(message) => message.to_string(),
        None => format!("must have 1 to {longest} characters; leave it out for the default"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(properties: &Value) -> Result<(Texts, Synonyms), Vec<String>> {
        super::read(properties.as_object().unwrap())
    }

    #[test]
    fn without_settings_everything_is_as_the_defaults_say() {
        assert_eq!(read(&json!({})).unwrap(), (Texts::default(), Synonyms::default()));
    }

    #[test]
    fn a_setting_replaces_its_default_and_leaves_the_others() {
        let (texts, synonyms) = read(&json!({
            "texts": {"relay_prefix": "Fremde: "},
            "synonyms": {"connect": ["los", "Verbinde mich"]},
        }))
        .unwrap();
        assert_eq!(texts, Texts { relay_prefix: "Fremde: ".into(), ..Texts::default() });
        assert_eq!(synonyms.connect, ["los", "Verbinde mich"]);
        assert_eq!(synonyms.refresh, Synonyms::default().refresh);
    }

    #[test]
    fn every_problem_is_found_at_once_and_names_its_key() {
        let problems = read(&json!({
            "text": {},
            "texts": {
                "conected": "Hi!",
                "connected": "",
                "stats": 7,
                "shared_number": "Guess!",
                "relay_prefix": "x".repeat(161),
            },
            "synonyms": {"call": "call", "connect": ["end"], "hang_up": ["bye"]},
        }))
        .unwrap_err();
        let named = [
            "properties.text is unknown",
            "properties.texts.conected is unknown; choose from",
            "properties.texts.connected must have 1 to 1600 characters",
            "properties.texts.stats cannot be used",
            "properties.texts.shared_number must contain {number}",
            "properties.texts.relay_prefix must have 1 to 160 characters",
            "properties.synonyms.call cannot be used",
            "properties.synonyms.connect: \"end\" opts a number out",
            "properties.synonyms.hang_up is unknown",
        ];
        for name in named {
            assert!(
                problems.iter().any(|problem| problem.starts_with(name)),
                "{name}: {problems:#?}"
            );
        }
        assert_eq!(problems.len(), named.len(), "{problems:#?}");
    }

    #[test]
    fn a_table_that_is_none_is_named() {
        let problems = read(&json!({"texts": "hello"})).unwrap_err();
        assert_eq!(problems, ["properties.texts must be a table of names and values"]);
    }
}
