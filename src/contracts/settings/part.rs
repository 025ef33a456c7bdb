//! Typed settings of a handler, a validator or a transport, read by serde.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

/// Errors in the settings of one part, each under the key that it concerns. A builder returns it to
/// report several errors at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct SettingsErrors(Vec<(String, String)>);

impl SettingsErrors {
    /// Adds an error: the key below the part's table (`texts.help`, or empty for the table itself),
    /// and a sentence that says what is wrong and what to do.
    pub fn add(&mut self, key: &str, sentence: impl Into<String>) {
        self.0.push((key.to_owned(), sentence.into()));
    }

    /// Adds the errors of a part of this part, under the key of its table.
    pub fn add_within(&mut self, table: &str, errors: Self) {
        let within = |(key, sentence): (String, String)| match key.as_str() {
            "" => (table.to_owned(), sentence),
            key => (join(table, key), sentence),
        };
        self.0.extend(errors.into_iter().map(within));
    }

    /// Returns the errors, if there are any.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    #[doc(hidden)]
    pub fn lines(&self) -> Vec<String> {
        let line = |(key, sentence): &(String, String)| match key.as_str() {
            "" => sentence.clone(),
            key => format!("{key}: {sentence}"),
        };
        self.0.iter().map(line).collect()
    }

    fn add_unknown(&mut self, keys: Vec<String>) {
        for key in keys {
            self.add(&key, "unknown key; remove it or correct its name");
        }
    }

    fn has_key(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    fn has_key_within(&self, key: &str) -> bool {
        let is_within = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
        self.0.iter().any(|(known, _)| known.strip_prefix(key).is_some_and(is_within))
    }

    fn add_validation(&mut self, path: &str, errors: &ValidationErrors) {
        let mut kinds: Vec<_> = errors.errors().iter().collect();
        kinds.sort_by_key(|(key, _)| key.to_string());
        for (key, kind) in kinds {
            let key = join(path, key);
            match kind {
                ValidationErrorsKind::Field(errors) => {
                    for error in errors {
                        self.add(&key, advice(error));
                    }
                }
                ValidationErrorsKind::Struct(errors) => self.add_validation(&key, errors),
                ValidationErrorsKind::List(items) => {
                    for (index, errors) in items {
                        self.add_validation(&format!("{key}[{index}]"), errors);
                    }
                }
            }
        }
    }
}

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl IntoIterator for SettingsErrors {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<ValidationErrors> for SettingsErrors {
    fn from(errors: ValidationErrors) -> Self {
        let mut converted = Self::default();
        converted.add_validation("", &errors);
        converted
    }
}

/// Converts any error of a builder, so that `?` works in it on this type, on `validate()` and on
/// every other error.
impl From<anyhow::Error> for SettingsErrors {
    fn from(error: anyhow::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(errors) => return errors,
            Err(error) => error,
        };
        match error.downcast::<ValidationErrors>() {
            Ok(errors) => errors.into(),
            Err(error) => Self(vec![(String::new(), format!("{error:#}"))]),
        }
    }
}

/// Builds a part from its table of settings, and reports every error at once: unknown keys, values
/// of another type, and what the builder itself refuses. A key that cannot be read takes its default
/// for the builder, which may find errors in others.
pub fn build_part<S: DeserializeOwned, T>(
    table: &Map<String, Value>,
    build: impl FnOnce(S) -> anyhow::Result<T>,
) -> Result<T, SettingsErrors> {
    let (settings, mut errors) = read(table.clone());
    let part = match settings.map(build) {
        Some(Ok(part)) => Some(part),
        Some(Err(error)) => {
            let found = SettingsErrors::from(error).into_iter();
            let new: Vec<_> = found.filter(|(key, _)| !errors.has_key(key)).collect();
            errors.0.extend(new);
            None
        }
        None => None,
    };
    part.filter(|_| errors.0.is_empty()).ok_or(errors)
}

/// Reads a table key by key: serde stops at the first error, so the key is taken out and the rest
/// read again.
fn read<S: DeserializeOwned>(table: Map<String, Value>) -> (Option<S>, SettingsErrors) {
    let mut errors = SettingsErrors::default();
    let mut table = Value::Object(table);
    loop {
        let mut ignored = Vec::new();
        let mut note = |path: serde_ignored::Path<'_>| ignored.push(path.to_string());
        let deserializer = serde_ignored::Deserializer::new(&table, &mut note);
        match serde_path_to_error::deserialize(deserializer) {
            Ok(settings) => {
                errors.add_unknown(ignored);
                return (Some(settings), errors);
            }
            Err(error) => {
                let (path, message) = (error.path().clone(), error.inner().to_string());
                let is_removed = remove(&mut table, &path);
                // These keys are not read again, and the missing one may be there under a wrong name.
                let below = format!("{path}.");
                ignored.retain(|key| !is_removed || key.starts_with(&below));
                errors.add_unknown(ignored);
                report(&mut errors, &path, &message);
                if !is_removed {
                    return (None, errors);
                }
            }
        }
    }
}

fn report(errors: &mut SettingsErrors, path: &Path, message: &str) {
    let key = if path.iter().len() == 0 { String::new() } else { path.to_string() };
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match missing {
        // A required key that was taken out has been reported already, itself or a key below it.
        Some(field) if errors.has_key_within(&join(&key, field)) => {}
        Some(field) => errors.add(&join(&key, field), "is missing; set it"),
        None if message.starts_with("unknown field") => {
            errors.add(&key, format!("{message}; remove it or correct its name"));
        }
        None => errors.add(&key, format!("{}; correct the value", in_toml_terms(message))),
    }
}

/// Replaces the Rust type that serde expected by a description of the value to write.
fn in_toml_terms(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let value = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number in range",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a table",
        other => other,
    };
    format!("{found}, expected {value}")
}

/// Takes the value at `path` out of `table`, or the list that it is in.
fn remove(table: &mut Value, path: &Path) -> bool {
    let keys: Vec<&str> = path
        .iter()
        .map_while(|segment| match segment {
            Segment::Map { key } => Some(key.as_str()),
            _ => None,
        })
        .collect();
    let Some((last, parents)) = keys.split_last() else { return false };
    let parent = parents.iter().try_fold(table, |table, key| table.get_mut(key));
    let parent = parent.and_then(Value::as_object_mut);
    parent.is_some_and(|parent| parent.remove(*last).is_some())
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn advice(error: &ValidationError) -> String {
    if let Some(message) = &error.message {
        return message.to_string();
    }
    let bound = |name| error.params.get(name).map(ToString::to_string);
    let unit = if error.code == "length" { "have" } else { "be from" };
    let noun = if error.code == "length" { " characters" } else { "" };
    match (bound("min"), bound("max")) {
        (Some(min), Some(max)) => {
            format!("must {unit} {min} to {max}{noun}; correct the value")
        }
        _ => format!("is not valid ({}); correct the value", error.code),
    }
}
