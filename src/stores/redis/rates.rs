//! Rates and budgets of sending, in the slot of the first partition of a topic.

use std::time::Duration;

use async_trait::async_trait;
use redis::Value;

use super::Redis;
use super::call::ScriptCall;
use super::reply::decode;
use super::scripts;
use crate::contracts::storage::rates::SPENDING_TTL;
use crate::contracts::storage::{
    Admission, Admitted, Bucket, Budget, Partition, Rates, Spending, StorageError,
};
use crate::model::clock::millis;
use crate::model::topic::TopicName;

#[async_trait]
impl Rates for Redis {
    async fn admit(
        &self,
        topic: &TopicName,
        admission: &Admission,
    ) -> Result<Admitted, StorageError> {
        read(self.move_one(admit(topic, admission)).await?)
    }

    async fn refund(
        &self,
        topic: &TopicName,
        budgets: &[Budget],
        cost: u32,
        day: u64,
    ) -> Result<(), StorageError> {
        if budgets.is_empty() {
            return Ok(());
        }
        let call = spend(topic, "spent", -i64::from(cost)).arg(day);
        let call = budgets.iter().fold(call, |call, budget| call.arg(&budget.scope));
        self.shared.send(&call).await.map(drop)
    }

    async fn spending(&self, topic: &TopicName, scope: &str) -> Result<Spending, StorageError> {
        let call = ScriptCall::new(&scripts::SPENDING, &Partition::first(topic))
            .without_replicas()
            .arg(scope);
        let (spent, added): (i64, i64) = decode(self.shared.send(&call).await?)?;
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        Ok(Spending { spent: count(spent), added: count(added) })
    }

    async fn raise(
        &self,
        topic: &TopicName,
        scope: &str,
        segments: u64,
    ) -> Result<(), StorageError> {
        let segments = i64::try_from(segments).unwrap_or(i64::MAX);
        self.shared.send(&spend(topic, "added", segments).arg("").arg(scope)).await.map(drop)
    }
}

fn admit(topic: &TopicName, admission: &Admission) -> ScriptCall {
    let call = ScriptCall::of_move(&scripts::MOVES, "admit", &Partition::first(topic));
    let call = call.without_replicas();
    let call = call.arg(admission.cost);
    let (bucket, repeat) = (admission.bucket.as_ref(), admission.repeat.as_ref());
    let time = |time: fn(&Bucket) -> Duration| bucket.map_or(0, |bucket| micros(time(bucket)));
    let call = call.arg(bucket.map_or("", |bucket| bucket.key.as_str()));
    let call = match repeat {
        None => call.arg("").arg("").arg(""),
        Some(repeat) => call.arg(&repeat.key).arg(&repeat.value).arg(&repeat.id),
    };
    let call = call.numbers([
        time(|bucket| bucket.interval),
        time(|bucket| bucket.capacity),
        time(|bucket| bucket.reserve),
        repeat.map_or(0, |repeat| repeat.limit.into()),
        repeat.map_or(0, |repeat| millis(repeat.window)),
        millis(SPENDING_TTL),
    ]);
    let budgets = admission.budgets.iter();
    budgets.fold(call, |call, budget| call.arg(&budget.scope).arg(budget.segments))
}

fn spend(topic: &TopicName, count: &str, by: i64) -> ScriptCall {
    let call = ScriptCall::new(&scripts::SPEND, &Partition::first(topic)).without_replicas();
    call.arg(count).arg(by).millis(SPENDING_TTL)
}

fn read(reply: Value) -> Result<Admitted, StorageError> {
    let corrupt = || StorageError::Corrupt("an admission of another shape".to_owned());
    let Value::Array(mut fields) = reply else { return Err(corrupt()) };
    if fields.is_empty() {
        return Err(corrupt());
    }
    let verdict: String = decode(fields.remove(0))?;
    let numbers: Vec<u64> = decode(Value::Array(fields))?;
    Ok(match (verdict.as_str(), &numbers[..]) {
        ("YES", [next, day]) => Admitted::Yes { next: Duration::from_micros(*next), day: *day },
        ("LATER", [wait]) => Admitted::Later(Duration::from_micros(*wait)),
        ("SPENT", [budget, ends_in]) => Admitted::Spent {
            budget: usize::try_from(*budget).map_err(|_| corrupt())?,
            ends_in: Duration::from_millis(*ends_in),
        },
        ("REPEATED", []) => Admitted::Repeated,
        _ => return Err(corrupt()),
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
