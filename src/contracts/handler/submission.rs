//! Submitted messages: their release to the outbox, now or at a time, and their cancellation.
//!
//! A submission becomes an outbound message in the mailbox of its recipient. One for a later time is
//! stored under its id until a wake of that mailbox releases it. A cancellation has a mailbox of its
//! own: it removes what is stored, or leaves a mark that the submission reads when it comes.

use std::time::Duration;

use super::{Effects, Note, Origin, OutgoingMessage, Postpone, Result, Transaction};
use crate::model::event::EventKind;
use crate::model::message::submission::{
    BULK_UNSETTLED, Cancellation, Chunk, End, Priority, Submission, released,
};
use crate::model::message::{MessageId, Wake};

/// Name of the wake that releases a submission at its time.
pub(super) const DUE: &str = "submission.due";

/// Time for which a submission is stored beyond the time at which it is due.
const OVERDUE_TTL: Duration = Duration::from_hours(30 * 24);
/// Life of a cancellation that came before its submission was handled.
const CANCELLED_TTL: Duration = Duration::from_hours(30 * 24);
/// Bulk messages of a partition that are in the outbox at once.
const WINDOW: i64 = 500;
/// Time after which a bulk message looks for room again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Handles a submission: released, stored until its time, or rejected.
pub(super) async fn submit(mut tx: Transaction, submission: &Submission) -> Result<Effects> {
    let standings = read(&mut tx, std::slice::from_ref(submission)).await?;
    if let Some(refusal) = standings[0].refusal() {
        return Ok(end(tx, &submission.id, refusal));
    }
    match submission.at.filter(|at| *at > tx.now()) {
        None => release(tx, submission).await,
        Some(at) => {
            let wait = (at - tx.now()).to_std().unwrap_or_default();
            tx.write(stored(&submission.id), submission, wait + OVERDUE_TTL)?;
            let own = tx.group();
            tx.wake(&own, DUE, Some(at), &submission.id)?;
            Ok(noted(tx, &submission.id, &[EventKind::Scheduled], None))
        }
    }
}

/// Releases a submission whose time has come, unless it was cancelled.
pub(super) async fn release_due(mut tx: Transaction, wake: &Wake) -> Result<Effects> {
    let id: MessageId = wake.data()?;
    let Some(submission) = tx.read(&[stored(&id)]).await?.pop().flatten() else {
        return Ok(tx.into_effects());
    };
    let submission: Submission = submission;
    let standings = read(&mut tx, std::slice::from_ref(&submission)).await?;
    tx.erase(stored(&id));
    match standings[0].refusal() {
        Some(refusal) => Ok(end(tx, &id, refusal)),
        None => release(tx, &submission).await,
    }
}

/// Hands a submission to the outbox.
async fn release(mut tx: Transaction, submission: &Submission) -> Result<Effects> {
    if submission.priority == Priority::Bulk {
        require_room(&tx).await?;
    }
    send(&mut tx, submission, None);
    tx.effects.writes.extend(released(std::slice::from_ref(submission)));
    Ok(noted(tx, &submission.id, &[EventKind::Handled], None))
}

/// Hands the messages of a chunk to the outbox, but for those to people who have opted out.
pub(super) async fn release_chunk(mut tx: Transaction, chunk: &Chunk) -> Result<Effects> {
    if chunk.messages.iter().any(|message| message.priority == Priority::Bulk) {
        require_room(&tx).await?;
    }
    let standings = read(&mut tx, &chunk.messages).await?;
    let mut sent = Vec::new();
    for (submission, standing) in chunk.messages.iter().zip(standings) {
        if standing.refusal().is_none() {
            send(&mut tx, submission, Some(&chunk.batch));
            sent.push(submission.clone());
        } else if let Some(tally) = submission.tally(Some(&chunk.batch)) {
            tx.effects.writes.extend(tally.settle(End::Rejected));
        }
    }
    tx.effects.writes.extend(released(&sent));
    Ok(tx.into_effects())
}

/// Handles a cancellation.
pub(super) async fn cancel(mut tx: Transaction, cancellation: &Cancellation) -> Result<Effects> {
    let id = &cancellation.id;
    let waits: Option<Submission> = tx.read(&[stored(id)]).await?.pop().flatten();
    if waits.is_none() {
        // It has not come yet, or is in the outbox already, where the mark has no effect.
        tx.write(cancelled(id), &true, CANCELLED_TTL)?;
        return Ok(tx.into_effects());
    }
    tx.erase(stored(id));
    Ok(end(tx, id, Refusal::Cancelled))
}

/// Fails while as many bulk messages are under way as may be.
async fn require_room(tx: &Transaction) -> Result {
    if tx.total(BULK_UNSETTLED).await? >= WINDOW {
        return Err(Postpone::new(LOOK_AGAIN, "bulk messages are under way").into());
    }
    Ok(())
}

fn send(tx: &mut Transaction, submission: &Submission, batch: Option<&MessageId>) {
    let tally = submission.tally(batch);
    let message = OutgoingMessage {
        media: submission.media.clone(),
        origin: Some(Origin { submission: submission.id.clone(), tally }),
        ..OutgoingMessage::text(submission.to.clone(), submission.text.clone())
    };
    tx.effects.sends.push(message);
}

/// State of a submission, beside its own content.
struct Standing {
    is_cancelled: bool,
    has_opted_out: bool,
}

#[derive(Clone, Copy)]
enum Refusal {
    Cancelled,
    OptedOut,
}

impl Standing {
    fn refusal(&self) -> Option<Refusal> {
        let cancelled = self.is_cancelled.then_some(Refusal::Cancelled);
        cancelled.or(self.has_opted_out.then_some(Refusal::OptedOut))
    }
}

/// Reads the standing of several submissions by one round trip.
async fn read(tx: &mut Transaction, submissions: &[Submission]) -> Result<Vec<Standing>> {
    let keys =
        |submission: &Submission| [cancelled(&submission.id), tx.opt_out_key(&submission.to)];
    let keys: Vec<String> = submissions.iter().flat_map(keys).collect();
    let found: Vec<Option<serde_json::Value>> = tx.read(&keys).await?;
    let standing = |it: &[Option<serde_json::Value>]| Standing {
        is_cancelled: it[0].is_some(),
        has_opted_out: it[1].is_some(),
    };
    Ok(found.chunks_exact(2).map(standing).collect())
}

/// Ends a submission that is not sent.
fn end(tx: Transaction, id: &MessageId, refusal: Refusal) -> Effects {
    let (kind, reason) = match refusal {
        Refusal::Cancelled => (EventKind::Cancelled, None),
        Refusal::OptedOut => (EventKind::Rejected, Some("the recipient has opted out")),
    };
    noted(tx, id, &[kind, EventKind::Recorded], reason)
}

fn noted(tx: Transaction, id: &MessageId, kinds: &[EventKind], reason: Option<&str>) -> Effects {
    let reason = reason.map(str::to_owned);
    let note = Note { message: id.clone(), kinds: kinds.to_vec(), reason };
    Effects { note: Some(note), ..tx.into_effects() }
}

/// Key of a submission that waits for its time.
pub fn stored(id: &MessageId) -> String {
    format!("submission:{id}")
}

/// Key of the mark that a submission is cancelled.
fn cancelled(id: &MessageId) -> String {
    format!("cancelled:{id}")
}
