//! The key with which addresses are hashed, generated when none is configured.

use std::fs::{File, create_dir_all, read_to_string};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use secrecy::SecretString;

use crate::app::config::Config;

const FILE: &str = "secret_key";
/// Shortest content of the file that can be a whole key.
const SHORTEST: usize = 16;

/// Returns the configured key, or the one beside the data, which is generated at the first start.
/// Under another key every person would have a new mailbox.
pub(super) fn key(config: &Config) -> anyhow::Result<SecretString> {
    if let Some(key) = &config.secret_key {
        return Ok(key.clone());
    }
    let file = config.data_dir.join(FILE);
    match read_to_string(&file) {
        Ok(key) if key.trim().len() < SHORTEST => {
            let problem = "it holds no key; restore a copy of it, or remove it to start anew";
            Err(std::io::Error::new(ErrorKind::InvalidData, problem))
        }
        Ok(key) => Ok(SecretString::from(key.trim())),
        Err(error) if error.kind() == ErrorKind::NotFound => generate(&config.data_dir, &file),
        Err(error) => Err(error),
    }
    .with_context(|| format!("cannot keep a key in {}; set SECRET_KEY or DATA_DIR", file.display()))
}

/// Returns the configured key or the kept one, for a program that must have the key of others.
pub(super) fn existing_key(config: &Config) -> anyhow::Result<SecretString> {
    let is_kept = config.secret_key.is_some() || config.data_dir.join(FILE).exists();
    anyhow::ensure!(
        is_kept,
        "environment: SECRET_KEY: is not set; set it to that of the deployment"
    );
    key(config)
}

fn generate(dir: &Path, file: &Path) -> std::io::Result<SecretString> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let key = hex::encode(bytes);
    create_dir_all(dir)?;
    // Written under another name and renamed: the next start would take half a key for a key.
    let draft = file.with_extension("new");
    let mut out =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    out.write_all(key.as_bytes())?;
    out.sync_all()?;
    std::fs::rename(&draft, file)?;
    File::open(dir)?.sync_all()?;
    Ok(SecretString::from(key))
}
