//! The mailbox where people are paired, one run at a time.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::{NoContext, Timestamp, Uuid};

use super::matching::{self, Waiter};
use super::seat::{Chat, Seat, State, WAITING};
use super::texts::Texts;
use crate::contracts::handler::Context;
use crate::model::address::Group;

/// The wake that the lobby runs on.
pub(super) const PAIR: &str = "pair";

/// How many are looked at in one run: two reads and one commit serve fifty pairs, and a conflict,
/// which comes with somebody's leaving meanwhile, costs no more than that.
const ROUND: usize = 100;

/// A day's counter is read on that day alone.
const COUNTED_FOR: Duration = Duration::from_hours(48);

type Waiting = (Group, Seat);

/// Asks the lobby to look at who waits.
pub(super) fn call(cx: &mut Context) -> Result<()> {
    cx.wake(&Group::named("lobby"), PAIR, None, &())
}

/// The counter of the pairs made on a day, by UTC.
pub(super) fn pairs_on(day: DateTime<Utc>) -> String {
    format!("pairs:{}", day.format("%Y-%m-%d"))
}

/// Pairs the longest waiting among each other. Whoever is left over is told to wait, once.
pub(super) async fn pair(cx: &mut Context, texts: &Texts) -> Result<()> {
    let members = cx.sample(WAITING, ROUND).await?;
    // Of a full sample at most three cannot be paired, so there is always less to do next time.
    let more = members.len() == ROUND;
    let groups: Vec<Group> = members.into_iter().map(|member| member.group).collect();
    let mut waiting = seats(cx, groups).await?;
    let pairs = match_up(&waiting, more);
    for &(a, b) in &pairs {
        seat_together(cx, texts, &waiting[a], &waiting[b])?;
    }
    if !pairs.is_empty() {
        let made = i64::try_from(pairs.len())?;
        cx.count(&pairs_on(cx.now()), made, COUNTED_FOR);
    }
    if more {
        return call(cx);
    }
    for (index, one) in waiting.iter_mut().enumerate() {
        if !pairs.iter().any(|&(a, b)| index == a || index == b) {
            tell_to_wait(cx, texts, one)?;
        }
    }
    Ok(())
}

/// The seats of those who wait indeed; the others lose their place.
async fn seats(cx: &mut Context, groups: Vec<Group>) -> Result<Vec<Waiting>> {
    // One seat that cannot be read must not keep everybody from being paired.
    let stored: Vec<Option<Value>> = cx.get_many(groups.iter().map(Group::as_str)).await?;
    let mut waiting = Vec::new();
    for (group, value) in groups.into_iter().zip(stored) {
        let seat = value.and_then(|value| serde_json::from_value::<Seat>(value).ok());
        match seat.filter(Seat::is_waiting) {
            Some(seat) => waiting.push((group, seat)),
            None => cx.take(WAITING, &group),
        }
    }
    Ok(waiting)
}

/// Last partners meet again only when the two of them are all there is.
fn match_up(waiting: &[Waiting], more: bool) -> Vec<(usize, usize)> {
    let waiters: Vec<Waiter<'_>> = waiting
        .iter()
        .map(|(group, seat)| Waiter {
            group,
            last_partner: seat.last_partner.as_ref(),
            person: &seat.address.identity,
        })
        .collect();
    let mut pairs = matching::pair(&waiters);
    if !more {
        pairs.extend(matching::last_resort(&waiters, &pairs));
    }
    pairs
}

fn seat_together(cx: &mut Context, texts: &Texts, one: &Waiting, other: &Waiting) -> Result<()> {
    let now = cx.now();
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
            asked: None,
        };
        let mut seat =
            Seat { state: State::Chatting(chat), last_partner: Some(with.clone()), ..seat.clone() };
        seat.write(cx, group)?;
        cx.send(&seat.address, texts.connected.as_str());
    }
    Ok(())
}

fn tell_to_wait(cx: &mut Context, texts: &Texts, (group, seat): &mut Waiting) -> Result<()> {
    let State::Waiting { told, .. } = &mut seat.state else { return Ok(()) };
    if std::mem::replace(told, true) {
        return Ok(());
    }
    cx.send(&seat.address, texts.please_wait.as_str());
    seat.write(cx, group)
}
