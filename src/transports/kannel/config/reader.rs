//! Reading of the settings: their checks, and the environment variables that they name.

use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Host;

use super::{KannelConfig, KannelSettings};
use crate::contracts::settings::{
    BuildContext, ENVIRONMENT, Purpose, SettingsErrors, is_variable_name,
};
use crate::http_client::{ClientLimits, GuardedUrl, Reach};
use crate::model::network::{is_public, parse_network};
use crate::model::phone;
use crate::transports::kannel::access::Access;

/// Shortest secret, in bytes.
const SHORTEST_SECRET: usize = 16;

const SECRET_FIX: &str = "set it to what `openssl rand -hex 16` prints, and put it into get-url";

/// Checks the settings, and reports every one that cannot work.
pub(in crate::transports::kannel) fn read(
    settings: KannelSettings,
    context: &BuildContext<'_>,
) -> Result<KannelConfig, SettingsErrors> {
    let mut reader = Reader { context, errors: SettingsErrors::default() };
    let before = context.errors.lines().len();
    let sendsms_url = reader.sendsms_url(&settings.sendsms_url);
    let credentials = reader.credentials(&settings);
    let access = reader.access(&settings);
    let report_route = reader.report_route(settings.delivery_reports);
    reader.check_values(&settings);
    reader.errors.into_result()?;
    // Errors of the environment are reported already, each under its variable.
    let Some(sendsms_url) = sendsms_url.filter(|_| context.errors.lines().len() == before) else {
        return Err(SettingsErrors::default());
    };
    let sending = &context.topic.sending;
    let line = |(line, smsc): (String, String)| (phone::normalize(&line), smsc);
    Ok(KannelConfig {
        name: context.part.to_owned(),
        sendsms_url,
        credentials,
        access,
        from: phone::normalize(&settings.from),
        smsc: settings.smsc,
        smscs: settings.smscs.into_iter().map(line).collect(),
        priority: settings.priority,
        report_route,
        encoding: settings.encoding,
        dedupe: settings.dedupe,
        limits: ClientLimits { connect_timeout: sending.connect_timeout, timeout: sending.timeout },
    })
}

struct Reader<'a> {
    context: &'a BuildContext<'a>,
    errors: SettingsErrors,
}

impl Reader<'_> {
    fn sendsms_url(&mut self, url: &str) -> Option<GuardedUrl> {
        let url = GuardedUrl::parse(url, Reach::Anywhere)
            .map_err(|problem| self.errors.add("sendsms_url", problem))
            .ok()?;
        let is_public_host = match url.as_url().host() {
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            _ => false,
        };
        if url.as_url().scheme() == "http" && is_public_host {
            let sentence = "sends the password over the internet in plain text; use https, or a \
                            private address";
            self.errors.add("sendsms_url", sentence);
        }
        Some(url)
    }

    /// Credentials of a `sendsms-user`. A developer's machine may have none.
    fn credentials(&mut self, settings: &KannelSettings) -> Option<(String, SecretString)> {
        let fix = "set it to that of a sendsms-user in Kannel's configuration";
        let username = self.variable("username_env", settings.username_env.as_ref());
        let password = self.variable("password_env", settings.password_env.as_ref());
        let is_dev = self.context.purpose == Purpose::Dev;
        if is_dev && username.value.is_none() && password.value.is_none() {
            return None;
        }
        for variable in [&username, &password].into_iter().filter(|it| it.value.is_none()) {
            self.context.errors.add(ENVIRONMENT, &variable.name, "is not set", fix);
        }
        Some((username.value?, password.value?.into()))
    }

    /// Conditions that callers have to meet. Without any, only a developer's machine takes calls, and
    /// only its own.
    fn access(&mut self, settings: &KannelSettings) -> Access {
        let secret = self.secret(settings);
        let allow: Vec<IpNet> =
            settings.allow.iter().filter_map(|text| self.network(text)).collect();
        let is_open = secret.is_none() && settings.allow.is_empty();
        if is_open && self.context.purpose != Purpose::Dev {
            let sentence = "is missing, and so is KANNEL_SECRET, so that anyone could write as \
                            anyone; list the addresses of Kannel, or set the secret";
            self.errors.add("allow", sentence);
        }
        Access { secret, allow, loopback_only: is_open }
    }

    /// Secret of the callers. Kannel writes it into URLs, where other characters would be escapes.
    fn secret(&mut self, settings: &KannelSettings) -> Option<SecretString> {
        let variable = self.variable("secret_env", settings.secret_env.as_ref());
        let Some(secret) = variable.value else {
            if settings.secret_env.is_some() {
                self.context.errors.add(ENVIRONMENT, &variable.name, "is not set", SECRET_FIX);
            }
            return None;
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if secret.len() < SHORTEST_SECRET {
            let problem = format!("is shorter than {SHORTEST_SECRET} characters");
            self.context.errors.add(ENVIRONMENT, &variable.name, problem, SECRET_FIX);
        } else if !secret.bytes().all(is_plain) {
            let problem = "has characters that a URL cannot hold as they are";
            self.context.errors.add(ENVIRONMENT, &variable.name, problem, SECRET_FIX);
        }
        Some(secret.into())
    }

    fn network(&mut self, text: &str) -> Option<IpNet> {
        let network = parse_network(text);
        if network.is_none() {
            let fix = "write an address such as \"10.0.0.5\", or a network such as \"10.0.0.0/8\"";
            self.errors.add("allow", format!("{text:?} is no address; {fix}"));
        }
        network
    }

    /// URL of the transport's status route, if reports are asked for.
    fn report_route(&mut self, is_asked_for: bool) -> Option<String> {
        let route = self.context.topic.route(self.context.part);
        match self.context.public_url.filter(|_| is_asked_for) {
            Some(origin) => Some(format!("{origin}/status/{route}")),
            None if is_asked_for => {
                let sentence = "needs an address that Kannel can call; set PUBLIC_URL";
                self.errors.add("delivery_reports", sentence);
                None
            }
            None => None,
        }
    }

    fn check_values(&mut self, settings: &KannelSettings) {
        if settings.priority.is_some_and(|priority| priority > 3) {
            self.errors.add("priority", "must be from 0 to 3; correct the value");
        }
        let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
        if !(second..=hour).contains(&settings.dedupe) {
            self.errors.add("dedupe", "must be from 1s to 1h; correct the value");
        }
        let lines = settings.smscs.keys().chain([&settings.from]);
        if lines.into_iter().any(|line| line.trim() != line) {
            self.errors.add("from", "a line has spaces around it; remove them");
        }
        let is_empty = |smsc: &String| smsc.is_empty();
        if settings.smscs.values().chain(&settings.smsc).any(is_empty) {
            self.errors.add("smsc", "is empty; write an smsc-id of Kannel's, or remove the key");
        }
    }

    /// Variable that a key names, or the usual one.
    fn variable(&mut self, key: &str, named: Option<&String>) -> Variable {
        let part = key.strip_suffix("_env").unwrap_or(key);
        let usual = format!("KANNEL_{}", part.to_uppercase());
        let name = match named {
            Some(name) if is_variable_name(name) => name.clone(),
            Some(_) => {
                // The value may be the secret itself, so the error does not quote it.
                let problem = "is not the name of an environment variable";
                let fix = format!("write the name, such as {usual}, and put the value into it");
                self.errors.add(key, format!("{problem}; {fix}"));
                usual
            }
            None => usual,
        };
        let value = self.context.environment.get(&name).map(str::to_owned);
        Variable { name, value }
    }
}

/// Environment variable with its value.
struct Variable {
    name: String,
    value: Option<String>,
}
