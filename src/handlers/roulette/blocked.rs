//! The people whom a person has blocked, by their groups on no line.

use std::time::Duration;

use anyhow::Result;

use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};

/// Most people whom one person blocks; the earliest ones are forgotten first.
const MAX: usize = 500;
/// Life of the list after its last change.
const TTL: Duration = Duration::from_hours(10 * 365 * 24);

/// Adds a person to those whom another one has blocked.
pub(super) async fn add(tx: &mut Transaction, by: &Address, person: &Address) -> Result<()> {
    let (person, by) = (tx.person(person), tx.person(by));
    let mut blocked = lists(tx, std::slice::from_ref(&by)).await?.pop().unwrap_or_default();
    blocked.retain(|earlier| *earlier != person);
    blocked.insert(0, person);
    blocked.truncate(MAX);
    tx.put(&key(&by), &blocked, TTL)
}

/// Returns for each of these people whom they have blocked, the latest first.
pub(super) async fn lists(tx: &mut Transaction, people: &[Group]) -> Result<Vec<Vec<Group>>> {
    let keys: Vec<String> = people.iter().map(key).collect();
    let lists = tx.get_many(keys.iter().map(String::as_str)).await?;
    Ok(lists.into_iter().map(Option::unwrap_or_default).collect())
}

fn key(person: &Group) -> String {
    format!("blocked:{person}")
}
