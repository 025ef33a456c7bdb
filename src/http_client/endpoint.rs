//! Endpoints: URLs of an app that a topic names, and the signed requests to them.

use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;

use super::{ClientLimits, GuardedUrl, Reach, SigningKey, client};
use crate::contracts::settings::{BuildContext, Purpose, SettingsErrors};

/// Settings of an endpoint, which a topic's table has among others.
#[derive(Clone, Copy)]
pub struct EndpointSettings<'s> {
    pub url: &'s str,
    /// Name of the environment variable that holds the secret.
    pub secret_env: Option<&'s str>,
    /// Allows an address that is not public.
    pub allow_private: bool,
}

/// URL that takes signed requests.
pub struct Endpoint {
    http: reqwest::Client,
    url: GuardedUrl,
    key: Option<SigningKey>,
}

impl EndpointSettings<'_> {
    /// Creates the endpoint, or adds every setting that cannot work to `errors`.
    pub fn endpoint(
        &self,
        limits: ClientLimits,
        context: &BuildContext<'_>,
        errors: &mut SettingsErrors,
    ) -> Option<Endpoint> {
        let reach = if self.allow_private { Reach::Anywhere } else { Reach::Public };
        let url = GuardedUrl::parse(self.url, reach).map_err(|problem| {
            let is_private = GuardedUrl::parse(self.url, Reach::Anywhere).is_ok();
            let fix = if is_private { ": allow_private = true" } else { "" };
            errors.add("url", format!("{problem}{fix}"));
        });
        let url = url.and_then(|url| without_credentials(url, errors));
        let key = self.key(context).map_err(|problem| errors.add("secret_env", problem));
        let http = client(limits, reach).map_err(|error| errors.add("", format!("{error:#}")));
        Some(Endpoint { http: http.ok()?, url: url.ok()?, key: key.ok()? })
    }

    /// Returns the key. A developer's machine may do without one, and a script has no variables.
    fn key(&self, context: &BuildContext<'_>) -> Result<Option<SigningKey>, String> {
        let is_required = context.purpose != Purpose::Dev;
        let secret = self.secret_env.and_then(|name| context.environment.secret(name));
        match (self.secret_env, secret) {
            (_, Some(secret)) => SigningKey::parse(&secret)
                .map(Some)
                .map_err(|problem| format!("names a variable that {problem}")),
            (Some(_), None) if is_required => {
                let fix = "set it to whsec_ and what `openssl rand -base64 32` prints";
                Err(format!("names a variable that is not set; {fix}"))
            }
            (None, None) if is_required => {
                Err("is missing; name the variable that holds the secret of its signatures"
                    .to_owned())
            }
            _ => Ok(None),
        }
    }
}

/// Refuses a URL with credentials, which belong into the environment.
fn without_credentials(url: GuardedUrl, errors: &mut SettingsErrors) -> Result<GuardedUrl, ()> {
    let parts = url.as_url();
    if parts.username().is_empty() && parts.password().is_none() {
        return Ok(url);
    }
    errors.add(
        "url",
        "holds a user or a password; remove it, for requests prove themselves by their signature",
    );
    Err(())
}

impl Endpoint {
    /// Posts JSON, signed. `id` is the same in every repetition of the request.
    pub async fn post(
        &self,
        id: &str,
        at: DateTime<Utc>,
        json: Vec<u8>,
    ) -> reqwest::Result<reqwest::Response> {
        let timestamp = at.timestamp();
        let mut request = self
            .http
            .post(self.url.as_url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp);
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", key.sign(id, timestamp, &json));
        }
        request.body(json).send().await
    }

    /// Returns the host, by which a log names the endpoint.
    pub fn host(&self) -> &str {
        self.url.as_url().host_str().unwrap_or_default()
    }
}
