//! Delivery reports: states of the messages that the provider has accepted.

use serde_json::Value;
use tracing::{error, warn};

use super::{Intake, Outcome, Receipt, Refusal, in_time};
use crate::contracts::handler::REPORTED;
use crate::contracts::storage::{Entry, Partition, Push, Pushed};
use crate::contracts::transport::callback::Reference;
use crate::contracts::transport::{DeliveryStatus, Report, Unreachable};
use crate::engine::events::subject;
use crate::engine::lines;
use crate::engine::topic::Pipeline;
use crate::engine::unreached::Unreached;
use crate::model::address::Group;
use crate::model::consent::{opt_in_key, opt_in_time};
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::{MessageId, Wake};

/// Reference that this deployment has not sealed.
struct Foreign;

impl Intake {
    /// Records a report. The store drops one that comes after a later state of its message.
    pub(super) async fn report(
        &self,
        pipeline: &Pipeline,
        mut report: Report,
    ) -> Result<Receipt, Refusal> {
        let began = self.clock.uptime();
        let Ok(reference) = self.refer(&mut report) else {
            warn!(topic.name = %pipeline.topic, "delivery report of no message of this deployment");
            return Ok(noted(pipeline));
        };
        self.count_report(pipeline, report.status);
        if let Some(facts) = report_facts(pipeline, &report, reference.as_ref()) {
            let kind = facts.facts.first().map(|fact| fact.kind);
            let partition = partition(pipeline, reference.as_ref());
            let message = facts.message.clone();
            if let Err(error) = in_time(self.storage.record(&partition, facts)).await {
                error!(topic.name = %pipeline.topic, %error, "delivery report not recorded");
                return Err(Refusal::Unavailable);
            }
            if kind.is_some() {
                let took = self.clock.uptime().saturating_sub(began);
                lines::reported(pipeline, &message, &report, took);
            }
            if let Some(kind) = kind.filter(|kind| *kind != EventKind::Sent) {
                self.pass_on(pipeline, &partition, kind, &report).await?;
            }
        }
        if let (Some(reference), Some(verdict)) = (&reference, report.unreachable) {
            let code = report.code.unwrap_or_default();
            self.give_up(pipeline, reference, verdict, code).await?;
        }
        Ok(noted(pipeline))
    }

    /// Opens the reference of a report, and puts its ids into the report.
    fn refer(&self, report: &mut Report) -> Result<Option<Reference>, Foreign> {
        let Some(sealed) = report.reference.take() else { return Ok(None) };
        let reference = Reference::open(&Reference::key(&self.groups), &sealed).ok_or(Foreign)?;
        report.message = Some(reference.message.clone());
        report.cause.clone_from(&reference.cause);
        Ok(Some(reference))
    }

    /// Tells the recipient's mailbox, once for each message, that no message reaches them, and opts out
    /// whom the provider opted out.
    async fn give_up(
        &self,
        pipeline: &Pipeline,
        reference: &Reference,
        verdict: Unreachable,
        code: u32,
    ) -> Result<(), Refusal> {
        let to = &reference.to;
        let partition = self.partition(pipeline, to);
        let is_out = verdict == Unreachable::OptedOut;
        let has_opted_out = is_out && !self.is_back(pipeline, &partition, reference).await?;
        let unreached = Unreached { to, code, has_opted_out, sent_at: reference.sent_at };
        let (now, max_records) = (self.clock.now(), pipeline.limits.max_records);
        let push = unreached.push(&reference.message, &self.groups, now, max_records);
        match in_time(self.storage.push(&partition, push)).await {
            Ok(_) => Ok(()),
            Err(error) => {
                error!(topic.name = %pipeline.topic, %error, "undeliverable recipient not noted");
                Err(Refusal::Unavailable)
            }
        }
    }

    /// Returns whether the recipient has opted in since the message was handed over, so that a late report
    /// of it says nothing about them.
    async fn is_back(
        &self,
        pipeline: &Pipeline,
        partition: &Partition,
        reference: &Reference,
    ) -> Result<bool, Refusal> {
        let Some(sent_at) = reference.sent_at else { return Ok(false) };
        let scope = pipeline.transport.consent_scope(&reference.to);
        let keys = [opt_in_key(&self.groups, &scope)];
        match in_time(self.storage.values(partition, &keys)).await {
            Ok(values) => {
                let mut times = values.iter().flatten().filter_map(|value| opt_in_time(value));
                Ok(times.any(|at| at > sent_at))
            }
            Err(error) => {
                error!(topic.name = %pipeline.topic, %error, "undeliverable recipient not noted");
                Err(Refusal::Unavailable)
            }
        }
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

fn noted(pipeline: &Pipeline) -> Receipt {
    Receipt { response: pipeline.transport.acknowledge(), outcome: Outcome::Noted }
}

/// Partition that a report is recorded in: that of its message. Without a reference it is the first
/// one; reading a message's record reads every partition.
fn partition(pipeline: &Pipeline, reference: Option<&Reference>) -> Partition {
    let number = reference.map_or(0, |reference| reference.partition);
    let is_there = number < pipeline.limits.partitions;
    Partition { topic: pipeline.topic.clone(), number: if is_there { number } else { 0 } }
}

/// Facts about the message that a report belongs to. A report that changes no state makes none, but shows
/// that the provider has the message.
fn report_facts(
    pipeline: &Pipeline,
    report: &Report,
    reference: Option<&Reference>,
) -> Option<Facts> {
    let kinds: &[EventKind] = match report.status {
        DeliveryStatus::Underway if reference.is_none() => return None,
        DeliveryStatus::Underway => &[],
        DeliveryStatus::Sent => &[EventKind::Sent],
        DeliveryStatus::Delivered => &[EventKind::Delivered],
        DeliveryStatus::Failed => &[EventKind::Failed],
    };
    let reason = |code| match &report.meaning {
        Some(meaning) => format!("{code}: {meaning}"),
        None => format!("the provider's code is {code}"),
    };
    // The message's own record has the address, unless the person has been forgotten since.
    let detail = Detail {
        outbound: report.message.clone(),
        provider_id: Some(report.provider_id.clone()),
        reason: report.code.map(reason),
        code: report.code,
        ..Detail::default()
    };
    // A message that answers none, such as the lobby's, has a record under its own id.
    let message = report.cause.clone().or_else(|| report.message.clone())?;
    Some(Facts::new(message, kinds, detail, pipeline.limits.max_records))
}
