//! The lobby: the mailbox where waiting people are paired, one run at a time.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::{NoContext, Timestamp, Uuid};

use super::blocked;
use super::limits;
use super::matching::{self, Waiter};
use super::notice::{self, Event};
use super::seat::{Chat, Seat, State, WAITING};
use super::settings::RouletteSettings;
use super::texts::Texts;
use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};

/// Name of the wake that the lobby runs on.
pub(super) const PAIR: &str = "pair";

/// Maximum number of people looked at in one run: two reads and one commit serve fifty pairs, and a
/// conflict, which one person's leaving causes, costs no more than that.
const ROUND: usize = 100;

/// Maximum number of people looked at when none of the first ones may meet another one of them.
const WIDEST: usize = 3_200;

/// Lifetime of a day's counter, which is read on that day only.
const COUNTER_TTL: Duration = Duration::from_hours(48);

type Waiting = (Group, Seat);

/// Wakes the lobby.
pub(super) fn wake(tx: &mut Transaction) -> Result<()> {
    tx.wake(&Group::named("lobby"), PAIR, None, &())
}

/// Returns the name of the counter of the pairs made on a day, by UTC.
pub(super) fn pairs_counter(day: DateTime<Utc>) -> String {
    format!("pairs:{}", day.format("%Y-%m-%d"))
}

/// Pairs the people who have waited longest, and sends the please-wait text, once each, to those who
/// are left over.
pub(super) async fn pair(tx: &mut Transaction, settings: &RouletteSettings) -> Result<()> {
    let Round { mut waiting, pairs, more } = round(tx).await?;
    for &(a, b) in &pairs {
        connect(tx, settings, &waiting[a], &waiting[b])?;
    }
    if !pairs.is_empty() {
        let made = i64::try_from(pairs.len())?;
        tx.count(&pairs_counter(tx.now()), made, COUNTER_TTL);
    }
    if more {
        return wake(tx);
    }
    for (index, one) in waiting.iter_mut().enumerate() {
        if !pairs.iter().any(|&(a, b)| index == a || index == b) {
            notify_to_wait(tx, &settings.texts, one)?;
        }
    }
    Ok(())
}

/// One look at the waiting people.
struct Round {
    waiting: Vec<Waiting>,
    pairs: Vec<(usize, usize)>,
    /// More people wait, and this round has left less to do, so that another one follows.
    more: bool,
}

/// Looks at the people who have waited longest, and at more of them when none of those may meet another
/// one: people who have blocked each other must not keep all others waiting.
async fn round(tx: &mut Transaction) -> Result<Round> {
    let mut size = ROUND;
    loop {
        let members = tx.sample(WAITING, size).await?;
        let (found, more) = (members.len(), members.len() == size);
        let groups: Vec<Group> = members.into_iter().map(|member| member.group).collect();
        let waiting = waiting_seats(tx, groups).await?;
        let pairs = match_up(tx, &waiting, more).await?;
        let has_progress = !pairs.is_empty() || waiting.len() < found;
        if has_progress || !more || size >= WIDEST {
            return Ok(Round { waiting, pairs, more: more && has_progress });
        }
        size *= 2;
    }
}

/// Returns the seats of those groups that are waiting, and removes the others from the pool.
async fn waiting_seats(tx: &mut Transaction, groups: Vec<Group>) -> Result<Vec<Waiting>> {
    // One seat that cannot be read must not stop the pairing of all others.
    let stored: Vec<Option<Value>> = tx.get_many(groups.iter().map(Group::as_str)).await?;
    let mut waiting = Vec::new();
    for (group, value) in groups.into_iter().zip(stored) {
        let seat = value.and_then(|value| serde_json::from_value::<Seat>(value).ok());
        match seat.filter(Seat::is_waiting) {
            Some(seat) => waiting.push((group, seat)),
            None => tx.take(WAITING, &group),
        }
    }
    Ok(waiting)
}

/// Returns the pairs. Earlier partners meet again only when no other person waits. Blocks and shadow bars
/// are read here alone, so that they need not travel with every seat.
async fn match_up(
    tx: &mut Transaction,
    waiting: &[Waiting],
    more: bool,
) -> Result<Vec<(usize, usize)>> {
    if waiting.len() < 2 {
        return Ok(Vec::new());
    }
    let addresses: Vec<&Address> = waiting.iter().map(|(_, seat)| &seat.address).collect();
    let people: Vec<Group> = addresses.iter().map(|address| tx.person(address)).collect();
    let blocked = blocked::lists(tx, &people).await?;
    let shadowed = tx.are_shadowed(&addresses).await?;
    let mut waiters = Vec::with_capacity(waiting.len());
    for (at, (group, seat)) in waiting.iter().enumerate() {
        waiters.push(Waiter {
            group,
            last_partner: seat.last_partner.as_ref(),
            earlier: &seat.past.earlier,
            person: &people[at],
            blocked: &blocked[at],
            shadowed: shadowed[at],
        });
    }
    let mut pairs = matching::pair(&waiters);
    if !more {
        pairs.extend(matching::last_resort(&waiters, &pairs));
    }
    Ok(pairs)
}

fn connect(
    tx: &mut Transaction,
    settings: &RouletteSettings,
    one: &Waiting,
    other: &Waiting,
) -> Result<()> {
    let now = tx.now();
    let at = Timestamp::from_unix(
        NoContext,
        u64::try_from(now.timestamp())?,
        now.timestamp_subsec_nanos(),
    );
    let id = Uuid::new_v7(at).to_string();
    for ((group, seat), (with, partner)) in [(one, other), (other, one)] {
        let chat = Chat {
            id: id.clone(),
            with: with.clone(),
            address: partner.address.clone(),
            since: now,
            call_requested_at: None,
            is_nudged: false,
            pace: None,
        };
        if group == &one.0 {
            limits::schedule_check(tx, settings, group, &chat)?;
        }
        let mut seat = seat.clone();
        seat.meet(chat, settings.remember_partners);
        seat.write(tx, group)?;
        notice::notify(tx, &seat.address, &settings.texts.connected, Event::Connected);
    }
    Ok(())
}

fn notify_to_wait(tx: &mut Transaction, texts: &Texts, (group, seat): &mut Waiting) -> Result<()> {
    let State::Waiting { notified, .. } = &mut seat.state else { return Ok(()) };
    if std::mem::replace(notified, true) {
        return Ok(());
    }
    notice::notify(tx, &seat.address, &texts.please_wait, Event::Waiting);
    seat.write(tx, group)
}
