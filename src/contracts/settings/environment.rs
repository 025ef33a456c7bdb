//! Environment variables, passed as a value to every part that is configured by them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use secrecy::SecretString;

use super::errors::ConfigErrors;

/// Name of the environment in error lines, in place of a file.
pub const ENVIRONMENT: &str = "environment";

/// Environment variables of a process. An empty variable counts as unset, since deployment tools
/// unset a variable by emptying it.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn secret(&self, name: &str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }

    /// Returns a variable as a `T`, and records an error with this fix when it cannot be parsed.
    pub fn parsed<T: FromStr>(&self, name: &str, fix: &str, errors: &ConfigErrors) -> Option<T> {
        let value = self.get(name)?;
        let parsed = value.parse().ok();
        if parsed.is_none() {
            errors.add(ENVIRONMENT, name, "cannot be read", fix);
        }
        parsed
    }
}

/// Returns whether a text can be the name of a variable: capital letters, digits and `_`. A secret that
/// stands where its variable's name belongs rarely is.
pub fn is_variable_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && text.chars().all(legal)
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl<'v> FromIterator<(&'v str, &'v str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'v str, &'v str)>>(variables: I) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(variables.into_iter().map(owned).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets.
        f.debug_set().entries(self.0.keys()).finish()
    }
}
