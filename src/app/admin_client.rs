//! The operator's API as the command line calls it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http_client::{self, ClientLimits, Reach, Response};

const LIMITS: ClientLimits =
    ClientLimits { connect_timeout: Duration::from_secs(2), timeout: Duration::from_mins(2) };
/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Operator's API of the server on this machine.
pub(super) struct AdminClient {
    http: Client,
    url: String,
    /// Absent for a server that is open to this machine.
    token: Option<SecretString>,
}

/// Failure as the API reports it.
#[derive(Deserialize)]
struct Failure {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
}

impl AdminClient {
    pub(super) fn new(port: u16, token: Option<SecretString>) -> Result<Self> {
        let http = http_client::client(LIMITS, Reach::Anywhere)?;
        Ok(Self { http, url: format!("http://127.0.0.1:{port}/admin/api"), token })
    }

    /// Returns whether the server takes changes from this client.
    pub(super) async fn is_open(&self) -> bool {
        let session = self.answer(self.call(Method::GET, "/session")).await;
        session.is_ok_and(|session| session["role"] == "write")
    }

    pub(super) async fn post(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Value> {
        self.answer(self.call(Method::POST, path).json(body)).await
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let call = self.http.request(method, format!("{}{path}", self.url));
        self.token.iter().fold(call, |call, token| call.bearer_auth(token.expose_secret()))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value> {
        let response = request.send().await.map_err(reqwest::Error::without_url);
        let response = response.with_context(|| format!("no answer from {}", self.url))?;
        let Response { status, body, .. } = Response::read(response, MAX_ANSWER).await;
        let body = body.context("the answer of the server is cut off; try again")?;
        if !status.is_success() {
            match serde_json::from_slice::<Failure>(&body) {
                Ok(Failure { error }) => bail!("{}", error.message),
                Err(_) => bail!("{} answered {status}; is it a server of this version?", self.url),
            }
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).context("the answer of the server is not of this version")
    }
}
