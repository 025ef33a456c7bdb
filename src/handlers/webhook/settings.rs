//! Settings of the handler: its topic's `[properties]`.

use std::time::Duration;

use serde::Deserialize;

use super::breaker;
use crate::contracts::settings::{BuildContext, SettingsErrors};
use crate::http_client::{ClientLimits, Endpoint, EndpointSettings};
use crate::model::address::WEBSOCKET;
use crate::model::topic::TransportConfig;

/// Time by which a run of the handler outlasts its request: for reading the answer and the state.
const MARGIN: Duration = Duration::from_millis(500);
/// Longest time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const SECOND: Duration = Duration::from_secs(1);

/// Settings as topics.toml has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    url: String,
    secret_env: Option<String>,
    #[serde(default)]
    allow_private: bool,
    #[serde(default, with = "humantime_serde::option")]
    timeout: Option<Duration>,
    #[serde(default = "state_ttl", with = "humantime_serde")]
    state_ttl: Duration,
    #[serde(default)]
    breaker: BreakerSettings,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct BreakerSettings {
    failures: u32,
    #[serde(with = "humantime_serde")]
    max_pause: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, max_pause: Duration::from_mins(1) }
    }
}

fn state_ttl() -> Duration {
    Duration::from_hours(30 * 24)
}

/// Settings without the endpoint, once they are known to work.
pub(super) struct Checked {
    pub(super) state_ttl: Duration,
    pub(super) breaker: breaker::Limits,
    /// Names of the topic's transports.
    pub(super) transports: Vec<String>,
    /// The first of them that reaches phones.
    pub(super) phone_transport: Option<String>,
}

impl WebhookSettings {
    /// Returns the endpoint and the other settings, or adds every value that cannot work to `errors`.
    pub(super) fn check(
        self,
        context: &BuildContext<'_>,
        errors: &mut SettingsErrors,
    ) -> Option<(Endpoint, Checked)> {
        let handler_timeout = context.topic.limits.handler_timeout;
        let timeout = self.timeout.unwrap_or_else(|| default_timeout(handler_timeout));
        check_timeout(timeout, handler_timeout, errors);
        for (key, time) in
            [("state_ttl", self.state_ttl), ("breaker.max_pause", self.breaker.max_pause)]
        {
            if time < SECOND {
                errors.add(key, "is too short; write at least 1s");
            }
        }
        if self.breaker.failures == 0 {
            errors.add("breaker.failures", "is 0; write 1 or more");
        }
        let limits = ClientLimits { connect_timeout: timeout.min(CONNECT_TIMEOUT), timeout };
        let (url, secret_env) = (self.url.as_str(), self.secret_env.as_deref());
        let endpoint = EndpointSettings { url, secret_env, allow_private: self.allow_private };
        let endpoint = endpoint.endpoint(limits, context, errors)?;
        let BreakerSettings { failures, max_pause } = self.breaker;
        let transports = &context.topic.transports;
        let phones = transports.iter().find(|transport| transport.kind != WEBSOCKET);
        let name = |transport: &TransportConfig| transport.name.clone();
        let checked = Checked {
            state_ttl: self.state_ttl,
            breaker: breaker::Limits { failures, max_pause, timeout },
            transports: transports.iter().map(name).collect(),
            phone_transport: phones.map(name),
        };
        Some((endpoint, checked))
    }
}

/// Timeout that fits into a run of the handler.
fn default_timeout(handler_timeout: Duration) -> Duration {
    handler_timeout.saturating_sub(MARGIN).max(handler_timeout / 2)
}

fn check_timeout(timeout: Duration, handler_timeout: Duration, errors: &mut SettingsErrors) {
    if timeout.is_zero() {
        errors.add("timeout", "is 0; write the time that the app may take, such as \"4s\"");
    } else if timeout >= handler_timeout {
        let least = humantime::format_duration(timeout + MARGIN);
        let problem = "is not below the topic's handler_timeout";
        let fix =
            format!("lower it, or set handler_timeout, and lease with it, to at least {least}");
        errors.add("timeout", format!("{problem}; {fix}"));
    }
}
