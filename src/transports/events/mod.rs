//! Events: the internal transport that posts a topic's events to the URL of its operator.
//!
//! A receiver that is away closes the transport for a while, as a provider's rate limit does: its
//! events wait, without an attempt being counted. An event that the receiver refuses for good is
//! buried.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

use crate::contracts::handler::Result;
use crate::contracts::settings::{BuildContext, SettingsErrors};
use crate::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
};
use crate::http_client::{ClientLimits, Endpoint, EndpointSettings, Response, failure};
use crate::model::clock::{Clock, SystemClock};
use crate::model::message::Outbound;
use crate::model::topic_events::{ReportedEvent, TopicEvents};

/// Settings of event webhooks: the table `topics.<topic>.events`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsSettings {
    url: String,
    secret_env: Option<String>,
    #[serde(default)]
    allow_private: bool,
    #[serde(default = "all")]
    types: Vec<ReportedEvent>,
}

fn all() -> Vec<ReportedEvent> {
    ReportedEvent::ALL.into()
}

/// Transport of a topic's events.
pub struct Events {
    endpoint: Endpoint,
    clock: Arc<dyn Clock>,
    reported: TopicEvents,
}

impl Events {
    /// Creates the transport, or reports every setting that cannot work.
    pub fn new(settings: EventsSettings, context: &BuildContext<'_>) -> Result<Self> {
        let EventsSettings { url, secret_env, allow_private, types } = settings;
        let mut errors = SettingsErrors::default();
        if types.is_empty() {
            errors.add("types", "is empty; name at least one, or remove the key");
        }
        let sending = &context.topic.sending;
        let (connect_timeout, timeout) = (sending.connect_timeout, sending.timeout);
        let limits = ClientLimits { connect_timeout, timeout };
        let endpoint =
            EndpointSettings { url: &url, secret_env: secret_env.as_deref(), allow_private };
        let endpoint = endpoint.endpoint(limits, context, &mut errors);
        errors.into_result()?;
        let endpoint = endpoint.ok_or_else(|| anyhow::anyhow!("cannot be built"))?;
        let reported = types.into_iter().collect();
        Ok(Self { endpoint, clock: Arc::new(SystemClock), reported })
    }

    /// Returns the events that are to be reported.
    pub fn reported(&self) -> TopicEvents {
        self.reported.clone()
    }

    /// Failure of a receiver that is away: the event waits, however long it takes.
    fn away(&self, reason: &str, retry_after: Option<Duration>) -> SendError {
        tracing::warn!(receiver.host = self.endpoint.host(), reason, "event not taken; it waits");
        SendError::Throttled { retry_after }
    }

    fn refused(&self, response: &Response) -> SendError {
        let code = u32::from(response.status.as_u16());
        let is_away = matches!(
            response.status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
        match response.status {
            status if is_away || status.is_server_error() => {
                self.away(&format!("status {code}"), response.retry_after)
            }
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED => {
                let reason = "the receiver takes no events; repair it, or events.url".to_owned();
                SendError::Account { code, reason }
            }
            status if status.is_client_error() => {
                SendError::Message { code, reason: "the receiver refused the event".to_owned() }
            }
            _ => {
                let reason = "the receiver has moved; set events.url to where it is".to_owned();
                SendError::Account { code, reason }
            }
        }
    }
}

impl Transport for Events {
    fn receive(&self, _: &WebhookRequest) -> std::result::Result<Received, ReceiveError> {
        Err(ReceiveError::Malformed("events are sent from here, and not received".to_owned()))
    }

    async fn send(&self, event: &Outbound) -> std::result::Result<SentReceipt, SendError> {
        let body = event.text.reveal().as_bytes().to_vec();
        let posted = self.endpoint.post(event.id.as_str(), self.clock.now(), body).await;
        let response = posted.map_err(|error| self.away(&failure(error).to_string(), None))?;
        if response.status().is_success() {
            return Ok(SentReceipt::new(event.id.as_str()));
        }
        Err(self.refused(&Response::read(response, 0).await))
    }

    fn is_idempotent(&self) -> bool {
        true
    }
}
