//! Strikes: reports by different people, after each of which a person waits longer before they may
//! connect again.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};

/// Cool-down after the first strike, the second and so on; the last one after every further strike.
const COOL_DOWNS: [TimeDelta; 5] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(25),
    TimeDelta::hours(2),
    TimeDelta::hours(12),
];
/// Time after the last strike at which all of them are forgotten.
const TTL: Duration = Duration::from_hours(30 * 24);
/// Most strikes that are told apart by who reported.
const MAX_STRIKES: usize = 100;

/// Strikes of one person.
#[derive(Default, Serialize, Deserialize)]
struct Strikes {
    by: Vec<Group>,
    until: DateTime<Utc>,
}

/// Counts a strike of a person, unless the same one has reported them before, or the report is none.
/// Returns the number of strikes.
pub(super) async fn count(
    tx: &mut Transaction,
    person: &Address,
    by: &Address,
    is_strike: bool,
) -> Result<usize> {
    let key = key(tx, person);
    let mut strikes: Strikes = tx.get(&key).await?.unwrap_or_default();
    let by = tx.person(by);
    if is_strike && !strikes.by.contains(&by) {
        strikes.by.push(by);
        let excess = strikes.by.len().saturating_sub(MAX_STRIKES);
        strikes.by.drain(..excess);
        let nth = strikes.by.len().min(COOL_DOWNS.len());
        strikes.until = tx.now() + COOL_DOWNS[nth - 1];
        tx.put(&key, &strikes, TTL)?;
    }
    Ok(strikes.by.len())
}

/// Returns the time that a person has to wait before they may look for a stranger.
pub(super) async fn cool_down(tx: &mut Transaction, person: &Address) -> Result<Option<TimeDelta>> {
    let strikes: Option<Strikes> = tx.get(&key(tx, person)).await?;
    let left = strikes.map(|strikes| strikes.until - tx.now());
    Ok(left.filter(|left| *left > TimeDelta::zero()))
}

fn key(tx: &Transaction, person: &Address) -> String {
    format!("strikes:{}", tx.person(person))
}
