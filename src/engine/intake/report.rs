//! Delivery reports: states of the messages that the provider has accepted.

use serde_json::Value;
use tracing::{error, warn};

use super::{Intake, Outcome, Receipt, Refusal, in_time};
use crate::contracts::handler::REPORTED;
use crate::contracts::storage::{Entry, Partition, Push, Pushed};
use crate::contracts::transport::{DeliveryStatus, Report};
use crate::engine::events::subject;
use crate::engine::topic::Pipeline;
use crate::model::address::Group;
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::{MessageId, Wake};

impl Intake {
    /// Records a report. The store drops one that comes after a later state of its message.
    pub(super) async fn report(
        &self,
        pipeline: &Pipeline,
        report: &Report,
    ) -> Result<Receipt, Refusal> {
        if let Some(facts) = report_facts(pipeline, report) {
            let kind = facts.facts.first().map(|fact| fact.kind);
            // A report does not name the partition of its message, so all reports of a topic are
            // recorded in one; reading a message's record reads every partition.
            let partition = Partition { topic: pipeline.topic.clone(), number: 0 };
            if let Err(error) = in_time(self.storage.record(&partition, facts)).await {
                error!(topic.name = %pipeline.topic, %error, "delivery report not recorded");
                return Err(Refusal::Unavailable);
            }
            if let Some(kind) = kind.filter(|kind| *kind != EventKind::Sent) {
                self.pass_on(pipeline, &partition, kind, report).await?;
            }
        }
        Ok(Receipt { response: pipeline.transport.acknowledge(), outcome: Outcome::Noted })
    }

    /// Passes a final report on to the topic's event webhook, once. The event is put into the outbox
    /// together with a mail without effect, whose id the store remembers: a message has one end, so the
    /// first report of it counts.
    async fn pass_on(
        &self,
        pipeline: &Pipeline,
        partition: &Partition,
        kind: EventKind,
        report: &Report,
    ) -> Result<(), Refusal> {
        let Some(event) = self.events(pipeline).and_then(|events| events.reported(kind, report))
        else {
            return Ok(());
        };
        let id = MessageId::new(format!("reported:{}", subject(report)));
        let group = Group::named(id.as_str());
        let wake = Wake { group: group.clone(), name: REPORTED.to_owned(), data: Value::Null };
        let entry = Entry { id, ..Entry::wake(wake) };
        let push = Push { outbox: vec![event], ..Push::unrecorded(entry, &pipeline.limits) };
        match in_time(self.storage.push(partition, push)).await {
            Ok(Pushed::Accepted | Pushed::Duplicate) => Ok(()),
            Ok(_) => {
                warn!(topic.name = %pipeline.topic, "delivery report not passed on: too much is waiting");
                Err(Refusal::Unavailable)
            }
            Err(error) => {
                error!(topic.name = %pipeline.topic, %error, "delivery report not passed on");
                Err(Refusal::Unavailable)
            }
        }
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
