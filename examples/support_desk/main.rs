//! A support desk: every message becomes a ticket of a service that is called over HTTP.
//!
//! `TOPICS_FILE=examples/support_desk/topics.toml cargo run --example support_desk`
//!
//! A handler may run again for the same message, so the call carries the message's id, which never
//! changes, as its idempotency key: the service opens one ticket however often it is called.

use std::time::Duration;

use crosswire::prelude::*;
use reqwest::{Client, StatusCode};
use serde::Deserialize;

/// Less than the topic's `handler_timeout`, so that a slow call is an error with a reason.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Deserialize)]
struct DeskSettings {
    url: String,
}

#[derive(Deserialize)]
struct Ticket {
    number: u64,
}

struct Desk {
    url: String,
    http: Client,
}

impl Desk {
    fn new(DeskSettings { url }: DeskSettings) -> Result<Self> {
        Ok(Self { url, http: Client::builder().timeout(TIMEOUT).build()? })
    }
}

impl Handler for Desk {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let request = self
            .http
            .post(&self.url)
            .header("Idempotency-Key", message.key().as_str())
            .json(&serde_json::json!({ "text": message.text.reveal() }));
        let response = request.send().await?;
        if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
            return Err(Refuse::new("Please tell us a bit more.").into());
        }
        // Any other error is temporary: the message is tried again after a while.
        let ticket: Ticket = response.error_for_status()?.json().await?;
        cx.reply(format!("Your ticket is number {}.", ticket.number));
        Ok(())
    }
}

fn main() -> Result {
    App::from_env()?.handler_with("support_desk", Desk::new).run()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
