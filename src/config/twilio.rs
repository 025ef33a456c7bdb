//! A topic's Twilio account: the table `topics.<name>.twilio` says which variables hold it.

use secrecy::SecretString;
use url::{Host, Url};

use super::environment::{ENVIRONMENT, Environment};
use super::{Config, Mistakes, Purpose, Section, Topic};
use crate::transports::twilio::Settings;

const API_BASE: &str = "https://api.twilio.com";

/// The account of a topic. Credentials of the wrong kind are told apart by their first letters, for
/// an API key in the place of the account, or the other way round, fails in ways that say nothing.
///
/// There is none on a developer's machine that neither names the account nor its token.
pub fn twilio(
    config: &Config,
    topic: &Topic,
    environment: &Environment,
    mistakes: &Mistakes,
) -> Option<Settings> {
    let path = format!("topics.{}.{}", topic.name, topic.transport);
    let table = topic.transport_settings.clone();
    let section = Section::new(&config.file, &path, table, mistakes);
    let mut account = Account { section, environment, mistakes };
    if config.purpose == Purpose::Dev && account.is_blank() {
        return None;
    }
    let (api_key, api_secret) = account.api_key();
    let origin = config.server.public_url.as_ref();
    let settings = Settings {
        account_sid: account.sid(),
        auth_token: account.auth_token(),
        auth_token_secondary: account.read("auth_token_secondary").secret(),
        api_key,
        api_secret,
        from_number: account.read("from_number").value,
        messaging_service_sid: account.messaging_service(),
        api_base: account.api_base(),
        status_callback: origin.map(|origin| format!("{origin}/status/{}", topic.name)),
        connect_timeout: topic.sending.connect_timeout,
        timeout: topic.sending.timeout,
    };
    account.section.finish();
    Some(settings)
}

struct Account<'a> {
    section: Section<'a>,
    environment: &'a Environment,
    mistakes: &'a Mistakes,
}

/// An environment variable, and what it is set to.
struct Variable {
    name: String,
    value: Option<String>,
}

impl Variable {
    fn secret(self) -> Option<SecretString> {
        self.value.map(SecretString::from)
    }
}

impl Account<'_> {
    fn is_blank(&mut self) -> bool {
        self.read("account_sid").value.is_none() && self.read("auth_token").value.is_none()
    }

    fn sid(&mut self) -> String {
        let sid = self.read("account_sid");
        self.starts_with(&sid, "AC", "the account's SID");
        if sid.value.is_none() {
            let fix = "set it to the account's SID, from the first page of Twilio's console";
            self.mistakes.add(ENVIRONMENT, &sid.name, "is not set", fix);
        }
        sid.value.unwrap_or_default()
    }

    /// Without it no webhook could be told from a forgery, so nothing would ever be accepted.
    fn auth_token(&mut self) -> Option<SecretString> {
        let token = self.read("auth_token");
        let what = match token.value.as_deref().map(kind) {
            None => "is not set",
            Some(None) => return token.secret(),
            Some(Some(other)) => other,
        };
        let fix = "set it to the account's auth token, from the first page of Twilio's console; \
                   nothing of an API key can check signatures";
        self.mistakes.add(ENVIRONMENT, &token.name, what, fix);
        None
    }

    fn api_key(&mut self) -> (Option<String>, Option<SecretString>) {
        let (key, secret) = (self.read("api_key"), self.read("api_secret"));
        self.starts_with(&key, "SK", "an API key's SID");
        let missing = match (&key.value, &secret.value) {
            (Some(_), None) => Some(&secret.name),
            (None, Some(_)) => Some(&key.name),
            _ => None,
        };
        if let Some(missing) = missing {
            let fix = "set both, from the same API key, or neither";
            self.mistakes.add(ENVIRONMENT, missing, "is not set, and its other half is", fix);
        }
        (key.value, secret.value.map(SecretString::from))
    }

    fn messaging_service(&mut self) -> Option<String> {
        let service = self.read("messaging_service_sid");
        self.starts_with(&service, "MG", "a messaging service's SID");
        service.value
    }

    fn api_base(&mut self) -> String {
        let base = self.read("api_base");
        let Some(url) = base.value else { return API_BASE.to_owned() };
        if !may_have_credentials(&url) {
            let fix = format!("write an https address, such as {API_BASE}, or unset it");
            self.mistakes.add(ENVIRONMENT, &base.name, "is no address to send secrets to", fix);
        }
        url.trim_end_matches('/').to_owned()
    }

    /// What is in the variable that `<what>_env` names, or in the one of Twilio's usual name.
    fn read(&mut self, what: &str) -> Variable {
        let usual = format!("TWILIO_{}", what.to_uppercase());
        let key = format!("{what}_env");
        let name = match self.section.get::<String>(&key) {
            Some(name) if is_variable(&name) => name,
            Some(_) => {
                // It may be the secret itself, so it is not quoted.
                let fix = format!("write the name, such as {usual}, and put the value into it");
                self.section.mistake(&key, "is not the name of an environment variable", fix);
                usual
            }
            None => usual,
        };
        let value = self.environment.get(&name).map(|value| value.trim().to_owned());
        Variable { name, value }
    }

    fn starts_with(&self, variable: &Variable, letters: &str, wanted: &str) {
        let Some(value) = &variable.value else { return };
        if !value.starts_with(letters) {
            let found = kind(value).unwrap_or("holds something else");
            let fix = format!("set it to {wanted}, which starts with {letters}");
            self.mistakes.add(ENVIRONMENT, &variable.name, found, fix);
        }
    }
}

/// What a value is, by Twilio's prefixes.
fn kind(value: &str) -> Option<&'static str> {
    match value.get(..2)? {
        "AC" => Some("holds an account's SID"),
        "SK" => Some("holds an API key's SID"),
        "MG" => Some("holds a messaging service's SID"),
        _ => None,
    }
}

fn is_variable(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && name.chars().all(legal)
}

/// TLS, or this very machine.
fn may_have_credentials(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const ACCOUNT: [(&str, &str); 2] = [
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
        ("TWILIO_AUTH_TOKEN", "12345"),
    ];

    fn settings(lines: &str, variables: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let base = [("REDIS_URL", "redis://localhost"), ("SECRET_KEY", "0123456789abcdef")];
        let all = base.iter().chain(&ACCOUNT).chain(variables);
        let environment: Environment = all.copied().collect();
        let mistakes = Mistakes::default();
        let text = format!("[topics.t]\nhandler = \"echo\"\n{lines}");
        let config = Config::read("topics.toml", &text, &environment, Purpose::Shared, &mistakes);
        let settings = twilio(&config, &config.topics[0], &environment, &mistakes);
        (settings.expect("a deployment has settings"), mistakes.lines())
    }

    #[test]
    fn a_topic_may_name_variables_of_its_own() {
        let (settings, mistakes) = settings(
            "twilio = { auth_token_env = \"OTHER_TOKEN\" }",
            &[("OTHER_TOKEN", "67890"), ("PUBLIC_URL", "https://e.example/")],
        );
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(settings.auth_token.unwrap().expose_secret(), "67890");
        assert_eq!(settings.api_base, "https://api.twilio.com");
        assert_eq!(settings.status_callback.unwrap(), "https://e.example/status/t");
    }

    #[test]
    fn a_credential_that_is_missing_or_another_is_named_by_its_variable() {
        let table = [
            ("", ("TWILIO_ACCOUNT_SID", ""), "environment: TWILIO_ACCOUNT_SID: is not set; set it"),
            (
                "",
                ("TWILIO_ACCOUNT_SID", "SK1"),
                "environment: TWILIO_ACCOUNT_SID: holds an API key's SID; set it to the account's SID, which starts with AC",
            ),
            (
                "",
                ("TWILIO_AUTH_TOKEN", ""),
                "environment: TWILIO_AUTH_TOKEN: is not set; set it to the account's auth token",
            ),
            (
                "",
                ("TWILIO_AUTH_TOKEN", "SK1"),
                "environment: TWILIO_AUTH_TOKEN: holds an API key's SID; set it to the account's auth token",
            ),
            (
                "",
                ("TWILIO_API_KEY", "SK1"),
                "environment: TWILIO_API_SECRET: is not set, and its other half is; set both",
            ),
            (
                "",
                ("TWILIO_API_SECRET", "x"),
                "environment: TWILIO_API_KEY: is not set, and its other half is; set both",
            ),
            (
                "",
                ("TWILIO_MESSAGING_SERVICE_SID", "AC1"),
                "environment: TWILIO_MESSAGING_SERVICE_SID: holds an account's SID",
            ),
            (
                "",
                ("TWILIO_API_BASE", "http://e.example"),
                "environment: TWILIO_API_BASE: is no address to send secrets to",
            ),
            (
                "twilio.auth_token_env = \"OTHER\"",
                ("X", ""),
                "environment: OTHER: is not set; set it",
            ),
            (
                "twilio.auth_token_env = \"0f0f\"",
                ("X", ""),
                "topics.toml: topics.t.twilio.auth_token_env: is not the name of an environment variable",
            ),
            (
                "twilio.auth_token = \"0f0f\"",
                ("X", ""),
                "topics.toml: topics.t.twilio.auth_token: no such key; did you mean auth_token_env?",
            ),
        ];
        for (lines, variable, expected) in table {
            let (_, mistakes) = settings(lines, &[variable]);
            assert_eq!(mistakes.len(), 1, "{lines} {variable:?}: {mistakes:#?}");
            assert!(mistakes[0].starts_with(expected), "{lines} {variable:?}: {mistakes:#?}");
            assert!(!mistakes[0].contains("0f0f"), "{mistakes:#?}");
        }
    }
}
