//! The webhook of the account's number.

use serde::Deserialize;

use crate::contracts::transport::{Examination, Finding, SendError, Verdict};
use crate::http_client::Response;
use crate::model::address::Identity;
use crate::transports::twilio::{Twilio, api, outcome};

/// Overrides that make Twilio call again while the server is away.
const OVERRIDES: &str = "#rc=5&rp=all";

#[derive(Deserialize)]
struct Numbers {
    incoming_phone_numbers: Vec<Number>,
}

/// A number of the account.
#[derive(Deserialize)]
struct Number {
    sid: String,
    #[serde(default)]
    sms_url: Option<String>,
    #[serde(default)]
    sms_application_sid: Option<String>,
}

/// Examines the webhook of the number, and sets it if it may.
pub(super) async fn examine(twilio: &Twilio, wanted: &Examination) -> Finding {
    let Some(line) = twilio.config.from_number.as_deref() else {
        let sentence = "TWILIO_FROM_NUMBER is not set, so that no number's webhook is examined";
        return finding(Verdict::Degraded, sentence);
    };
    let Some(own) = wanted.webhooks.first() else {
        let sentence = "not examined, since PUBLIC_URL is not set";
        return finding(Verdict::Degraded, sentence);
    };
    let number = match number(twilio, line).await {
        Ok(Some(number)) => number,
        Ok(None) => {
            let masked = Identity::new(line);
            let sentence = format!(
                "{masked} is no number of this account; set TWILIO_FROM_NUMBER to one of its own, or \
                 use the account that it belongs to"
            );
            return finding(Verdict::Problem, sentence);
        }
        Err(error) => {
            return finding(Verdict::Problem, format!("the numbers cannot be read: {error}"));
        }
    };
    compare(twilio, wanted, own, &number).await
}

async fn compare(twilio: &Twilio, wanted: &Examination, own: &str, number: &Number) -> Finding {
    if number.sms_application_sid.as_deref().is_some_and(|application| !application.is_empty()) {
        let sentence = "a TwiML application takes the place of the number's webhook; remove it in \
                        Twilio's console, under the number's Messaging";
        return finding(Verdict::Problem, sentence);
    }
    let present = number.sms_url.as_deref().unwrap_or_default();
    let address = present.split('#').next().unwrap_or_default();
    if wanted.webhooks.iter().any(|webhook| webhook == address) {
        return finding(Verdict::Ok, format!("the number calls {present}"));
    }
    let leads = if present.is_empty() { "nowhere".to_owned() } else { format!("to {address}") };
    if !wanted.repair {
        let sentence = format!(
            "the number's messages go {leads}; run `crosswire doctor --fix`, or set its webhook to \
             {own}{OVERRIDES} in Twilio's console"
        );
        return finding(Verdict::Problem, sentence);
    }
    match set(twilio, &number.sid, own).await {
        Ok(()) => finding(
            Verdict::Repaired,
            format!("the number calls {own}{OVERRIDES}; its messages went {leads}"),
        ),
        Err(error) => finding(Verdict::Problem, format!("the webhook cannot be set: {error}")),
    }
}

fn finding(verdict: Verdict, sentence: impl Into<String>) -> Finding {
    Finding::new(verdict, "webhook", sentence)
}

async fn number(twilio: &Twilio, line: &str) -> Result<Option<Number>, SendError> {
    let request = twilio.http.get(url(twilio, "")).query(&[("PhoneNumber", line)]);
    let response = api::exchange(twilio, request).await?;
    let read = |body: &[u8]| serde_json::from_slice::<Numbers>(body).ok();
    let numbers = success(&response)?.body.as_deref().and_then(read);
    let unreadable = || SendError::Ambiguous("the list of numbers cannot be read".to_owned());
    Ok(numbers.ok_or_else(unreadable)?.incoming_phone_numbers.into_iter().next())
}

async fn set(twilio: &Twilio, sid: &str, webhook: &str) -> Result<(), SendError> {
    let form = [("SmsUrl", format!("{webhook}{OVERRIDES}")), ("SmsMethod", "POST".to_owned())];
    let request = twilio.http.post(url(twilio, &format!("/{sid}"))).form(&form);
    success(&api::exchange(twilio, request).await?).map(drop)
}

fn url(twilio: &Twilio, rest: &str) -> String {
    let config = &twilio.config;
    let account = format!("{}/2010-04-01/Accounts/{}", config.api_base, config.account_sid);
    format!("{account}/IncomingPhoneNumbers{rest}.json")
}

fn success(response: &Response) -> Result<&Response, SendError> {
    if response.status.is_success() { Ok(response) } else { Err(outcome::send_error(response)) }
}
