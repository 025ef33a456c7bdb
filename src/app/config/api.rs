//! Tokens of the HTTP API: the tables `api.tokens.<name>`.

use super::secrets::check_strength;
use crate::api::{ApiToken, Scope};
use crate::contracts::settings::{
    ConfigErrors, ENVIRONMENT, Environment, Purpose, Section, did_you_mean,
};
use crate::model::topic::TopicName;

/// Shortest token, in bytes. A program shows it on every call, so that it need not be remembered.
const SHORTEST: usize = 24;

/// Reads the tokens. A developer's machine does without those whose variables are not set.
pub(super) fn tokens(
    root: &mut Section<'_>,
    topics: &[String],
    environment: &Environment,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> Vec<ApiToken> {
    let mut api = root.section("api");
    let sections = api.sections("tokens");
    api.finish();
    let mut tokens: Vec<ApiToken> = Vec::new();
    for (name, section) in sections {
        let Some((variable, token)) = token(&name, section, topics, environment, purpose, errors)
        else {
            continue;
        };
        if let Some(other) = tokens.iter().find(|other| other.is_same_as(&token)) {
            let problem = format!("is the token of {} too", other.name);
            errors.add(ENVIRONMENT, &variable, problem, "give each caller a token of its own");
        }
        tokens.push(token);
    }
    tokens
}

fn token(
    name: &str,
    mut section: Section<'_>,
    topics: &[String],
    environment: &Environment,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> Option<(String, ApiToken)> {
    let variable: Option<String> = section.get("token_env");
    let scopes = scopes(&mut section);
    let topics = section.get::<Vec<String>>("topics").map(|names| limit(&section, &names, topics));
    if variable.is_none() {
        let fix = "name the environment variable that holds the token";
        section.error("token_env", "is missing", fix);
    }
    section.finish();
    let variable = variable?;
    let fix = "set it to what `openssl rand -hex 32` prints";
    let Some(secret) = environment.secret(&variable) else {
        if purpose != Purpose::Dev {
            errors.add(ENVIRONMENT, &variable, "is not set", fix);
        }
        return None;
    };
    check_strength(&secret, &variable, SHORTEST, fix, errors);
    Some((variable, ApiToken::new(name, &secret, scopes, topics)))
}

fn scopes(section: &mut Section<'_>) -> Vec<Scope> {
    let fix = "write some of \"send\", \"read\" and \"inbound\"";
    let Some(names) = section.get::<Vec<String>>("scopes") else {
        section.error("scopes", "is missing", fix);
        return Vec::new();
    };
    if names.is_empty() {
        section.error("scopes", "is empty", fix);
    }
    let scope = |name: &String| {
        let found = Scope::NAMES.into_iter().find(|(known, _)| known == name);
        if found.is_none() {
            let fix = did_you_mean(name, Scope::NAMES.map(|(known, _)| known));
            section.error("scopes", &format!("there is no scope {name:?}"), fix);
        }
        found.map(|(_, scope)| scope)
    };
    names.iter().filter_map(scope).collect()
}

/// Returns the topics that a token is limited to.
fn limit(section: &Section<'_>, names: &[String], topics: &[String]) -> Vec<TopicName> {
    let topic = |name: &String| {
        if !topics.contains(name) {
            let fix = did_you_mean(name, topics.iter().map(String::as_str));
            section.error("topics", &format!("there is no topic {name:?}"), fix);
        }
        name.parse().ok()
    };
    names.iter().filter_map(topic).collect()
}
