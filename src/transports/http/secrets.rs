//! Secrets, read from the environment variables that the settings name.

use secrecy::SecretString;

use crate::contracts::settings::{BuildContext, Purpose, SettingsErrors, is_variable_name};

/// Reader of secrets. It collects the errors of all settings, and the variables that a developer's
/// machine has not set.
pub(super) struct Secrets<'c> {
    pub(super) context: &'c BuildContext<'c>,
    pub(super) errors: SettingsErrors,
    missing: Vec<String>,
}

impl<'c> Secrets<'c> {
    pub(super) fn new(context: &'c BuildContext<'c>) -> Self {
        Self { context, errors: SettingsErrors::default(), missing: Vec::new() }
    }

    /// Returns the value of the variable that `key` names. A deployment needs it; a developer's machine
    /// runs without, and the transport says so when it is used.
    pub(super) fn read(&mut self, key: &str, name: &str) -> Option<SecretString> {
        if !is_variable_name(name) {
            // The value may be the secret itself, so the error does not quote it.
            let fix = "write the name, such as GATEWAY_SECRET, and put the secret into it";
            self.errors.add(key, format!("is not the name of an environment variable; {fix}"));
            return None;
        }
        let secret = self.context.environment.secret(name);
        if secret.is_none() {
            if self.context.purpose == Purpose::Dev {
                self.missing.push(name.to_owned());
            } else {
                self.errors.add(key, format!("names {name}, which is not set; set it"));
            }
        }
        secret
    }

    /// Returns the action that a developer must take before the transport can be used.
    pub(super) fn missing(&self) -> Option<String> {
        let names = self.missing.join(", ");
        (!names.is_empty()).then(|| format!("set {names} to reach the gateway"))
    }
}
