//! Jobs of a topic: which of their times have passed, and the wakes of the handler.
//!
//! Each job has a mailbox of its own in the first partition of its topic, and a record of the time
//! until which its times are past. An *occurrence* is a wake of that mailbox, at a time at which the
//! job is due. Its commit moves the record on and wakes the handler, both or none: whichever workers
//! schedule an occurrence, and however often, the handler gets one wake for it. A handler that fails is
//! retried on its own wake, and the job goes on. Times that passed while no worker ran are made up for by
//! one wake.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{Call, DynHandler, Effects, Result, Transaction};
use crate::model::address::Group;
use crate::model::command::Command;
use crate::model::job::Job;
use crate::model::message::{Mail, Wake};
use crate::model::table::Table;

/// Name of an occurrence.
const OCCURRENCE: &str = "crosswire.job";

/// Time ahead of which an occurrence is not scheduled. A change of a job's times takes effect when its
/// topic starts again, and a timer that waits for longer would keep the number of partitions from being
/// changed.
pub const HORIZON: Duration = Duration::from_mins(2);

/// Time for which a job is remembered: longer than the four years between two leap days.
const RECORD_TTL: Duration = Duration::from_hours(5 * 366 * 24);

/// Record of a job.
#[derive(Serialize, Deserialize)]
struct Record {
    /// Times of the job when it was last due. With others it begins anew.
    times: String,
    /// Time until which the job's times are past.
    until: DateTime<Utc>,
}

/// Data of an occurrence.
#[derive(Serialize, Deserialize)]
struct Occurrence {
    job: String,
    due: DateTime<Utc>,
}

/// Returns the key of a job's record.
pub fn job_key(job: &Job) -> String {
    format!("job:{}", mailbox(&job.name))
}

/// Returns the wake for a time at which the job is due.
pub fn occurrence(job: &Job, due: DateTime<Utc>) -> Wake {
    let data = serde_json::json!({ "job": job.name, "due": due });
    Wake { group: mailbox(&job.name), name: OCCURRENCE.to_owned(), data }
}

/// Returns the next time at which the job is due, given its record; it has passed when it was missed.
/// A job without a record of these times is due now, which begins its record.
pub fn next_due(job: &Job, record: Option<&str>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let record: Option<Record> = record.and_then(|json| serde_json::from_str(json).ok());
    match record.filter(|record| record.times == job.times()) {
        Some(record) => job.next_after(record.until),
        None => Some(now),
    }
}

/// Handler of a topic together with the topic's jobs.
pub struct JobHandler {
    handler: Arc<dyn DynHandler>,
    jobs: Vec<Job>,
}

impl JobHandler {
    pub fn new(handler: Arc<dyn DynHandler>, jobs: Vec<Job>) -> Self {
        Self { handler, jobs }
    }

    /// Handles an occurrence. That of a job which the topic no longer has is ignored.
    async fn occurred(&self, mut tx: Transaction, wake: &Wake) -> Result<Effects> {
        let Occurrence { job, due } = wake.data()?;
        if let Some(job) = self.jobs.iter().find(|known| known.name == job) {
            // The clock of the store has reached the time, although that of this process may not have.
            let now = tx.now().max(due);
            come_due(&mut tx, job, now).await?;
        }
        Ok(tx.into_effects())
    }
}

/// Wakes the handler when a time of the job has come that the record has not, and schedules the next.
async fn come_due(tx: &mut Transaction, job: &Job, now: DateTime<Utc>) -> Result {
    let (key, times) = (job_key(job), job.times());
    let own = tx.group();
    let stored = tx.read::<Record>(std::slice::from_ref(&key)).await?.pop().flatten();
    if let Some(record) = stored.filter(|record| record.times == times) {
        if job.next_after(record.until).is_none_or(|due| due > now) {
            return Ok(());
        }
        tx.wake(&own, &job.name, None, &job.data)?;
    }
    tx.write(key, &Record { times, until: now }, RECORD_TTL)?;
    if let Some(next) = job.next_after(now).filter(|next| *next <= now + HORIZON) {
        let Wake { name, data, .. } = occurrence(job, next);
        tx.wake(&own, &name, Some(next), &data)?;
    }
    Ok(())
}

impl DynHandler for JobHandler {
    fn run<'a>(&'a self, tx: Transaction, mail: &'a Mail) -> BoxFuture<'a, Result<Effects>> {
        match mail {
            Mail::Wake(wake) if wake.name == OCCURRENCE => self.occurred(tx, wake).boxed(),
            _ => self.handler.run(tx, mail),
        }
    }

    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result> {
        self.handler.call(call)
    }

    fn greeting(&self) -> Option<&str> {
        self.handler.greeting()
    }

    fn commands(&self) -> Vec<Command> {
        self.handler.commands()
    }

    fn tables(&self) -> Vec<Table> {
        self.handler.tables()
    }
}

/// Returns the mailbox of a job.
fn mailbox(name: &str) -> Group {
    Group::named(&format!("schedule:{name}"))
}
