//! Store of a deployment: a Redis server, or a file of one process.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::mount;
use crate::contracts::settings::{ConfigErrors, Purpose};
use crate::contracts::settings::{ENVIRONMENT, Environment};

/// Default of `DATA_DIR`.
const DATA_DIR: &str = "data";

#[derive(Clone, Debug)]
pub enum StoreConfig {
    Redis(RedisConfig),
    /// A file in the data directory.
    Embedded {
        /// Reason why the file is lost at the next restart, on a host that is known for it.
        ephemeral: Option<String>,
    },
}

#[derive(Clone, Debug)]
pub struct RedisConfig {
    pub url: SecretString,
    pub verify_tls: bool,
    /// Number of replicas that must confirm a write before it counts.
    pub wait_replicas: u32,
}

/// Reads the store's variables. Several processes have no store without `REDIS_URL`.
pub(super) fn store(
    environment: &Environment,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> Option<StoreConfig> {
    let verify_tls = environment.parsed("REDIS_TLS_VERIFY", "write true or false", errors);
    let wait_replicas =
        environment.parsed("REDIS_WAIT_REPLICAS", "write the number of replicas", errors);
    let url = environment.secret("REDIS_TLS_URL").or_else(|| environment.secret("REDIS_URL"));
    if let Some(url) = url {
        return Some(StoreConfig::Redis(RedisConfig {
            url,
            verify_tls: verify_tls.unwrap_or(true),
            wait_replicas: wait_replicas.unwrap_or(0),
        }));
    }
    if purpose == Purpose::Shared {
        let fix = "set it to where Redis is: redis://host:6379 or rediss://user:password@host:6379; \
                   without Redis, `crosswire standalone` runs web and worker in one process";
        errors.add(ENVIRONMENT, "REDIS_URL", "is not set", fix);
        return None;
    }
    Some(StoreConfig::Embedded { ephemeral: ephemeral(environment, &data_dir(environment)) })
}

/// Returns the directory for the files of this process.
pub fn data_dir(environment: &Environment) -> PathBuf {
    environment.get("DATA_DIR").unwrap_or(DATA_DIR).into()
}

/// Returns the reason why a directory is lost at the next restart. Heroku and Fly identify themselves
/// by a variable each, and document that the disk of a dyno or machine is emptied:
/// <https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem> and
/// <https://fly.io/docs/machines/overview/>. Fly has volumes, which are kept.
fn ephemeral(environment: &Environment, directory: &Path) -> Option<String> {
    let (host, fix) = if environment.get("DYNO").is_some() {
        ("a Heroku dyno", "set REDIS_URL")
    } else if environment.get("FLY_APP_NAME").is_some() {
        if mount::is_on_a_volume(directory) {
            return None;
        }
        ("a Fly machine", "set REDIS_URL, or mount a volume and set DATA_DIR to it")
    } else {
        return None;
    };
    Some(format!("the disk of {host} is emptied at its next restart; {fix}"))
}
