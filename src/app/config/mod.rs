//! Configuration: topics.toml describes the topics, the environment says where they run and holds
//! the secrets.
//!
//! A [`DraftConfig`] holds the parts of it that can be read, so that the errors of the file, of the
//! environment and of every topic's parts are found together. A [`Config`] exists only when there
//! are none.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::api::ApiToken;
use crate::contracts::settings::{Environment, Purpose};
use crate::model::topic::TopicConfig;

mod api;
mod draft;
mod limits;
mod mount;
mod schedule;
mod secrets;
mod server;
mod sockets;
mod store;
#[cfg(test)]
mod tests;
mod topic;
mod transports;

pub use draft::{DraftConfig, TopicSelection};
pub use server::ServerConfig;
pub use store::{RedisConfig, StoreConfig};

/// Returns the environment variables of this process.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn process_environment() -> Environment {
    // Other than `vars`, `vars_os` survives a variable that is not Unicode.
    let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(unicode).collect()
}

/// A valid configuration. Its secrets never show in `Debug`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    pub purpose: Purpose,
    pub server: ServerConfig,
    pub store: StoreConfig,
    /// The directory for the files of this process.
    pub data_dir: PathBuf,
    /// Key with which addresses are hashed. Always present but for [`Purpose::Dev`].
    pub secret_key: Option<SecretString>,
    /// Token that opens the pages which are not public.
    pub admin_token: Option<SecretString>,
    /// Tokens that open the HTTP API.
    pub api_tokens: Vec<ApiToken>,
    pub topics: Vec<TopicConfig>,
}
