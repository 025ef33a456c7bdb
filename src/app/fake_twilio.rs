//! The command `fake-twilio`: a simulated Twilio on this machine.

use std::io::Write;
use std::time::Duration;

use super::commands::FakeTwilioOptions;
use super::process::Stop;
use crate::contracts::settings::Environment;
use crate::fake_twilio::{Account, Delivery, FakeTwilio, Journal, Settings};

/// Credentials of an environment that names none.
const SID: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "12345678901234567890123456789012";
const LINE: &str = "+15005550006";

/// Time between two looks at a journal that does not change.
const PATIENCE: Duration = Duration::from_mins(1);

/// Serves until it is stopped, and prints the texts that phones receive.
pub(super) async fn serve(
    environment: &Environment,
    options: &FakeTwilioOptions,
    stop: Stop,
) -> anyhow::Result<()> {
    let fake = FakeTwilio::start(settings(environment, options))?;
    introduce(&fake, environment)?;
    let mut printed = 0;
    while !stop.0.is_cancelled() {
        let more = |journal: &Journal| journal.sent(|messages| messages.len() > printed);
        tokio::select! {
            _ = fake.journal().wait_until(PATIENCE, more) => {}
            () = stop.0.cancelled() => {}
        }
        printed = print(fake.journal(), printed)?;
    }
    Ok(())
}

/// Prints the texts after those that were printed, and returns the number of all.
fn print(journal: &Journal, printed: usize) -> std::io::Result<usize> {
    let mut out = std::io::stdout().lock();
    journal.sent(|messages| {
        // A reset leaves fewer than there were.
        for text in messages.iter().skip(printed) {
            writeln!(out, "{} < {}", text.to, text.body)?;
        }
        Ok(messages.len())
    })
}

fn settings(environment: &Environment, options: &FakeTwilioOptions) -> Settings {
    let get = |name, default: &str| environment.get(name).unwrap_or(default).to_owned();
    let account =
        Account { sid: get("TWILIO_ACCOUNT_SID", SID), token: get("TWILIO_AUTH_TOKEN", TOKEN) };
    let key = environment.get("TWILIO_API_KEY").zip(environment.get("TWILIO_API_SECRET"));
    Settings {
        api_keys: key
            .map(|(key, secret)| (key.to_owned(), secret.to_owned()))
            .into_iter()
            .collect(),
        webhook: options.webhook.clone(),
        callbacks: Delivery::Delivered.into(),
        port: options.port,
        ..Settings::new(account, &get("TWILIO_FROM_NUMBER", LINE))
    }
}

/// Prints the variables that lead here.
fn introduce(fake: &FakeTwilio, environment: &Environment) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Simulated Twilio, with a page of what it sees: {}", fake.url())?;
    writeln!(out, "Variables of web and worker, beside PUBLIC_URL:")?;
    writeln!(out, "  TWILIO_API_BASE={}", fake.url())?;
    // The values of the environment are known there, and one of them is a secret.
    if environment.get("TWILIO_ACCOUNT_SID").is_none() {
        writeln!(out, "  TWILIO_ACCOUNT_SID={SID}")?;
    }
    if environment.get("TWILIO_AUTH_TOKEN").is_none() {
        writeln!(out, "  TWILIO_AUTH_TOKEN={TOKEN}")?;
    }
    if environment.get("TWILIO_FROM_NUMBER").is_none() {
        writeln!(out, "  TWILIO_FROM_NUMBER={LINE}")?;
    }
    Ok(())
}
