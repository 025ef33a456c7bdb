//! The account that a request must name, and its credentials.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// An account: its SID, and the auth token that signs the server's own calls.
#[derive(Clone)]
pub struct Account {
    pub sid: String,
    pub token: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("sid", &self.sid).finish_non_exhaustive()
    }
}

impl Account {
    /// Returns whether a header holds the account's SID and token, or one of the API keys (SID and
    /// secret).
    pub(super) fn admits(&self, keys: &[(String, String)], authorization: Option<&str>) -> bool {
        let encoded = authorization.and_then(|header| header.strip_prefix("Basic "));
        let decoded = encoded.and_then(|encoded| BASE64_STANDARD.decode(encoded.trim()).ok());
        let Some(given) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return false;
        };
        let is = |(user, secret): (&str, &str)| given.split_once(':') == Some((user, secret));
        let own = (self.sid.as_str(), self.token.as_str());
        is(own) || keys.iter().any(|(key, secret)| is((key, secret)))
    }

    pub(super) fn to_json(&self, date: &str) -> Value {
        let uri = format!("/2010-04-01/Accounts/{}", self.sid);
        json!({
            "auth_token": null,
            "date_created": date,
            "date_updated": date,
            "friendly_name": "A simulated account",
            "owner_account_sid": self.sid,
            "sid": self.sid,
            "status": "active",
            "subresource_uris": {
                "incoming_phone_numbers": format!("{uri}/IncomingPhoneNumbers.json"),
                "messages": format!("{uri}/Messages.json"),
            },
            "type": "Full",
            "uri": format!("{uri}.json"),
        })
    }
}
