//! What runs here: topics.toml says what, the environment says where and holds the secrets.
//!
//! Everything is read before anything runs, and all that is wrong is said at once.

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
mod twilio;

pub use environment::{ENVIRONMENT, Environment};
pub use mistakes::{Mistakes, did_you_mean};
pub use section::Section;
pub use server::Server;
pub use topic::{Check, Topic};
pub use twilio::twilio;

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
    /// Reads the file that `TOPICS_FILE` names, or `topics.toml` where the process runs. What is
    /// returned may run only when nothing was added to `mistakes`.
    pub fn load(environment: &Environment, mistakes: &Mistakes) -> Self {
        let file = environment.get("TOPICS_FILE").unwrap_or("topics.toml");
        match std::fs::read_to_string(file) {
            Ok(text) => Self::read(file, &text, environment, mistakes),
            Err(error) => {
                let fix = "set TOPICS_FILE to where it is";
                mistakes.add(file, "file", format!("cannot be read ({error})"), fix);
                Self::from_table(file, None, environment, mistakes)
            }
        }
    }

    /// As [`Config::load`], from a text.
    pub fn read(file: &str, text: &str, environment: &Environment, mistakes: &Mistakes) -> Self {
        Self::from_table(file, parse(file, text, mistakes), environment, mistakes)
    }

    /// Without a table the environment is looked at all the same, so that its mistakes are said too.
    fn from_table(
        file: &str,
        table: Option<Table>,
        environment: &Environment,
        mistakes: &Mistakes,
    ) -> Self {
        let is_read = table.is_some();
        let mut root = Section::new(file, "", table.unwrap_or_default(), mistakes);
        let server = server::server(&mut root, environment, mistakes);
        let topics = topics(&mut root, mistakes, file);
        if topics.is_empty() && is_read {
            root.mistake("topics", "there is none", "write one, as [topics.my_topic]");
        }
        root.finish();
        Self {
            file: file.to_owned(),
            server,
            store: store(environment, mistakes),
            secret_key: secret_key(environment, mistakes),
            topics,
        }
    }

    /// Complains when there is no such topic.
    pub fn check_topic(&self, name: &str, mistakes: &Mistakes) {
        let mut names = self.topics.iter().map(|topic| topic.name.as_str());
        if !names.clone().any(|known| known == name) {
            let what = "You must provide a topic as an env var (TOPIC=my_topic)";
            mistakes.add(ENVIRONMENT, "TOPIC", what, did_you_mean(name, names.by_ref()));
        }
    }
}

fn parse(file: &str, text: &str, mistakes: &Mistakes) -> Option<Table> {
    let complain = |error: &toml::de::Error| {
        let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
        let line = before.matches('\n').count() + 1;
        let what = error.message().replace('\n', ", ");
        mistakes.add(file, &format!("line {line}"), what, "mend the TOML");
    };
    text.parse().inspect_err(complain).ok()
}

fn topics(root: &mut Section<'_>, mistakes: &Mistakes, file: &str) -> Vec<Topic> {
    let topics: Vec<Topic> = root
        .sections("topics")
        .into_iter()
        .map(|(name, section)| topic::topic(&name, section))
        .collect();
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
