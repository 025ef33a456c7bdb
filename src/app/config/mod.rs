//! Configuration: topics.toml describes the topics, the environment says where they run and holds
//! the secrets.
//!
//! A [`DraftConfig`] holds the parts of it that can be read, so that the errors of the file, of the
//! environment and of every topic's parts are found together. A [`Config`] exists only when there
//! are none.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::api::ApiToken;
use crate::contracts::settings::{Environment, Purpose};
use crate::model::topic::TopicConfig;

mod api;
mod dotenv;
mod draft;
mod limits;
mod mount;
mod schedule;
mod secrets;
mod server;
mod sockets;
mod spending;
mod store;
#[cfg(test)]
mod tests;
mod topic;
mod transports;

pub use draft::{DraftConfig, TopicSelection};
pub use server::ServerConfig;
pub use store::{RedisConfig, StoreConfig, data_dir};

/// Returns the environment variables of this process, and those of the file `.env` in the working
/// directory that it does not have.
///
/// # Errors
/// When there is a file that cannot be read.
pub fn process_environment() -> anyhow::Result<Environment> {
    let file = dotenv::read(Path::new(".env"))?;
    // A variable that is set to nothing takes precedence, too: it unsets that of the file.
    Ok(file.into_iter().chain(own_variables()).collect())
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn own_variables() -> impl Iterator<Item = (String, String)> {
    // Other than `vars`, `vars_os` survives a variable that is not Unicode.
    let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(unicode)
}

/// Returns the path of this process's executable; an empty one when the system does not tell.
pub fn executable() -> PathBuf {
    std::env::current_exe().unwrap_or_default()
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
    /// Token that opens the operator's pages for reading.
    pub admin_read_token: Option<SecretString>,
    /// Token that opens the metrics, beside both of these.
    pub metrics_token: Option<SecretString>,
    /// Tokens that open the HTTP API.
    pub api_tokens: Vec<ApiToken>,
    pub topics: Vec<TopicConfig>,
}
