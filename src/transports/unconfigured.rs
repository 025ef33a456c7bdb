//! Stands in for a provider that nobody has configured yet: says what is missing, loses nothing.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest, WebhookResponse,
};
use crate::model::message::Outbound;

pub struct Unconfigured {
    missing: String,
}

impl Unconfigured {
    /// `missing` tells an operator what to do.
    pub fn new(missing: impl Into<String>) -> Self {
        Self { missing: missing.into() }
    }
}

#[async_trait]
impl Transport for Unconfigured {
    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Err(ReceiveError::NotConfigured(self.missing.clone()))
    }

    fn answer(&self, _: Option<&str>) -> WebhookResponse {
        WebhookResponse { status: 204, content_type: None, body: String::new() }
    }

    async fn send(&self, _: &Outbound) -> Result<SentReceipt, SendError> {
        // As with an account that is blocked: everything is kept until somebody has mended it.
        Err(SendError::Account { code: 0, reason: self.missing.clone() })
    }

    async fn find(
        &self,
        _: &Outbound,
        _: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError> {
        Err(SendError::Account { code: 0, reason: self.missing.clone() })
    }

    fn missing(&self) -> Option<&str> {
        Some(&self.missing)
    }
}
