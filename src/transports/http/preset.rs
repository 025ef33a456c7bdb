//! Presets: the gateways that a table can name, and the choice among them.

use std::time::Duration;

use serde_json::{Map, Value};
use url::{Host, Url};

use super::custom;
use super::gateway::Gateway;
use super::secrets::Secrets;
use super::{telnyx, vonage};
use crate::contracts::handler::Result;
use crate::contracts::settings::{BuildContext, SettingsErrors, build_part, did_you_mean};
use crate::http_client::{GuardedUrl, Reach};
use crate::model::network::is_public;

/// Presets that are settings of a gateway with configured fields.
///
/// `vumi` is the JSON of Vumi Go's HTTP API as `RapidSMS` speaks it; `junebug` is Junebug's HTTP API
/// (junebug.readthedocs.io, "HTTP API").
const TABLES: [(&str, &str); 2] = [
    ("junebug", include_str!("presets/junebug.json")),
    ("vumi", include_str!("presets/vumi.json")),
];

const NAMES: [&str; 4] = ["junebug", "telnyx", "vonage", "vumi"];

/// Gateway that was built, with the settings that are no part of its protocol.
pub(super) struct Built {
    pub(super) gateway: Box<dyn Gateway>,
    pub(super) line: Option<String>,
    pub(super) dedupe: Option<Duration>,
    pub(super) missing: Option<String>,
}

/// Builds the gateway of a table.
pub(super) fn build(mut table: Map<String, Value>, context: &BuildContext<'_>) -> Result<Built> {
    let preset = match table.remove("preset") {
        None => String::new(),
        Some(Value::String(name)) => name,
        Some(_) => return Err(problem("is of the wrong kind; write a text in quotes").into()),
    };
    let built = match preset.as_str() {
        "" => build_part(&table, |settings| custom::build(settings, context)),
        "telnyx" => build_part(&table, |settings| telnyx::build(settings, context)),
        "vonage" => build_part(&table, |settings| vonage::build(settings, context)),
        name => {
            let Some((_, defaults)) = TABLES.iter().find(|(known, _)| *known == name) else {
                let fix = did_you_mean(name, NAMES);
                return Err(problem(format!("nothing is called {name:?}; {fix}")).into());
            };
            let mut merged = serde_json::from_str(defaults).expect("a preset is a JSON object");
            merge(&mut merged, table);
            build_part(&merged, |settings| custom::build(settings, context))
        }
    };
    Ok(built?)
}

fn problem(sentence: impl Into<String>) -> SettingsErrors {
    let mut errors = SettingsErrors::default();
    errors.add("preset", sentence);
    errors
}

/// Writes the values of a table over those of the preset, key by key.
fn merge(preset: &mut Map<String, Value>, table: Map<String, Value>) {
    for (key, value) in table {
        match (preset.get_mut(&key), value) {
            (Some(Value::Object(preset)), Value::Object(table)) => merge(preset, table),
            (_, value) => drop(preset.insert(key, value)),
        }
    }
}

/// Problem with credentials that would leave this network without encryption, if there is one. A name
/// without a dot is one of this network, such as a container's.
pub(super) fn plain_http_problem(url: &Url) -> Option<&'static str> {
    let is_near = match url.host()? {
        Host::Ipv4(address) => !is_public(address.into()),
        Host::Ipv6(address) => !is_public(address.into()),
        Host::Domain(name) => !name.contains('.') || name.ends_with(".internal"),
    };
    let is_safe = url.scheme() == "https" || is_near;
    (!is_safe).then_some("would send the credentials unencrypted; write https://")
}

/// Checks the address of an API that is called with credentials.
pub(super) fn check_base(api_base: &str, secrets: &mut Secrets<'_>) {
    match GuardedUrl::parse(api_base, Reach::Anywhere) {
        Err(problem) => secrets.errors.add("api_base", problem),
        Ok(url) => {
            let problem = plain_http_problem(url.as_url());
            problem.into_iter().for_each(|problem| secrets.errors.add("api_base", problem));
        }
    }
}
