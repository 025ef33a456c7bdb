//! The server's own calls: signed as Twilio signs them, on threads of their own.

use std::time::Duration;

use secrecy::SecretString;
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::warn;

use super::account::Account;
use super::form::Form;
use crate::http_client::{self, ClientLimits, Reach};
use crate::transports::twilio::signature::sign;

/// Time limits of Twilio's calls.
const LIMITS: ClientLimits =
    ClientLimits { connect_timeout: Duration::from_secs(5), timeout: Duration::from_secs(15) };

/// Largest answer to a webhook that Twilio reads.
const MAX_ANSWER: usize = 64 * 1024;

/// Answer to a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// Status; 0 when there was no answer.
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: String,
}

/// Client with the credentials to sign.
#[derive(Clone)]
pub(super) struct Caller {
    http: reqwest::Client,
    token: SecretString,
    handle: Handle,
}

/// Threads that make the calls, until this is dropped.
pub(super) struct Threads(Option<Runtime>);

impl Caller {
    pub(super) fn start(account: &Account) -> anyhow::Result<(Self, Threads)> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let handle = runtime.handle().clone();
        let http = http_client::client(LIMITS, Reach::Anywhere)?;
        let token = SecretString::from(account.token.as_str());
        Ok((Self { http, token, handle }, Threads(Some(runtime))))
    }

    /// Runs work that outlives the request that began it.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.handle.spawn(work)
    }

    /// Posts a form. A fragment of the URL is for Twilio itself, and neither sent nor signed.
    pub(super) async fn post(&self, url: &str, form: &Form, token: Option<&str>) -> Answer {
        let url = url.split('#').next().unwrap_or_default();
        let body = form.encoded();
        let signature = sign(&self.token, url, body.as_bytes());
        let mut request = self
            .http
            .post(url)
            .header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
            .header("User-Agent", "TwilioProxy/1.1")
            .header("Accept", "*/*")
            .header("X-Twilio-Signature", signature);
        if let Some(token) = token {
            request = request.header("I-Twilio-Idempotency-Token", token);
        }
        match request.body(body).send().await {
            Ok(response) => answer(response).await,
            Err(error) => {
                // The address alone: a query may hold a person's number.
                warn!(error = %error.without_url(), "call failed");
                Answer::default()
            }
        }
    }
}

async fn answer(response: reqwest::Response) -> Answer {
    let content_type = response.headers().get("content-type");
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (status, content_type) = (response.status().as_u16(), content_type.to_owned());
    let response = http_client::Response::read(response, MAX_ANSWER).await;
    let body = response.body.unwrap_or_default();
    Answer { status, content_type, body: String::from_utf8_lossy(&body).into_owned() }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A drop in an asynchronous context must not wait for the threads.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
