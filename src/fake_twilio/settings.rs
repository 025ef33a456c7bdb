//! Settings of a server.

use super::account::Account;
use super::delivery::Callbacks;

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    pub account: Account,
    /// SIDs and secrets of API keys.
    pub api_keys: Vec<(String, String)>,
    /// Phone numbers of the account.
    pub lines: Vec<String>,
    /// Webhook of each number, until it is updated.
    pub webhook: Option<String>,
    pub callbacks: Callbacks,
    /// Port on this machine; 0 for a free one.
    pub port: u16,
    /// Beginning of the random numbers by which callbacks are drawn.
    pub seed: u64,
}

impl Settings {
    /// Settings of a server on a free port, whose account has one number and no webhook.
    pub fn new(account: Account, line: &str) -> Self {
        Self {
            account,
            api_keys: Vec::new(),
            lines: vec![line.to_owned()],
            webhook: None,
            callbacks: Callbacks::default(),
            port: 0,
            seed: 0,
        }
    }
}
