//! Times after which a wait or a chat ends, by wakes on the mailbox of one of its people.
//!
//! The wakes of a mailbox are equal, and the seat says what is due: a new one only moves the time of the
//! one that waits, so that no mailbox has more than one of each kind, however often its owner looks for
//! another stranger.
//!
//! A relay does not write the time of the last text. The seats of a chat are written again when a text
//! comes and they are older than a tenth of the time that makes a chat idle, so their age is known to
//! be that of the last text but for this tenth, which a check adds to the time that it waits.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

use super::chat::{self, both_sides};
use super::notice::{self, Event};
use super::seat::{Chat, Seat, State};
use super::settings::RouletteSettings;
use super::summary::format_duration;
use crate::contracts::handler::Transaction;
use crate::model::address::Group;
use crate::model::template::fill;

/// Name of the wake that ends a wait.
pub(super) const WAIT: &str = "wait";
/// Name of the wake that checks a chat.
pub(super) const CHAT: &str = "chat";

/// Age at which the seats of a chat are written again, well before they expire.
const STALE: Duration = Duration::from_hours(24);

/// Time by which a wake may come too early, by the rounding of clocks.
const TOLERANCE: Duration = Duration::from_secs(1);

/// Largest difference between the clocks of the store and of a worker that a look again allows for.
const MAX_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The chat has reached its longest time.
    Over,
    /// Both sides were told that the chat is idle, and have not written since.
    Idle,
    Nudge,
    /// The next check, if any can have another result.
    Later(Option<DateTime<Utc>>),
}

/// Schedules the end of a wait that begins now.
pub(super) fn schedule_wait(tx: &mut Transaction, settings: &RouletteSettings) -> Result<()> {
    if settings.wait_timeout.is_zero() {
        return Ok(());
    }
    tx.wake_after(settings.wait_timeout, WAIT, &())
}

/// Ends a wait, and tells the person how to go on waiting. A wait that is not over yet is looked at
/// again when it is.
pub(super) async fn end_wait(tx: &mut Transaction, settings: &RouletteSettings) -> Result<()> {
    let (group, texts) = (tx.group(), &settings.texts);
    let Some(mut seat) = tx.state::<Seat>().await? else { return Ok(()) };
    let State::Waiting { since, .. } = seat.state else { return Ok(()) };
    let end = since + settings.wait_timeout;
    if settings.wait_timeout.is_zero() {
        return Ok(());
    }
    if tx.now() + TOLERANCE < end {
        return look_again(tx, WAIT, end);
    }
    seat.state = State::Idle;
    seat.may_wait = true;
    notice::notify(tx, &seat.address, &texts.nobody_there, Event::Disconnected);
    seat.write(tx, &group)
}

/// Returns the age at which a text makes the seats of its chat be written again.
pub(super) fn stale_after(settings: &RouletteSettings) -> Duration {
    match [settings.idle_nudge, settings.idle_end].into_iter().find(|time| !time.is_zero()) {
        Some(idle) => STALE.min(idle / 10),
        None => STALE,
    }
}

/// Schedules the first check of a chat that begins now, on the mailbox of one side.
pub(super) fn schedule_check(
    tx: &mut Transaction,
    settings: &RouletteSettings,
    group: &Group,
    chat: &Chat,
) -> Result<()> {
    match judge(settings, chat, chat.since, chat.since) {
        Verdict::Later(Some(at)) => tx.wake(group, CHAT, Some(at), &()),
        _ => Ok(()),
    }
}

/// Checks the chat that runs: nudges it, ends it, or schedules the next check.
pub(super) async fn check(tx: &mut Transaction, settings: &RouletteSettings) -> Result<()> {
    let group = tx.group();
    let Some(mut seat) = tx.state::<Seat>().await? else { return Ok(()) };
    let Some((chat, partner)) = both_sides(tx, &group, &mut seat).await? else { return Ok(()) };
    let texts = &settings.texts;
    match judge(settings, &chat, seat.written, tx.now() + TOLERANCE) {
        Verdict::Over => chat::end(tx, texts, (&group, seat), &texts.chat_over, None).await,
        Verdict::Idle => chat::end(tx, texts, (&group, seat), &texts.idle_ended, None).await,
        Verdict::Nudge => {
            let time = format_duration(TimeDelta::from_std(settings.idle_end)?);
            let text = fill(&texts.idle_nudge, &[("time", &time)]);
            nudge(tx, &text, [(group.clone(), seat), (chat.with.clone(), partner)])?;
            tx.wake_after(settings.idle_end, CHAT, &())
        }
        Verdict::Later(Some(at)) => look_again(tx, CHAT, at),
        Verdict::Later(None) => Ok(()),
    }
}

/// Schedules another look at what is due at a time. A wake that comes shortly before that time was sent by
/// a store whose clock is ahead by what is left; the next one is put off by as much again, so that it does
/// not come at once, and again and again.
fn look_again(tx: &mut Transaction, name: &str, at: DateTime<Utc>) -> Result<()> {
    let (group, left) = (tx.group(), at - tx.now());
    let at = if left < MAX_SKEW { at + left } else { at };
    tx.wake(&group, name, Some(at), &())
}

fn nudge(tx: &mut Transaction, text: &str, sides: [(Group, Seat); 2]) -> Result<()> {
    for (group, mut seat) in sides {
        if let State::Chatting(chat) = &mut seat.state {
            chat.is_nudged = true;
        }
        notice::notify(tx, &seat.address, text, Event::Connected);
        seat.write(tx, &group)?;
    }
    Ok(())
}

/// Judges a chat whose seats were written at a time.
fn judge(
    settings: &RouletteSettings,
    chat: &Chat,
    written: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Verdict {
    let set = |time: Duration| Some(time).filter(|time| !time.is_zero());
    let over = set(settings.max_chat).map(|time| chat.since + time);
    let (idle, is_last) = match (set(settings.idle_nudge), set(settings.idle_end)) {
        // Whatever is written after a nudge is noted at once.
        (Some(_), end) if chat.is_nudged => (end, true),
        (Some(nudge), _) => (Some(nudge + stale_after(settings)), false),
        (None, end) => (end.map(|end| end + stale_after(settings)), true),
    };
    let idle = idle.map(|time| written + time);
    if over.is_some_and(|at| at <= now) {
        Verdict::Over
    } else if idle.is_some_and(|at| at <= now) {
        if is_last { Verdict::Idle } else { Verdict::Nudge }
    } else {
        Verdict::Later(over.into_iter().chain(idle).min())
    }
}
