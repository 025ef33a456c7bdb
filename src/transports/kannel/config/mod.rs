//! Settings of the transport: the table `topics.<topic>.<name>`.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::access::Access;
use crate::http_client::{ClientLimits, GuardedUrl};

mod reader;

pub(super) use reader::read;

/// Characters that messages are sent in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// The alphabet of GSM for a text that it holds, and else UTF-16.
    #[default]
    Smart,
    /// The alphabet of GSM always; every other character is dropped.
    Gsm7,
}

/// Settings as topics.toml has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KannelSettings {
    sendsms_url: String,
    username_env: Option<String>,
    password_env: Option<String>,
    secret_env: Option<String>,
    allow: Vec<String>,
    from: String,
    smsc: Option<String>,
    smscs: BTreeMap<String, String>,
    priority: Option<u8>,
    delivery_reports: bool,
    encoding: Alphabet,
    #[serde(with = "humantime_serde")]
    dedupe: Duration,
}

impl Default for KannelSettings {
    fn default() -> Self {
        Self {
            sendsms_url: "http://127.0.0.1:13013/cgi-bin/sendsms".to_owned(),
            username_env: None,
            password_env: None,
            secret_env: None,
            allow: Vec::new(),
            from: String::new(),
            smsc: None,
            smscs: BTreeMap::new(),
            priority: None,
            delivery_reports: false,
            encoding: Alphabet::Smart,
            dedupe: Duration::from_secs(60),
        }
    }
}

/// Settings that were checked, with the values of the variables that they name.
pub struct KannelConfig {
    /// Name of the transport in addresses.
    pub name: String,
    pub sendsms_url: GuardedUrl,
    /// User name and password of a `sendsms-user`; absent on a developer's machine only.
    pub credentials: Option<(String, SecretString)>,
    pub access: Access,
    /// Line of a message that names none; empty for Kannel's own default.
    pub from: String,
    pub smsc: Option<String>,
    /// SMSC of each line that has one of its own.
    pub smscs: BTreeMap<String, String>,
    pub priority: Option<u8>,
    /// URL that Kannel reports deliveries to.
    pub report_route: Option<String>,
    pub encoding: Alphabet,
    /// Time within which an equal text of one sender is the same message, when it has no id.
    pub dedupe: Duration,
    pub limits: ClientLimits,
}
