//! What runs here: topics.toml says what, the environment says where and holds the secrets.
//!
//! Everything is read before anything runs, and all that is wrong is said at once.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use toml::Table;

use crate::contracts::settings::{
    BuildContext, ConfigErrors, ENVIRONMENT, Environment, Purpose, Section, did_you_mean,
};
use crate::model::topic::TopicConfig;

mod limits;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod topic;
mod transports;

pub use server::Server;
pub use store::{Redis, Store};

/// With less than 16 bytes, groups could be turned back into numbers by trying.
const LEAST_SECRET: usize = 16;

/// Too short a token could be found by trying.
const LEAST_TOKEN: usize = 16;

/// The environment variables of this process.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn process_environment() -> Environment {
    // Other than `vars`, `vars_os` survives a variable that is not Unicode.
    let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(unicode).collect()
}

/// A configuration that can be read. Its secrets never show in `Debug`.
#[derive(Clone, Debug)]
pub struct Config {
    pub purpose: Purpose,
    /// The file that it came from, as errors name it.
    pub file: String,
    pub server: Server,
    pub store: Store,
    /// Where this process keeps what is its own.
    pub data_dir: PathBuf,
    /// What people's addresses are hashed with. Only [`Purpose::Dev`] can do without.
    pub secret_key: Option<SecretString>,
    /// What opens the pages that are not for everybody.
    pub admin_token: Option<SecretString>,
    pub topics: Vec<TopicConfig>,
}

impl Config {
    /// Reads the file that `TOPICS_FILE` names, or `topics.toml` where the process runs. What is
    /// returned may run only when nothing was added to `errors`.
    pub fn load(environment: &Environment, purpose: Purpose, errors: &ConfigErrors) -> Self {
        let file = environment.get("TOPICS_FILE").unwrap_or("topics.toml");
        match std::fs::read_to_string(file) {
            Ok(text) => Self::read(file, &text, environment, purpose, errors),
            Err(error) => {
                let fix = "set TOPICS_FILE to where it is";
                errors.add(file, "file", format!("cannot be read ({error})"), fix);
                Self::from_table(file, None, environment, purpose, errors)
            }
        }
    }

    /// As [`Config::load`], from a text.
    pub fn read(
        file: &str,
        text: &str,
        environment: &Environment,
        purpose: Purpose,
        errors: &ConfigErrors,
    ) -> Self {
        Self::from_table(file, parse(file, text, errors), environment, purpose, errors)
    }

    /// Without a table the environment is looked at all the same, so that its errors are said too.
    fn from_table(
        file: &str,
        table: Option<Table>,
        environment: &Environment,
        purpose: Purpose,
        errors: &ConfigErrors,
    ) -> Self {
        let is_read = table.is_some();
        let mut root = Section::new(file, "", table.unwrap_or_default(), errors);
        let server = server::server(&mut root, environment, purpose, errors);
        let topics = topics(&mut root, errors, file);
        if topics.is_empty() && is_read {
            root.error("topics", "there is none", "write one, as [topics.my_topic]");
        }
        root.finish();
        Self {
            purpose,
            file: file.to_owned(),
            server,
            store: store::store(environment, purpose, errors),
            data_dir: store::data_dir(environment),
            secret_key: secret_key(environment, purpose, errors),
            admin_token: admin_token(environment, errors),
            topics,
        }
    }

    /// What the parts of a topic are built from.
    pub fn build_context<'a>(
        &'a self,
        topic: &'a TopicConfig,
        environment: &'a Environment,
        errors: &'a ConfigErrors,
    ) -> BuildContext<'a> {
        BuildContext {
            file: &self.file,
            topic,
            environment,
            purpose: self.purpose,
            public_url: self.server.public_url.as_deref(),
            errors,
        }
    }

    /// Complains when there is no such topic.
    pub fn check_topic(&self, name: &str, errors: &ConfigErrors) {
        let mut names = self.topics.iter().map(|topic| topic.name.as_str());
        if !names.clone().any(|known| known == name) {
            let what = "You must provide a topic as an env var (TOPIC=my_topic)";
            errors.add(ENVIRONMENT, "TOPIC", what, did_you_mean(name, names.by_ref()));
        }
    }
}

fn parse(file: &str, text: &str, errors: &ConfigErrors) -> Option<Table> {
    let complain = |error: &toml::de::Error| {
        let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
        let line = before.matches('\n').count() + 1;
        let what = error.message().replace('\n', ", ");
        errors.add(file, &format!("line {line}"), what, "mend the TOML");
    };
    text.parse().inspect_err(complain).ok()
}

fn topics(root: &mut Section<'_>, errors: &ConfigErrors, file: &str) -> Vec<TopicConfig> {
    let topics: Vec<TopicConfig> = root
        .sections("topics")
        .into_iter()
        .map(|(name, section)| topic::topic(&name, section))
        .collect();
    let mut taken: Vec<(&str, &TopicConfig)> = Vec::new();
    for (path, topic) in topics.iter().flat_map(|t| t.paths.iter().map(move |p| (p.as_str(), t))) {
        if let Some((_, first)) = taken.iter().find(|(known, _)| *known == path) {
            let key = format!("topics.{}.paths", topic.name);
            let what = format!("{path} belongs to {} already", first.name);
            errors.add(file, &key, what, "choose another");
        }
        taken.push((path, topic));
    }
    topics
}

fn secret_key(
    environment: &Environment,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> Option<SecretString> {
    let fix = "set it, once and for every process, to what `openssl rand -hex 32` prints";
    let key = environment.secret("SECRET_KEY");
    match &key {
        None if purpose == Purpose::Dev => {}
        None => errors.add(ENVIRONMENT, "SECRET_KEY", "is not set", fix),
        Some(key) if key.expose_secret().len() < LEAST_SECRET => {
            let what = format!("is shorter than {LEAST_SECRET} bytes");
            errors.add(ENVIRONMENT, "SECRET_KEY", what, fix);
        }
        Some(_) => {}
    }
    key
}

fn admin_token(environment: &Environment, errors: &ConfigErrors) -> Option<SecretString> {
    let token = environment.secret("ADMIN_TOKEN")?;
    if token.expose_secret().len() < LEAST_TOKEN {
        let what = format!("is shorter than {LEAST_TOKEN} bytes");
        let fix = "set it to what `openssl rand -hex 32` prints, or unset it";
        errors.add(ENVIRONMENT, "ADMIN_TOKEN", what, fix);
    }
    Some(token)
}
