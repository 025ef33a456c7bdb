//! Settings of a part: its context, its tables and variables, and the errors in them.

mod environment;
mod errors;
mod part;
mod section;

pub use environment::Environment;
#[doc(hidden)]
pub use environment::{ENVIRONMENT, is_variable_name};
#[doc(hidden)]
pub use errors::{ConfigErrors, did_you_mean};
pub use part::SettingsErrors;
#[doc(hidden)]
pub use part::build_part;
#[doc(hidden)]
pub use section::{Section, Setting};

use crate::model::topic::TopicConfig;

/// The kind of process that a configuration is read for. It decides which settings are required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// A developer's machine: settings that only a deployment needs are optional.
    Dev,
    /// A deployment of one process, which may use the embedded store.
    Standalone,
    /// A deployment of several processes, which need a shared store.
    Shared,
}

/// The input from which the parts of a topic are built.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct BuildContext<'a> {
    /// The configuration file, as errors name it.
    pub file: &'a str,
    pub topic: &'a TopicConfig,
    /// Name of the part: of a transport, the one in its addresses.
    pub part: &'a str,
    pub environment: &'a Environment,
    pub purpose: Purpose,
    /// Scheme, host and port under which providers call this server, if configured.
    pub public_url: Option<&'a str>,
    pub errors: &'a ConfigErrors,
}

impl BuildContext<'_> {
    /// Records an error in the topic's table, under `key`.
    pub fn error(&self, key: &str, problem: &str, fix: &str) {
        let key = format!("topics.{}.{key}", self.topic.name);
        self.errors.add(self.file, &key, problem, fix);
    }
}
