//! What runs here: topics.toml says what, the environment says where and holds the secrets.
//!
//! Everything is read before anything runs, and all that is wrong is said at once.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use toml::Table;

mod environment;
mod limits;
mod mistakes;
mod section;
mod server;
#[cfg(test)]
mod tests;
mod topic;

pub use environment::{ENVIRONMENT, Environment};
pub use mistakes::{Mistakes, did_you_mean};
pub use section::Section;
pub use server::Server;
pub use topic::{Check, Topic};

/// With less than 16 bytes, groups could be turned back into numbers by trying.
const LEAST_SECRET: usize = 16;

/// A configuration that can be read. Its secrets never show in `Debug`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that it came from, as mistakes name it.
    pub file: String,
    pub server: Server,
    pub store: Store,
    /// What people's addresses are hashed with.
    pub secret_key: SecretString,
    pub topics: Vec<Topic>,
}

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct Store {
    pub url: SecretString,
    pub verify_tls: bool,
    /// Replicas that must have confirmed a write before it counts.
    pub wait_replicas: u32,
}

impl Config {
    /// Reads a topics file. What is returned may run only when nothing was added to `mistakes`.
    pub fn read(file: &str, text: &str, environment: &Environment, mistakes: &Mistakes) -> Self {
        let table = parse(file, text, mistakes);
        let mut root = Section::new(file, "", table, mistakes);
        let server = server::server(&mut root, environment, mistakes);
        let topics = topics(&mut root, mistakes, file);
        root.finish();
        Self {
            file: file.to_owned(),
            server,
            store: store(environment, mistakes),
            secret_key: secret_key(environment, mistakes),
            topics,
        }
    }

    /// The topics that a worker is for: the one that it was told, or all.
    pub fn topics_of(&self, only: Option<&str>, mistakes: &Mistakes) -> Vec<&Topic> {
        let chosen: Vec<&Topic> = self
            .topics
            .iter()
            .filter(|topic| only.is_none_or(|only| only == topic.name.as_str()))
            .collect();
        if chosen.is_empty() {
            let what = "You must provide a topic as an env var (TOPIC=my_topic)";
            let names = self.topics.iter().map(|topic| topic.name.as_str());
            mistakes.add(ENVIRONMENT, "TOPIC", what, did_you_mean(only.unwrap_or_default(), names));
        }
        chosen
    }
}

/// The file that `TOPICS_FILE` names, or `topics.toml` where the process runs, and what is in it.
pub fn topics_file(environment: &Environment) -> anyhow::Result<(String, String)> {
    let path = environment.get("TOPICS_FILE").unwrap_or("topics.toml");
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| {
        anyhow::anyhow!("{path}: cannot be read: {error}; set TOPICS_FILE to where it is")
    })?;
    Ok((path.to_owned(), text))
}

fn parse(file: &str, text: &str, mistakes: &Mistakes) -> Table {
    text.parse::<Table>().unwrap_or_else(|error| {
        let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
        let line = before.matches('\n').count() + 1;
        let what = error.message().replace('\n', ", ");
        mistakes.add(file, &format!("line {line}"), what, "mend the TOML");
        Table::new()
    })
}

fn topics(root: &mut Section<'_>, mistakes: &Mistakes, file: &str) -> Vec<Topic> {
    let topics: Vec<Topic> = root
        .sections("topics")
        .into_iter()
        .map(|(name, section)| topic::topic(&name, section))
        .collect();
    if topics.is_empty() {
        root.mistake("topics", "there is none", "write one, as [topics.my_topic]");
    }
    let mut taken: Vec<(&str, &Topic)> = Vec::new();
    for (path, topic) in topics.iter().flat_map(|t| t.paths.iter().map(move |p| (p.as_str(), t))) {
        if let Some((_, first)) = taken.iter().find(|(known, _)| *known == path) {
            let key = format!("topics.{}.paths", topic.name);
            let what = format!("{path} belongs to {} already", first.name);
            mistakes.add(file, &key, what, "choose another");
        }
        taken.push((path, topic));
    }
    topics
}

fn store(environment: &Environment, mistakes: &Mistakes) -> Store {
    let url = environment.secret("REDIS_TLS_URL").or_else(|| environment.secret("REDIS_URL"));
    if url.is_none() {
        let fix = "set it to where Redis is: redis://host:6379 or rediss://user:password@host:6379";
        mistakes.add(ENVIRONMENT, "REDIS_URL", "is not set", fix);
    }
    let verify_tls = environment.parsed("REDIS_TLS_VERIFY", "write true or false", mistakes);
    let wait_replicas =
        environment.parsed("REDIS_WAIT_REPLICAS", "write the number of replicas", mistakes);
    Store {
        url: url.unwrap_or_default(),
        verify_tls: verify_tls.unwrap_or(true),
        wait_replicas: wait_replicas.unwrap_or(0),
    }
}

fn secret_key(environment: &Environment, mistakes: &Mistakes) -> SecretString {
    let fix = "set it, once and for every process, to what `openssl rand -hex 32` prints";
    let key = environment.secret("SECRET_KEY");
    match &key {
        None => mistakes.add(ENVIRONMENT, "SECRET_KEY", "is not set", fix),
        Some(key) if key.expose_secret().len() < LEAST_SECRET => {
            let what = format!("is shorter than {LEAST_SECRET} bytes");
            mistakes.add(ENVIRONMENT, "SECRET_KEY", what, fix);
        }
        Some(_) => {}
    }
    key.unwrap_or_default()
}
