//! Examination of the account at Twilio: signatures, credentials, clock, and the webhook of its number.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::DATE;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Twilio, outcome, signature};
use crate::contracts::transport::{Examination, Finding, SendError, Verdict};
use crate::http_client::{self, Response};
use crate::model::clock::{Clock, SystemClock};

mod webhook;

/// Largest response that is read.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// Difference of two clocks from which lists of messages are searched at the wrong times.
const MAX_SKEW: TimeDelta = TimeDelta::seconds(30);

/// The account, as Twilio shows it.
#[derive(Deserialize)]
struct Account {
    status: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Examines the account, and repairs the webhook of its number when it is asked to.
pub(super) async fn diagnose(twilio: &Twilio, wanted: &Examination) -> Vec<Finding> {
    let mut findings = vec![self_test()];
    match account(twilio).await {
        Ok((account, skew)) => {
            findings.push(standing(&account));
            findings.push(clock(skew));
        }
        Err(error) => {
            findings.push(credentials(&error));
            return findings;
        }
    }
    findings.push(webhook::examine(twilio, wanted).await);
    findings
}

/// Signs the call that Twilio publishes with its libraries.
fn self_test() -> Finding {
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    let form = b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309\
        &To=%2B18005551212&Caller=%2B14158675309";
    if signature::sign(&SecretString::from("12345"), url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8=" {
        return Finding::new(Verdict::Ok, "signature", "Twilio's published example is reproduced");
    }
    let sentence = "Twilio's published example is not reproduced; install another build";
    Finding::new(Verdict::Problem, "signature", sentence)
}

/// Fetches the account with the auth token, since an API key may not read it, and the difference of
/// the clocks.
async fn account(twilio: &Twilio) -> Result<(Account, Option<TimeDelta>), SendError> {
    let config = &twilio.config;
    let url = format!("{}/2010-04-01/Accounts/{}.json", config.api_base, config.account_sid);
    let token = config.auth_token.as_ref().map(ExposeSecret::expose_secret);
    let request = twilio.http.get(url).basic_auth(&config.account_sid, token);
    let response = request.send().await.map_err(http_client::failure)?;
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    let skew = date.map(|date| skew(date.to_utc()));
    let response = Response::read(response, MAX_RESPONSE_BYTES).await;
    if !response.status.is_success() {
        return Err(outcome::send_error(&response));
    }
    let account = response.body.as_deref().map(serde_json::from_slice);
    let unreadable = || SendError::Ambiguous("the account cannot be read".to_owned());
    Ok((account.and_then(Result::ok).ok_or_else(unreadable)?, skew))
}

fn skew(date: DateTime<Utc>) -> TimeDelta {
    SystemClock.now() - date
}

fn credentials(error: &SendError) -> Finding {
    let sentence = match error {
        SendError::Account { .. } => format!(
            "{error}; compare the account's SID and auth token with the first page of Twilio's console"
        ),
        _ => format!(
            "Twilio does not answer: {error}; look at the network, and at the address of the API"
        ),
    };
    Finding::new(Verdict::Problem, "credentials", sentence)
}

fn standing(account: &Account) -> Finding {
    let part = "credentials";
    match (account.status.as_str(), account.kind.as_deref()) {
        ("active", Some("Trial")) => {
            let sentence = "a trial account: it sends to verified numbers only, with a notice before \
                            each text; upgrade it in Twilio's console";
            Finding::new(Verdict::Degraded, part, sentence)
        }
        ("active", _) => Finding::new(Verdict::Ok, part, "Twilio accepts them"),
        (status, _) => {
            let sentence = format!("the account is {status}; see Twilio's console");
            Finding::new(Verdict::Problem, part, sentence)
        }
    }
}

fn clock(skew: Option<TimeDelta>) -> Finding {
    let Some(skew) = skew else {
        return Finding::new(Verdict::Degraded, "clock", "Twilio did not tell its time");
    };
    let seconds = skew.num_seconds();
    if skew.abs() < MAX_SKEW {
        return Finding::new(Verdict::Ok, "clock", "this machine and Twilio agree");
    }
    let side = if seconds > 0 { "ahead of" } else { "behind" };
    let sentence = format!(
        "this machine is {} s {side} Twilio; synchronise it, as with `timedatectl set-ntp true`",
        seconds.abs()
    );
    Finding::new(Verdict::Problem, "clock", sentence)
}
