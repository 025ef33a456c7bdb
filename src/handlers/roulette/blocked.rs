//! The people whom a person has blocked, by their groups on no line.

use std::time::Duration;

use anyhow::Result;

use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};

/// Most people whom one person blocks; the earliest ones are forgotten first.
const MAX: usize = 500;
/// Life of the list after its last change.
const TTL: Duration = Duration::from_hours(10 * 365 * 24);

/// Adds a person to those whom another one has blocked, and returns all of them.
pub(super) async fn add(
    tx: &mut Transaction,
    by: &Address,
    person: &Address,
) -> Result<Vec<Group>> {
    let person = tx.person(person);
    let mut blocked = list(tx, by).await?;
    blocked.retain(|earlier| *earlier != person);
    blocked.insert(0, person);
    blocked.truncate(MAX);
    tx.put(&key(tx, by), &blocked, TTL)?;
    Ok(blocked)
}

/// Returns the people whom a person has blocked, the latest first.
pub(super) async fn list(tx: &mut Transaction, by: &Address) -> Result<Vec<Group>> {
    Ok(tx.get(&key(tx, by)).await?.unwrap_or_default())
}

fn key(tx: &Transaction, by: &Address) -> String {
    format!("blocked:{}", tx.person(by))
}
