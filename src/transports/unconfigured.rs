//! Placeholder for a provider without credentials: it names what is missing and loses no message.

use chrono::{DateTime, Utc};

use crate::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
};
use crate::model::message::Outbound;

/// Transport that refuses webhooks and retains outbound messages until its provider is configured.
pub struct Unconfigured {
    missing: String,
}

impl Unconfigured {
    /// Creates a placeholder. `missing` is the action for the operator.
    pub fn new(missing: impl Into<String>) -> Self {
        Self { missing: missing.into() }
    }
}

impl Transport for Unconfigured {
    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Err(ReceiveError::NotConfigured(self.missing.clone()))
    }

    async fn send(&self, _: &Outbound) -> Result<SentReceipt, SendError> {
        // Classified like a suspended account, so that every message is retained.
        Err(SendError::Account { code: 0, reason: self.missing.clone() })
    }

    async fn find(
        &self,
        _: &Outbound,
        _: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError> {
        Err(SendError::Account { code: 0, reason: self.missing.clone() })
    }

    fn has_phone_numbers(&self) -> bool {
        // It stands for Twilio.
        true
    }

    fn missing(&self) -> Option<&str> {
        Some(&self.missing)
    }
}
