//! The settings of a part: what it is built from, and how it reports every error in them at once.

mod environment;
mod errors;
mod part;
mod section;

pub use environment::{ENVIRONMENT, Environment};
pub use errors::{ConfigErrors, did_you_mean};
pub use part::{SettingsErrors, build_part};
pub use section::{Section, Setting};

use crate::model::topic::TopicConfig;

/// The kind of process that a configuration is read for, which decides what may be missing from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A developer's machine: what only a deployment needs may be missing.
    Dev,
    /// A deployment of one process, which can do with a store of its own.
    Standalone,
    /// A deployment of several processes, which need a store that they can share.
    Shared,
}

/// What a part of a topic is built from.
#[derive(Clone, Copy)]
pub struct BuildContext<'a> {
    /// The configuration file, as errors name it.
    pub file: &'a str,
    pub topic: &'a TopicConfig,
    pub environment: &'a Environment,
    pub purpose: Purpose,
    /// Scheme, host and port as providers see this server, when that is known.
    pub public_url: Option<&'a str>,
    pub errors: &'a ConfigErrors,
}

impl BuildContext<'_> {
    /// Reports an error in the topic's table, under `key`.
    pub fn error(&self, key: &str, what: &str, fix: &str) {
        let key = format!("topics.{}.{key}", self.topic.name);
        self.errors.add(self.file, &key, what, fix);
    }
}
