//! What addresses are hashed with, when nobody has said.

use std::fs::{File, create_dir_all, read_to_string};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use secrecy::SecretString;

use crate::app::config::Config;

const FILE: &str = "secret_key";
/// What is shorter was cut, or never a key.
const LEAST: usize = 16;

/// The configured key. Whoever tries things out without one gets one that is made at the first start
/// and kept beside the data, for with another one everybody would be a stranger to what is stored.
pub(super) fn key(config: &Config) -> anyhow::Result<SecretString> {
    if let Some(key) = &config.secret_key {
        return Ok(key.clone());
    }
    let file = config.data_dir.join(FILE);
    match read_to_string(&file) {
        Ok(key) if key.trim().len() < LEAST => {
            let what = "it holds no key; bring back a copy of it, or remove it to begin anew";
            Err(std::io::Error::new(ErrorKind::InvalidData, what))
        }
        Ok(key) => Ok(SecretString::from(key.trim())),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&config.data_dir, &file),
        Err(error) => Err(error),
    }
    .with_context(|| format!("cannot keep a key in {}; set SECRET_KEY or DATA_DIR", file.display()))
}

fn make(dir: &Path, file: &Path) -> std::io::Result<SecretString> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let key = hex::encode(bytes);
    create_dir_all(dir)?;
    // Whole or not at all: half a key would be taken for a key at the next start.
    let draft = file.with_extension("new");
    let mut out =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    out.write_all(key.as_bytes())?;
    out.sync_all()?;
    std::fs::rename(&draft, file)?;
    File::open(dir)?.sync_all()?;
    Ok(SecretString::from(key))
}
