//! Delivery reports: states of the messages that the provider has accepted.

use tracing::error;

use super::{Intake, Outcome, Receipt, Refusal, in_time};
use crate::contracts::storage::Partition;
use crate::contracts::transport::{DeliveryStatus, Report};
use crate::engine::topic::Pipeline;
use crate::model::event::{Detail, EventKind, Facts};

impl Intake {
    /// Records a report. The store drops one that comes after a later state of its message.
    pub(super) async fn report(
        &self,
        pipeline: &Pipeline,
        report: &Report,
    ) -> Result<Receipt, Refusal> {
        if let Some(facts) = report_facts(pipeline, report) {
            // A report does not name the partition of its message, so all reports of a topic are
            // recorded in one; reading a message's record reads every partition.
            let partition = Partition { topic: pipeline.topic.clone(), number: 0 };
            if let Err(error) = in_time(self.storage.record(&partition, facts)).await {
                error!(topic.name = %pipeline.topic, %error, "delivery report not recorded");
                return Err(Refusal::Unavailable);
            }
        }
        Ok(Receipt { response: pipeline.transport.acknowledge(), outcome: Outcome::Noted })
    }
}

/// Facts about the message that a report belongs to; none for a report that changes no state.
fn report_facts(pipeline: &Pipeline, report: &Report) -> Option<Facts> {
    let kind = match report.status {
        DeliveryStatus::Underway => return None,
        DeliveryStatus::Sent => EventKind::Sent,
        DeliveryStatus::Delivered => EventKind::Delivered,
        DeliveryStatus::Failed => EventKind::Failed,
    };
    let detail = Detail {
        outbound: report.message.clone(),
        provider_id: Some(report.provider_id.clone()),
        reason: report.code.map(|code| format!("the provider's code is {code}")),
        ..Detail::default()
    };
    // A message that answers none, such as the lobby's, has a record under its own id.
    let message = report.cause.clone().or_else(|| report.message.clone())?;
    Some(Facts::new(message, &[kind], detail, pipeline.limits.max_records))
}
