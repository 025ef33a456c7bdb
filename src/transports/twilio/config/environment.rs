//! Reads a topic's account from the environment variables that `topics.<topic>.twilio` names.

use std::collections::BTreeMap;

use secrecy::SecretString;
use url::{Host, Url};

use super::{TwilioConfig, TwilioOptions};
use crate::contracts::settings::{
    BuildContext, ConfigErrors, ENVIRONMENT, Environment, Purpose, Section, is_variable_name,
};
use crate::model::topic::TransportConfig;

const API_BASE: &str = "https://api.twilio.com";

/// Parts of an account. The table may name the variable of each, as `<part>_env`.
const PARTS: [&str; 8] = [
    "account_sid",
    "auth_token",
    "auth_token_secondary",
    "api_key",
    "api_secret",
    "from_number",
    "messaging_service_sid",
    "api_base",
];

/// Reads the account of a topic, and records the errors in it. Credentials of the wrong kind are told
/// apart by their first letters, because Twilio's own error for an API key in the place of the account
/// does not name the cause.
///
/// Returns nothing on a developer's machine that sets neither the account nor its token.
pub fn read(context: &BuildContext<'_>, transport: &TransportConfig) -> Option<TwilioConfig> {
    let topic = context.topic;
    let path = format!("topics.{}.{}", topic.name, transport.name);
    let table = transport.settings.clone();
    let mut section = Section::new(context.file, &path, table, context.errors);
    let options = TwilioOptions::read(&mut section, context, &transport.name);
    let account = Account::read(section, context.environment, context.errors);
    if context.purpose == Purpose::Dev && account.is_blank() {
        return None;
    }
    let (api_key, api_secret) = account.api_key();
    let origin = context.public_url;
    Some(TwilioConfig {
        account_sid: account.sid(),
        auth_token: account.auth_token(),
        auth_token_secondary: account.part("auth_token_secondary").secret(),
        api_key,
        api_secret,
        from_number: account.part("from_number").value.clone(),
        messaging_service_sid: account.messaging_service(),
        api_base: account.api_base(),
        status_callback: origin
            .map(|origin| format!("{origin}/status/{}", topic.route(&transport.name))),
        connect_timeout: topic.sending.connect_timeout,
        timeout: topic.sending.timeout,
        options,
    })
}

struct Account<'a> {
    parts: BTreeMap<&'static str, Variable>,
    errors: &'a ConfigErrors,
}

/// Environment variable with its value.
struct Variable {
    name: String,
    value: Option<String>,
}

impl Variable {
    fn secret(&self) -> Option<SecretString> {
        self.value.clone().map(SecretString::from)
    }
}

impl<'a> Account<'a> {
    /// Reads all parts at once, so that every key of the table is known before any is used.
    fn read(mut section: Section<'_>, environment: &Environment, errors: &'a ConfigErrors) -> Self {
        let parts = PARTS.map(|part| (part, variable(&mut section, environment, part)));
        section.finish();
        Self { parts: parts.into(), errors }
    }

    fn part(&self, part: &str) -> &Variable {
        &self.parts[part]
    }

    fn is_blank(&self) -> bool {
        self.part("account_sid").value.is_none() && self.part("auth_token").value.is_none()
    }

    fn sid(&self) -> String {
        let sid = self.part("account_sid");
        self.starts_with(sid, "AC", "the account's SID");
        if sid.value.is_none() {
            let fix = "set it to the account's SID, from the first page of Twilio's console";
            self.errors.add(ENVIRONMENT, &sid.name, "is not set", fix);
        }
        sid.value.clone().unwrap_or_default()
    }

    /// Auth token. Without one every webhook would be refused, so it is required.
    fn auth_token(&self) -> Option<SecretString> {
        let token = self.part("auth_token");
        let what = match token.value.as_deref().map(kind) {
            None => "is not set",
            Some(None) => return token.secret(),
            Some(Some(other)) => other,
        };
        let fix = "set it to the account's auth token, from the first page of Twilio's console; \
                   nothing of an API key can check signatures";
        self.errors.add(ENVIRONMENT, &token.name, what, fix);
        None
    }

    fn api_key(&self) -> (Option<String>, Option<SecretString>) {
        let (key, secret) = (self.part("api_key"), self.part("api_secret"));
        self.starts_with(key, "SK", "an API key's SID");
        let missing = match (&key.value, &secret.value) {
            (Some(_), None) => Some(&secret.name),
            (None, Some(_)) => Some(&key.name),
            _ => None,
        };
        if let Some(missing) = missing {
            let fix = "set both, from the same API key, or neither";
            self.errors.add(ENVIRONMENT, missing, "is not set, but its counterpart is", fix);
        }
        (key.value.clone(), secret.secret())
    }

    fn messaging_service(&self) -> Option<String> {
        let service = self.part("messaging_service_sid");
        self.starts_with(service, "MG", "a messaging service's SID");
        service.value.clone()
    }

    fn api_base(&self) -> String {
        let base = self.part("api_base");
        let Some(url) = &base.value else { return API_BASE.to_owned() };
        if !may_have_credentials(url) {
            let fix = format!("write an https address, such as {API_BASE}, or unset it");
            self.errors.add(ENVIRONMENT, &base.name, "is not a safe address for credentials", fix);
        }
        url.trim_end_matches('/').to_owned()
    }

    fn starts_with(&self, variable: &Variable, letters: &str, wanted: &str) {
        let Some(value) = &variable.value else { return };
        if !value.starts_with(letters) {
            let found = kind(value).unwrap_or("holds something else");
            let fix = format!("set it to {wanted}, which starts with {letters}");
            self.errors.add(ENVIRONMENT, &variable.name, found, fix);
        }
    }
}

/// Reads the variable that `<part>_env` names, or the one with Twilio's usual name.
fn variable(section: &mut Section<'_>, environment: &Environment, part: &str) -> Variable {
    let usual = format!("TWILIO_{}", part.to_uppercase());
    let key = format!("{part}_env");
    let name = match section.get::<String>(&key) {
        Some(name) if is_variable_name(&name) => name,
        Some(_) => {
            // The value may be the secret itself, so the error does not quote it.
            let fix = format!("write the name, such as {usual}, and put the value into it");
            section.error(&key, "is not the name of an environment variable", fix);
            usual
        }
        None => usual,
    };
    let value = environment.get(&name).map(|value| value.trim().to_owned());
    Variable { name, value }
}

/// Kind of a credential, by Twilio's prefixes.
fn kind(value: &str) -> Option<&'static str> {
    match value.get(..2)? {
        "AC" => Some("holds an account's SID"),
        "SK" => Some("holds an API key's SID"),
        "MG" => Some("holds a messaging service's SID"),
        _ => None,
    }
}

/// Returns whether credentials may be sent to this URL: over TLS, or within this machine.
fn may_have_credentials(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    })
}
