//! A configuration that may have errors: input of the parts' own checks, but not of a process.

use toml::Table;

use super::{Config, api, secrets, server, store, topic};
use crate::contracts::settings::{
    BuildContext, ConfigErrors, ENVIRONMENT, Environment, Purpose, Section, did_you_mean,
};
use crate::model::topic::TopicConfig;

/// The parts of a configuration that could be read. A value with an error is replaced by its default,
/// so that everything that depends on it is checked too; [`DraftConfig::finish`] is the only way to a
/// [`Config`], and fails after any error.
pub struct DraftConfig {
    purpose: Purpose,
    /// The configuration file, as errors name it.
    file: String,
    public_url: Option<String>,
    /// Names of all topics of the file, those with errors included.
    names: Vec<String>,
    topics: Vec<TopicConfig>,
    /// Absent when the deployment lacks a setting that has no default.
    config: Option<Config>,
}

/// The one topic that a process was asked to run, and where.
#[derive(Clone, Copy, Debug)]
pub enum TopicSelection<'a> {
    /// By the flag `--topic`.
    Flag(&'a str),
    /// By the variable `TOPIC`.
    Variable(&'a str),
}

impl<'a> TopicSelection<'a> {
    pub fn name(self) -> &'a str {
        match self {
            Self::Flag(name) | Self::Variable(name) => name,
        }
    }
}

impl DraftConfig {
    /// Reads the file that `TOPICS_FILE` names, or `topics.toml` in the working directory.
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

    /// Reads a text, which errors call `file`.
    pub fn read(
        file: &str,
        text: &str,
        environment: &Environment,
        purpose: Purpose,
        errors: &ConfigErrors,
    ) -> Self {
        Self::from_table(file, parse(file, text, errors), environment, purpose, errors)
    }

    /// Reads the environment even without a table, so that its errors are reported too.
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
        let sections = root.sections("topics");
        let names: Vec<String> = sections.iter().map(|(name, _)| name.clone()).collect();
        let tokens = api::tokens(&mut root, &names, environment, purpose, errors);
        if sections.is_empty() && is_read {
            root.error("topics", "there is none", "write one, as [topics.my_topic]");
        }
        root.finish();
        let topics: Vec<TopicConfig> =
            sections.into_iter().filter_map(|(name, table)| topic::topic(&name, table)).collect();
        reject_shared_paths(&topics, file, errors);
        let secret_key = secrets::secret_key(environment, purpose, errors);
        let admin_token = secrets::admin_token(environment, errors);
        let admin_read_token = secrets::admin_read_token(environment, errors);
        let metrics_token = secrets::metrics_token(environment, errors);
        let store = store::store(environment, purpose, errors);
        Self {
            purpose,
            file: file.to_owned(),
            public_url: server.public_url.clone(),
            names,
            topics: topics.clone(),
            config: store.map(|store| Config {
                purpose,
                server,
                store,
                data_dir: store::data_dir(environment),
                secret_key,
                admin_token,
                admin_read_token,
                metrics_token,
                api_tokens: tokens,
                topics,
            }),
        }
    }

    /// Returns the topics that have a name and a handler.
    pub fn topics(&self) -> &[TopicConfig] {
        &self.topics
    }

    /// Returns the input from which the parts of a topic are built.
    pub fn build_context<'a>(
        &'a self,
        topic: &'a TopicConfig,
        environment: &'a Environment,
        errors: &'a ConfigErrors,
    ) -> BuildContext<'a> {
        BuildContext {
            file: &self.file,
            topic,
            part: "",
            environment,
            purpose: self.purpose,
            public_url: self.public_url.as_deref(),
            errors,
        }
    }

    /// Records an error when the selected topic does not exist.
    pub fn check_topic(&self, selection: TopicSelection<'_>, errors: &ConfigErrors) {
        let name = selection.name();
        if self.names.iter().any(|known| known == name) {
            return;
        }
        let fix = did_you_mean(name, self.names.iter().map(String::as_str));
        match selection {
            TopicSelection::Flag(name) => {
                errors.add("command line", "--topic", format!("there is no topic {name:?}"), fix);
            }
            TopicSelection::Variable(_) => {
                let problem = "You must provide a topic as an env var (TOPIC=my_topic)";
                errors.add(ENVIRONMENT, "TOPIC", problem, fix);
            }
        }
    }

    /// Returns the configuration, or all errors that were recorded while it was read and built.
    pub fn finish(self, errors: ConfigErrors) -> Result<Config, ConfigErrors> {
        match self.config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(errors),
        }
    }
}

fn parse(file: &str, text: &str, errors: &ConfigErrors) -> Option<Table> {
    let record = |error: &toml::de::Error| {
        let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
        let line = before.matches('\n').count() + 1;
        let problem = error.message().replace('\n', ", ");
        errors.add(file, &format!("line {line}"), problem, "correct the TOML");
    };
    text.parse().inspect_err(record).ok()
}

fn reject_shared_paths(topics: &[TopicConfig], file: &str, errors: &ConfigErrors) {
    let mut taken: Vec<(&str, &TopicConfig)> = Vec::new();
    for (path, topic) in topics.iter().flat_map(|t| t.paths.iter().map(move |p| (p.as_str(), t))) {
        if let Some((_, first)) = taken.iter().find(|(known, _)| *known == path) {
            let key = format!("topics.{}.paths", topic.name);
            let problem = format!("{path} belongs to {} already", first.name);
            errors.add(file, &key, problem, "choose another");
        }
        taken.push((path, topic));
    }
}
