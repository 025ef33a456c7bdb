//! The HTTP API as a client calls it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Client as HttpClient, Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::engine::submissions::{Draft, MessageStatus};
use crate::http_client::{self, ClientLimits, GuardedUrl, Reach, Response};
use crate::model::message::MessageId;

const LIMITS: ClientLimits =
    ClientLimits { connect_timeout: Duration::from_secs(5), timeout: Duration::from_secs(30) };
/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// API of a deployment, and the token for it.
pub(super) struct Remote {
    http: HttpClient,
    /// Without a trailing slash.
    url: String,
    token: SecretString,
}

/// Answer to a message that was taken.
#[derive(Deserialize)]
struct Accepted {
    id: MessageId,
}

/// Problem of RFC 9457, of which the detail says what to do.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Remote {
    pub(super) fn new(url: &str, token: SecretString) -> Result<Self> {
        let guarded = GuardedUrl::parse(url, Reach::Anywhere);
        guarded.map_err(|problem| anyhow::anyhow!("the address of the API {problem}"))?;
        let http = http_client::client(LIMITS, Reach::Anywhere)?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), token })
    }

    pub(super) async fn send(&self, message: &Draft, key: Option<&str>) -> Result<MessageId> {
        let request = self.call(Method::POST, "/api/messages").json(message);
        let request = key.into_iter().fold(request, |it, key| it.header("idempotency-key", key));
        let Accepted { id } = self.answer(request).await?;
        Ok(id)
    }

    pub(super) async fn cancel(&self, id: &MessageId) -> Result<()> {
        let request = self.call(Method::DELETE, &format!("/api/messages/{id}"));
        self.answer::<Accepted>(request).await.map(drop)
    }

    pub(super) async fn status(&self, id: &MessageId) -> Result<MessageStatus> {
        self.answer(self.call(Method::GET, &format!("/api/messages/{id}"))).await
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let call = self.http.request(method, format!("{}{path}", self.url));
        call.bearer_auth(self.token.expose_secret())
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let url = &self.url;
        let response = request.send().await.map_err(reqwest::Error::without_url);
        let response = response.with_context(|| {
            format!(
                "no answer from {url}; name the address of a running server by --url or API_URL"
            )
        })?;
        let Response { status, body, .. } = Response::read(response, MAX_ANSWER).await;
        let body = body.context("the answer of the API is cut off; try again")?;
        if !status.is_success() {
            match serde_json::from_slice::<Problem>(&body) {
                Ok(Problem { detail }) => bail!("{detail}"),
                Err(_) => {
                    bail!("{url} answered {status}; is it a Crosswire with the table api.tokens?")
                }
            }
        }
        serde_json::from_slice(&body).context("the answer of the API is not of this version")
    }
}
