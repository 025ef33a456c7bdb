//! Where everything is kept: a Redis, or a file of this process's own.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::contracts::settings::{ConfigErrors, Purpose};
use crate::contracts::settings::{ENVIRONMENT, Environment};

/// Unless `DATA_DIR` says otherwise.
const DATA_DIR: &str = "data";

#[derive(Clone, Debug)]
pub enum Store {
    Redis(Redis),
    /// A file in the data directory.
    Embedded {
        /// Why what is in it will not be kept, where that is known.
        ephemeral: Option<String>,
    },
}

#[derive(Clone, Debug)]
pub struct Redis {
    pub url: SecretString,
    pub verify_tls: bool,
    /// Replicas that must have confirmed a write before it counts.
    pub wait_replicas: u32,
}

pub(super) fn store(environment: &Environment, purpose: Purpose, errors: &ConfigErrors) -> Store {
    let verify_tls = environment.parsed("REDIS_TLS_VERIFY", "write true or false", errors);
    let wait_replicas =
        environment.parsed("REDIS_WAIT_REPLICAS", "write the number of replicas", errors);
    let url = environment.secret("REDIS_TLS_URL").or_else(|| environment.secret("REDIS_URL"));
    if let Some(url) = url {
        return Store::Redis(Redis {
            url,
            verify_tls: verify_tls.unwrap_or(true),
            wait_replicas: wait_replicas.unwrap_or(0),
        });
    }
    if purpose == Purpose::Shared {
        let fix = "set it to where Redis is: redis://host:6379 or rediss://user:password@host:6379; \
                   without Redis, `crosswire standalone` runs web and worker in one process";
        errors.add(ENVIRONMENT, "REDIS_URL", "is not set", fix);
    }
    Store::Embedded { ephemeral: ephemeral(environment) }
}

/// Where a process keeps what is its own.
pub(super) fn data_dir(environment: &Environment) -> PathBuf {
    environment.get("DATA_DIR").unwrap_or(DATA_DIR).into()
}

/// Heroku and Fly say where we are, and what becomes of the disk there is in their documentation:
/// <https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem> and
/// <https://fly.io/docs/machines/overview/>.
fn ephemeral(environment: &Environment) -> Option<String> {
    let (host, fix) = if environment.get("DYNO").is_some() {
        ("a Heroku dyno", "set REDIS_URL")
    } else if environment.get("FLY_APP_NAME").is_some() {
        ("a Fly machine", "set REDIS_URL, or mount a volume and set DATA_DIR to it")
    } else {
        return None;
    };
    Some(format!("the disk of {host} is emptied at its next restart; {fix}"))
}
