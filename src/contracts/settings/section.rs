//! TOML tables, read key by key so that all errors in them are found in one pass.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::errors::{ConfigErrors, did_you_mean};
use crate::model::topic::OnAmbiguous;

/// One table of the file. Every key that was read is known; a key that is left at
/// [`Section::finish`] is an error.
pub struct Section<'m> {
    file: &'m str,
    path: String,
    table: Table,
    known: Vec<String>,
    errors: &'m ConfigErrors,
}

/// A type that a key may have, and the fix for a value of another type.
pub trait Setting: DeserializeOwned {
    const FIX: &'static str;
}

macro_rules! settings {
    ($($kind:ty => $fix:literal),* $(,)?) => {
        $(impl Setting for $kind { const FIX: &'static str = $fix; })*
    };
}

settings! {
    bool => "write true or false",
    u16 => "write a whole number from 0 to 65535",
    u32 => "write a whole number, 0 or more",
    u64 => "write a whole number, 0 or more",
    usize => "write a whole number, 0 or more",
    String => "write a text in quotes",
    Vec<String> => "write a list of texts, such as [\"/sms\"]",
    humantime_serde::Serde<Duration> => "write a time with its unit, such as \"30s\", \"5m\" or \"7d\"",
    OnAmbiguous => "write \"reconcile\", \"retry\" or \"give_up\"",
    Table => "write a table",
}

impl<'m> Section<'m> {
    pub fn new(file: &'m str, path: &str, table: Table, errors: &'m ConfigErrors) -> Self {
        Self { file, path: path.to_owned(), table, known: Vec::new(), errors }
    }

    /// Returns the value under `key`, of any type.
    pub fn value(&mut self, key: &str) -> Option<Value> {
        self.known.push(key.to_owned());
        self.table.remove(key)
    }

    /// Returns the value under `key`, and records an error when it is of another type.
    pub fn get<T: Setting>(&mut self, key: &str) -> Option<T> {
        let value = self.value(key)?.try_into().ok();
        if value.is_none() {
            self.error(key, "is of the wrong kind", T::FIX);
        }
        value
    }

    /// Returns the number under `key`, and records an error when it is out of `range`.
    pub fn number<T>(&mut self, key: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: Setting + PartialOrd + Display,
    {
        let Some(number) = self.get(key) else { return default };
        if !range.contains(&number) {
            let fix = format!("write {} to {}", range.start(), range.end());
            self.error(key, "is out of range", fix);
        }
        number
    }

    /// Returns the time under `key`, written as in `"30s"`.
    pub fn duration(&mut self, key: &str) -> Option<Duration> {
        self.get::<humantime_serde::Serde<Duration>>(key).map(humantime_serde::Serde::into_inner)
    }

    /// Returns the table under `key`, or an empty one.
    #[must_use = "its keys are read, and then it is finished"]
    pub fn section(&mut self, key: &str) -> Self {
        let table = self.get::<Table>(key).unwrap_or_default();
        Self::new(self.file, &self.path_of(key), table, self.errors)
    }

    /// Returns the tables under `key` with their names, in the order of the file.
    pub fn sections(&mut self, key: &str) -> Vec<(String, Self)> {
        let mut all = self.section(key);
        let names: Vec<String> = all.table.keys().cloned().collect();
        names.into_iter().map(|name| (name.clone(), all.section(&name))).collect()
    }

    /// Returns every key that was not read yet, in the order of the file.
    pub fn rest(&mut self) -> Table {
        self.known.extend(self.table.keys().cloned());
        std::mem::take(&mut self.table)
    }

    /// Records an error under `key` of this table.
    pub fn error(&self, key: &str, problem: &str, fix: impl Display) {
        self.errors.add(self.file, &self.path_of(key), problem, fix);
    }

    /// Records an error for every key that was not read.
    pub fn finish(self) {
        for key in self.table.keys() {
            let fix = did_you_mean(key, self.known.iter().map(String::as_str));
            self.error(key, "no such key", fix);
        }
    }

    fn path_of(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }
}
