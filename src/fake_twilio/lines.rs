//! The account's phone numbers, and the webhook of each.

use serde_json::{Value, json};
use uuid::Uuid;

use super::form::Form;

/// A number of the account.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) sid: String,
    pub(super) number: String,
    pub(super) sms_url: String,
    sms_method: String,
    sms_fallback_url: String,
}

impl Line {
    pub(super) fn new(number: &str, webhook: &str) -> Self {
        Self {
            sid: format!("PN{}", Uuid::now_v7().simple()),
            number: number.to_owned(),
            sms_url: webhook.to_owned(),
            sms_method: "POST".to_owned(),
            sms_fallback_url: String::new(),
        }
    }

    /// Sets the parts that a request names.
    pub(super) fn update(&mut self, form: &Form) {
        let parts = [
            ("SmsUrl", &mut self.sms_url),
            ("SmsMethod", &mut self.sms_method),
            ("SmsFallbackUrl", &mut self.sms_fallback_url),
        ];
        for (name, part) in parts {
            if let Some(value) = form.get(name) {
                value.clone_into(part);
            }
        }
    }

    pub(super) fn to_json(&self, account: &str) -> Value {
        json!({
            "account_sid": account,
            "api_version": "2010-04-01",
            "beta": false,
            "capabilities": { "fax": false, "mms": true, "sms": true, "voice": true },
            "date_created": null,
            "date_updated": null,
            "friendly_name": self.number,
            "phone_number": self.number,
            "sid": self.sid,
            "sms_application_sid": "",
            "sms_fallback_method": "POST",
            "sms_fallback_url": self.sms_fallback_url,
            "sms_method": self.sms_method,
            "sms_url": self.sms_url,
            "status": "in-use",
            "status_callback": "",
            "status_callback_method": "POST",
            "uri": format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{}.json", self.sid),
        })
    }
}
